//! What the users of a [`crate::Client`] can ask for.

use bytes::Bytes;
use wardroom_protocol::messages::{
    Auth, IfExists, Place, RoomCreate, RoomInvite, RoomRemove, RoomSet, RoomSetRole, RunStart, Search, Signal, TermOp,
    TermSize,
};
use wardroom_protocol::{Nonce, RelPath, RoomName, RunId, UserName};

use crate::outbox::Outbox;
use crate::position::{OpenFrom, WatchFrom};

/// What users can ask for. Requests with a nonce survive a lost connection and are sent again under the same nonce.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Opens a room and keeps it up to date. Does nothing if it is open already.
    OpenRoom {
        /// The room.
        room: RoomName,
        /// Where to start.
        from: OpenFrom,
    },
    /// Closes a room and drops its lines.
    CloseRoom {
        /// The room.
        room: RoomName,
    },
    /// Loads the page before the first loaded line.
    LoadOlder {
        /// The room.
        room: RoomName,
    },
    /// Loads the page after the last loaded line of an older window ([`crate::Timeline::has_newer`]).
    LoadNewer {
        /// The room.
        room: RoomName,
    },
    /// Shows the lines around a position, from a link or a search hit; opens the room if needed.
    /// [`crate::Effect::Jumped`] follows, or [`crate::Effect::Failed`] with [`crate::Operation::Load`].
    Jump {
        /// The room.
        room: RoomName,
        /// The position.
        seq: u64,
    },
    /// Returns from an older window to the latest lines, which are loaded already.
    ShowLatest {
        /// The room.
        room: RoomName,
    },
    /// Fetches a line that a reply quotes, into [`crate::Room::line`]. Asking twice does nothing.
    LoadQuote {
        /// The room.
        room: RoomName,
        /// The line.
        seq: u64,
    },
    /// Posts a message.
    Post {
        /// The room.
        room: RoomName,
        /// The text.
        text: String,
        /// The message that it replies to.
        reply_to: Option<u64>,
        /// A new nonce for each post: see [`crate::nonce`].
        nonce: Nonce,
    },
    /// Sends a failed post again.
    RetryPost {
        /// Its nonce.
        nonce: Nonce,
    },
    /// Takes over the outbox of another client of the same user. That of another user is dropped.
    AdoptOutbox {
        /// Its outbox.
        outbox: Box<Outbox>,
    },
    /// Discards a post that failed or was not sent yet.
    DiscardPost {
        /// Its nonce.
        nonce: Nonce,
    },
    /// Replaces the text of a failed post and sends it again in its old position.
    RewritePost {
        /// Its nonce.
        nonce: Nonce,
        /// The new text.
        text: String,
        /// A new nonce.
        new: Nonce,
    },
    /// The user has seen the room up to here. Shown at once and sent at most once a second. The position never moves
    /// back, so this may be called often.
    MarkRead {
        /// The room.
        room: RoomName,
        /// The last visible position: [`crate::Timeline::last`] if the end is visible.
        seq: u64,
    },
    /// The user pressed a key. Others are told every few seconds at most.
    Typing {
        /// The room.
        room: RoomName,
    },
    /// Edits one's own message. Shown at once ([`crate::Room::with_pending`]) and kept until there is a connection. Its
    /// event follows, or [`crate::Operation::Line`] has failed; the same holds for the next two.
    EditMessage {
        /// The room.
        room: RoomName,
        /// The message.
        seq: u64,
        /// The new text.
        text: String,
    },
    /// Deletes a message.
    DeleteMessage {
        /// The room.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// Gives or removes a reaction.
    React {
        /// The room.
        room: RoomName,
        /// The message.
        seq: u64,
        /// The emoji.
        emoji: String,
        /// `true` to give it, `false` to remove it.
        on: bool,
    },
    /// Sends a rejected edit again.
    RetryEdit {
        /// The room.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// Discards a rejected edit.
    DiscardEdit {
        /// The room.
        room: RoomName,
        /// The message.
        seq: u64,
    },
    /// Changes title, topic or retention, or archives a room. Its events follow, or [`crate::Operation::Room`] has
    /// failed; the same holds for the next three.
    SetRoom(RoomSet),
    /// Adds a member.
    Invite(RoomInvite),
    /// Removes a member.
    Remove(RoomRemove),
    /// Changes a member's role in the room.
    SetRole(RoomSetRole),
    /// Opens the direct message with these people: [`crate::Effect::DmOpened`] follows.
    OpenDm {
        /// The other members.
        users: Vec<UserName>,
    },
    /// Searches: [`crate::Effect::Found`] follows. Only the last search is answered.
    Search(Search),
    /// Loads the list of visible rooms.
    LoadRooms,
    /// Creates a room and joins it.
    CreateRoom(RoomCreate),
    /// Joins a room.
    JoinRoom {
        /// The room.
        room: RoomName,
    },
    /// Leaves a room.
    LeaveRoom {
        /// The room.
        room: RoomName,
    },
    /// Loads the members of a room, into [`crate::Room::people`].
    LoadPeople {
        /// The room.
        room: RoomName,
    },
    /// Runs a command, after the messages that were posted before it in the room. [`crate::Effect::RunStarted`] or
    /// [`crate::Effect::Failed`] follows. It starts now or not at all: if it was not sent, or may not have been, it
    /// stays in the outbox as [`crate::PostState::NotSent`] until [`Command::RetryPost`] or [`Command::DiscardPost`].
    StartRun {
        /// What to run and where; its `nonce` identifies it until it has an id.
        start: Box<RunStart>,
        /// Watches its output from the start.
        watch: bool,
    },
    /// Loads the last runs of a room.
    LoadRuns {
        /// The room.
        room: RoomName,
    },
    /// Watches a run's output. Does nothing if it is watched already.
    WatchRun {
        /// The run.
        run: RunId,
        /// Where to start.
        from: WatchFrom,
        /// `true`: acknowledge on arrival. `false`: the caller sends [`Command::AckRun`] once it has processed the
        /// bytes.
        auto_ack: bool,
    },
    /// Watches a terminal: [`crate::Effect::Screen`] first, and again after a reconnect or when this client has fallen far
    /// behind, then [`crate::Effect::Output`] from there on. Replaces a watch of the run's bytes.
    WatchScreen {
        /// The run.
        run: RunId,
        /// As in [`Command::WatchRun`]. Who draws on something slow acknowledges what is drawn: then a screen replaces
        /// what was not.
        auto_ack: bool,
    },
    /// Plays the recording of a terminal: [`crate::Effect::Screen`] once, with the stored screen nearest before a moment, then
    /// all output from there on, which the caller acknowledges. Replaces any other watch of the run.
    WatchRecording {
        /// The run.
        run: RunId,
        /// The moment, Unix milliseconds.
        at_ms: u64,
    },
    /// The caller has processed all bytes before `off` (only for a watch without `auto_ack`).
    AckRun {
        /// The run.
        run: RunId,
        /// The next byte wanted.
        off: u64,
    },
    /// Stops watching.
    UnwatchRun {
        /// The run.
        run: RunId,
    },
    /// Sends a signal: `Term` is *Stop*.
    SignalRun {
        /// The run.
        run: RunId,
        /// The signal.
        signal: Signal,
    },
    /// Asks for, gives, takes or releases the keyboard of a run: [`crate::Run::keyboard`] follows, or
    /// [`crate::Operation::Keyboard`] has failed.
    Keyboard {
        /// The run.
        run: RunId,
        /// What to do.
        op: TermOp,
        /// With `Give`: who gets it; the first who asked, if `None`.
        to: Option<UserName>,
    },
    /// Changes the size of a terminal. Only for the holder of its keyboard; of several sizes in a row the last counts.
    ResizeTerminal {
        /// The run.
        run: RunId,
        /// The size.
        size: TermSize,
    },
    /// Bytes for a run's standard input or terminal. Only for the holder of its keyboard. They are kept until the command
    /// has them, over reconnects; [`crate::Client::input_free`] says how many more are accepted, and
    /// [`crate::Effect::InputTaken`] when there is room again. If the keyboard is lost, they are dropped and
    /// [`crate::Operation::Keyboard`] has failed.
    RunInput {
        /// The run.
        run: RunId,
        /// The bytes.
        bytes: Bytes,
    },
    /// Closes a run's standard input after the bytes that were sent before.
    RunEof {
        /// The run.
        run: RunId,
    },
    /// Uploads a file.
    Upload(NewUpload),
    /// Bytes of a file, requested by [`crate::Effect::ReadSlice`]. Fewer than requested mean that the file became
    /// shorter.
    Slice {
        /// The upload's nonce.
        nonce: Nonce,
        /// Offset of the first byte.
        off: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// A slice could not be read: the upload fails with this message.
    SliceFailed {
        /// The upload's nonce.
        nonce: Nonce,
        /// Why.
        why: String,
    },
    /// Pauses or resumes an upload.
    PauseUpload {
        /// Its nonce.
        nonce: Nonce,
        /// `true` to pause.
        paused: bool,
    },
    /// Tries a failed upload again.
    RetryUpload {
        /// Its nonce.
        nonce: Nonce,
    },
    /// Removes a finished or failed upload from the list. The server keeps what it has of a failed one, so that it can
    /// continue later.
    ForgetUpload {
        /// Its nonce.
        nonce: Nonce,
    },
    /// Cancels an upload, or removes a finished one from the list.
    CancelUpload {
        /// Its nonce.
        nonce: Nonce,
    },
    /// Connects now, whatever the back-off says.
    ReconnectNow,
    /// The network changed or the page woke up: check within seconds whether the connection is alive.
    CheckConnection,
    /// Signs in (again) over a new connection. `None` if a gateway vouches for the session.
    SignIn {
        /// The credentials.
        auth: Option<Auth>,
    },
    /// Ends the session on the server and disconnects.
    SignOut,
    /// Disconnects for good.
    Stop,
}

/// A file to upload.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The room.
    pub place: Place,
    /// The path among the room's files.
    pub path: RelPath,
    /// Bytes.
    pub size: u64,
    /// The file's modification time, Unix milliseconds.
    pub mtime: Option<u64>,
    /// What to do if the file exists.
    pub if_exists: IfExists,
    /// Identifies the upload. The same file (name, size and time) under the same nonce continues where it stopped, even
    /// after a restart of the client.
    pub nonce: Nonce,
}
