//! What one types, looked at while one types it: what is begun at the caret, and what a line of the table of commands is still
//! missing. Asked by the page's composer and by `wardroom chat`, which draw it; the names themselves are theirs.

use crate::slash::{Entry, Line, TABLE, parse};
use crate::tokens::may_begin;

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

/// Looks at what stands before the caret.
pub fn begun(before: &str) -> Option<Begun<'_>> {
    if let Some(part) = before.strip_prefix('/').filter(|part| part.bytes().all(|byte| byte.is_ascii_lowercase())) {
        return Some(Begun { kind: Kind::Command, part, from: 0 });
    }
    if before.starts_with("$ ") || before.starts_with("/run ") {
        return None;
    }
    // Within code there is nobody to name.
    if before.bytes().filter(|byte| *byte == b'`').count() % 2 == 1 {
        return None;
    }
    let word = before.get(before.rfind(char::is_whitespace).unwrap_or(0)..)?;
    let is_begun = |(at, sign): &(usize, &str)| {
        may_begin(sign.chars().next().unwrap_or(' '), word.get(..*at).and_then(|before| before.chars().next_back()))
    };
    let (at, sign) = word.rmatch_indices(['@', '#', ':']).find(is_begun)?;
    let (from, part) = (before.len().saturating_sub(word.len()).saturating_add(at), word.get(at.saturating_add(1)..)?);
    let kind = match sign {
        "@" => Kind::Person,
        "#" => Kind::Room,
        // One letter is a clock or a smiley.
        ":" if part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte)) => {
            Kind::Emoji
        }
        _ => return None,
    };
    (part.len() <= 64).then_some(Begun { kind, part, from })
}

/// True if a person or a room is meant by what was begun: the beginning of a word of a name.
pub fn fits(name: &str, part: &str) -> bool {
    let (name, part) = (name.to_lowercase(), part.to_lowercase());
    name.starts_with(&part) || name.split([' ', '-', '.', '_']).any(|word| word.starts_with(&part))
}

/// What a line that begins with a slash is so far.
#[derive(Clone)]
pub enum Explained {
    /// It may become one of these.
    Choice(Vec<&'static Entry>),
    /// It is this command.
    Of(&'static Entry),
    /// It is none, and why.
    Unknown(String),
}

/// Looks at a whole line; `None` where it is no command.
pub fn explain(line: &str) -> Option<Explained> {
    let command = line.strip_prefix('/').filter(|command| !command.starts_with('/'))?;
    let name = command.split(char::is_whitespace).next().unwrap_or_default();
    let entry = TABLE.iter().find(|entry| entry.name == name);
    // Also where another begins so: `/run` is one, before it may become `/runs`.
    if let Some(entry) = entry {
        return Some(Explained::Of(entry));
    }
    let is_open = name.len() == command.len();
    let choice: Vec<&Entry> = TABLE.iter().filter(|entry| is_open && entry.name.starts_with(name)).collect();
    Some(match (choice.as_slice(), parse(line.to_owned())) {
        ([one], _) => Explained::Of(one),
        ([], Err(bad)) => Explained::Unknown(bad.msg),
        _ => Explained::Choice(choice),
    })
}

/// Why a line whose arguments are all there cannot be carried out; `None` where it can, or where something is missing.
pub fn wrong(line: &str, arguments: &str) -> Option<String> {
    let said = line.split_once(char::is_whitespace).map_or("", |(_, said)| said);
    let is_missing = wanted(arguments, said).is_some_and(|wanted| {
        let behind = split_argument(wanted.rest).1;
        is_required(if wanted.part.is_empty() { wanted.rest } else { behind })
    });
    match parse(line.to_owned()) {
        Err(bad) if !is_missing && !said.trim().is_empty() => Some(bad.msg),
        Ok(Line::Command(_) | Line::Message(_) | Line::Empty) | Err(_) => None,
    }
}

/// What is to be said next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wanted<'a> {
    /// The arguments that are still to come, as the table writes them, with the one that is being written.
    pub rest: &'a str,
    /// What of it is there.
    pub part: &'a str,
}

/// Which of these arguments (as the table writes them) is written at the end of what was said. `None`: there are no more.
pub fn wanted<'a>(arguments: &'a str, said: &'a str) -> Option<Wanted<'a>> {
    let said = said.trim_start();
    // The last word is the one that is being written, be it empty.
    let part = said.get(said.rfind(char::is_whitespace).map_or(0, |at| at.saturating_add(1))..).unwrap_or(said);
    let words = said.get(..said.len().saturating_sub(part.len())).unwrap_or_default().split_whitespace();
    let mut rest = arguments;
    for word in words {
        loop {
            let (argument, behind) = split_argument(rest);
            // The last one takes all the rest.
            if behind.is_empty() && takes_all(argument) {
                break;
            }
            rest = behind;
            if rest.is_empty() && argument.is_empty() {
                return None;
            }
            if !argument.starts_with('[') || may_be(argument, word) {
                break;
            }
        }
    }
    // What is being written may show that something was left out.
    while !part.is_empty() {
        let (argument, behind) = split_argument(rest);
        if behind.is_empty() || !argument.starts_with('[') || may_be(argument, part) {
            break;
        }
        rest = behind;
    }
    (!rest.is_empty()).then_some(Wanted { rest, part })
}

/// True if the first of these has to be said.
pub fn is_required(arguments: &str) -> bool {
    !arguments.is_empty() && !arguments.starts_with('[')
}

/// The first argument and the others: `[before ID]` is one.
pub fn split_argument(arguments: &str) -> (&str, &str) {
    let end = match arguments.strip_prefix('[') {
        Some(inner) => inner.find(']').map(|at| at.saturating_add(2)),
        None => arguments.find(' '),
    };
    let (first, rest) = arguments.split_at_checked(end.unwrap_or(arguments.len())).unwrap_or((arguments, ""));
    (first, rest.trim_start())
}

/// Text, or several of a kind: whatever follows is still of it.
fn takes_all(argument: &str) -> bool {
    matches!(
        argument.trim_matches(['[', ']']),
        "TEXT" | "TITLE" | "CMD" | "WORDS" | "NAME…" | "FOLDER" | "FILE" | "EMOJI"
    )
}

/// True if this word may be the optional argument: one that is left out is known by what stands in its place.
fn may_be(argument: &str, word: &str) -> bool {
    match argument.trim_matches(['[', ']']) {
        "ID" | "N" => word.bytes().all(|byte| byte.is_ascii_digit()),
        "private" => "private".starts_with(word),
        "mentions" => "mentions".starts_with(word),
        "before ID" => "before".starts_with(word),
        _ => true,
    }
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
        assert_eq!(kind("请@be"), Some((Kind::Person, "be")));
        assert_eq!(kind("请@陈"), Some((Kind::Person, "陈")));
        assert_eq!(kind("看#o"), Some((Kind::Room, "o")));
        assert_eq!(kind("**@b"), Some((Kind::Person, "b")));
        assert_eq!(kind("`x` @b"), Some((Kind::Person, "b")));
        assert_eq!(begun("请@be").map(|begun| begun.from), Some(3));
        assert_eq!(kind(":ta"), Some((Kind::Emoji, "ta")));
        for before in [
            "",
            "a@b",
            "12:30",
            ":t",
            "$ ls @x",
            "//x",
            "/etc/passwd",
            "日志",
            "x.example/@b",
            "`@b",
            "```\n@b",
            "\\@b",
            "@b: ",
        ] {
            assert_eq!(kind(before), None, "{before}");
        }
        assert!(fits("陈晓 Chen", "ch") && fits("db-alerts", "al") && !fits("ops", "x"));
    }

