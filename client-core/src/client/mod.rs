//! The state machine: its single entry point [`Client::handle`], and the model that callers read. Its data is in
//! `state`. The connection is handled in `session`, the list of rooms in `rooms`, open rooms in `open_rooms`, `history`
//! and `read_positions`, posts in `posts`, `run_start` and `amendments`, people in `presence`, runs in `runs`, their
//! `terminals` and `keyboards`, files in `uploads`. `requests` keeps the requests that have no answer yet.

mod amendments;
mod clock;
mod command;
mod connection;
mod history;
mod keyboards;
mod open_rooms;
mod posts;
mod presence;
mod read_positions;
mod requests;
mod rooms;
mod run_start;
mod runs;
mod session;
mod state;
mod terminals;
mod uploader;
mod uploads;

use crate::sorted_map::SortedMap;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::messages::You;
use wardroom_protocol::{Epoch, Message, Nonce, RoomName, RunId, UserName};

pub use self::state::{Client, Options};
use crate::connection::ConnectionState;
use crate::effect::{Change, Effect};
use crate::input::Input;
use crate::model::{Room, Run, Upload};
use crate::outbox::Outbox;
use crate::request::{OnDisconnect, RequestId};

impl Client {
    /// Handles an input at `now_ms` (Unix milliseconds; the clock may be set back) and returns the effects to carry
    /// out, in order.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        self.advance(now_ms);
        self.take_input(input);
        self.finish()
    }

    /// Sends a request for something that the model does not hold: a file list, a download. [`Effect::Answered`]
    /// follows with this id, also when the request fails.
    pub fn request<M: Message>(
        &mut self,
        now_ms: u64,
        message: &M,
        on_disconnect: OnDisconnect,
    ) -> (RequestId, Vec<Effect>) {
        self.request_with_body(now_ms, message, Bytes::new(), on_disconnect)
    }

    /// Like [`Client::request`], with raw bytes; the message's own `len` must be the length of `body`.
    pub fn request_with_body<M: Message>(
        &mut self,
        now_ms: u64,
        message: &M,
        body: Bytes,
        on_disconnect: OnDisconnect,
    ) -> (RequestId, Vec<Effect>) {
        self.advance(now_ms);
        let request = self.request_for_caller(message, body, on_disconnect);
        (request, self.finish())
    }

    /// Sends a message that has no answer: `file.ack`, `file.close`. Dropped without a connection.
    pub fn tell<M: Message>(&mut self, now_ms: u64, message: &M) -> Vec<Effect> {
        self.advance(now_ms);
        self.send(message);
        self.finish()
    }

    /// The latest time for the next [`Input::Tick`], in Unix milliseconds.
    pub fn wake_at_ms(&self) -> u64 {
        self.next_deadline_ms()
    }

    /// The state of the connection.
    pub fn connection(&self) -> ConnectionState {
        self.connection_now()
    }

    /// The signed-in user, after the welcome.
    pub fn you(&self) -> Option<&You> {
        self.session.you.as_ref()
    }

    /// The server's limits (bytes of a text, of a file), after the welcome.
    pub fn limits(&self) -> Option<wardroom_protocol::messages::Limits> {
        self.session.limits
    }

    /// The identity of the server's event store, after the welcome.
    pub fn epoch(&self) -> Option<Epoch> {
        self.session.epoch
    }

    /// The server's clock minus the client's, in milliseconds; 0 until it is known.
    pub fn clock_skew_ms(&self) -> i64 {
        self.session.clock_skew_ms
    }

    /// The rooms that the user has joined, listed or opened, by name.
    pub fn rooms(&self) -> &SortedMap<RoomName, Arc<Room>> {
        &self.rooms
    }

    /// The runs that appeared in open rooms or are watched.
    pub fn runs(&self) -> &SortedMap<RunId, Arc<Run>> {
        &self.runs
    }

    /// Bytes of input that [`crate::Command::RunInput`] accepts now; 0 without the keyboard.
    pub fn input_free(&self, run: RunId) -> usize {
        let keyboard = self.keyboards.get(&run).filter(|keyboard| keyboard.lease.is_some() || keyboard.wants);
        keyboard.map_or(0, |keyboard| keyboard.queue.free())
    }

    /// The runs of one room, oldest first.
    pub fn runs_of_room<'a>(&'a self, room: &'a RoomName) -> impl DoubleEndedIterator<Item = &'a Arc<Run>> {
        self.runs.values().filter(move |run| run.info.as_ref().is_some_and(|info| info.room == *room))
    }

    /// The uploads, in the order in which they were added.
    pub fn uploads(&self) -> impl Iterator<Item = &Arc<Upload>> {
        self.upload_order.iter().filter_map(|nonce| self.uploads.get(nonce))
    }

    /// The upload with this nonce.
    pub fn upload(&self, nonce: &Nonce) -> Option<&Arc<Upload>> {
        self.uploads.get(nonce)
    }

    /// Who is online (`true`) or offline, for members of rooms whose people were loaded
    /// ([`crate::Command::LoadPeople`]).
    pub fn presence(&self) -> &Arc<SortedMap<UserName, bool>> {
        &self.presence.here
    }

    /// Unread lines and mentions over all joined rooms: for the page's title.
    pub fn unread(&self) -> (u64, u64) {
        let joined = self.rooms.values().filter(|room| room.info.joined);
        joined.fold((0, 0), |(unread, mentions), room| {
            (room.info.unread.saturating_add(unread), room.info.mentions.saturating_add(mentions))
        })
    }

    /// Sends what is still being batched (read positions): for a caller that is about to close.
    pub fn flush(&mut self, now_ms: u64) -> Vec<Effect> {
        self.advance(now_ms);
        self.send_read_positions();
        self.finish()
    }

    /// The outbox: what a caller saves to survive a reload.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Does all follow-up work, then returns the effects.
    fn finish(&mut self) -> Vec<Effect> {
        self.forget_typing();
        self.send_read_positions_when_due();
        self.send_posts();
        self.resume_paused_keyboards();
        self.advance_uploads();
        self.report_connection();
        std::mem::take(&mut self.effects)
    }

    fn changed(&mut self, change: Change) {
        self.effects.push(Effect::Changed(change));
    }
}
