//! A message or a command that the server has not confirmed yet.

use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::RunStart;
use wardroom_protocol::{Nonce, RoomName};

/// A message, or a command to run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PendingPost {
    /// Its nonce.
    pub nonce: Nonce,
    /// The room.
    pub room: RoomName,
    /// The text; for a command, as it was typed: `$ make test`.
    pub text: String,
    /// The message that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// The run that it starts, if it is a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<PendingRun>>,
    /// When it was written: Unix milliseconds of the client's clock.
    pub at_ms: u64,
    /// Whether it was sent.
    #[serde(default)]
    pub state: PostState,
}

/// A run that has not started yet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PendingRun {
    /// What to start.
    pub start: RunStart,
    /// Watch its output once it has started.
    #[serde(default)]
    pub watch: bool,
    /// When it expires, by the client's clock. Not kept over a reload.
    #[serde(skip)]
    pub(crate) until_ms: u64,
}

/// The state of a post.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// It waits to be sent, or for the answer.
    #[default]
    Pending,
    /// It was stored at this position; its event has not arrived yet.
    Posted(u64),
    /// It was rejected, and why.
    Failed(String),
    /// Commands only: it is not sent until its author asks for it ([`crate::Command::RetryPost`]).
    NotSent(NotSent),
}

/// Why a command was not sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSent {
    /// There was no connection.
    Offline,
    /// The messages before it took too long.
    Late,
    /// It was sent, but the connection was lost before the answer: it may have started. Sending it again under its
    /// nonce does not start it twice.
    Unknown,
}

impl NotSent {
    /// What happened, for people.
    pub fn words(self) -> &'static str {
        match self {
            NotSent::Offline => "not sent: no connection to the server",
            NotSent::Late => "not sent: the messages before it took too long",
            NotSent::Unknown => "the connection broke before the server answered: it may have started",
        }
    }
}
