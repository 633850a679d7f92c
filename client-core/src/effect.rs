//! What comes out of a [`crate::Client`]: what its caller is to do, and what it may want to know.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::messages::{Answer, ErrAnswer, RunEnd, Search, SearchFound};
use wardroom_protocol::{Code, Event, Nonce, RoomName, RunId, StreamId, UserName};

use crate::request::RequestId;

/// Something to do (the first four, in their order), or to know.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Open a socket now, and answer `Connected` or `Disconnected` with this number. An older one is of no use.
    Connect {
        /// The socket's number.
        conn: u64,
    },
    /// Send a frame: `line` (LF included), then `body`. Over WebSocket: without the LF as text if `body` is empty,
    /// else both as one binary message.
    Send {
        /// The line with its LF.
        line: Bytes,
        /// The raw bytes behind it.
        body: Bytes,
    },
    /// Close the socket, after what was sent has gone. No `Disconnected` is needed for it.
    Close,
    /// Read `len` bytes of an upload's file and pass them as [`crate::Command::Slice`].
    ReadSlice {
        /// The upload's mark.
        nonce: Nonce,
        /// The first byte.
        off: u64,
        /// How many.
        len: u64,
    },
    /// The outbox moved: a caller that keeps it over a restart saves [`crate::Client::outbox`] now.
    SaveOutbox,
    /// A new session: its token, to be kept.
    SignedIn {
        /// The secret.
        token: Arc<str>,
    },
    /// A part of the model moved.
    Changed(Change),
    /// An event came at the live end of an open room, in order, once, amendments among them; for clients that print, and for
    /// notifications ([`crate::is_mentioned`]). It bears the event as it came.
    Event(Arc<Event>),
    /// The lines around the place that one jumped to are shown: scroll to `line`.
    Jumped {
        /// Which room.
        room: RoomName,
        /// The place that was asked for.
        seq: u64,
        /// The line there, or the one before it where that place is no line's.
        line: u64,
    },
    /// The direct message that was asked for: open it as a room.
    DmOpened {
        /// Its name.
        room: RoomName,
        /// With whom.
        users: Vec<UserName>,
    },
    /// What was found; only for the last [`crate::Command::Search`].
    Found {
        /// What was searched for.
        search: Box<Search>,
        /// The hits, and where to go on.
        found: SearchFound,
    },
    /// All lines that were there have come; what follows is new.
    Live {
        /// Which room.
        room: RoomName,
    },
    /// The positions of this room are void (another epoch): it is shown anew.
    Reset {
        /// Which room.
        room: RoomName,
    },
    /// A post stands in its room.
    Posted {
        /// Its mark.
        nonce: Nonce,
        /// Its line.
        seq: u64,
    },
    /// One's own post mentions people who are not in its room, and so are not notified.
    NotInRoom {
        /// The room.
        room: RoomName,
        /// Who.
        users: Vec<UserName>,
    },
    /// A run that was asked for here is on its way.
    RunStarted {
        /// The mark of the request.
        nonce: Nonce,
        /// Its id.
        run: RunId,
        /// Its short number.
        n: u64,
    },
    /// Output of a watched run: in order, each byte once; for clients that print.
    Output {
        /// Of which run.
        run: RunId,
        /// 1 for stdout, 2 for stderr.
        fd: u8,
        /// The first byte's place.
        off: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// A watched run is over; all its bytes have come before.
    RunEnded(RunEnd),
    /// Bytes of a download that was asked for with [`crate::Client::request`].
    FileData {
        /// Which.
        stream: StreamId,
        /// The first byte's place.
        off: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// A download's last byte has come.
    FileEnd {
        /// Which.
        stream: StreamId,
    },
    /// The answer to a [`crate::Client::request`].
    Answered {
        /// Which.
        request: RequestId,
        /// What it says.
        result: Result<Answer, Error>,
    },
    /// The connection is lost, and why; [`crate::Client::connection`] says when it is tried again.
    Disconnected {
        /// For people.
        why: String,
    },
    /// Words of the server for people.
    Notice(String),
    /// Something that was asked for waits: the server cannot take it now, and it is sent again by itself. Said once, until
    /// something is taken again.
    Waiting {
        /// What.
        operation: Operation,
        /// Why.
        error: Error,
    },
    /// Something that was asked for did not come about.
    Failed {
        /// What.
        operation: Operation,
        /// Why.
        error: Error,
    },
}

/// Which part of the model moved.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Change {
    /// [`crate::Client::connection`], [`crate::Client::you`]
    Connection,
    /// The list of rooms: one came, went, or has other numbers.
    Rooms,
    /// An open room: its lines, its pending posts or its state.
    Room(RoomName),
    /// Who is in a room.
    People(RoomName),
    /// [`crate::Room::typing`]
    Typing(RoomName),
    /// [`crate::Client::presence`]
    Presence,
    /// A run.
    Run(RunId),
    /// An upload.
    Upload(Nonce),
}

/// What failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Opening a room.
    Open(RoomName),
    /// Loading history, people or runs of a room.
    Load(RoomName),
    /// Loading the list of rooms.
    Rooms,
    /// Making, joining, leaving or changing a room, or who is in it.
    Room(RoomName),
    /// Editing, deleting or reacting to a message.
    Line {
        /// Where.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// Opening a direct message with these.
    Dm(Vec<UserName>),
    /// A search.
    Search,
    /// A post, by its mark. It stays in the outbox as failed.
    Post(Nonce),
    /// Starting a run, by the mark of its request.
    RunStart(Nonce),
    /// Watching or signalling a run.
    Run(RunId),
    /// An upload, by its mark.
    Upload(Nonce),
    /// A download.
    Download(StreamId),
    /// What the server said to no request of ours.
    Session,
}

/// Why something was refused, or could not be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    /// For programs; `None` where it was not the server that said it.
    pub code: Option<Code>,
    /// For people.
    pub message: String,
    /// Milliseconds after which it may be tried again, where the server said so.
    pub retry_ms: Option<u64>,
    /// The right offset, where a wrong one was the reason.
    pub off: Option<u64>,
}

impl Error {
    /// A failure of our own side.
    pub fn local(message: impl Into<String>) -> Self {
        Error { code: None, message: message.into(), retry_ms: None, off: None }
    }
}

impl From<ErrAnswer> for Error {
    fn from(err: ErrAnswer) -> Self {
        let mut message = err.msg;
        if let Some(reference) = err.reference {
            message.push_str(&format!(" (reference {reference})"));
        }
        Error { code: err.code, message, retry_ms: err.retry_ms, off: err.off }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
