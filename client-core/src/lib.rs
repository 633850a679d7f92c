//! The client as a state machine, for the page (wasm) and the command line: input goes into [`Client::handle`], work
//! comes out as [`Effect`]s, and the model holds what is shown.
//!
//! There is no I/O here, no clock and no randomness: sockets, timers and seeds belong to the caller. A caller
//! 1. creates a [`Client`] and passes it [`Input::Start`];
//! 2. carries out each [`Effect`]: opens a socket, sends bytes, reads a slice of a file;
//! 3. passes back what happened ([`Input`]), and an [`Input::Tick`] no later than [`Client::wake_at_ms`];
//! 4. draws the model ([`Client::connection`], [`Client::rooms`], [`Client::runs`], [`Client::uploads`]) after an
//!    [`Effect::Changed`]. Each part is behind an `Arc`: equal pointers mean that nothing changed.

mod amendment;
mod backoff;
mod client;
mod command;
mod connection;
mod effect;
mod input;
pub mod limits;
mod model;
mod outbox;
mod pending_post;
mod position;
mod request;
mod sorted_map;

pub use amendment::{Amendment, PendingAmendment};
pub use client::{Client, Options};
pub use command::{Command, NewUpload};
pub use connection::ConnectionState;
pub use effect::{Change, Effect, Error, Operation};
pub use input::{Disconnect, Input};
pub use model::{
    Keyboard, OpenState, OutputTail, Quote, Room, Run, RunState, TailLimits, TailLine, Timeline, Upload, UploadState,
};
pub use outbox::Outbox;
pub use pending_post::{NotSent, PendingPost, PendingRun, PostState};
pub use position::{OpenFrom, WatchFrom};
pub use request::{OnDisconnect, RequestId};
pub use sorted_map::SortedMap;
pub use wardroom_protocol as protocol;
pub use wardroom_protocol::mention::is_mentioned;

/// A nonce of 32 hexadecimal digits: the time in Unix milliseconds (48 bits), then 80 random bits. Nonces of the same
/// time are neighbours in the server's index, so a commit of many posts writes few pages.
pub fn nonce(now_ms: u64, random: u128) -> wardroom_protocol::Nonce {
    let text = format!("{:032x}", u128::from(now_ms) << 80 | random & ((1 << 80) - 1));
    match wardroom_protocol::Nonce::parse(&text) {
        Ok(nonce) => nonce,
        Err(_) => unreachable!("32 hexadecimal digits are a nonce"),
    }
}
