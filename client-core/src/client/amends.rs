//! What is done to messages that stand: edited, taken back, reacted to; and the search for them.

use wardroom_protocol::messages::{RoomDelete, RoomEdit, RoomReact, Search, SearchFound};
use wardroom_protocol::{Code, EventBody, RoomName};

use super::Client;
use super::state::{Kind, Loss};
use crate::amends::{Deed, PendingAmend};
use crate::effect::{Effect, Refusal, Subject};
use crate::model::Quote;

impl Client {
    pub(super) fn amend(&mut self, room: RoomName, seq: u64, deed: Deed) {
        let amend = PendingAmend { room, seq, deed, failed: None };
        let room = amend.room.clone();
        if !self.outbox.push_amend(amend.clone(), self.is_up()) {
            let refusal = Refusal::local("too much waits for the connection; do this later");
            return self.effects.push(Effect::Failed { subject: Subject::Line { room, seq }, refusal });
        }
        self.amends_moved(&room);
        if self.is_up() {
            self.send_amend(amend);
        }
    }

    pub(super) fn retry_edit(&mut self, room: &RoomName, seq: u64) {
        if let Some(failed) = self.outbox.take_failed_edit(room, seq) {
            self.amend(failed.room, seq, failed.deed);
        }
    }

    pub(super) fn drop_edit(&mut self, room: &RoomName, seq: u64) {
        if self.outbox.take_failed_edit(room, seq).is_some() {
            self.amends_moved(room);
        }
    }

    /// After a welcome: what was not answered is done (again).
    pub(super) fn resend_amends(&mut self) {
        let waiting: Vec<PendingAmend> =
            self.outbox.amends().iter().filter(|amend| amend.failed.is_none()).cloned().collect();
        self.send_amends(waiting);
    }

    pub(super) fn send_amends(&mut self, waiting: Vec<PendingAmend>) {
        for amend in waiting {
            self.send_amend(amend);
        }
    }

    fn send_amend(&mut self, amend: PendingAmend) {
        let (room, seq, deed) = (amend.room.clone(), amend.seq, amend.deed.clone());
        let kind = Kind::Amend(Box::new(amend));
        match deed {
            Deed::Edit(text) => self.ask(&RoomEdit { room, seq, text }, kind, Loss::Forget),
            Deed::Delete => self.ask(&RoomDelete { room, seq }, kind, Loss::Forget),
            Deed::React { emoji, on } => self.ask(&RoomReact { room, seq, emoji, on }, kind, Loss::Forget),
        };
    }

    pub(super) fn amended(&mut self, amend: &PendingAmend) {
        if self.outbox.take_amend(amend).is_some() {
            self.amends_moved(&amend.room);
        }
    }

    /// Sends it again, if it still waits.
    pub(super) fn resend_amend(&mut self, amend: PendingAmend) {
        if self.is_up() && self.outbox.amends().contains(&amend) {
            self.send_amend(amend);
        }
    }

    pub(super) fn amend_refused(&mut self, amend: PendingAmend, refusal: Refusal) {
        if refusal.code == Some(Code::RateLimited) && self.outbox.amends().contains(&amend) {
            return self.delay_amend(amend, &refusal);
        }
        if self.outbox.take_amend(&amend).is_none() {
            return;
        }
        let (room, seq) = (amend.room.clone(), amend.seq);
        // The words of an edit are not lost.
        if matches!(amend.deed, Deed::Edit(_)) {
            self.outbox.push_amend(PendingAmend { failed: Some(refusal.words.clone()), ..amend }, true);
        }
        self.amends_moved(&room);
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

    fn amends_moved(&mut self, room: &RoomName) {
        self.effects.push(Effect::SaveOutbox);
        let amends = self.outbox.amends_of_room(room);
        self.change_room(room, |room| room.amends = amends.into());
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
