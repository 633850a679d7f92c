//! Edits, deletions and reactions that the server has not confirmed yet. They are kept with the posts and survive a
//! reload. Repeating one does no harm, so all are sent again after a lost connection.

use serde::{Deserialize, Serialize};
use wardroom_protocol::event::{Edit, EventBody, ReactionBody, Target};
use wardroom_protocol::{Event, RoomName, UserName};

/// An unconfirmed change to one message.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PendingAmendment {
    /// The room.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
    /// The change.
    pub change: Amendment,
    /// Why the server rejected it. Only a rejected edit is kept, so that its text is not lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// A change to a message.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Amendment {
    /// Replaces the text.
    Edit(String),
    /// Deletes the message.
    Delete,
    /// Gives or removes a reaction.
    React {
        /// The emoji.
        emoji: String,
        /// `true` to give it, `false` to remove it.
        on: bool,
    },
}

impl PendingAmendment {
    /// True if this makes an earlier unsent change pointless: the last change wins.
    pub(crate) fn replaces(&self, earlier: &PendingAmendment) -> bool {
        let is_same_kind = match (&self.change, &earlier.change) {
            (Amendment::Edit(_), Amendment::Edit(_)) | (Amendment::Delete, _) => true,
            (Amendment::React { emoji, .. }, Amendment::React { emoji: other, .. }) => emoji == other,
            _ => false,
        };
        is_same_kind && self.room == earlier.room && self.seq == earlier.seq
    }

    /// Applies the change to the line as it is shown.
    pub(crate) fn apply_to(&self, line: &mut Event, me: &UserName) {
        let target = self.seq;
        let body = match &self.change {
            Amendment::Edit(text) => EventBody::Edit(Edit::of_text(target, text)),
            Amendment::Delete => EventBody::Delete(Target { target }),
            Amendment::React { emoji, on } => {
                EventBody::Reaction(ReactionBody { target, emoji: emoji.clone(), on: *on })
            }
        };
        // Apply it even if the server's version of the message is newer.
        match &mut line.body {
            EventBody::Message(message) => {
                message.amended = None;
                // A rejected edit stays visible, even if the message was deleted meanwhile.
                message.deleted &= self.failed.is_none();
            }
            EventBody::RunStarted(run) => run.amended = None,
            EventBody::FileAdded(file) => file.amended = None,
            _ => {}
        }
        line.body.amend(u64::MAX, me, &body);
    }
}
