//! What is done to messages that stand: edited, taken back, reacted to; and the search for them.

use wardroom_protocol::messages::{RoomDelete, RoomEdit, RoomReact, Search, SearchFound};
use wardroom_protocol::{Code, EventBody, RoomName};

use super::Client;
use super::requests::{Kind, Loss};
use crate::effect::{Effect, Refusal, Subject};
use crate::model::Quote;

impl Client {
    // All three may be carried out twice without harm, so they are sent again after a lost connection.

    pub(super) fn edit(&mut self, room: RoomName, seq: u64, text: String) {
        self.ask(&RoomEdit { room: room.clone(), seq, text }, Kind::Amend(room, seq), Loss::Resend);
    }

    pub(super) fn delete(&mut self, room: RoomName, seq: u64) {
        self.ask(&RoomDelete { room: room.clone(), seq }, Kind::Amend(room, seq), Loss::Resend);
    }

    pub(super) fn react(&mut self, room: RoomName, seq: u64, emoji: String, on: bool) {
        self.ask(&RoomReact { room: room.clone(), seq, emoji, on }, Kind::Amend(room, seq), Loss::Resend);
    }

    pub(super) fn amend_refused(&mut self, room: RoomName, seq: u64, refusal: Refusal) {
        // One's own delete, sent again, meets a message that is deleted.
        let line = self.rooms.get(&room).map(|room| room.line(seq));
        let is_deleted = match line {
            Some(Quote::Line(line)) => matches!(&line.body, EventBody::Message(message) if message.deleted),
            _ => false,
        };
        if refusal.code != Some(Code::Conflict) || !is_deleted {
            self.effects.push(Effect::Failed { subject: Subject::Line { room, seq }, refusal });
        }
    }

    /// Searches; an answer to what was searched for before is dropped.
    pub(super) fn search(&mut self, search: Search) {
        let id = self.ask(&search, Kind::Search(Box::new(search.clone())), Loss::Resend);
        self.search_asked = Some(id);
    }

    pub(super) fn search_came(&mut self, search: Box<Search>, id: u64, found: SearchFound) {
        if self.search_asked == Some(id) {
            self.effects.push(Effect::Found { search, found });
        }
    }
}
