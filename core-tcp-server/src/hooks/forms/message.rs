//! The message that a webhook makes, and how a program's text is cut to fit into one.

use serde_json::Value;
use wardroom_protocol::event::{AlertGroup, Format};
use wardroom_protocol::limits::TEXT_BYTES_MAX;

use crate::hooks::limits::LINE_CHARS_MAX;

/// A program's message.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookMessage {
    /// The text.
    pub text: String,
    /// The key that repeats have in common.
    pub key: Option<String>,
    /// The format of the text.
    pub format: Format,
    /// The alerts that it is about.
    pub alert: Option<Box<AlertGroup>>,
}

impl Default for WebhookMessage {
    fn default() -> Self {
        WebhookMessage { text: String::new(), key: None, format: Format::Plain, alert: None }
    }
}

/// Returns the text as it fits into a message: if it is longer, it is cut, with a note that says so.
pub fn fitted(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max.min(TEXT_BYTES_MAX) {
        return text.to_owned();
    }
    let note = format!("\n… (cut here: the program sent {} bytes)", text.len());
    let room = bytes_max.min(TEXT_BYTES_MAX).saturating_sub(note.len());
    let cut = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{note}", text.get(..cut).unwrap_or_default())
}

/// Returns the first line of a field; empty if there is none.
pub(super) fn line(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Number(number) => return number.to_string(),
        _ => return String::new(),
    };
    let first = text.trim().lines().next().unwrap_or_default().trim();
    // A control character would be shown as six characters and has no meaning here.
    let first: String = first.chars().filter(|c| *c == '\t' || !c.is_control()).collect();
    match first.char_indices().nth(LINE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", first.get(..at).unwrap_or_default()),
        None => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let long = "é".repeat(20_000);
        let cut = fitted(&long, usize::MAX);
        assert!(cut.len() <= TEXT_BYTES_MAX && cut.len() > TEXT_BYTES_MAX - 4);
        assert!(cut.ends_with("(cut here: the program sent 40000 bytes)"), "{}", &cut[cut.len() - 60..]);
        assert_eq!(fitted("short", usize::MAX), "short");
    }
}
