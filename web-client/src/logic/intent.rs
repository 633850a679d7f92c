//! What the composer's text means: words for the room, or a command to run.

use wardroom_protocol::limits::{CMD_BYTES_MAX, TEXT_BYTES_MAX};

/// What pressing Enter would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Intent {
    /// Nothing: there is nothing but blanks.
    Nothing,
    /// Say this.
    Say(String),
    /// Run this.
    Run(String),
    /// It is over a limit by so many bytes.
    TooLong(usize),
}

/// Reads a text: `$ ` (or `$` and a line's worth of command) runs, everything else is said. A lone `$` or `$5` is
/// text: people write about money.
pub fn intent(text: &str) -> Intent {
    let text = text.trim_end();
    if text.trim().is_empty() {
        return Intent::Nothing;
    }
    if let Some(command) = text.strip_prefix("$ ").map(str::trim).filter(|c| !c.is_empty()) {
        return bounded(command, CMD_BYTES_MAX, Intent::Run);
    }
    bounded(text, TEXT_BYTES_MAX, Intent::Say)
}

/// True while a text is a command, also before its first word is written.
pub fn is_command(text: &str) -> bool {
    text.starts_with("$ ")
}

fn bounded(text: &str, bytes_max: usize, make: fn(String) -> Intent) -> Intent {
    match text.len().checked_sub(bytes_max) {
        None | Some(0) => make(text.to_owned()),
        Some(over) => Intent::TooLong(over),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_and_a_blank_run() {
        assert_eq!(intent("$ make test \n"), Intent::Run("make test".into()));
        for text in ["$5 each", "$", "$HOME", "a $ b"] {
            assert_eq!(intent(text), Intent::Say(text.into()));
        }
        assert_eq!(intent("$ "), Intent::Say("$".into()));
        assert!(is_command("$ ") && !is_command("$5"));
    }

    #[test]
    fn blanks_are_nothing_and_indents_stay() {
        assert_eq!(intent(" \n\t"), Intent::Nothing);
        assert_eq!(intent("  x\n  y \n"), Intent::Say("  x\n  y".into()));
    }

    #[test]
    fn limits_are_those_of_the_wire() {
        assert_eq!(intent(&"x".repeat(TEXT_BYTES_MAX)), Intent::Say("x".repeat(TEXT_BYTES_MAX)));
        assert_eq!(intent(&"é".repeat(TEXT_BYTES_MAX / 2 + 1)), Intent::TooLong(2));
    }
}
