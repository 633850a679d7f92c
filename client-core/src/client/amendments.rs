//! Edits, deletions and reactions, and searches.

use wardroom_protocol::messages::{RoomDelete, RoomEdit, RoomReact, Search, SearchFound};
use wardroom_protocol::{Code, EventBody, RoomName};

use super::Client;
use super::state::{Recovery, RequestKind};
use crate::amendment::{Amendment, PendingAmendment};
use crate::effect::{Effect, Error, Operation};
use crate::model::Quote;

impl Client {
    pub(super) fn amend(&mut self, room: RoomName, seq: u64, change: Amendment) {
        let amend = PendingAmendment { room, seq, change, failed: None };
        let room = amend.room.clone();
        if !self.outbox.push_amend(amend.clone(), self.is_up()) {
            let error = Error::local("too much waits for the connection; do this later");
            return self.effects.push(Effect::Failed { operation: Operation::Line { room, seq }, error });
        }
        self.amendments_changed(&room);
        if self.is_up() {
            self.send_amend(amend);
        }
    }

    pub(super) fn retry_edit(&mut self, room: &RoomName, seq: u64) {
        if let Some(failed) = self.outbox.take_failed_edit(room, seq) {
            self.amend(failed.room, seq, failed.change);
        }
    }

    pub(super) fn discard_edit(&mut self, room: &RoomName, seq: u64) {
        if self.outbox.take_failed_edit(room, seq).is_some() {
            self.amendments_changed(room);
        }
    }

    /// Sends all unconfirmed amendments again, after a welcome.
    pub(super) fn resend_amendments(&mut self) {
        let waiting: Vec<PendingAmendment> =
            self.outbox.amendments().iter().filter(|amend| amend.failed.is_none()).cloned().collect();
        self.send_amendments(waiting);
    }

    pub(super) fn send_amendments(&mut self, waiting: Vec<PendingAmendment>) {
        for amend in waiting {
            self.send_amend(amend);
        }
    }

    fn send_amend(&mut self, amend: PendingAmendment) {
        let (room, seq, change) = (amend.room.clone(), amend.seq, amend.change.clone());
        let kind = RequestKind::Amend(Box::new(amend));
        match change {
            Amendment::Edit(text) => self.send_request(&RoomEdit { room, seq, text }, kind, Recovery::Forget),
            Amendment::Delete => self.send_request(&RoomDelete { room, seq }, kind, Recovery::Forget),
            Amendment::React { emoji, on } => {
                self.send_request(&RoomReact { room, seq, emoji, on }, kind, Recovery::Forget)
            }
        };
    }

    pub(super) fn on_amended(&mut self, amend: &PendingAmendment) {
        if self.outbox.take_amend(amend).is_some() {
            self.amendments_changed(&amend.room);
        }
    }

    /// Sends it again if it is still unconfirmed.
    pub(super) fn resend_amend(&mut self, amend: PendingAmendment) {
        if self.is_up() && self.outbox.amendments().contains(&amend) {
            self.send_amend(amend);
        }
    }

    pub(super) fn on_amend_error(&mut self, amend: PendingAmendment, error: Error) {
        if error.code == Some(Code::RateLimited) && self.outbox.amendments().contains(&amend) {
            return self.delay_amend(amend, &error);
        }
        if self.outbox.take_amend(&amend).is_none() {
            return;
        }
        let (room, seq) = (amend.room.clone(), amend.seq);
        // Keep the text of a rejected edit.
        if matches!(amend.change, Amendment::Edit(_)) {
            self.outbox.push_amend(PendingAmendment { failed: Some(error.message.clone()), ..amend }, true);
        }
        self.amendments_changed(&room);
        // A repeated deletion conflicts with its own first attempt; that is no error.
        let line = self.rooms.get(&room).map(|room| room.line(seq));
        let is_deleted = match line {
            Some(Quote::Line(line)) => matches!(&line.body, EventBody::Message(message) if message.deleted),
            _ => false,
        };
        if error.code != Some(Code::Conflict) || !is_deleted {
            self.effects.push(Effect::Failed { operation: Operation::Line { room, seq }, error });
        }
    }

    fn amendments_changed(&mut self, room: &RoomName) {
        self.effects.push(Effect::SaveOutbox);
        let amendments = self.outbox.amendments_of_room(room);
        self.change_room(room, |room| room.amendments = amendments.into());
    }

    /// Starts a search. Answers to earlier searches are dropped.
    pub(super) fn search(&mut self, search: Search) {
        let id = self.send_request(&search, RequestKind::Search(Box::new(search.clone())), Recovery::Resend);
        self.search_request = Some(id);
    }

    pub(super) fn on_search_results(&mut self, search: Box<Search>, id: u64, found: SearchFound) {
        if self.search_request == Some(id) {
            self.effects.push(Effect::Found { search, found });
        }
    }
}
