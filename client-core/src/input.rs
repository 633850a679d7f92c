//! What goes into a [`crate::Client`]: what the socket did, what time it is, and what people want.

use bytes::Bytes;
use wardroom_protocol::messages::{
    Auth, IfExists, Place, RoomCreate, RoomInvite, RoomRemove, RoomSet, RoomSetRole, RunStart, Search, Signal,
};
use wardroom_protocol::{Frame, Nonce, RelPath, RoomName, RunId, UserName};

use crate::outbox::Outbox;
use crate::position::{OpenFrom, WatchFrom};

/// Something happened. `conn` is the number of the [`crate::Effect::Connect`] that the socket was opened for: what a
/// socket says that has been given up since is ignored.
#[derive(Debug)]
pub enum Input {
    /// Begin: connect for the first time.
    Start,
    /// The socket is open, and nothing has been sent on it.
    Connected {
        /// Which.
        conn: u64,
    },
    /// The socket could not be opened, or is closed.
    Disconnected {
        /// Which.
        conn: u64,
        /// Why.
        reason: Disconnect,
    },
    /// A frame came.
    Frame {
        /// On which socket.
        conn: u64,
        /// The frame.
        frame: Frame,
    },
    /// Time has passed. Any number of ticks is harmless.
    Tick,
    /// Somebody wants something.
    Command(Command),
}

/// Why a socket is gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Disconnect {
    /// The network, or the server: one tries again. The words are for people.
    Network(String),
    /// The server does not know one (any more): trying again is of no use before somebody signs in.
    SignedOut(String),
}

