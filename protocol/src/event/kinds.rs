//! The fields of each kind of event, and how an amendment changes a message.

use serde::{Deserialize, Serialize};

use super::{AlertGroup, EventBody};
use crate::ids::{CommandName, UserName};
use crate::messages::Level;
use crate::path::RelPath;
use crate::role::RoomRole;

/// A message.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MessageBody {
    /// The text, at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub text: String,
    /// The `seq` of the line that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// The last amendment (`edit`, `delete`, `reaction`, `repeat`) that is already applied: those up to it change
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<u64>,
    /// Its text has been edited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// It was deleted: `text` is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// In the order in which each emoji was first added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reactions>,
    /// How often a webhook posted it, if more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The format of the text.
    #[serde(default, skip_serializing_if = "Format::is_markdown")]
    pub format: Format,
    /// It mentions nobody, whatever its text: a program wrote it, and its webhook may not mention people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// The alerts that the text reports, for clients that draw them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<AlertGroup>>,
}

/// The format of a message's text.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Markdown.
    #[default]
    Markdown,
    /// Plain text, character by character; also any format that this version does not know.
    #[serde(other)]
    Plain,
}

impl Format {
    /// Returns true for the default, which is not sent on the wire.
    pub fn is_markdown(&self) -> bool {
        *self == Format::Markdown
    }
}

/// One emoji on a message, and who added it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Reactions {
    /// The emoji.
    pub emoji: String,
    /// In the order in which they added it.
    pub by: Vec<UserName>,
}

/// The text of a message changed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Edit {
    /// The message.
    pub target: u64,
    /// The new text; empty if the message was deleted later.
    pub text: String,
    /// The alerts that the message now reports. If present, this is an update by a webhook and not a correction: the
    /// message does not become `edited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<AlertGroup>>,
    /// How often the webhook has posted it by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Edit {
    /// Makes a person's correction.
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

/// Somebody added or removed a reaction.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ReactionBody {
    /// The message.
    pub target: u64,
    /// The emoji.
    pub emoji: String,
    /// Added, or removed.
    pub on: bool,
}

/// A webhook posted the same message again.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Repeat {
    /// The message.
    pub target: u64,
    /// How often it has been posted by now.
    pub count: u64,
}

/// A member and their role in the room.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoleOf {
    /// The member.
    pub user: UserName,
    /// The role.
    pub role: RoomRole,
}

/// A user.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserRef {
    /// The user's name.
    pub user: UserName,
}

/// A title or a topic.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Words {
    /// The text; empty for none.
    pub text: String,
}

/// On or off.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Switch {
    /// The new state.
    pub on: bool,
}

/// A number of days.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Days {
    /// The days; 0 for ever.
    pub days: u32,
}

/// A named command was added or changed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandChanged {
    /// Its name.
    pub name: CommandName,
    /// Its version: 1 if it is new.
    pub version: u64,
    /// The digest of the definition.
    pub digest: String,
    /// The program and its arguments for display.
    pub cmd: String,
    /// The host that it runs on.
    pub host: String,
    /// Who may run it.
    #[serde(default, skip_serializing_if = "Level::is_default")]
    pub allow: Level,
    /// Somebody else must approve each run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approve: bool,
}

/// A named command was removed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CommandGone {
    /// Its name.
    pub name: CommandName,
}

/// A file was stored in the room.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileAdded {
    /// Its path.
    pub path: RelPath,
    /// Bytes.
    pub size: u64,
    /// The BLAKE3 digest in 64 hexadecimal digits.
    pub blake3: String,
    /// The last reaction that is already applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<u64>,
    /// In the order in which each emoji was first added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reactions>,
}

impl MessageBody {
    /// Applies an amendment at position `seq`, made `by` a user. Returns false if it changes nothing, because it is
    /// applied already or is not an amendment. The server keeps a message as it is after its last amendment, so a late
    /// reader sees the changed message first and then its amendments again.
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
    /// Applies an amendment, as [`MessageBody::amend`] does. Runs and files accept only reactions; other kinds accept
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

    /// Returns its reactions, in the order in which each emoji was first added.
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
