//! Questions that have no answer yet: their numbers, their deadlines, and what becomes of them when the link is lost.

use bytes::Bytes;
use wardroom_protocol::Message;
use wardroom_protocol::frame::{Number, encode_named};
use wardroom_protocol::messages::{Answer, ErrAnswer};

use super::Client;
use super::state::{Kind, Loss, Request};
use crate::effect::{Effect, Refusal, Subject};
use crate::limits::REQUESTS_MAX;
use crate::ticket::{OnLoss, Ticket};

impl Client {
    /// Asks. Without a connection: waits for it, or fails, as `on_loss` says. Gives the question's number.
    pub(super) fn ask<M: Message>(&mut self, message: &M, kind: Kind, on_loss: Loss) -> u64 {
        self.ask_with_body(message, Bytes::new(), kind, on_loss)
    }

    fn ask_with_body<M: Message>(&mut self, message: &M, body: Bytes, kind: Kind, on_loss: Loss) -> u64 {
        self.requests.last_id = self.requests.last_id.saturating_add(1);
        let id = self.requests.last_id;
        if self.requests.open.len() >= REQUESTS_MAX {
            self.fail_request(id, kind, Refusal::local("too many requests wait for an answer"));
            return id;
        }
        let is_up = self.is_up();
        if !is_up && on_loss != Loss::Resend {
            self.fail_request(id, kind, Refusal::local("no connection to the server"));
            return id;
        }
        let line = encode_named(M::T, Number::Id(id), message, &[]);
        let deadline_ms = is_up.then(|| self.now_ms.saturating_add(kind.timeout_ms()));
        if is_up {
            self.effects.push(Effect::Send { line: line.clone(), body: body.clone() });
        }
        self.requests.open.insert(id, Request { line, body, kind, on_loss, deadline_ms });
        id
    }

    /// Asks for the caller.
    pub(super) fn ask_for_caller<M: Message>(&mut self, message: &M, body: Bytes, on_loss: OnLoss) -> Ticket {
        let ticket = Ticket(self.requests.last_id.saturating_add(1));
        let on_loss = match on_loss {
            OnLoss::Resend => Loss::Resend,
            OnLoss::Fail => Loss::Fail,
        };
        self.ask_with_body(message, body, Kind::Caller(ticket), on_loss);
        ticket
    }

    /// Says something that has no answer, if there is a connection.
    pub(super) fn send_told<M: Message>(&mut self, message: &M) {
        self.send_told_with_body(message, Bytes::new());
    }

    pub(super) fn send_told_with_body<M: Message>(&mut self, message: &M, body: Bytes) {
        if self.is_up() {
            let line = encode_named(M::T, Number::None, message, &[]);
            self.effects.push(Effect::Send { line, body });
        }
    }

    /// The connection is there: what waited for it is sent, in the order in which it was asked.
    pub(super) fn resend_requests(&mut self) {
        let now_ms = self.now_ms;
        for request in self.requests.open.values_mut().filter(|request| request.deadline_ms.is_none()) {
            request.deadline_ms = Some(now_ms.saturating_add(request.kind.timeout_ms()));
            self.effects.push(Effect::Send { line: request.line.clone(), body: request.body.clone() });
        }
    }

    /// The connection is lost.
    pub(super) fn requests_lost(&mut self) {
        let mut failed = Vec::new();
        self.requests.open.retain(|id, request| match request.on_loss {
            Loss::Resend => {
                request.deadline_ms = None;
                true
            }
            Loss::Forget => false,
            Loss::Fail => {
                failed.push((*id, request.kind.clone()));
                false
            }
        });
        for (id, kind) in failed {
            self.fail_request(
                id,
                kind,
                Refusal::local("the connection broke before the server answered; check whether it was done"),
            );
        }
    }

    /// Everything that waits fails: nobody is signed in any more.
    pub(super) fn fail_all_requests(&mut self, why: &str) {
        for (id, request) in std::mem::take(&mut self.requests.open) {
            if request.on_loss != Loss::Forget {
                self.fail_request(id, request.kind, Refusal::local(why));
            }
        }
    }

