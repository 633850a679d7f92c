//! The state of a chat. What is done with it is in the other files here, each for its part.

use std::collections::{BTreeMap, VecDeque};

use wardroom_client_core::{ConnectionState, RequestId};
use wardroom_protocol::RoomName;

use super::asked::Asked;
use super::console::Console;
use super::drawn::Drawn;
use super::output::Output;
use super::runs::Runs;
use super::transfers::Transfers;
use super::typed::Typed;

/// How the input stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Input {
    Open,
    /// It has ended; what was said is still on its way, until then.
    Ended(tokio::time::Instant),
    /// `/quit`
    Quit,
}

/// The state of a chat.
pub(super) struct Talk {
    pub(super) voice: Output,
    /// Somebody sits there.
    pub(super) console: Option<Console>,
    pub(super) transfers: Transfers,
    pub(super) runs: Runs,
    pub(super) drawn: Drawn,
    pub(super) room: RoomName,
    pub(super) link: ConnectionState,
    pub(super) is_terminal: bool,
    /// What was asked and not answered yet.
    pub(super) asked: BTreeMap<RequestId, Asked>,
    /// The place of what one said last in this room.
    pub(super) my_last: Option<u64>,
    /// Runs that were asked for and have no id yet.
    pub(super) starting: usize,
    /// The room's past has been shown.
    pub(super) is_live: bool,
    /// Lines that wait for their turn.
    pub(super) held: VecDeque<Typed>,
    pub(super) input: Input,
    /// That to leave now gives up a file.
    pub(super) warned: bool,
}
