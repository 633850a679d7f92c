//! What a run does without.

use crate::visible::visible;

/// The names of all sandboxes. Several go together: each takes something else from a run.
///
/// - `no-network`: it reaches no other machine, and no port of its own machine.
/// - `read-only`: it changes no file.
/// - `private-tmp`: its `/tmp` is empty at first, gone at its end, and nobody else sees it.
pub const SANDBOXES: [&str; 3] = ["no-network", "read-only", "private-tmp"];

/// Returns true for a level of isolation that need not be said: commands cannot see the server's files at all.
pub fn is_usual_isolation(level: &str) -> bool {
    matches!(level, "user" | "namespace")
}

/// Returns what is wrong with a list of names, as text for people.
pub fn fault_of_sandbox(names: &[String]) -> Option<String> {
    let unknown = names.iter().find(|name| !SANDBOXES.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Some(format!("there is no sandbox {}: there are {}", visible(name), SANDBOXES.join(", ")));
    }
    let is_twice = |(at, name): (usize, &String)| names.iter().skip(at + 1).any(|other| other == name);
    names.iter().enumerate().any(is_twice).then(|| "a sandbox is named twice: name each once".to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn each_is_named_once_and_known() {
        let fault = |names: &[&str]| fault_of_sandbox(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(fault(&[]), None);
        assert_eq!(fault(&SANDBOXES), None);
        let said = "there is no sandbox offline: there are no-network, read-only, private-tmp";
        assert_eq!(fault(&["read-only", "offline"]).unwrap(), said);
        assert!(fault(&["read-only", "no-network", "read-only"]).unwrap().contains("twice"));
    }
}
