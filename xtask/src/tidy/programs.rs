//! Programs that the tests call: each is one that `xtask/src/system.rs` looks for and installs, or is on every Linux machine. The
//! other way round, what is looked for is called.

use super::source::Source;
use crate::system::FOR_TESTS;

/// On every machine that builds Rust: coreutils, util-linux, procps, a shell.
const EVERYWHERE: [&str; 7] = ["sh", "/bin/sh", "sleep", "kill", "pkill", "unshare", "nsenter"];

/// Called by another of them: the driver starts the browser, and a terminal in the page the others.
const BY_OTHERS: [&str; 5] = ["chromium", "dialog", "htop", "less", "vim"];

/// Every program that is called and not looked for, and every one that is looked for and not called.
pub fn called(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    let tests: Vec<&Source> = sources.iter().filter(|source| is_test(&source.path)).collect();
    for source in &tests {
        for program in programs(&source.text) {
            if !EVERYWHERE.contains(&program) && !FOR_TESTS.iter().any(|(name, _)| *name == program) {
                faults.push(format!("{}: calls {program}, which xtask/src/system.rs does not look for", source.path));
            }
        }
    }
    for (program, _) in FOR_TESTS.iter().filter(|(program, _)| !BY_OTHERS.contains(program)) {
        // Some stand in a table: any string of that name will do.
        let quoted = format!("\"{program}\"");
        if !tests.iter().any(|source| source.text.contains(&quoted) || source.text.contains(&format!("/{program}\""))) {
            faults.push(format!("xtask/src/system.rs: looks for {program}, which no test calls"));
        }
    }
    faults
}

fn is_test(path: &str) -> bool {
    path.ends_with(".rs") && (path.starts_with("tests/") || path.contains("/tests/"))
}

/// What stands between the quotes of each `Command::new("…")`.
fn programs(text: &str) -> impl Iterator<Item = &str> {
    text.split("Command::new(\"").skip(1).filter_map(|rest| rest.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_is_looked_for() {
        let text = "Command::new(\"nc\"); Command::new(\"nc.openbsd\"); tokio::process::Command::new(\"sleep\")";
        let source = Source { path: "e2e/tests/it/x.rs".to_owned(), text: text.to_owned() };
        let faults = called(&[source]);
        assert_eq!(
            faults.first().map(String::as_str),
            Some("e2e/tests/it/x.rs: calls nc, which xtask/src/system.rs does not look for",)
        );
        assert!(faults.iter().all(|fault| !fault.contains("nc.openbsd")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("looks for nginx")), "{faults:?}");
    }
}
