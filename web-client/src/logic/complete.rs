//! Completion: commands after `/`, people after `@`, rooms after `#`, emoji after `:`. The composer calls it with the
//! text before the caret. What it shares with `wardroom chat` is in `protocol::typed`.

pub use wardroom_protocol::typed::{Begun, Kind, begun, fits};

use wardroom_protocol::slash::{Entry, TABLE};

/// Slash commands that make no sense in a page.
const NOT_HERE: [&str; 4] = ["put", "quit", "log", "unwatch"];

/// The commands that start with this.
pub fn commands(part: &str) -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().filter(move |entry| entry.name.starts_with(part) && !NOT_HERE.contains(&entry.name))
}

/// The command whose arguments are being typed.
pub fn command_of(text: &str) -> Option<&'static Entry> {
    let (name, _) = text.strip_prefix('/')?.split_once(' ')?;
    commands(name).find(|entry| entry.name == name)
}

/// The text with the partial word replaced, and the byte after it.
pub fn completed(text: &str, begun: &Begun<'_>, caret: usize, with: &str) -> (String, usize) {
    let head = text.get(..begun.from).unwrap_or_default();
    let tail = text.get(caret..).unwrap_or_default();
    // Add a space, unless there is one or punctuation follows.
    let gap = if tail.starts_with(|c: char| !c.is_alphanumeric()) { "" } else { " " };
    let end = head.len() + with.len() + usize::from(!gap.is_empty() || tail.starts_with(' '));
    (format!("{head}{with}{gap}{tail}"), end)
}

/// The byte offset for a count of UTF-16 units, which browsers use.
pub fn byte_of_unit(text: &str, units: usize) -> usize {
    let mut seen = 0;
    for (at, c) in text.char_indices() {
        if seen >= units {
            return at;
        }
        seen += c.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_replaced_and_the_caret_goes_behind_it() {
        let text = "hey @be, look";
        let begun = begun("hey @be").unwrap_or_else(|| panic!("begun"));
        assert_eq!(completed(text, &begun, 7, "@ben"), ("hey @ben, look".to_owned(), 8));
        assert_eq!(byte_of_unit("a😀b", 3), 5);
        assert_eq!(byte_of_unit("ab", 9), 2);
    }

    #[test]
    fn arguments_are_explained() {
        assert_eq!(command_of("/create ops").map(|entry| entry.name), Some("create"));
        assert!(command_of("/create").is_none() && command_of("/nope x").is_none());
        assert!(commands("").count() > 20 && commands("qui").next().is_none());
    }
}