/// What somebody wants. Requests that bear a nonce survive a lost connection; they are sent again under the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Show a room and keep it up to date. A room that is open already stays as it is.
    OpenRoom {
        /// Which.
        room: RoomName,
        /// From where on.
        from: OpenFrom,
    },
    /// Stop it. What has been loaded is forgotten.
    CloseRoom {
        /// Which.
        room: RoomName,
    },
    /// Load the page before the first line that is shown.
    LoadOlder {
        /// Where.
        room: RoomName,
    },
    /// Load the page behind the last line that is shown, where that is a window ([`crate::Timeline::has_newer`]).
    LoadNewer {
        /// Where.
        room: RoomName,
    },
    /// Show the lines around this place, by permalink or search hit; opens the room if it is not. [`crate::Effect::Jumped`]
    /// follows, or [`crate::Effect::Failed`] with [`crate::Operation::Load`].
    Jump {
        /// Where.
        room: RoomName,
        /// The place.
        seq: u64,
    },
    /// Back from a window to the room's live end, which is there at once.
    ShowLatest {
        /// Where.
        room: RoomName,
    },
    /// Fetch a line that a reply quotes, into [`crate::Room::line`]. Once; asking again does nothing.
    LoadQuote {
        /// Where.
        room: RoomName,
        /// The line.
        seq: u64,
    },
    /// Say something.
    Post {
        /// Where.
        room: RoomName,
        /// The words.
        text: String,
        /// The line that it answers.
        reply_to: Option<u64>,
        /// The author's mark, a new one for each post: see [`crate::nonce`].
        nonce: Nonce,
    },
    /// Try a post that failed once more.
    RetryPost {
        /// Its mark.
        nonce: Nonce,
    },
    /// Take over what another client of this person left. What another person left is dropped.
    AdoptOutbox {
        /// Its outbox.
        outbox: Box<Outbox>,
    },
    /// Forget a post that failed, or has not been sent.
    DiscardPost {
        /// Its mark.
        nonce: Nonce,
    },
    /// A post that failed is to say something else, and is tried again at its old place.
    RewritePost {
        /// Its mark.
        nonce: Nonce,
        /// The new words.
        text: String,
        /// A new mark.
        new: Nonce,
    },
    /// Somebody has seen the room up to here. Shown at once, and told to the server at most every second; it never goes back,
    /// so it may be said as often as one likes.
    MarkRead {
        /// Where.
        room: RoomName,
        /// The last place seen: [`crate::Timeline::last`] where the end is in sight.
        seq: u64,
    },
    /// A key was pressed; said to the others every few seconds at most.
    Typing {
        /// Where.
        room: RoomName,
    },
    /// Say one's own message otherwise. Shown at once ([`crate::Room::with_pending`]), kept until there is a connection; its event follows,
    /// or [`crate::Operation::Line`] has failed. So for the next two.
    EditMessage {
        /// Where.
        room: RoomName,
        /// The message.
        seq: u64,
        /// The new words.
        text: String,
    },
    /// Take a message back.
    DeleteMessage {
        /// Where.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// React to a message, or take one's reaction back.
    React {
        /// Where.
        room: RoomName,
        /// The message.
        seq: u64,
        /// One emoji.
        emoji: String,
        /// Give it, or take it back.
        on: bool,
    },
    /// Do an edit again that was refused.
    RetryEdit {
        /// Where.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// Give it up.
    DiscardEdit {
        /// Where.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// Change title, topic, retention, or archive. Its events follow, or [`crate::Operation::Room`] has failed; so for the next three.
    SetRoom(RoomSet),
    /// Make somebody a member.
    Invite(RoomInvite),
    /// Take somebody out.
    Remove(RoomRemove),
    /// Change what a member may do there.
    SetRole(RoomSetRole),
    /// The direct message with these: [`crate::Effect::DmOpened`] follows.
    OpenDm {
        /// The others.
        users: Vec<UserName>,
    },
    /// Search: [`crate::Effect::Found`] follows. Only the last search is answered.
    Search(Search),
    /// Load the list of rooms that one may see.
    LoadRooms,
    /// Make a room and join it; it appears among the rooms.
    CreateRoom(RoomCreate),
    /// Become a member.
    JoinRoom {
        /// Of which.
        room: RoomName,
    },
    /// Be a member no more.
    LeaveRoom {
        /// Of which.
        room: RoomName,
    },
    /// Load who is in a room, into [`crate::Room::people`].
    LoadPeople {
        /// Which.
        room: RoomName,
    },
    /// Run a command, after what was posted in the room before it. [`crate::Effect::RunStarted`] or [`crate::Effect::Failed`] follows.
    /// It starts now or not at all: what was not sent, or may have been, stays in the outbox as [`crate::PostState::NotSent`] until
    /// [`Command::RetryPost`] or [`Command::DiscardPost`].
    StartRun {
        /// What and where; its `nonce` names it until it has an id.
        start: RunStart,
        /// Watch its output from the start as soon as it runs.
        watch: bool,
    },
    /// Load the last runs of a room into the model.
    LoadRuns {
        /// Which.
        room: RoomName,
    },
    /// Follow a run's output. One that is watched already stays as it is.
    WatchRun {
        /// Which.
        run: RunId,
        /// From where on.
        from: WatchFrom,
        /// `false`: the caller sends [`Command::AckRun`] as it has dealt with the bytes; `true`: on arrival.
        auto_ack: bool,
    },
    /// The caller has dealt with all bytes before `off` (only for a watch without `auto_ack`).
    AckRun {
        /// Of which run.
        run: RunId,
        /// The next byte wanted.
        off: u64,
    },
    /// Follow it no more.
    UnwatchRun {
        /// Which.
        run: RunId,
    },
    /// Send a signal: `Term` is *Stop*.
    SignalRun {
        /// To which.
        run: RunId,
        /// Which.
        signal: Signal,
    },
    /// Bytes for a run's standard input; cut into frames here. Lost if the connection is.
    RunInput {
        /// Which.
        run: RunId,
        /// The bytes.
        bytes: Bytes,
    },
    /// The end of a run's standard input.
    RunEof {
        /// Which.
        run: RunId,
    },
    /// Send a file.
    Upload(NewUpload),
    /// The bytes of a file that [`crate::Effect::ReadSlice`] asked for; fewer than asked for mean that the file is
    /// shorter than it was.
    Slice {
        /// The upload's mark.
        nonce: Nonce,
        /// The first byte's place.
        off: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// A slice that could not be read: the upload fails with these words.
    SliceFailed {
        /// The upload's mark.
        nonce: Nonce,
        /// Why.
        why: String,
    },
    /// Hold an upload, or let it go on.
    PauseUpload {
        /// Its mark.
        nonce: Nonce,
        /// Hold it.
        paused: bool,
    },
    /// Try an upload that failed once more.
    RetryUpload {
        /// Its mark.
        nonce: Nonce,
    },
    /// Take an upload that is over off the list. Of one that failed the server keeps what it has, so that it can go on later.
    ForgetUpload {
        /// Its mark.
        nonce: Nonce,
    },
    /// Give an upload up, or take one that is over off the list.
    CancelUpload {
        /// Its mark.
        nonce: Nonce,
    },
    /// Connect now, whatever the back-off says.
    ReconnectNow,
    /// The network came or went, the page woke up: find out within seconds whether the connection still lives.
    CheckConnection,
    /// Sign in (anew): the connection is opened afresh. `None` where a gateway vouches.
    SignIn {
        /// Who one is.
        auth: Option<Auth>,
    },
    /// End the session on the server, close, and stay away.
    SignOut,
    /// Close and stay away.
    Stop,
}

/// A file that is to be sent.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The room.
    pub place: Place,
    /// The path on it.
    pub path: RelPath,
    /// Bytes.
    pub size: u64,
    /// The file's own time, Unix milliseconds.
    pub mtime: Option<u64>,
    /// What becomes of a file that is there.
    pub if_exists: IfExists,
    /// The author's mark. The same file (name, size and time) under the same mark goes on where it stopped, even
    /// after a restart of the client.
    pub nonce: Nonce,
}
