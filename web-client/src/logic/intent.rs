//! What the composer's text means: a message, a command to run, a slash command, or a file.

use wardroom_protocol::limits::{CMD_BYTES_MAX, TEXT_BYTES_MAX};
use wardroom_protocol::slash::{Command, Line, TABLE, parse};
use wardroom_protocol::typed::{Explained, explain};

use crate::limits::PASTE_LINES_MAX;

/// What Enter would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Intent {
    /// Nothing: the text is empty.
    Empty,
    /// Post a message.
    Post(String),
    /// Run a command.
    Run(String),
    /// Execute a slash command.
    Command(Command),
    /// An invalid command, and why.
    Invalid(String),
    /// Too long for a message: attach it as a file.
    TooLong,
}

/// Reads a text: `$ ` runs a command, `/` is a slash command, everything else is a message. A lone `$` or `$5` is text:
/// people write about money.
pub fn intent(text: &str) -> Intent {
    let text = text.trim_end();
    if text.trim().is_empty() {
        return Intent::Empty;
    }
    if let Some(command) = text.strip_prefix("$ ").map(str::trim).filter(|c| !c.is_empty()) {
        return if command.len() > CMD_BYTES_MAX { Intent::TooLong } else { Intent::Run(command.to_owned()) };
    }
    if text.len() > TEXT_BYTES_MAX {
        return Intent::TooLong;
    }
    // A pasted path is no command.
    if text.starts_with('/') {
        return match parse(text.to_owned()) {
            // With hosts it is a slash command like others: the options below the text do not apply.
            Ok(Line::Command(Command::Run(line))) if line.hosts.is_empty() && line.label.is_empty() => {
                Intent::Run(line.cmd)
            }
            Ok(Line::Command(command)) => Intent::Command(command),
            Ok(Line::Message(words)) => Intent::Post(words),
            Ok(Line::Empty) => Intent::Empty,
            Err(bad) => Intent::Invalid(bad.msg),
        };
    }
    Intent::Post(text.to_owned())
}

/// The name in a text that starts with a slash but names no command; `Some(None)` while it may still become one.
pub fn unknown_command(text: &str) -> Option<Option<String>> {
    match explain(text)? {
        Explained::Unknown(_) => {
            let name = text.split_whitespace().next().unwrap_or_default();
            let is_known = TABLE.iter().any(|entry| name.strip_prefix('/') == Some(entry.name));
            (!is_known).then(|| Some(name.chars().take(32).collect()))
        }
        Explained::Choice(_) => Some(None),
        // Only the room knows.
        Explained::Of(_) | Explained::Named(_) => None,
    }
}

/// True if the text is a command to run, even before its first word is typed.
pub fn is_command(text: &str) -> bool {
    text.starts_with("$ ") || text.starts_with("/run ")
}

/// True if the text is better sent as a file: more lines than people read in a timeline, or more bytes than a message
/// may have.
pub fn belongs_in_file(text: &str) -> bool {
    text.len() > TEXT_BYTES_MAX || text.bytes().filter(|byte| *byte == b'\n').nth(PASTE_LINES_MAX).is_some()
}

/// The first lines of a long text, each shortened, and the number of lines.
pub fn preview(text: &str, lines_max: usize) -> (String, usize) {
    const CHARS_MAX: usize = 160;
    let cut = |line: &str| line.chars().take(CHARS_MAX).collect::<String>();
    // Do not walk to the end of a line of megabytes.
    let shown: Vec<String> = text.split('\n').take(lines_max).map(cut).collect();
    (shown.join("\n"), text.bytes().filter(|byte| *byte == b'\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_and_a_blank_run() {
        assert_eq!(intent("$ make test \n"), Intent::Run("make test".into()));
        assert_eq!(intent("/run make test"), Intent::Run("make test".into()));
        for text in ["$5 each", "$", "$HOME", "a $ b"] {
            assert_eq!(intent(text), Intent::Post(text.into()));
        }
        assert_eq!(intent("$ "), Intent::Post("$".into()));
        assert!(is_command("$ ") && !is_command("$5"));
    }

    #[test]
    fn slashes_are_commands() {
        assert_eq!(intent("/who"), Intent::Command(Command::Who));
        assert_eq!(intent("//etc"), Intent::Post("/etc".into()));
        assert!(matches!(intent("/deploy 4.2"), Intent::Command(Command::Named(..))));
        assert!(matches!(intent("/Nope"), Intent::Invalid(_)));
        assert_eq!(unknown_command("/deploy"), None);
        assert_eq!(unknown_command("/Nope"), Some(Some("/Nope".into())));
        assert_eq!(unknown_command("/Nonsense and more"), Some(Some("/Nonsense".into())));
        assert_eq!(unknown_command("/un"), Some(None), "it may become /unwatch");
        assert_eq!(unknown_command("/role ben king"), None);
    }

    #[test]
    fn blanks_are_nothing_and_indents_stay() {
        assert_eq!(intent(" \n\t"), Intent::Empty);
        assert_eq!(intent("  x\n  y \n"), Intent::Post("  x\n  y".into()));
    }

    #[test]
    fn what_is_too_much_for_a_message_becomes_a_file() {
        assert_eq!(intent(&"x".repeat(TEXT_BYTES_MAX)), Intent::Post("x".repeat(TEXT_BYTES_MAX)));
        assert_eq!(intent(&"é".repeat(TEXT_BYTES_MAX / 2 + 1)), Intent::TooLong);
        assert!(
            !belongs_in_file(&"x\n".repeat(PASTE_LINES_MAX)) && belongs_in_file(&"x\n".repeat(PASTE_LINES_MAX + 1))
        );
        let ten_megabytes = "line of a log\n".repeat(750_000);
        assert!(belongs_in_file(&ten_megabytes));
        let (shown, lines) = preview(&ten_megabytes, 3);
        assert_eq!((shown.lines().count(), lines), (3, 750_001));
        assert_eq!(preview(&"x".repeat(1_000_000), 3).0.len(), 160);
    }
}
