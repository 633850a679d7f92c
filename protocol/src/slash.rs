//! Parses what people type: the same in the page, in `wardroom chat` and over `nc`. One table defines the commands,
//! prints `/help`, and explains a command while it is typed. Nothing is carried out here.

mod command;
mod names;
mod rights;
mod run;

use std::fmt::Write as _;

pub use self::command::{BadLine, Command, Line, RightsLine, RunLine, split_word};
use self::names::{room, user};
use crate::ids::{CommandName, UserName};
use crate::limits::{FILE_BYTES_MAX, HISTORY_LIMIT_MAX};
use crate::messages::{RunList, RunsIn};
use crate::path::RelPath;
use crate::role::RoomRole;
use crate::visible::visible;

/// Events that `/log` shows by default.
pub const LOG_DEFAULT: u32 = 50;

type Parsed = Result<Command, BadLine>;

/// A command and its help.
pub struct Entry {
    /// Its name, without the slash.
    pub name: &'static str,
    /// Its arguments: capitals are placeholders, brackets mark optional parts.
    pub arguments: &'static str,
    /// What it does.
    pub about: &'static str,
    parse: fn(&str) -> Parsed,
}

impl Entry {
    /// Returns its arguments and its description.
    pub fn told(&'static self) -> (&'static str, &'static str) {
        (self.arguments, self.about)
    }
}

const fn entry(name: &'static str, arguments: &'static str, about: &'static str, parse: fn(&str) -> Parsed) -> Entry {
    Entry { name, arguments, about, parse }
}

