//! Sends the outbox: within a room one post at a time, each under its nonce until the server answers. Commands also
//! wait their turn, but only briefly (`run_start`).

use wardroom_protocol::messages::{Posted, RoomPost};
use wardroom_protocol::{Code, Event, Nonce, RoomName};

use super::Client;
use super::state::{Recovery, RequestKind};
use crate::amendment::PendingAmendment;
use crate::effect::{Change, Effect, Error, Operation};
use crate::model::OpenState;
use crate::outbox::Outbox;
use crate::pending_post::{PendingPost, PostState};

/// Milliseconds before a post is sent again to a busy server that named no delay.
const BUSY_RETRY_MS: u64 = 1_000;

impl Client {
    pub(super) fn post(&mut self, room: RoomName, text: String, reply_to: Option<u64>, nonce: Nonce) {
        let at_ms = self.wall_ms();
        let state = PostState::Pending;
        let post = PendingPost { nonce: nonce.clone(), room: room.clone(), text, reply_to, run: None, at_ms, state };
        self.reset_typing(&room);
        if self.outbox.push(post) {
            self.outbox_changed(&room);
        } else if self.outbox.find(&nonce).is_none() {
            self.effects.push(Effect::Failed { operation: Operation::Post(nonce), error: outbox_full() });
        }
    }

    pub(super) fn retry_post(&mut self, nonce: &Nonce) {
        let Some(post) = self.outbox.find_mut(nonce) else { return };
        if post.run.is_some() {
            return self.retry_run(nonce);
        }
        if matches!(post.state, PostState::Failed(_)) {
            post.state = PostState::Pending;
            let room = post.room.clone();
            self.outbox_changed(&room);
        }
    }

    /// Replaces the text of a failed post and sends it in its old position. It needs a new nonce: the server may know
    /// the old one with the old text.
    pub(super) fn rewrite_post(&mut self, nonce: &Nonce, text: String, new: Nonce) {
        if self.outbox.find(&new).is_some() {
            return;
        }
        let is_refused = |post: &&mut PendingPost| post.run.is_none() && matches!(post.state, PostState::Failed(_));
        let Some(post) = self.outbox.find_mut(nonce).filter(is_refused) else { return };
        (post.nonce, post.text, post.state) = (new, text, PostState::Pending);
        let room = post.room.clone();
        self.outbox_changed(&room);
    }

    /// Takes over another client's outbox. Its posts come before those written here since.
    pub(super) fn adopt(&mut self, outbox: Outbox) {
        let waiting = self.outbox.adopt(outbox);
        self.effects.push(Effect::SaveOutbox);
        let rooms: Vec<RoomName> = self.rooms.keys().cloned().collect();
        for room in rooms {
            self.show_pending(&room);
        }
        if self.is_up() {
            self.send_amendments(waiting);
        }
    }

    pub(super) fn discard_post(&mut self, nonce: &Nonce) {
        if let Some(post) = self.outbox.remove(nonce) {
            self.outbox_changed(&post.room);
        }
    }

    /// Sends what may be sent now. An open room must be up to date first, so that posts that arrived already are
    /// recognised and not sent again.
    pub(super) fn send_posts(&mut self) {
        self.give_up_late_runs();
        if self.posts.paused_until_ms.is_some_and(|at| at <= self.now_ms) {
            self.posts.paused_until_ms = None;
            for amend in std::mem::take(&mut self.posts.delayed) {
                self.resend_amend(amend);
            }
        }
        if !self.is_up() || self.posts.paused_until_ms.is_some() || self.outbox.posts().is_empty() {
            return;
        }
        let ready: Vec<PendingPost> = self
            .outbox
            .next_of_each_room()
            .into_iter()
            .filter(|post| !self.posts.in_flight.contains_key(&post.room))
            .filter(|post| match self.rooms.get(&post.room).map(|room| &room.state) {
                Some(OpenState::Opening | OpenState::CatchingUp { .. }) => false,
                Some(OpenState::Live | OpenState::Closed | OpenState::Failed(_)) | None => true,
            })
            .cloned()
            .collect();
        for PendingPost { nonce, room, text, reply_to, run, .. } in ready {
            self.posts.in_flight.insert(room.clone(), nonce.clone());
            if let Some(run) = run {
                self.send_request(&run.start, RequestKind::RunStart { nonce, watch: run.watch }, Recovery::Forget);
                continue;
            }
            let message = RoomPost { room: room.clone(), text, nonce: nonce.clone(), reply_to };
            self.send_request(&message, RequestKind::Post { room, nonce }, Recovery::Forget);
        }
    }

