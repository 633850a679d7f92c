//! The fields of each kind of event, and what an amendment does to a message.

use serde::{Deserialize, Serialize};

use super::{AlertGroup, EventBody};
use crate::ids::{RunId, UserName};
use crate::messages::Exit;
use crate::path::RelPath;
use crate::role::RoomRole;

/// Somebody said something.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MessageBody {
    /// The text, at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub text: String,
    /// The `seq` of the line that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// The last amendment (`edit`, `delete`, `reaction`, `repeat`) that is in here already: those up to it change nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<u64>,
    /// It said something else before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// It was taken back: `text` is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// In the order in which each was first given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reactions>,
    /// How often a webhook said it, where that is more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How the text is read.
    #[serde(default, skip_serializing_if = "Format::is_markdown")]
    pub format: Format,
    /// It mentions nobody, whatever the text says: a program wrote it, and its webhook may not mention people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// The alerts that the text is about, for clients that draw them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<AlertGroup>>,
}

/// How a message's text is read.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As Markdown.
    #[default]
    Markdown,
    /// As it is, character by character; also what a format is that this version does not know.
    #[serde(other)]
    Plain,
}

impl Format {
    /// True for what is not said on the wire.
    pub fn is_markdown(&self) -> bool {
        *self == Format::Markdown
    }
}

/// One reaction to a message, and whose it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Reactions {
    /// The emoji.
    pub emoji: String,
    /// In the order in which they gave it.
    pub by: Vec<UserName>,
}

/// A message says something else.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Edit {
    /// The message.
    pub target: u64,
    /// What it says now; empty where the message was deleted later.
    pub text: String,
    /// The alerts that the message is about now. With it, this is news of a webhook's and not a correction: the message does
    /// not become `edited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<AlertGroup>>,
    /// How often the webhook said it by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Edit {
    /// A person's correction.
    pub fn of_text(target: u64, text: impl Into<String>) -> Self {
        Edit { target, text: text.into(), alert: None, count: None }
    }
}

/// A line of the same room.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Target {
    /// Its `seq`.
    pub target: u64,
}

/// Somebody reacted, or no longer does.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ReactionBody {
    /// The message.
    pub target: u64,
    /// The emoji.
    pub emoji: String,
    /// Given, or taken back.
    pub on: bool,
}

/// A webhook said the same once more.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Repeat {
    /// The message.
    pub target: u64,
    /// How often by now.
    pub count: u64,
}

/// A member and what they may do here.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoleOf {
    /// Who.
    pub user: UserName,
    /// What they may do.
    pub role: RoomRole,
}

/// Somebody.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserRef {
    /// Who.
    pub user: UserName,
}

/// A title or a topic.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Words {
    /// Empty for none.
    pub text: String,
}

/// On or off.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Switch {
    /// Which.
    pub on: bool,
}

/// A number of days.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Days {
    /// 0: for ever.
    pub days: u32,
}

/// A command has been given to a host.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunStarted {
    /// The run.
    pub run: RunId,
    /// Its short number, unique on the server: people say `r41`.
    pub n: u64,
    /// The command as people read it: `cmd` as it was given, or `argv` quoted.
    pub cmd: String,
    /// The host that it runs on.
    pub host: String,
    /// The folder that it runs in, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The last reaction that is included here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<u64>,
    /// In the order in which each was first given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reactions>,
}

/// A run is over.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunEnded {
    /// The run.
    pub run: RunId,
    /// Its short number.
    pub n: u64,
    /// How it ended.
    pub exit: Exit,
    /// Bytes of output.
    pub bytes: u64,
    /// Milliseconds from its start to its end.
    pub ms: u64,
    /// Output went over the limit, and the rest was not kept.
    #[serde(default)]
    pub truncated: bool,
    /// Processes that were still there after everything was done to stop them.
    #[serde(default)]
    pub left: u32,
}

/// A file was stored in the room.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileAdded {
    /// Where.
    pub path: RelPath,
    /// Bytes.
    pub size: u64,
    /// The BLAKE3 digest in 64 hexadecimal digits.
    pub blake3: String,
    /// The last reaction that is included here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<u64>,
    /// In the order in which each was first given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reactions>,
}

impl MessageBody {
    /// Carries out an amendment that stands at `seq` and is `by` somebody. False if it changes nothing: it is in here
    /// already, or is none. The server keeps a message as it is after its last amendment, so a reader that comes late
    /// meets it changed, and then the amendments again.
    pub fn amend(&mut self, seq: u64, by: &UserName, body: &EventBody) -> bool {
        if self.amended.is_some_and(|amended| amended >= seq) {
            return false;
        }
        match body {
            EventBody::Edit(edit) if !self.deleted => self.edit(edit),
            EventBody::Delete(_) => {
                *self = Self { reply_to: self.reply_to, deleted: true, ..Self::default() };
            }
            EventBody::Reaction(reaction) if !self.deleted => react(&mut self.reactions, by, reaction),
            EventBody::Repeat(repeat) => self.count = Some(repeat.count),
            _ => return false,
        }
        self.amended = Some(seq);
        true
    }

    fn edit(&mut self, edit: &Edit) {
        self.text.clone_from(&edit.text);
        if edit.alert.is_some() {
            self.alert.clone_from(&edit.alert);
            self.count = edit.count.or(self.count);
        } else {
            self.edited = true;
        }
    }
}

impl EventBody {
    /// Carries out an amendment, as [`MessageBody::amend`] does. Runs and files take reactions only; other kinds take
    /// nothing.
    pub fn amend(&mut self, seq: u64, by: &UserName, body: &EventBody) -> bool {
        let (amended, reactions) = match self {
            EventBody::Message(message) => return message.amend(seq, by, body),
            EventBody::RunStarted(run) => (&mut run.amended, &mut run.reactions),
            EventBody::FileAdded(file) => (&mut file.amended, &mut file.reactions),
            _ => return false,
        };
        let EventBody::Reaction(reaction) = body else { return false };
        if amended.is_some_and(|amended| amended >= seq) {
            return false;
        }
        react(reactions, by, reaction);
        *amended = Some(seq);
        true
    }

    /// The reactions to it, in the order in which each was first given.
    pub fn reactions(&self) -> &[Reactions] {
        match self {
            EventBody::Message(message) => &message.reactions,
            EventBody::RunStarted(run) => &run.reactions,
            EventBody::FileAdded(file) => &file.reactions,
            _ => &[],
        }
    }
}

fn react(reactions: &mut Vec<Reactions>, by: &UserName, reaction: &ReactionBody) {
    let at = reactions.iter().position(|given| given.emoji == reaction.emoji);
    match (at.and_then(|at| reactions.get_mut(at)), reaction.on) {
        (Some(given), true) if !given.by.contains(by) => given.by.push(by.clone()),
        (Some(given), false) => given.by.retain(|user| user != by),
        (None, true) => reactions.push(Reactions { emoji: reaction.emoji.clone(), by: vec![by.clone()] }),
        _ => {}
    }
    reactions.retain(|given| !given.by.is_empty());
}
