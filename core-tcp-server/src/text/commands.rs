//! What a line of a person asks for. One table: lines are parsed by it, and `/help` is printed from it. Nothing is
//! carried out here.

use std::fmt::Write as _;

use wardroom_protocol::visible::visible;
use wardroom_protocol::{RelPath, RoomName};

use super::limits::{LOG_DEFAULT, LOG_MAX};
use crate::limits::FILE_BYTES_MAX;

/// A line that begins with a slash.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    Help,
    Rooms,
    Join(RoomName),
    Create(RoomName),
    /// The current room, if it is not said.
    Leave(Option<RoomName>),
    Who,
    Log(u32),
    Run(String),
    Runs,
    Watch(u64),
    Unwatch(u64),
    /// The last run that is under way, if it is not said.
    Stop(Option<u64>),
    /// The top of the shelf, if it is not said.
    Files(Option<RelPath>),
    Put(RelPath, u64),
    Get(RelPath),
    Quit,
    /// What this version does not do yet, in words.
    Later(&'static str),
}

/// What a line is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// Nothing.
    Empty,
    /// Words for the room.
    Message(String),
    /// A command.
    Command(Command),
}

/// A line that cannot be carried out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadLine {
    /// Why, in a sentence.
    pub msg: String,
    /// What follows may be bytes of a file. To read them as words and commands would be worse than to end.
    pub is_final: bool,
}

impl From<String> for BadLine {
    fn from(msg: String) -> Self {
        Self { msg, is_final: false }
    }
}

type Parsed = Result<Command, BadLine>;

struct Entry {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    parse: fn(&str) -> Parsed,
}

const fn entry(name: &'static str, arguments: &'static str, about: &'static str, parse: fn(&str) -> Parsed) -> Entry {
    Entry { name, arguments, about, parse }
}

const TABLE: &[Entry] = &[
    entry("rooms", "", "the rooms, and how many lines of each you have not seen", |_| Ok(Command::Rooms)),
    entry("join", "ROOM", "go to a room", |args| Ok(Command::Join(room(args)?))),
    entry("create", "ROOM", "make a room and go there", |args| Ok(Command::Create(room(args)?))),
    entry("leave", "[ROOM]", "be a member of a room no more", |args| Ok(Command::Leave(optional(args, room)?))),
    entry("who", "", "who is a member of this room", |_| Ok(Command::Who)),
    entry("log", "[N]", "the last lines of this room", |args| {
        Ok(Command::Log(optional(args, count)?.unwrap_or(LOG_DEFAULT)))
    }),
    entry("run", "CMD", "run a command; all in this room see its output", run),
    entry("runs", "", "the last runs of this room", |_| Ok(Command::Runs)),
    entry("watch", "rN", "the output of a run, from its first byte on", |args| Ok(Command::Watch(number(args)?))),
    entry("unwatch", "rN", "no more output of a run", |args| Ok(Command::Unwatch(number(args)?))),
    entry("stop", "[rN]", "stop a run; the last one, if you do not say which", |args| {
        Ok(Command::Stop(optional(args, number)?))
    }),
    entry("files", "[FOLDER]", "the files of this room", |args| Ok(Command::Files(optional(args, path)?))),
    entry("put", "NAME SIZE", "upload a file: exactly SIZE raw bytes follow the line", put),
    entry("get", "NAME", "download a file: a line with its size and digest, then its raw bytes", |args| {
        Ok(Command::Get(path(args)?))
    }),
    entry("dm", "NAME", "talk to one person (later)", |_| {
        Ok(Command::Later("direct messages come later: make a room for two"))
    }),
    entry("search", "WORDS", "search what was said (later)", |_| {
        Ok(Command::Later("search comes later: /log shows up to 200 lines"))
    }),
    entry("help", "", "these lines", |_| Ok(Command::Help)),
    entry("quit", "", "leave; what you asked for is answered first", |_| Ok(Command::Quit)),
];

/// Reads a line.
///
/// # Errors
/// [`BadLine`]
pub fn parse(line: String) -> Result<Line, BadLine> {
    if line.trim().is_empty() {
        return Ok(Line::Empty);
    }
    let Some(command) = line.strip_prefix('/') else { return Ok(Line::Message(line)) };
    if command.starts_with('/') {
        return Ok(Line::Message(command.to_owned()));
    }
    let (word, args) = split_word(command);
    match TABLE.iter().find(|entry| entry.name == word) {
        Some(entry) => (entry.parse)(args).map(Line::Command),
        None => {
            let word: String = visible(word).chars().take(32).collect();
            Err(format!("there is no command /{word}: /help lists them, and // begins a text with a slash").into())
        }
    }
}

/// The first word, and what follows it.
pub fn split_word(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim_start()))
}

/// All commands, a line each.
pub fn help() -> String {
    let mut out =
        String::from("# A line is a message to the room you are in. A line that begins with / is a command:\n");
    for Entry { name, arguments, about, .. } in TABLE {
        let usage = format!("/{name} {arguments}");
        let _ = writeln!(out, "#   {usage:<18}{about}");
    }
    out.push_str("#   //text            say a text that begins with a slash\n");
    out
}

fn usage(name: &str) -> String {
    let found = TABLE.iter().find(|entry| entry.name == name);
    found.map_or_else(String::new, |entry| format!("usage: /{} {}", entry.name, entry.arguments))
}

fn optional<T>(args: &str, parse: fn(&str) -> Result<T, BadLine>) -> Result<Option<T>, BadLine> {
    if args.is_empty() { Ok(None) } else { parse(args).map(Some) }
}

