//! What a typed line means.

use std::collections::BTreeMap;

use crate::ids::{CommandName, RoomName, UserName};
use crate::messages::{RightsList, RightsSet, RunList};
use crate::path::RelPath;
use crate::role::RoomRole;

/// A line that begins with a slash.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each variant bears the name of its command, which the table explains")]
pub enum Command {
    Help,
    Rooms,
    Join(RoomName),
    /// The room, whether it is private, and its title.
    Create(RoomName, bool, String),
    /// The current room if absent.
    Leave(Option<RoomName>),
    Who,
    Dm(Vec<UserName>),
    Invite(UserName, RoomRole),
    Remove(UserName),
    Role(UserName, RoomRole),
    Title(String),
    Topic(String),
    /// Set one's own status; empty removes it.
    Status(String),
    Archive(bool),
    /// Days; 0 for ever.
    Retention(u32),
    /// The number of lines, and the position that they precede, if given.
    Log(u32, Option<u64>),
    Search(String),
    /// The caller's last message if absent.
    Edit(Option<u64>, String),
    Delete(Option<u64>),
    Reply(u64, String),
    /// The message, the emoji, and whether it is added or removed.
    React(u64, String, bool),
    /// The bot, and whether its posts may mention people.
    Hook(UserName, bool),
    Hooks,
    Unhook(u64),
    Run(RunLine),
    /// The host; the local one if absent.
    Shell(Option<String>),
    /// The last runs of the current room that fit; its `room` is absent.
    Runs(RunList),
    Hosts,
    Watch(u64),
    Unwatch(u64),
    /// The last running command if absent.
    Stop(Option<u64>),
    /// A run whose host is away.
    Lose(u64),
    /// The top folder if absent.
    Files(Option<RelPath>),
    Put(RelPath, u64),
    Get(RelPath),
    /// Approve a proposal.
    Approve(u64),
    /// Refuse a proposal, or withdraw one's own.
    Refuse(u64),
    /// Whether each run in this room needs a second person.
    Approval(bool),
    /// List, make or remove rules.
    Rights(RightsLine),
    /// The named commands of this room.
    Commands,
    /// A named command of the room, and the values of its parameters.
    Named(CommandName, Vec<String>),
    Quit,
}

/// A command to run, and on which hosts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RunLine {
    /// The command, for a shell.
    pub cmd: String,
    /// Hosts by name; the local one if there are none, and no label.
    pub hosts: Vec<String>,
    /// Hosts by labels: all that have all of these.
    pub label: BTreeMap<String, String>,
    /// What it does without.
    pub sandbox: Vec<String>,
}

/// What to do with the rules.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RightsLine {
    /// List them.
    List(RightsList),
    /// Make or remove one.
    Set(RightsSet),
}

impl RightsLine {
    /// Returns what is meant in this room: without a place, it is the room.
    #[must_use]
    pub fn here(mut self, room: &RoomName) -> Self {
        let is_meant = match &self {
            RightsLine::List(list) => *list == RightsList::default(),
            RightsLine::Set(set) => set.room.is_none() && set.host.is_none(),
        };
        let (RightsLine::List(RightsList { room: of, .. }) | RightsLine::Set(RightsSet { room: of, .. })) = &mut self;
        if is_meant {
            *of = Some(room.clone());
        }
        self
    }
}

impl From<String> for RunLine {
    fn from(cmd: String) -> Self {
        Self { cmd, ..Self::default() }
    }
}

/// The kind of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// An empty line.
    Empty,
    /// A message for the room.
    Message(String),
    /// A command.
    Command(Command),
}

/// A line that cannot be carried out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadLine {
    /// Why, in a sentence.
    pub msg: String,
    /// Bytes of a file may follow. Closing the connection is better than reading them as messages and commands.
    pub is_final: bool,
}

impl From<String> for BadLine {
    fn from(msg: String) -> Self {
        Self { msg, is_final: false }
    }
}

/// Returns the first word, and the rest.
pub fn split_word(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim_start()))
}
