//! A message or a command that the server has not confirmed yet.

use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::RunStart;
use wardroom_protocol::{Nonce, RoomName};

/// A message, or a command to run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PendingPost {
    /// Its mark.
    pub nonce: Nonce,
    /// Where.
    pub room: RoomName,
    /// The text; of a command, as it is typed: `$ make test`.
    pub text: String,
    /// The message that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// The run that it starts, if it is a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<PendingRun>>,
    /// When it was written, Unix milliseconds of the client's clock.
    pub at_ms: u64,
    /// How it stands.
    #[serde(default)]
    pub state: PostState,
}

/// A run that is to be started.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PendingRun {
    /// What to start.
    pub start: RunStart,
    /// Watch its output as soon as it has started.
    #[serde(default)]
    pub watch: bool,
    /// When it is no longer "now", on the client's clock. Not kept over a reload.
    #[serde(skip)]
    pub(crate) until_ms: u64,
}

/// How a post stands.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// It will be sent; or it was, and the answer has not come.
    #[default]
    Pending,
    /// It stands in the room at this place; its line is on its way.
    Posted(u64),
    /// It was refused, and why.
    Failed(String),
    /// Only of a command: it will not be sent until its author asks for it ([`crate::Command::RetryPost`]).
    NotSent(NotSent),
}

/// Why a command was not sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSent {
    /// There was no connection.
    Offline,
    /// What was written before it took too long.
    Late,
    /// It was sent, but the connection broke before the answer: it may have started. Sent again under its nonce, it does not
    /// start twice.
    Unknown,
}

impl NotSent {
    /// For people: what happened.
    pub fn words(self) -> &'static str {
        match self {
            NotSent::Offline => "not sent: no connection to the server",
            NotSent::Late => "not sent: the messages before it took too long",
            NotSent::Unknown => "the connection broke before the server answered: it may have started",
        }
    }
}
