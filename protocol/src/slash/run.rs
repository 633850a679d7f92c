//! The options of `/run`, before the command: `--host H` (also repeated), `--label K=V` and `--sandbox NAME`. What
//! follows is for the shell, unchanged.

use super::command::{BadLine, RunLine, split_word};
use crate::messages::fault_of_sandbox;

/// Parses `--host web1 --host web2 make test`. `--` ends the options.
pub(super) fn line(args: &str) -> Result<RunLine, BadLine> {
    let mut line = RunLine::default();
    let mut rest = args;
    while rest.starts_with("--") {
        let (word, after) = split_word(rest);
        if word == "--" {
            rest = after;
            break;
        }
        let (name, value, after) = match word.split_once('=') {
            Some((name, value)) => (name, value, after),
            None => {
                let (value, after) = split_word(after);
                (word, value, after)
            }
        };
        match (name, value.split_once('=')) {
            (_, _) if value.is_empty() => return Err(format!("{name} needs a value").into()),
            ("--host", _) => line.hosts.push(value.to_owned()),
            ("--sandbox", _) => line.sandbox.push(value.to_owned()),
            ("--label", Some((key, value))) if !key.is_empty() && !value.is_empty() => {
                line.label.insert(key.to_owned(), value.to_owned());
            }
            ("--label", _) => return Err("a label is KEY=VALUE, such as role=db".to_owned().into()),
            _ => {
                let words = "the options of /run are --host H, --label K=V and --sandbox NAME; -- ends them";
                return Err(words.to_owned().into());
            }
        }
        rest = after;
    }
    if !line.hosts.is_empty() && !line.label.is_empty() {
        return Err("choose hosts by --host or by --label".to_owned().into());
    }
    if let Some(fault) = fault_of_sandbox(&line.sandbox) {
        return Err(fault.into());
    }
    line.cmd = rest.to_owned();
    Ok(line)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_before_the_command() {
        let hosts = line("--host web1 --host=web2 make  --host x").unwrap();
        assert_eq!((hosts.cmd.as_str(), hosts.hosts), ("make  --host x", vec!["web1".to_owned(), "web2".to_owned()]));
        let label = line("--label role=db --label=place=hel uptime").unwrap();
        let expected = [("role", "db"), ("place", "hel")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!((label.cmd.as_str(), label.label), ("uptime", expected.into()));
        assert_eq!(line("-- --odd").unwrap(), RunLine::from("--odd".to_owned()));
        assert_eq!(line("make test").unwrap(), RunLine::from("make test".to_owned()));
        let boxed = line("--sandbox no-network --host a --sandbox=read-only make").unwrap();
        assert_eq!(
            (boxed.cmd.as_str(), boxed.sandbox),
            ("make", ["no-network", "read-only"].map(str::to_owned).to_vec())
        );
        assert!(line("--sandbox offline make").unwrap_err().msg.contains("private-tmp"));
        for bad in ["--host", "--label role uptime", "--label =x uptime", "--user bob ls", "--host a --label b=c ls"] {
            assert!(line(bad).is_err(), "{bad}");
        }
    }
}