fn room(args: &str) -> Result<RoomName, BadLine> {
    let name = args.strip_prefix('#').unwrap_or(args);
    RoomName::parse(name).map_err(|bad| bad.to_string().into())
}

fn path(args: &str) -> Result<RelPath, BadLine> {
    RelPath::parse(args).map_err(|bad| bad.to_string().into())
}

fn count(args: &str) -> Result<u32, BadLine> {
    let count = args.parse().ok().filter(|count| (1..=LOG_MAX).contains(count));
    count.ok_or_else(|| "a number of lines is 1 to 200".to_owned().into())
}

/// `r4`, or `4`.
fn number(args: &str) -> Result<u64, BadLine> {
    let digits = args.strip_prefix('r').unwrap_or(args);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_number { digits.parse().ok() } else { None };
    number.ok_or_else(|| "a run is called r and a number, as in r4: /runs lists them".to_owned().into())
}

fn run(args: &str) -> Parsed {
    if args.is_empty() { Err(usage("run").into()) } else { Ok(Command::Run(args.to_owned())) }
}

/// Strict, because bytes follow: if we do not know how many, we cannot go on.
fn put(args: &str) -> Parsed {
    if args.is_empty() {
        return Err(usage("put").into());
    }
    let end =
        |why: String| BadLine { msg: format!("{why}; this connection ends, because bytes may follow"), is_final: true };
    let (name, size) = args.rsplit_once(char::is_whitespace).ok_or_else(|| end(usage("put")))?;
    let size =
        Some(size).filter(|size| size.bytes().all(|byte| byte.is_ascii_digit())).and_then(|size| size.parse().ok());
    let size: u64 = size.ok_or_else(|| end("SIZE is a number of bytes".to_owned()))?;
    if size > FILE_BYTES_MAX {
        return Err(end("a file has at most 64 GiB".to_owned()));
    }
    let path = path(name.trim_end()).map_err(|bad| end(bad.msg))?;
    Ok(Command::Put(path, size))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        match parse(line.to_owned()).unwrap() {
            Line::Command(command) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn path(s: &str) -> RelPath {
        RelPath::parse(s).unwrap()
    }

    #[test]
    fn commands_and_their_arguments() {
        let ops = RoomName::parse("ops").unwrap();
        for (line, expected) in [
            ("/help", Command::Help),
            ("/rooms ", Command::Rooms),
            ("/join ops", Command::Join(ops.clone())),
            ("/join  #ops ", Command::Join(ops.clone())),
            ("/create ops", Command::Create(ops.clone())),
            ("/leave", Command::Leave(None)),
            ("/leave ops", Command::Leave(Some(ops))),
            ("/who", Command::Who),
            ("/log", Command::Log(LOG_DEFAULT)),
            ("/log 200", Command::Log(200)),
            ("/run  make  test", Command::Run("make  test".into())),
            ("/watch r4", Command::Watch(4)),
            ("/unwatch 4", Command::Unwatch(4)),
            ("/stop", Command::Stop(None)),
            ("/stop r12", Command::Stop(Some(12))),
            ("/files", Command::Files(None)),
            ("/files logs", Command::Files(Some(path("logs")))),
            ("/put app.log 12", Command::Put(path("app.log"), 12)),
            ("/put two words.txt  0", Command::Put(path("two words.txt"), 0)),
            ("/get two words.txt", Command::Get(path("two words.txt"))),
            ("/quit", Command::Quit),
        ] {
            assert_eq!(command(line), expected, "{line}");
        }
        assert!(matches!(command("/dm bob"), Command::Later(_)));
    }

    #[test]
    fn what_is_no_command() {
        assert_eq!(parse(" \t".into()), Ok(Line::Empty));
        assert_eq!(parse("hello /who".into()), Ok(Line::Message("hello /who".into())));
        assert_eq!(parse("//etc/passwd".into()), Ok(Line::Message("/etc/passwd".into())));
        assert_eq!(parse(" /who".into()), Ok(Line::Message(" /who".into())));
    }

    #[test]
    fn bad_lines_say_why() {
        for (line, words) in [
            ("/", "there is no command"),
            ("/nope\x1b[31m", "there is no command /nope␛[31m"),
            ("/join", "a room's name"),
            ("/join Ops", "a room's name"),
            ("/log 0", "1 to 200"),
            ("/log 201", "1 to 200"),
            ("/log many", "1 to 200"),
            ("/run", "usage: /run CMD"),
            ("/watch", "a run is called"),
            ("/stop r", "a run is called"),
            ("/stop r-1", "a run is called"),
            ("/stop r99999999999999999999", "a run is called"),
            ("/get ../x", ".."),
            ("/get", "a path"),
            ("/put", "usage: /put NAME SIZE"),
        ] {
            let bad = parse(line.to_owned()).unwrap_err();
            assert!(bad.msg.contains(words) && !bad.is_final, "{line}: {bad:?}");
        }
    }

    #[test]
    fn an_upload_of_unknown_size_is_the_end() {
        for line in
            ["/put a", "/put a b", "/put a -1", "/put a +1", "/put a 1k", "/put ../a 3", "/put a 999999999999999"]
        {
            assert!(parse(line.to_owned()).unwrap_err().is_final, "{line}");
        }
    }

    #[test]
    fn help_names_every_command_once() {
        let help = help();
        for entry in TABLE {
            assert_eq!(help.matches(&format!("/{} ", entry.name)).count(), 1, "{}", entry.name);
        }
        assert!(help.lines().all(|line| line.starts_with('#') && line.len() <= 100), "{help}");
    }
}
