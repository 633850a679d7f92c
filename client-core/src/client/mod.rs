//! The machine: its one entrance [`Client::handle`], and what can be looked at. Its data is in `state`. What it does with the
//! connection is in `session`, with the list of rooms in `rooms`, with those that are open in `open`, `history` and `reading`,
//! with posts in `posts`, `starting` and `amendments`, with people in `presence`, with runs in `runs`, with files in `uploads`; `requests` keeps
//! the questions that have no answer yet.

mod amendments;
mod clock;
mod command;
mod connection;
mod history;
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
mod uploader;
mod uploads;

use std::collections::BTreeMap;
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
    /// Takes what happened at `now_ms` (Unix milliseconds; a clock that is set back does no harm) and says what is to
    /// be done, in order.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        self.advance(now_ms);
        self.take_input(input);
        self.settle()
    }

    /// Asks for something that the model does not hold: a file list, a stat, a download. The answer comes as
    /// [`Effect::Answered`] with this ticket, also when it does not come.
    pub fn request<M: Message>(
        &mut self,
        now_ms: u64,
        message: &M,
        on_disconnect: OnDisconnect,
    ) -> (RequestId, Vec<Effect>) {
        self.request_with_body(now_ms, message, Bytes::new(), on_disconnect)
    }

    /// As [`Client::request`], with raw bytes; the message's own `len` must be that of `body`.
    pub fn request_with_body<M: Message>(
        &mut self,
        now_ms: u64,
        message: &M,
        body: Bytes,
        on_disconnect: OnDisconnect,
    ) -> (RequestId, Vec<Effect>) {
        self.advance(now_ms);
        let request = self.request_for_caller(message, body, on_disconnect);
        (request, self.settle())
    }

    /// Says something that has no answer: `file.ack`, `file.close`. Dropped without a connection.
    pub fn tell<M: Message>(&mut self, now_ms: u64, message: &M) -> Vec<Effect> {
        self.advance(now_ms);
        self.send(message);
        self.settle()
    }

    /// When [`Input::Tick`] is wanted at the latest; Unix milliseconds.
    pub fn wake_at_ms(&self) -> u64 {
        self.next_deadline_ms()
    }

    /// How the link stands.
    pub fn connection(&self) -> ConnectionState {
        self.connection_now()
    }

    /// Who one is, once welcome.
    pub fn you(&self) -> Option<&You> {
        self.session.you.as_ref()
    }

    /// What the server allows (bytes of a text, of a file), once welcome.
    pub fn limits(&self) -> Option<wardroom_protocol::messages::Limits> {
        self.session.limits
    }

    /// The incarnation of the server's store, once welcome.
    pub fn epoch(&self) -> Option<Epoch> {
        self.session.epoch
    }

    /// The server's clock minus the client's, in milliseconds, as far as is known.
    pub fn clock_skew_ms(&self) -> i64 {
        self.session.clock_skew_ms
    }

    /// The rooms that one has joined, has listed or has opened, by name.
    pub fn rooms(&self) -> &BTreeMap<RoomName, Arc<Room>> {
        &self.rooms
    }

    /// The runs that were seen in open rooms, or are watched.
    pub fn runs(&self) -> &BTreeMap<RunId, Arc<Run>> {
        &self.runs
    }

    /// Those of one room, oldest first.
    pub fn runs_of_room<'a>(&'a self, room: &'a RoomName) -> impl DoubleEndedIterator<Item = &'a Arc<Run>> {
        self.runs.values().filter(move |run| run.info.as_ref().is_some_and(|info| info.room == *room))
    }

    /// The uploads in the order in which they were asked for.
    pub fn uploads(&self) -> impl Iterator<Item = &Arc<Upload>> {
        self.upload_order.iter().filter_map(|nonce| self.uploads.get(nonce))
    }

    /// The upload with this mark.
    pub fn upload(&self, nonce: &Nonce) -> Option<&Arc<Upload>> {
        self.uploads.get(nonce)
    }

    /// Who has a connection (`true`) or has none, of the members of rooms that were asked about ([`crate::Command::LoadPeople`]).
    pub fn presence(&self) -> &Arc<BTreeMap<UserName, bool>> {
        &self.presence.here
    }

    /// Unread lines, and mentions, over all rooms that one has joined: for the title of a page.
    pub fn unread(&self) -> (u64, u64) {
        let joined = self.rooms.values().filter(|room| room.info.joined);
        joined.fold((0, 0), |(unread, mentions), room| {
            (room.info.unread.saturating_add(unread), room.info.mentions.saturating_add(mentions))
        })
    }

    /// What waits to be told together with more of its kind (read positions) is told now: for a caller that is about to close.
    pub fn flush(&mut self, now_ms: u64) -> Vec<Effect> {
        self.advance(now_ms);
        self.send_read_positions();
        self.settle()
    }

    /// The posts that do not stand yet: what a caller keeps over a reload.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Everything that follows from what was taken in, then what is to be done.
    fn settle(&mut self) -> Vec<Effect> {
        self.forget_typing();
        self.send_read_positions_when_due();
        self.send_posts();
        self.advance_uploads();
        self.report_connection();
        std::mem::take(&mut self.effects)
    }

    fn changed(&mut self, change: Change) {
        self.effects.push(Effect::Changed(change));
    }
}