    pub(super) fn on_posted(&mut self, room: &RoomName, nonce: &Nonce, posted: Posted) {
        self.clear_post_in_flight(room, nonce);
        self.posts.is_wait_reported = false;
        let last = self.live_last(room);
        if !posted.not_here.is_empty() {
            self.effects.push(Effect::NotInRoom { room: room.clone(), users: posted.not_here });
        }
        let (Some(seq), Some(post)) = (posted.seq, self.outbox.find_mut(nonce)) else { return };
        let seen = self.open_rooms.contains_key(room).then_some(last);
        // In an open room the pending line stays until its event replaces it.
        if seen.is_some_and(|last| last.is_none_or(|last| last < seq)) {
            post.state = PostState::Posted(seq);
        } else {
            self.outbox.remove(nonce);
        }
        self.effects.push(Effect::Posted { nonce: nonce.clone(), seq });
        self.outbox_changed(room);
    }

    pub(super) fn on_post_error(&mut self, room: &RoomName, nonce: &Nonce, error: Error) {
        self.clear_post_in_flight(room, nonce);
        if matches!(error.code, Some(Code::RateLimited | Code::Busy)) {
            self.pause_posts(&error);
            if !std::mem::replace(&mut self.posts.is_wait_reported, true) {
                self.effects.push(Effect::Waiting { operation: Operation::Post(nonce.clone()), error });
            }
            return;
        }
        let Some(post) = self.outbox.find_mut(nonce) else { return };
        post.state = PostState::Failed(error.message.clone());
        self.effects.push(Effect::Failed { operation: Operation::Post(nonce.clone()), error });
        self.outbox_changed(room);
    }

    fn pause_posts(&mut self, error: &Error) {
        let wait_ms = error.retry_ms.unwrap_or(BUSY_RETRY_MS);
        self.posts.paused_until_ms = Some(self.now_ms.saturating_add(self.backoff.spread_ms(wait_ms).max(1)));
    }

    /// The server asked for a pause: sends the amendment once it is over.
    pub(super) fn delay_amend(&mut self, amend: PendingAmendment, error: &Error) {
        self.pause_posts(error);
        self.posts.delayed.push(amend);
    }

    /// Removes the pending line that this event confirms, if it is one's own.
    pub(super) fn settle_own_post(&mut self, event: &Event) {
        if self.outbox.posts().is_empty() {
            return;
        }
        let by_nonce = event.nonce.as_ref().and_then(|nonce| self.outbox.remove(nonce));
        if let Some(post) = &by_nonce
            && !matches!(post.state, PostState::Posted(_))
        {
            match &post.run {
                Some(run) => self.on_own_run_event(event, &post.nonce, run.watch),
                None => self.effects.push(Effect::Posted { nonce: post.nonce.clone(), seq: event.seq }),
            }
        }
        let by_place = self.outbox.remove_posted(&event.room, event.seq);
        if by_nonce.is_some() || by_place {
            self.outbox_changed(&event.room);
        }
    }

    /// The room was closed: posts that only waited for their event are done.
    pub(super) fn posts_of_closed_room(&mut self, room: &RoomName) {
        if self.outbox.remove_posted(room, u64::MAX) {
            self.outbox_changed(room);
        }
    }

    /// True if this post was sent and not answered yet.
    pub(super) fn is_in_flight(&self, nonce: &Nonce) -> bool {
        self.posts.in_flight.values().any(|other| other == nonce)
    }

    pub(super) fn clear_in_flight(&mut self, nonce: &Nonce) {
        self.posts.in_flight.retain(|_, other| other != nonce);
    }

    fn clear_post_in_flight(&mut self, room: &RoomName, nonce: &Nonce) {
        if self.posts.in_flight.get(room) == Some(nonce) {
            self.posts.in_flight.remove(room);
        }
    }

    pub(super) fn outbox_changed(&mut self, room: &RoomName) {
        self.effects.push(Effect::SaveOutbox);
        let pending = self.outbox.of_room(room);
        self.change_room(room, |room| room.pending = pending.into());
    }

    /// Shows the outbox of an earlier client in its rooms.
    pub(super) fn show_pending(&mut self, room: &RoomName) {
        let (pending, amendments) = (self.outbox.of_room(room), self.outbox.amendments_of_room(room));
        if !pending.is_empty() || !amendments.is_empty() {
            self.change_room(room, |room| (room.pending, room.amendments) = (pending.into(), amendments.into()));
            self.changed(Change::Room(room.clone()));
        }
    }
}

/// The error for a post that does not fit into the outbox.
pub(super) fn outbox_full() -> Error {
    Error::local("too many messages wait to be sent; send this one later")
}
