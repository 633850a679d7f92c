//! The client's state: plain data, used by the files next to this folder. Nothing here uses them.

mod keyboard;
mod open_room;
mod posts;
mod presence;
mod read_positions;
mod requests;
mod runs;
mod session;

use crate::sorted_map::SortedMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use wardroom_protocol::messages::Auth;
use wardroom_protocol::{Nonce, RoomName, RunId};

pub(super) use self::keyboard::{Eof, KeyboardUse};
pub(super) use self::open_room::OpenRoom;
pub(super) use self::posts::PostQueue;
pub(super) use self::presence::PresenceState;
pub(super) use self::read_positions::ReadPositions;
pub(super) use self::requests::{Page, Recovery, Request, RequestKind, Requests};
pub(super) use self::runs::Watch;
pub(super) use self::session::{Phase, Session};
use super::uploader::Uploader;
use crate::backoff::Backoff;
use crate::connection::ConnectionState;
use crate::effect::Effect;
use crate::model::{Room, Run, Upload};
use crate::outbox::Outbox;

/// How to create a client.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The program and its version, for the server's log: `wardroom-web/0.1.0`.
    pub program: String,
    /// The credentials; `None` if a gateway vouches for the session.
    pub auth: Option<Auth>,
    /// Asks for a session that outlives the connection, with this label ([`Effect::SignedIn`]).
    pub remember: Option<String>,
    /// A random number, so that clients back off differently.
    pub seed: u64,
    /// The outbox of this user's earlier client.
    pub outbox: Outbox,
    /// Keeps the last lines of a run although the caller acknowledges by hand: for callers that draw them at their own
    /// pace.
    pub keep_tails: bool,
}

/// The client. One per user and server; it lives as long as the page or the command.
#[derive(Debug)]
pub struct Client {
    pub(in crate::client) session: Session,
    pub(in crate::client) backoff: Backoff,
    pub(in crate::client) requests: Requests,
    pub(in crate::client) rooms: SortedMap<RoomName, Arc<Room>>,
    pub(in crate::client) open_rooms: SortedMap<RoomName, OpenRoom>,
    pub(in crate::client) runs: SortedMap<RunId, Arc<Run>>,
    pub(in crate::client) watches: SortedMap<RunId, Watch>,
    /// Keyboards that this client holds or has asked for.
    pub(in crate::client) keyboards: SortedMap<RunId, KeyboardUse>,
    pub(in crate::client) uploads: SortedMap<Nonce, Arc<Upload>>,
    pub(in crate::client) upload_order: Vec<Nonce>,
    pub(in crate::client) uploaders: SortedMap<Nonce, Uploader>,
    pub(in crate::client) outbox: Outbox,
    pub(in crate::client) keep_tails: bool,
    pub(in crate::client) posts: PostQueue,
    pub(in crate::client) read_positions: ReadPositions,
    pub(in crate::client) presence: PresenceState,
    /// Rooms that the server has told of since the list of rooms was last requested: it may have been made before.
    pub(in crate::client) told_rooms: BTreeSet<RoomName>,
    /// The search whose answer is wanted.
    pub(in crate::client) search_request: Option<u64>,
    /// Monotonic milliseconds: the caller's clock plus `clock_lag_ms`.
    pub(in crate::client) now_ms: u64,
    /// How far the caller's clock was set back in total.
    pub(in crate::client) clock_lag_ms: u64,
    pub(in crate::client) connection_reported: ConnectionState,
    pub(in crate::client) effects: Vec<Effect>,
}

impl Client {
    /// An idle client; [`crate::Input::Start`] starts it.
    pub fn new(options: Options) -> Self {
        Client {
            session: Session::new(options.program, options.auth, options.remember),
            backoff: Backoff::new(options.seed),
            requests: Requests::default(),
            rooms: SortedMap::new(),
            open_rooms: SortedMap::new(),
            runs: SortedMap::new(),
            watches: SortedMap::new(),
            keyboards: SortedMap::new(),
            uploads: SortedMap::new(),
            upload_order: Vec::new(),
            uploaders: SortedMap::new(),
            outbox: options.outbox,
            keep_tails: options.keep_tails,
            posts: PostQueue::default(),
            read_positions: ReadPositions::default(),
            presence: PresenceState::default(),
            told_rooms: BTreeSet::new(),
            search_request: None,
            now_ms: 0,
            clock_lag_ms: 0,
            connection_reported: ConnectionState::Connecting,
            effects: Vec::new(),
        }
    }
}
