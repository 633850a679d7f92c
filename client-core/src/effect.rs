//! What a [`crate::Client`] returns: work for its caller, and news.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::messages::{Answer, ErrAnswer, RunEnd, Search, SearchFound};
use wardroom_protocol::{Code, Event, Nonce, RoomName, RunId, StreamId, UserName};

use crate::request::RequestId;

/// Work to do (the first four, in order), or news.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Open a socket now, and answer with `Connected` or `Disconnected` and this number. Earlier sockets are obsolete.
    Connect {
        /// The socket's number.
        conn: u64,
    },
    /// Send a frame: `line` (with its LF), then `body`. Over WebSocket: as text without the LF if `body` is empty, else
    /// both as one binary message.
    Send {
        /// The line with its LF.
        line: Bytes,
        /// The raw bytes after it.
        body: Bytes,
    },
    /// Close the socket once everything was sent. No `Disconnected` is needed.
    Close,
    /// Read `len` bytes of an upload's file and pass them as [`crate::Command::Slice`].
    ReadSlice {
        /// The upload's nonce.
        nonce: Nonce,
        /// Offset of the first byte.
        off: u64,
        /// How many.
        len: u64,
    },
    /// The outbox changed: a caller that keeps it saves [`crate::Client::outbox`] now.
    SaveOutbox,
    /// There is a new session: keep its token.
    SignedIn {
        /// The secret.
        token: Arc<str>,
    },
    /// A part of the model changed.
    Changed(Change),
    /// An event arrived at the live end of an open room: in order, once, including amendments. For clients that print,
    /// and for notifications ([`crate::is_mentioned`]).
    Event(Arc<Event>),
    /// The lines around the jump target are loaded: scroll to `line`.
    Jumped {
        /// The room.
        room: RoomName,
        /// The position that was asked for.
        seq: u64,
        /// The line there, or the one before it if there is no line at that position.
        line: u64,
    },
    /// The requested direct message: open it as a room.
    DmOpened {
        /// Its name.
        room: RoomName,
        /// The other members.
        users: Vec<UserName>,
    },
    /// Search results; only for the last [`crate::Command::Search`].
    Found {
        /// What was searched for.
        search: Box<Search>,
        /// The hits, and where to continue.
        found: SearchFound,
    },
    /// All existing lines have arrived; what follows is new.
    Live {
        /// The room.
        room: RoomName,
    },
    /// All positions in this room are void (new epoch): it is shown anew.
    Reset {
        /// The room.
        room: RoomName,
    },
    /// A post was stored.
    Posted {
        /// Its nonce.
        nonce: Nonce,
        /// Its position in the room.
        seq: u64,
    },
    /// The user's own post mentions people who are not in its room, and who were not notified.
    NotInRoom {
        /// The room.
        room: RoomName,
        /// The people.
        users: Vec<UserName>,
    },
    /// A run requested here has started.
    RunStarted {
        /// The nonce of the request.
        nonce: Nonce,
        /// Its id.
        run: RunId,
        /// Its short number.
        n: u64,
    },
    /// A run requested here waits for an approval, whose event follows the proposal in its room.
    RunProposed {
        /// The nonce of the request.
        nonce: Nonce,
        /// The number of the proposal.
        n: u64,
        /// The `seq` of its line.
        seq: u64,
        /// When it expires, in Unix milliseconds.
        until: u64,
    },
    /// Output of a watched run: in order, each byte once. For clients that print.
    Output {
        /// The run.
        run: RunId,
        /// 1 for stdout, 2 for stderr.
        fd: u8,
        /// Offset of the first byte.
        off: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// The screen of a watched terminal: reset the terminal to this size and write the bytes to it. Output from `off` on
    /// follows.
    Screen {
        /// The run.
        run: RunId,
        /// The offset of the first byte of output that the screen does not contain.
        off: u64,
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
        /// What to write: scrollback, screen, modes, cursor and title.
        bytes: Bytes,
    },
    /// A watched terminal has another size from the next [`Effect::Output`] on.
    ScreenSize {
        /// The run.
        run: RunId,
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// A command has been given input of this client.
    InputTaken {
        /// The run.
        run: RunId,
        /// It has everything before this offset.
        off: u64,
        /// Bytes that [`crate::Command::RunInput`] accepts now.
        free: usize,
    },
    /// A watched run has ended, and all its output has arrived.
    RunEnded(RunEnd),
    /// Bytes of a download that was requested with [`crate::Client::request`].
    FileData {
        /// The stream.
        stream: StreamId,
        /// Offset of the first byte.
        off: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// A download is complete.
    FileEnd {
        /// The stream.
        stream: StreamId,
    },
    /// The answer to a [`crate::Client::request`].
    Answered {
        /// The request.
        request: RequestId,
        /// The answer or the error.
        result: Result<Answer, Error>,
    },
    /// The connection was lost; [`crate::Client::connection`] says when it is tried again.
    Disconnected {
        /// The reason, for people.
        why: String,
    },
    /// A message of the server for people.
    Notice(String),
    /// The server cannot take something now; it is sent again automatically. Reported once, until something is accepted
    /// again.
    Waiting {
        /// The operation.
        operation: Operation,
        /// The reason.
        error: Error,
    },
    /// Something failed.
    Failed {
        /// The operation.
        operation: Operation,
        /// The reason.
        error: Error,
    },
}

/// The part of the model that changed.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Change {
    /// [`crate::Client::connection`], [`crate::Client::you`]
    Connection,
    /// The list of rooms: one was added, removed or has new counts.
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
    /// Loading a room's history, people or runs.
    Load(RoomName),
    /// Loading the list of rooms.
    Rooms,
    /// Creating, joining, leaving or changing a room, or its members.
    Room(RoomName),
    /// Editing, deleting or reacting to a message.
    Line {
        /// The room.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// Opening a direct message with these people.
    Dm(Vec<UserName>),
    /// A search.
    Search,
    /// A post, by its nonce. It stays in the outbox as failed.
    Post(Nonce),
    /// Starting a run, by the nonce of its request.
    RunStart(Nonce),
    /// Watching or signalling a run.
    Run(RunId),
    /// Typing into a run, its keyboard, or the size of its terminal.
    Keyboard(RunId),
    /// An upload, by its nonce.
    Upload(Nonce),
    /// A download.
    Download(StreamId),
    /// An error of the server that belongs to no request.
    Session,
}

/// Why something failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    /// The server's code; `None` if the client itself failed.
    pub code: Option<Code>,
    /// The message for people.
    pub message: String,
    /// Milliseconds after which to try again, if the server said so.
    pub retry_ms: Option<u64>,
    /// The right offset, if a wrong one was the reason.
    pub off: Option<u64>,
}

impl Error {
    /// An error of the client itself.
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