    fn names(line: &str) -> String {
        match explain(line) {
            None => "-".to_owned(),
            Some(Explained::Choice(entries)) => entries.iter().map(|entry| entry.name).collect::<Vec<_>>().join(" "),
            Some(Explained::Of(entry)) => format!("={}", entry.name),
            Some(Explained::Unknown(why)) => why,
        }
    }

    #[test]
    fn a_line_is_explained_while_it_is_typed() {
        for (line, expected) in [
            ("hello", "-"),
            ("//etc", "-"),
            ("/un", "unarchive unreact unhook unwatch"),
            ("/jo", "=join"),
            ("/run", "=run"),
            ("/runs", "=runs"),
            ("/role ben", "=role"),
        ] {
            assert_eq!(names(line), expected, "{line}");
        }
        assert!(names("/").split(' ').count() > 30);
        assert!(names("/nope").starts_with("unknown command /nope"), "{}", names("/nope"));
        assert!(names("/jo x").starts_with("unknown command /jo"), "a name that ends is not completed any more");
    }

    #[test]
    fn what_is_missing_is_known() {
        let next = |name: &str, said: &str| {
            let entry = TABLE.iter().find(|entry| entry.name == name);
            let wanted = wanted(entry.map_or("", |entry| entry.arguments), said);
            wanted.map_or_else(String::new, |wanted| wanted.rest.to_owned())
        };
        for (name, said, expected) in [
            ("who", "", ""),
            ("join", "", "ROOM"),
            ("join", "op", "ROOM"),
            ("join", "ops ", ""),
            ("role", "be", "NAME ROLE"),
            ("role", "ben ", "ROLE"),
            ("role", "ben own", "ROLE"),
            ("role", "ben owner ", ""),
            ("create", "ops ", "[private] [TITLE]"),
            ("create", "ops pri", "[private] [TITLE]"),
            ("create", "ops The", "[TITLE]"),
            ("create", "ops The ops", "[TITLE]"),
            ("create", "ops private The o", "[TITLE]"),
            ("dm", "ben chen d", "NAME…"),
            ("edit", "", "[ID] TEXT"),
            ("edit", "42", "[ID] TEXT"),
            ("edit", "42 ", "TEXT"),
            ("edit", "it was", "TEXT"),
            ("log", "5 ", "[before ID]"),
            ("log", "bef", "[before ID]"),
            ("react", "42 ", "EMOJI"),
            ("run", "make test", "CMD"),
            ("stop", "", "[rN]"),
        ] {
            assert_eq!(next(name, said), expected, "/{name} {said}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_once_all_is_there() {
        assert_eq!(wrong("/role ben", "NAME ROLE"), None, "something is missing still");
        assert!(wrong("/role ben king", "NAME ROLE").is_some_and(|why| why.contains("reader, member or owner")));
        assert!(wrong("/log many", "[N] [before ID]").is_some_and(|why| why.contains("1 to 200")));
        assert_eq!(wrong("/log", "[N] [before ID]"), None);
    }
}