/// All commands.
pub const TABLE: &[Entry] = &[
    entry("rooms", "", "list your rooms and unread counts", |_| Ok(Command::Rooms)),
    entry("join", "ROOM", "go to a room", |args| Ok(Command::Join(room(args)?))),
    entry("create", "ROOM [private] [TITLE]", "create a room and go there", create),
    entry("leave", "[ROOM]", "leave a room", |args| Ok(Command::Leave(optional(args, room)?))),
    entry("who", "", "list the members of this room", |_| Ok(Command::Who)),
    entry("dm", "NAME…", "open a direct message with one or more people", dm),
    entry("invite", "NAME [ROLE]", "add a member, as reader, member or owner", |args| {
        let (user, role) = user_and_role(args)?;
        Ok(Command::Invite(user, role.unwrap_or_default()))
    }),
    entry("remove", "NAME", "remove a member", |args| Ok(Command::Remove(user(args)?))),
    entry("role", "NAME ROLE", "change a member's role to reader, member or owner", |args| {
        let (user, role) = user_and_role(args)?;
        Ok(Command::Role(user, role.ok_or_else(|| usage("role"))?))
    }),
    entry("title", "TEXT", "set the title of this room", |args| Ok(Command::Title(args.to_owned()))),
    entry("topic", "[TEXT]", "set the topic of this room", |args| Ok(Command::Topic(args.to_owned()))),
    entry("status", "[TEXT]", "set your status, which others see beside your name", |args| {
        Ok(Command::Status(args.to_owned()))
    }),
    entry("archive", "", "archive this room: it becomes read-only", |_| Ok(Command::Archive(true))),
    entry("unarchive", "", "unarchive this room", |_| Ok(Command::Archive(false))),
    entry("retention", "DAYS", "delete what is older than DAYS days; 0 keeps everything", |args| {
        Ok(Command::Retention(args.parse().map_err(|_| usage("retention"))?))
    }),
    entry("log", "[N] [before ID]", "show the last messages, or those before an ID", log),
    entry("search", "WORDS", "search; narrow with in:ROOM by:NAME kind:K since:DAY until:DAY", |args| {
        if args.is_empty() { Err(usage("search").into()) } else { Ok(Command::Search(args.to_owned())) }
    }),
    entry("edit", "[ID] TEXT", "edit your last message, or the one with this ID", |args| {
        let (seq, text) = seq_and_text(args);
        if text.is_empty() { Err(usage("edit").into()) } else { Ok(Command::Edit(seq, text)) }
    }),
    entry("delete", "[ID]", "delete your last message, or the one with this ID", |args| {
        Ok(Command::Delete(optional(args, place)?))
    }),
    entry("reply", "ID TEXT", "reply to a message", |args| match seq_and_text(args) {
        (Some(seq), text) if !text.is_empty() => Ok(Command::Reply(seq, text)),
        _ => Err(usage("reply").into()),
    }),
    entry("react", "ID EMOJI", "add a reaction", |args| react(args, true)),
    entry("unreact", "ID EMOJI", "remove a reaction", |args| react(args, false)),
    entry("hook", "BOT [mentions]", "create a webhook that posts as BOT", |args| {
        let (bot, mentions) = split_word(args);
        match mentions {
            "" | "mentions" => Ok(Command::Hook(user(bot)?, !mentions.is_empty())),
            _ => Err(usage("hook").into()),
        }
    }),
    entry("hooks", "", "list the webhooks of this room", |_| Ok(Command::Hooks)),
    entry("unhook", "N", "delete a webhook", |args| Ok(Command::Unhook(place(args)?))),
    entry("run", "[--host H] CMD", "run a command for all to see: --host H, --label K=V, --sandbox NAME", run),
    entry("shell", "[HOST]", "open a shared shell, on this host", |args| {
        let host = args.strip_prefix("--host").map_or(args, |rest| rest.trim_start_matches('=').trim());
        Ok(Command::Shell(Some(host.to_owned()).filter(|host| !host.is_empty())))
    }),
    entry("runs", "[STATE] [WORDS]", "list the last runs; narrow with running, failed, by:NAME host:H", runs),
    entry("hosts", "", "list the machines on which commands run", |_| Ok(Command::Hosts)),
    entry("watch", "rN", "show the output of a run from the start", |args| Ok(Command::Watch(number(args)?))),
    entry("unwatch", "rN", "stop showing the output of a run", |args| Ok(Command::Unwatch(number(args)?))),
    entry("stop", "[rN]", "stop a run; the last one if you name none", |args| {
        Ok(Command::Stop(optional(args, number)?))
    }),
    entry("lose", "rN", "declare a run lost whose host does not return", |args| Ok(Command::Lose(number(args)?))),
    entry("commands", "", "list the named commands of this room, which run as /NAME", |_| Ok(Command::Commands)),
    entry("approve", "pN", "approve a run that somebody proposed", |args| Ok(Command::Approve(proposal(args)?))),
    entry("refuse", "pN", "refuse a proposed run, or withdraw your own", |args| Ok(Command::Refuse(proposal(args)?))),
    entry("approval", "on|off", "whether each run in this room needs a second person", |args| match args {
        "on" => Ok(Command::Approval(true)),
        "off" => Ok(Command::Approval(false)),
        _ => Err(usage("approval").into()),
    }),
    entry(
        "rights",
        "[allow|deny] NAME RIGHT",
        "list who may run and approve, or change it; --host H, --room R, --yes",
        |args| rights::line(args)?.map(Command::Rights).ok_or_else(|| usage("rights").into()),
    ),
    entry("files", "[FOLDER]", "list the files of this room", |args| Ok(Command::Files(optional(args, path)?))),
    entry("put", "NAME SIZE", "upload a file: exactly SIZE raw bytes follow this line", put),
    entry("get", "NAME", "download a file: a line with its size and digest, then its raw bytes", |args| {
        Ok(Command::Get(path(args)?))
    }),
    entry("help", "", "show this list", |_| Ok(Command::Help)),
    entry("quit", "", "leave once everything you asked for is answered", |_| Ok(Command::Quit)),
];

/// Parses a line.
///
/// # Errors
/// [`BadLine`]
pub fn parse(line: String) -> Result<Line, BadLine> {
    if line.trim().is_empty() {
        return Ok(Line::Empty);
    }
    if let Some(cmd) = line.strip_prefix("$ ").map(str::trim).filter(|cmd| !cmd.is_empty()) {
        return Ok(Line::Command(Command::Run(cmd.to_owned().into())));
    }
    let Some(command) = line.strip_prefix('/') else { return Ok(Line::Message(line)) };
    if command.starts_with('/') {
        return Ok(Line::Message(command.to_owned()));
    }
    let (word, args) = split_word(command);
    match TABLE.iter().find(|entry| entry.name == word) {
        Some(entry) => (entry.parse)(args).map(Line::Command),
        // Only the room knows whether it has such a command.
        None => match CommandName::parse(word) {
            Ok(name) => Ok(Line::Command(Command::Named(name, words(args)?))),
            Err(_) => Err(unknown(word).into()),
        },
    }
}

/// Returns true if this is the name of a command of ours, which no named command may have.
pub fn is_taken(name: &str) -> bool {
    TABLE.iter().any(|entry| entry.name == name)
}

