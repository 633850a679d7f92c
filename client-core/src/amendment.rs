//! What one does to messages that stand, until the server has answered. Kept with the posts, so that it survives a reload; all
//! of it may be carried out twice without harm, so it is sent again after a lost connection.

use serde::{Deserialize, Serialize};
use wardroom_protocol::event::{Edit, EventBody, ReactionBody, Target};
use wardroom_protocol::{Event, RoomName, UserName};

/// One deed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PendingAmendment {
    /// Where.
    pub room: RoomName,
    /// The message.
    pub seq: u64,
    /// What.
    pub change: Amendment,
    /// Why it was refused. Only an edit stays then, for its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What is done to a message.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Amendment {
    /// It says this from now on.
    Edit(String),
    /// It is taken back.
    Delete,
    /// A reaction is given or taken back.
    React {
        /// One emoji.
        emoji: String,
        /// Given.
        on: bool,
    },
}

impl PendingAmendment {
    /// Takes the place of an earlier one that was not sent: the last word counts.
    pub(crate) fn replaces(&self, earlier: &PendingAmendment) -> bool {
        let is_same_kind = match (&self.change, &earlier.change) {
            (Amendment::Edit(_), Amendment::Edit(_)) | (Amendment::Delete, _) => true,
            (Amendment::React { emoji, .. }, Amendment::React { emoji: other, .. }) => emoji == other,
            _ => false,
        };
        is_same_kind && self.room == earlier.room && self.seq == earlier.seq
    }

    /// The line as it will be.
    pub(crate) fn carry_out(&self, line: &mut Event, me: &UserName) {
        let target = self.seq;
        let body = match &self.change {
            Amendment::Edit(text) => EventBody::Edit(Edit::of_text(target, text)),
            Amendment::Delete => EventBody::Delete(Target { target }),
            Amendment::React { emoji, on } => {
                EventBody::Reaction(ReactionBody { target, emoji: emoji.clone(), on: *on })
            }
        };
        // After whatever the server has carried out, and after other deeds that wait.
        match &mut line.body {
            EventBody::Message(message) => {
                message.amended = None;
                // Words that were refused are seen, whatever has become of the message.
                message.deleted &= self.failed.is_none();
            }
            EventBody::RunStarted(run) => run.amended = None,
            EventBody::FileAdded(file) => file.amended = None,
            _ => {}
        }
        line.body.amend(u64::MAX, me, &body);
    }
}
