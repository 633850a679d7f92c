//! What is suggested while one writes: commands behind a slash, people behind `@`, rooms behind `#`, emoji behind a colon.
//! Called by the composer with what stands before the caret; knows neither elements nor the model.

use wardroom_protocol::slash::{Entry, TABLE};

/// What is being written at the caret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Begun<'a> {
    /// What it is.
    pub kind: Kind,
    /// What of it is there, without its sign.
    pub part: &'a str,
    /// The byte at which it begins, its sign included.
    pub from: usize,
}

/// A kind of suggestions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The name of a command.
    Command,
    /// A person.
    Person,
    /// A room.
    Room,
    /// An emoji.
    Emoji,
}

/// Commands of the table that mean nothing in a page: bytes behind a line, and leaving.
const NOT_HERE: [&str; 4] = ["put", "quit", "log", "unwatch"];

/// Looks at what stands before the caret.
pub fn begun(before: &str) -> Option<Begun<'_>> {
    if let Some(part) = before.strip_prefix('/').filter(|part| part.bytes().all(|byte| byte.is_ascii_lowercase())) {
        return Some(Begun { kind: Kind::Command, part, from: 0 });
    }
    if before.starts_with("$ ") || before.starts_with("/run ") {
        return None;
    }
    let from = before
        .rfind(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '\'' | '*'))
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let word = before.get(from..)?;
    let sign = word.chars().next()?;
    let part = word.get(1..)?;
    let kind = match sign {
        '@' => Kind::Person,
        '#' => Kind::Room,
        // One letter is a clock or a smiley.
        ':' if part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte)) => {
            Kind::Emoji
        }
        _ => return None,
    };
    (part.len() <= 64).then_some(Begun { kind, part, from })
}

/// The commands whose name begins so.
pub fn commands(part: &str) -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().filter(move |entry| entry.name.starts_with(part) && !NOT_HERE.contains(&entry.name))
}

/// The command whose arguments are being written.
pub fn command_of(text: &str) -> Option<&'static Entry> {
    let (name, _) = text.strip_prefix('/')?.split_once(' ')?;
    commands(name).find(|entry| entry.name == name)
}

/// The text with what was begun replaced, and the byte behind it.
pub fn completed(text: &str, begun: &Begun<'_>, caret: usize, with: &str) -> (String, usize) {
    let head = text.get(..begun.from).unwrap_or_default();
    let tail = text.get(caret..).unwrap_or_default();
    // A blank goes behind it, unless there is one, or the sentence goes on with a mark.
    let gap = if tail.starts_with(|c: char| !c.is_alphanumeric()) { "" } else { " " };
    let end = head.len() + with.len() + usize::from(!gap.is_empty() || tail.starts_with(' '));
    (format!("{head}{with}{gap}{tail}"), end)
}

/// The byte at which a count of UTF-16 units ends, which is how a browser counts.
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

/// True if a person or a room is meant by what was begun: the beginning of a word of a name.
pub fn fits(name: &str, part: &str) -> bool {
    let (name, part) = (name.to_lowercase(), part.to_lowercase());
    name.starts_with(&part) || name.split([' ', '-', '.', '_']).any(|word| word.starts_with(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(before: &str) -> Option<(Kind, &str)> {
        begun(before).map(|begun| (begun.kind, begun.part))
    }

    #[test]
    fn what_is_begun_is_known() {
        assert_eq!(kind("/"), Some((Kind::Command, "")));
        assert_eq!(kind("/jo"), Some((Kind::Command, "jo")));
        assert_eq!(kind("/dm @be"), Some((Kind::Person, "be")));
        assert_eq!(kind("hey @"), Some((Kind::Person, "")));
        assert_eq!(kind("see (#op"), Some((Kind::Room, "op")));
        assert_eq!(kind(":ta"), Some((Kind::Emoji, "ta")));
        for before in ["", "a@b", "12:30", ":t", "$ ls @x", "//x", "/etc/passwd", "日志"] {
            assert_eq!(kind(before), None, "{before}");
        }
    }

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
        assert!(fits("陈晓 Chen", "ch") && fits("db-alerts", "al") && !fits("ops", "x"));
    }
}