/// Returns the refusal of a command that neither we nor the room know.
pub fn unknown(word: &str) -> String {
    let word: String = visible(word).chars().take(32).collect();
    format!("unknown command /{word}; /help and /commands list what there is, // sends text that starts with a slash")
}

/// Splits the values of a named command at blanks. Quotation marks, single or double, keep blanks together; nothing else
/// has a meaning, since no shell reads the values.
///
/// # Errors
/// If a quotation mark is not closed.
pub fn words(args: &str) -> Result<Vec<String>, BadLine> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for c in args.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!("a quotation mark ({open}) is not closed").into());
    }
    words.extend(word);
    Ok(words)
}

/// Returns all commands, a line each, prefixed with `mark`: their arguments and descriptions, as returned by `here`,
/// which may replace those of [`TABLE`].
pub fn help(mark: &str, here: impl Fn(&'static Entry) -> (&'static str, &'static str)) -> String {
    let mut out = format!(
        "{mark} Type a message to send it to the room. Start a line with $ and a space to run it as a shell command,\n\
         {mark} or with / for one of these:\n"
    );
    let mut put = |usage: &str, about: &str| {
        let _ = writeln!(out, "{mark}   {usage:<USAGE_COLUMNS$}{about}");
    };
    for entry in TABLE {
        let (arguments, about) = here(entry);
        put(&format!("/{} {arguments}", entry.name), about);
    }
    put("$ CMD", "run a shell command, for short");
    put("//TEXT", "send text that starts with a slash; a space before / or $ does the same");
    out
}

/// The columns of a command with its arguments and padding.
const USAGE_COLUMNS: usize = 33;

fn usage(name: &str) -> String {
    let found = TABLE.iter().find(|entry| entry.name == name);
    found.map_or_else(String::new, |entry| format!("usage: /{} {}", entry.name, entry.arguments))
}

fn optional<T>(args: &str, parse: fn(&str) -> Result<T, BadLine>) -> Result<Option<T>, BadLine> {
    if args.is_empty() { Ok(None) } else { parse(args).map(Some) }
}

fn place(args: &str) -> Result<u64, BadLine> {
    args.parse().map_err(|_| "an ID is a number; /log shows the ID of each message".to_owned().into())
}

fn create(args: &str) -> Parsed {
    let (name, rest) = split_word(args);
    let name = room(name)?;
    let (word, title) = split_word(rest);
    let is_private = word == "private";
    Ok(Command::Create(name, is_private, if is_private { title } else { rest }.to_owned()))
}

fn dm(args: &str) -> Parsed {
    let users: Vec<UserName> = args.split_whitespace().map(user).collect::<Result<_, _>>()?;
    if users.is_empty() { Err(usage("dm").into()) } else { Ok(Command::Dm(users)) }
}

fn user_and_role(args: &str) -> Result<(UserName, Option<RoomRole>), BadLine> {
    let (name, role) = split_word(args);
    let role = if role.is_empty() { None } else { Some(role.parse().map_err(str::to_owned)?) };
    Ok((user(name)?, role))
}

/// Returns a position, if the first word is a number, and the rest.
fn seq_and_text(args: &str) -> (Option<u64>, String) {
    let (word, rest) = split_word(args);
    match word.parse() {
        Ok(seq) if !rest.is_empty() => (Some(seq), rest.to_owned()),
        _ => (None, args.to_owned()),
    }
}

fn react(args: &str, on: bool) -> Parsed {
    match seq_and_text(args) {
        (Some(seq), emoji) => Ok(Command::React(seq, emoji, on)),
        _ => Err(usage(if on { "react" } else { "unreact" }).into()),
    }
}

/// Parses `50`, `50 before 812`, or `before 812`.
fn log(args: &str) -> Parsed {
    let (lines, before) = match args.split_once("before") {
        Some((lines, seq)) => (lines.trim(), Some(place(seq.trim())?)),
        None => (args, None),
    };
    Ok(Command::Log(optional(lines, count)?.unwrap_or(LOG_DEFAULT), before))
}

fn path(args: &str) -> Result<RelPath, BadLine> {
    RelPath::parse(args).map_err(|bad| bad.to_string().into())
}

fn count(args: &str) -> Result<u32, BadLine> {
    let count = args.parse().ok().filter(|count| (1..=HISTORY_LIMIT_MAX).contains(count));
    count.ok_or_else(|| "the number of messages is 1 to 200".to_owned().into())
}

/// Parses `r4`, or `4`.
fn number(args: &str) -> Result<u64, BadLine> {
    numbered(args, 'r', "a run is r and a number, such as r4; /runs lists them")
}

/// Parses `p3`, or `3`.
fn proposal(args: &str) -> Result<u64, BadLine> {
    numbered(args, 'p', "a proposal is p and a number, such as p3")
}

fn numbered(args: &str, letter: char, why: &str) -> Result<u64, BadLine> {
    let digits = args.strip_prefix(letter).unwrap_or(args);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_number { digits.parse().ok() } else { None };
    number.ok_or_else(|| why.to_owned().into())
}

fn run(args: &str) -> Parsed {
    let line = run::line(args)?;
    if line.cmd.is_empty() { Err(usage("run").into()) } else { Ok(Command::Run(line)) }
}

/// Parses `failed by:ann host:web1 make test`: the other words are part of the command.
fn runs(args: &str) -> Parsed {
    let mut list = RunList::default();
    let mut text = Vec::new();
    for word in args.split_whitespace() {
        match (word, word.split_once(':')) {
            ("running", _) => list.state = Some(RunsIn::Running),
            ("ended", _) => list.state = Some(RunsIn::Ended),
            ("failed", _) => list.state = Some(RunsIn::Failed),
            (_, Some(("by", name))) => list.by = Some(user(name)?),
            (_, Some(("host", host))) if !host.is_empty() => list.host = Some(host.to_owned()),
            _ => text.push(word),
        }
    }
    list.text = Some(text.join(" ")).filter(|text| !text.is_empty());
    Ok(Command::Runs(list))
}

/// Strict, because bytes follow: without their number we cannot go on.
fn put(args: &str) -> Parsed {
    if args.is_empty() {
        return Err(usage("put").into());
    }
    let end = |why: String| BadLine {
        msg: format!("{why}; closing the connection, because bytes may follow"),
        is_final: true,
    };
    let (name, size) = args.rsplit_once(char::is_whitespace).ok_or_else(|| end(usage("put")))?;
    let size =
        Some(size).filter(|size| size.bytes().all(|byte| byte.is_ascii_digit())).and_then(|size| size.parse().ok());
    let size: u64 = size.ok_or_else(|| end("SIZE is a number of bytes".to_owned()))?;
    if size > FILE_BYTES_MAX {
        return Err(end("a file has at most 68 GB".to_owned()));
    }
    let path = path(name.trim_end()).map_err(|bad| end(bad.msg))?;
    Ok(Command::Put(path, size))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ids::RoomName;
    use crate::messages::RightsList;

    fn command(line: &str) -> Command {
        match parse(line.to_owned()).unwrap() {
            Line::Command(command) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn name(s: &str) -> UserName {
        UserName::parse(s).unwrap()
    }

    fn named(words: &[&str]) -> Command {
        Command::Named(CommandName::parse("deploy").unwrap(), words.iter().map(|&word| word.into()).collect())
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
            ("/create ops", Command::Create(ops.clone(), false, String::new())),
            ("/create ops private The ops", Command::Create(ops.clone(), true, "The ops".into())),
            ("/dm ben @chen", Command::Dm(vec![name("ben"), name("chen")])),
            ("/invite ben", Command::Invite(name("ben"), RoomRole::Member)),
            ("/role ben owner", Command::Role(name("ben"), RoomRole::Owner)),
            ("/log before 812", Command::Log(LOG_DEFAULT, Some(812))),
            ("/log 5 before 812", Command::Log(5, Some(812))),
            ("/edit it was 42", Command::Edit(None, "it was 42".into())),
            ("/edit 42 it was", Command::Edit(Some(42), "it was".into())),
            ("/edit 42", Command::Edit(None, "42".into())),
            ("/delete", Command::Delete(None)),
            ("/reply 42 yes", Command::Reply(42, "yes".into())),
            ("/react 42 👍", Command::React(42, "👍".into(), true)),
            ("/search \"10.4.1.74\" web", Command::Search("\"10.4.1.74\" web".into())),
            ("/leave", Command::Leave(None)),
            ("/leave ops", Command::Leave(Some(ops))),
            ("/who", Command::Who),
            ("/log", Command::Log(LOG_DEFAULT, None)),
            ("/log 200", Command::Log(200, None)),
            ("/run  make  test", Command::Run("make  test".to_owned().into())),
            ("/shell", Command::Shell(None)),
            ("/shell --host build-1", Command::Shell(Some("build-1".into()))),
            ("/shell build-1", Command::Shell(Some("build-1".into()))),
            ("/runs", Command::Runs(RunList::default())),
            (
                "/runs failed by:@ben host:web1 make  test",
                Command::Runs(RunList {
                    state: Some(RunsIn::Failed),
                    by: Some(name("ben")),
                    host: Some("web1".into()),
                    text: Some("make test".into()),
                    ..RunList::default()
                }),
            ),
            ("/hosts", Command::Hosts),
            ("/watch r4", Command::Watch(4)),
            ("/unwatch 4", Command::Unwatch(4)),
            ("/stop", Command::Stop(None)),
            ("/stop r12", Command::Stop(Some(12))),
            ("/lose r12", Command::Lose(12)),
            ("/files", Command::Files(None)),
            ("/files logs", Command::Files(Some(path("logs")))),
            ("/put app.log 12", Command::Put(path("app.log"), 12)),
            ("/put two words.txt  0", Command::Put(path("two words.txt"), 0)),
            ("/get two words.txt", Command::Get(path("two words.txt"))),
            ("/quit", Command::Quit),
            ("/approve p3", Command::Approve(3)),
            ("/refuse 3", Command::Refuse(3)),
            ("/approval on", Command::Approval(true)),
            ("/commands", Command::Commands),
            ("/rights", Command::Rights(RightsLine::List(RightsList::default()))),
            ("/deploy", named(&[])),
            ("/deploy 4.2  web=1", named(&["4.2", "web=1"])),
            ("/deploy note='two  words' \"\" it\"'\"s ; $(x)", named(&["note=two  words", "", "it's", ";", "$(x)"])),
        ] {
            assert_eq!(command(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_command() {
        assert_eq!(parse(" \t".into()), Ok(Line::Empty));
        assert_eq!(parse("hello /who".into()), Ok(Line::Message("hello /who".into())));
        assert_eq!(parse("//etc/passwd".into()), Ok(Line::Message("/etc/passwd".into())));
        assert_eq!(parse(" /who".into()), Ok(Line::Message(" /who".into())));
    }

    #[test]
    fn a_dollar_and_a_space_run_everywhere() {
        assert_eq!(command("$ make test "), Command::Run("make test".to_owned().into()));
        assert_eq!(command("$  date\nuptime"), Command::Run("date\nuptime".to_owned().into()));
        for text in ["$", "$ ", "$5 each", "$HOME", "a $ b", " $ date"] {
            assert_eq!(parse(text.to_owned()), Ok(Line::Message(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn bad_lines_say_why() {
        for (line, words) in [
            ("/", "unknown command"),
            ("/nope\x1b[31m", "unknown command /nope␛[31m"),
            ("/Deploy", "unknown command /Deploy"),
            ("/approve", "a proposal is p"),
            ("/approve r3", "a proposal is p"),
            ("/approval maybe", "usage: /approval"),
            ("/rights allow ann", "usage: /rights [allow|deny] NAME RIGHT"),
            ("/deploy 'x", "a quotation mark (') is not closed"),
            ("/join", "a room's name"),
            ("/join Ops", "a room's name"),
            ("/log 0", "1 to 200"),
            ("/log 201", "1 to 200"),
            ("/log many", "1 to 200"),
            ("/dm", "usage: /dm"),
            ("/role ben king", "reader, member or owner"),
            ("/reply 42", "usage: /reply"),
            ("/react 👍", "usage: /react"),
            ("/run", "usage: /run [--host H] CMD"),
            ("/run --host web1", "usage: /run [--host H] CMD"),
            ("/watch", "a run is r"),
            ("/stop r", "a run is r"),
            ("/stop r-1", "a run is r"),
            ("/stop r99999999999999999999", "a run is r"),
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
        let help = help("#", Entry::told);
        for entry in TABLE {
            assert_eq!(help.matches(&format!("/{} ", entry.name)).count(), 1, "{}", entry.name);
        }
        assert!(help.lines().all(|line| line.starts_with('#') && line.chars().count() <= 110), "{help}");
        let is_apart = |entry: &Entry| help.contains(&format!("  {}\n", entry.about));
        assert!(TABLE.iter().all(is_apart), "two blanks before what it does: {help}");
    }
}
