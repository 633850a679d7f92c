//! The state of a chat. The other files here each implement a part of its behaviour.

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

/// The state of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Input {
    Open,
    /// It has ended; unconfirmed posts have until this time.
    Ended(tokio::time::Instant),
    /// `/quit`
    Quit,
}

/// The state of a chat.
pub(super) struct Talk {
    pub(super) voice: Output,
    /// Present if a person is at a terminal.
    pub(super) console: Option<Console>,
    pub(super) transfers: Transfers,
    pub(super) runs: Runs,
    pub(super) drawn: Drawn,
    pub(super) room: RoomName,
    pub(super) link: ConnectionState,
    pub(super) is_terminal: bool,
    /// Requests without an answer so far.
    pub(super) asked: BTreeMap<RequestId, Asked>,
    /// The position of the user's last message in this room.
    pub(super) my_last: Option<u64>,
    /// Requested runs without an id.
    pub(super) starting: usize,
    /// The room's history has been shown.
    pub(super) is_live: bool,
    /// Lines that wait for their turn.
    pub(super) held: VecDeque<Typed>,
    pub(super) input: Input,
    /// Lines of a pipe that were refused.
    pub(super) refused: u64,
    /// The end of the input waits for the runs that were started here.
    pub(super) waits_for_runs: bool,
    /// The user was warned that leaving now aborts a transfer.
    pub(super) warned: bool,
}
