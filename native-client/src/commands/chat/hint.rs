//! Hints below the line while it is typed: what a command does, what is missing, what is wrong; and the choices for an
//! overlong paste. Text only; `console` draws it.

use wardroom_protocol::slash::{self, Entry};
use wardroom_protocol::typed::{Explained, explain, is_required, wanted, wrong};

use super::super::send::preview;
use crate::edit::{Row, fits_a_message};
use crate::files::LongText;
use crate::text::bytes_words;

/// Returns the form of a command in a chat at a terminal, where files are named and no bytes follow.
fn here(entry: &'static Entry) -> (&'static str, &'static str) {
    match entry.name {
        "put" => ("FILE", "upload a file"),
        "get" => ("NAME", "download a file to the current directory"),
        _ => (entry.arguments, entry.about),
    }
}

/// Returns the arguments of a command in that form.
pub(super) fn arguments(entry: &'static Entry) -> &'static str {
    here(entry).0
}

/// Returns the hint for a line; `None` if it is not a command.
pub(super) fn hint(line: &str) -> Option<String> {
    Some(match explain(line)? {
        Explained::Unknown(why) => why,
        Explained::Named(name) => format!("/{name}  a named command of this room, if it has one; /commands lists them"),
        Explained::Of(entry) => {
            let (arguments, about) = here(entry);
            let said = line.split_once(char::is_whitespace).map(|(_, said)| said);
            let usage = format!("/{} {arguments}", entry.name);
            let usage = usage.trim_end();
            match said.and_then(|said| wanted(arguments, said)) {
                _ if let Some(why) = wrong(line, arguments).filter(|_| entry.name != "put") => {
                    format!("{usage}  {why}")
                }
                Some(next) if is_required(next.rest) && next.part.is_empty() => {
                    format!("{usage}  missing: {}  {about}", next.rest)
                }
                Some(next) if next.part.is_empty() => format!("{usage}  next: {}  {about}", next.rest),
                _ => format!("{usage}  {about}"),
            }
        }
        Explained::Choice(entries) => {
            let names: Vec<String> = entries.iter().map(|entry| format!("/{}", entry.name)).collect();
            names.join("  ")
        }
    })
}

/// Returns the commands in that form, a line each.
pub(super) fn help() -> String {
    let mut out = slash::help("--", here);
    out.push_str("-- Tab completes, Alt-Enter adds a line, Up recalls earlier lines, Ctrl-D exits.");
    out
}

/// Returns the question about a text that is too long for a message.
pub(super) fn big(text: &LongText, beside: &str, enter: &str) -> Vec<Row> {
    let size = bytes_words(text.bytes());
    let lines = match text.lines() {
        1 => "one line".to_owned(),
        lines => format!("{lines} lines"),
    };
    let mut rows = vec![Row::bold(format!("{lines}, {size}: too long for a message"))];
    rows.extend(preview(text.begin()).lines().map(|line| Row::dim(format!("  {line}"))));
    let as_text = if fits_a_message(text, beside) { "   t: send as message" } else { "" };
    rows.push(Row::bold(format!("{enter}: send as file{as_text}   Esc: cancel (Up brings it back)")));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_explained_as_it_is_typed() {
        for (line, expected) in [
            ("/un", "/unarchive  /unreact  /unhook  /unwatch"),
            ("/role", "/role NAME ROLE  change a member's role to reader, member or owner"),
            ("/role ", "/role NAME ROLE  missing: NAME ROLE  change a member's role to reader, member or owner"),
            ("/role be", "/role NAME ROLE  change a member's role to reader, member or owner"),
            ("/role ben ", "/role NAME ROLE  missing: ROLE  change a member's role to reader, member or owner"),
            ("/role ben king", "/role NAME ROLE  a role in a room is reader, member or owner"),
            ("/leave ", "/leave [ROOM]  next: [ROOM]  leave a room"),
            ("/put ", "/put FILE  missing: FILE  upload a file"),
            ("/put a.log", "/put FILE  upload a file"),
            ("/who", "/who  list the members of this room"),
        ] {
            assert_eq!(hint(line).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(hint("hello /who"), None);
        assert_eq!(hint("//who"), None);
        assert!(hint("/nope").is_some_and(|why| why.contains("named command of this room")));
    }

    #[test]
    fn help_is_of_this_place() {
        assert!(help().contains("/put FILE") && !help().contains("SIZE raw bytes"));
    }

    #[test]
    fn what_is_too_much_is_shown_and_what_may_be_done() {
        let text = LongText::from("a\x1b[2J\n".repeat(40));
        let rows = big(&text, "", "Enter");
        assert!(rows[0].words.starts_with("40 lines, "), "{rows:?}");
        assert!(rows[rows.len() - 1].words.contains("t: send as message"), "{rows:?}");
        let long = LongText::from("x".repeat(20_000));
        let rows = big(&long, "", "Enter");
        assert!(rows[0].words.starts_with("one line, ") && !rows[rows.len() - 1].words.contains("t: "), "{rows:?}");
    }
}