    /// Fails what has taken too long. An unanswered question of the machine itself is a dead connection: `true`.
    pub(super) fn expire_requests(&mut self) -> bool {
        let now_ms = self.now_ms;
        let late = |request: &Request| request.deadline_ms.is_some_and(|at| at <= now_ms);
        let ids: Vec<u64> = self.requests.open.iter().filter(|(_, r)| late(r)).map(|(id, _)| *id).collect();
        let mut is_dead = false;
        for id in ids {
            let Some(request) = self.requests.open.remove(&id) else { continue };
            if request.on_loss == Loss::Forget {
                is_dead = true;
            } else {
                self.fail_request(id, request.kind, Refusal::local("the server did not answer in time"));
            }
        }
        is_dead
    }

    pub(super) fn on_ok(&mut self, answer: Answer) {
        let answer_id = answer.re;
        let Some(request) = self.requests.open.remove(&answer_id) else { return };
        let done = match request.kind.clone() {
            Kind::OpenRoom(room) => answer.fields().map(|opened| self.room_opened(&room, answer.re, opened)),
            Kind::History(room, page) => answer.fields().map(|came| self.page_came(&room, page, answer.re, &came)),
            Kind::Post { room, nonce } => answer.fields().map(|posted| self.post_stood(&room, &nonce, posted)),
            Kind::People(room, after) => answer.fields().map(|listed| self.people_came(&room, after.as_ref(), listed)),
            Kind::Rooms(after) => answer.fields().map(|listed| self.rooms_came(after.as_ref(), listed)),
            Kind::RoomChange(room) => {
                self.room_changed(&room);
                Ok(())
            }
            Kind::Dm(users) => answer.fields().map(|opened| self.dm_opened(users, opened)),
            Kind::Search(search) => answer.fields().map(|found| self.search_came(search, answer.re, found)),
            Kind::RunStart { nonce, watch } => answer.fields().map(|started| self.run_started(nonce, started, watch)),
            Kind::RunWatch(run) => {
                self.run_watched(run, answer.re);
                Ok(())
            }
            Kind::RunGet(run) => answer.fields().map(|info| self.run_told(run, info)),
            Kind::RunList(_) => answer.fields().map(|listed| self.runs_came(listed)),
            Kind::Amend(amend) => {
                self.amended(&amend);
                Ok(())
            }
            Kind::RunSignal(_) | Kind::RoomSet(_) => Ok(()),
            Kind::UploadBegin(nonce) => answer.fields().map(|begun| self.upload_begun(&nonce, begun)),
            Kind::UploadCommit(nonce) => answer.fields().map(|done| self.upload_committed(&nonce, done)),
            Kind::Caller(ticket) => {
                self.effects.push(Effect::Answered { ticket, result: Ok(answer) });
                Ok(())
            }
        };
        if done.is_err() {
            let words = "unexpected answer; the client and the server are of different versions";
            self.fail_request(answer_id, request.kind, Refusal::local(words));
        }
    }

    /// A refusal of one of our questions; `false` if it is of none.
    pub(super) fn on_err_of_request(&mut self, err: &ErrAnswer) -> bool {
        let Some(request) = err.re.and_then(|re| self.requests.open.remove(&re)) else { return false };
        self.fail_request(err.re.unwrap_or(0), request.kind, Refusal::from(err.clone()));
        true
    }

    fn fail_request(&mut self, id: u64, kind: Kind, refusal: Refusal) {
        let subject = match kind {
            Kind::OpenRoom(room) => return self.room_refused(&room, refusal),
            Kind::Post { room, nonce } => return self.post_refused(&room, &nonce, refusal),
            Kind::RunWatch(run) | Kind::RunGet(run) => return self.watch_refused(run, refusal),
            Kind::UploadBegin(nonce) => return self.upload_begin_refused(&nonce, refusal),
            Kind::UploadCommit(nonce) => return self.upload_failed(&nonce, refusal),
            Kind::Caller(ticket) => {
                self.effects.push(Effect::Answered { ticket, result: Err(refusal) });
                return;
            }
            Kind::History(room, page) => return self.page_failed(&room, page, id, refusal),
            Kind::Amend(amend) => return self.amend_refused(*amend, refusal),
            Kind::RunStart { nonce, .. } => return self.start_refused(nonce, refusal),
            Kind::Dm(users) => Subject::Dm(users),
            Kind::Search(_) => Subject::Search,
            Kind::People(room, _) | Kind::RunList(room) => Subject::Load(room),
            Kind::Rooms(_) => Subject::Rooms,
            Kind::RoomChange(room) | Kind::RoomSet(room) => Subject::Room(room),
            Kind::RunSignal(run) => Subject::Run(run),
        };
        self.effects.push(Effect::Failed { subject, refusal });
    }
}
