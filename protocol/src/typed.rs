//! Analyses a line while it is typed: the name that begins at the caret, and the missing arguments of a command. The
//! page's composer and `wardroom chat` draw the results, and supply the names themselves.

use crate::ids::CommandName;
use crate::slash::{Command, Entry, Line, TABLE, parse};
use crate::tokens::may_begin;

/// A name that is being typed at the caret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Begun<'a> {
    /// What it is.
    pub kind: Kind,
    /// The part typed so far, without its sign.
    pub part: &'a str,
    /// The byte at which it begins, including its sign.
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

/// Analyses the text before the caret.
pub fn begun(before: &str) -> Option<Begun<'_>> {
    if let Some(part) = before.strip_prefix('/').filter(|part| is_name_begun(part)) {
        return Some(Begun { kind: Kind::Command, part, from: 0 });
    }
    if before.starts_with("$ ") || before.starts_with("/run ") {
        return None;
    }
    // There are no names within code.
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
        // A single letter is a time or a smiley.
        ":" if part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte)) => {
            Kind::Emoji
        }
        _ => return None,
    };
    (part.len() <= 64).then_some(Begun { kind, part, from })
}

fn is_name_begun(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
}

/// Returns true if the typed part is the beginning of a word of the name.
pub fn fits(name: &str, part: &str) -> bool {
    let (name, part) = (name.to_lowercase(), part.to_lowercase());
    name.starts_with(&part) || name.split([' ', '-', '.', '_']).any(|word| word.starts_with(&part))
}

/// The state of a line that begins with a slash.
#[derive(Clone)]
pub enum Explained {
    /// It may become one of these commands.
    Choice(Vec<&'static Entry>),
    /// It is this command.
    Of(&'static Entry),
    /// It may be a named command of the room, which only the room knows.
    Named(CommandName),
    /// It is not a command; the text says why.
    Unknown(String),
}

/// Analyses a whole line; `None` if it is not a command.
pub fn explain(line: &str) -> Option<Explained> {
    let command = line.strip_prefix('/').filter(|command| !command.starts_with('/'))?;
    let name = command.split(char::is_whitespace).next().unwrap_or_default();
    let entry = TABLE.iter().find(|entry| entry.name == name);
    // Even if another name begins like it: `/run` is a command, although it may become `/runs`.
    if let Some(entry) = entry {
        return Some(Explained::Of(entry));
    }
    let is_open = name.len() == command.len();
    let choice: Vec<&Entry> = TABLE.iter().filter(|entry| is_open && entry.name.starts_with(name)).collect();
    Some(match (choice.as_slice(), parse(line.to_owned())) {
        ([one], _) => Explained::Of(one),
        ([], Err(bad)) => Explained::Unknown(bad.msg),
        ([], Ok(Line::Command(Command::Named(name, _)))) => Explained::Named(name),
        _ => Explained::Choice(choice),
    })
}

/// Returns why a line with all its arguments is invalid; `None` if it is valid, or if something is missing.
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

/// The argument that is expected next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wanted<'a> {
    /// The arguments still to be typed, as in the table, including the current one.
    pub rest: &'a str,
    /// The part of it typed so far.
    pub part: &'a str,
}

/// Returns which of these arguments (as in the table) is being typed at the end of `said`. `None`: there are no more.
pub fn wanted<'a>(arguments: &'a str, said: &'a str) -> Option<Wanted<'a>> {
    let said = said.trim_start();
    // The last word is being typed, even if it is empty.
    let part = said.get(said.rfind(char::is_whitespace).map_or(0, |at| at.saturating_add(1))..).unwrap_or(said);
    let words = said.get(..said.len().saturating_sub(part.len())).unwrap_or_default().split_whitespace();
    let mut rest = arguments;
    for word in words {
        loop {
            let (argument, behind) = split_argument(rest);
            // The last argument takes all the rest.
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
    // What is being typed may show that an optional argument was left out.
    while !part.is_empty() {
        let (argument, behind) = split_argument(rest);
        if behind.is_empty() || !argument.starts_with('[') || may_be(argument, part) {
            break;
        }
        rest = behind;
    }
    (!rest.is_empty()).then_some(Wanted { rest, part })
}

/// Returns true if the first of these arguments is required.
pub fn is_required(arguments: &str) -> bool {
    !arguments.is_empty() && !arguments.starts_with('[')
}

/// Splits off the first argument: `[before ID]` is one.
pub fn split_argument(arguments: &str) -> (&str, &str) {
    let end = match arguments.strip_prefix('[') {
        Some(inner) => inner.find(']').map(|at| at.saturating_add(2)),
        None => arguments.find(' '),
    };
    let (first, rest) = arguments.split_at_checked(end.unwrap_or(arguments.len())).unwrap_or((arguments, ""));
    (first, rest.trim_start())
}

/// Returns true for text or repeated arguments, which take everything that follows.
fn takes_all(argument: &str) -> bool {
    matches!(
        argument.trim_matches(['[', ']']),
        "TEXT" | "TITLE" | "CMD" | "WORDS" | "NAME…" | "FOLDER" | "FILE" | "EMOJI"
    )
}

/// Returns true if this word may be the optional argument; otherwise it was left out.
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
        assert_eq!(kind("/db-2"), Some((Kind::Command, "db-2")));
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
            Some(Explained::Named(name)) => format!("?{name}"),
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
        assert_eq!(names("/nope"), "?nope", "only the room knows");
        assert_eq!(names("/jo x"), "?jo", "a name that ends is not completed any more");
        assert!(names("/Nope").starts_with("unknown command /Nope"), "{}", names("/Nope"));
        assert!(names("/deploy 'x").starts_with("a quotation mark"), "{}", names("/deploy 'x"));
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
