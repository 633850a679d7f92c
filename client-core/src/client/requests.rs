//! Requests without an answer yet: their ids, their deadlines, and what happens to them when the connection is lost.

use bytes::Bytes;
use wardroom_protocol::Message;
use wardroom_protocol::frame::{Number, encode_named};
use wardroom_protocol::messages::{Answer, ErrAnswer};

use super::Client;
use super::state::{Recovery, Request, RequestKind};
use crate::effect::{Effect, Error, Operation};
use crate::limits::REQUESTS_MAX;
use crate::request::{OnDisconnect, RequestId};

impl Client {
    /// Sends a request. Without a connection it waits or fails, as `recovery` says. Returns its id.
    pub(super) fn send_request<M: Message>(&mut self, message: &M, kind: RequestKind, recovery: Recovery) -> u64 {
        self.send_request_with_body(message, Bytes::new(), kind, recovery)
    }

    fn send_request_with_body<M: Message>(
        &mut self,
        message: &M,
        body: Bytes,
        kind: RequestKind,
        recovery: Recovery,
    ) -> u64 {
        self.requests.last_id = self.requests.last_id.saturating_add(1);
        let id = self.requests.last_id;
        let line = encode_named(M::T, Number::Id(id), message, &[]);
        self.send_line(id, Request { line, body, kind, recovery, deadline_ms: None });
        id
    }

    // Apart from the message, of whose type the page would have a copy of this each.
    fn send_line(&mut self, id: u64, mut request: Request) {
        if self.requests.open.len() >= REQUESTS_MAX {
            return self.fail_request(id, request.kind, Error::local("too many requests wait for an answer"));
        }
        let is_up = self.is_up();
        if !is_up && request.recovery != Recovery::Resend {
            return self.fail_request(id, request.kind, Error::local("no connection to the server"));
        }
        if is_up {
            request.deadline_ms = Some(self.now_ms.saturating_add(request.kind.timeout_ms()));
            self.effects.push(Effect::Send { line: request.line.clone(), body: request.body.clone() });
        }
        self.requests.open.insert(id, request);
    }

    /// Sends a request of the caller.
    pub(super) fn request_for_caller<M: Message>(
        &mut self,
        message: &M,
        body: Bytes,
        on_disconnect: OnDisconnect,
    ) -> RequestId {
        let request = RequestId(self.requests.last_id.saturating_add(1));
        let recovery = match on_disconnect {
            OnDisconnect::Resend => Recovery::Resend,
            OnDisconnect::Fail => Recovery::Fail,
        };
        self.send_request_with_body(message, body, RequestKind::Caller(request), recovery);
        request
    }

    /// Sends a message that has no answer, if there is a connection.
    pub(super) fn send<M: Message>(&mut self, message: &M) {
        self.send_with_body(message, Bytes::new());
    }

    pub(super) fn send_with_body<M: Message>(&mut self, message: &M, body: Bytes) {
        if self.is_up() {
            let line = encode_named(M::T, Number::None, message, &[]);
            self.effects.push(Effect::Send { line, body });
        }
    }

    /// Sends the requests that waited for the connection, in their original order.
    pub(super) fn resend_requests(&mut self) {
        let now_ms = self.now_ms;
        for request in self.requests.open.values_mut().filter(|request| request.deadline_ms.is_none()) {
            request.deadline_ms = Some(now_ms.saturating_add(request.kind.timeout_ms()));
            self.effects.push(Effect::Send { line: request.line.clone(), body: request.body.clone() });
        }
    }

    /// The connection was lost.
    pub(super) fn requests_lost(&mut self) {
        let mut failed = Vec::new();
        self.requests.open.retain(|id, request| match request.recovery {
            Recovery::Resend => {
                request.deadline_ms = None;
                true
            }
            Recovery::Forget => false,
            Recovery::Fail => {
                failed.push((*id, request.kind.clone()));
                false
            }
        });
        for (id, kind) in failed {
            self.fail_request(
                id,
                kind,
                Error::local("the connection broke before the server answered; check whether it was done"),
            );
        }
    }

    /// Fails all waiting requests: nobody is signed in any more.
    pub(super) fn fail_all_requests(&mut self, why: &str) {
        for (id, request) in std::mem::take(&mut self.requests.open) {
            if request.recovery != Recovery::Forget {
                self.fail_request(id, request.kind, Error::local(why));
            }
        }
    }

    /// Fails overdue requests. Returns `true` if one of the client's own was among them: the connection is dead.
    pub(super) fn expire_requests(&mut self) -> bool {
        let now_ms = self.now_ms;
        let late = |request: &Request| request.deadline_ms.is_some_and(|at| at <= now_ms);
        let ids: Vec<u64> = self.requests.open.iter().filter(|(_, r)| late(r)).map(|(id, _)| *id).collect();
        let mut is_dead = false;
        for id in ids {
            let Some(request) = self.requests.open.remove(&id) else { continue };
            if request.recovery == Recovery::Forget {
                is_dead = true;
            } else {
                self.fail_request(id, request.kind, Error::local("the server did not answer in time"));
            }
        }
        is_dead
    }

    pub(super) fn on_ok(&mut self, answer: Answer) {
        let answer_id = answer.re;
        let Some(request) = self.requests.open.remove(&answer_id) else { return };
        let done = match request.kind.clone() {
            RequestKind::OpenRoom(room) => answer.fields().map(|opened| self.on_room_opened(&room, answer.re, opened)),
            RequestKind::History(room, page) => answer.fields().map(|came| self.on_page(&room, page, answer.re, &came)),
            RequestKind::Post { room, nonce } => answer.fields().map(|posted| self.on_posted(&room, &nonce, posted)),
            RequestKind::People(room, after) => {
                answer.fields().map(|listed| self.on_people(&room, after.as_ref(), listed))
            }
            RequestKind::Rooms(after) => answer.fields().map(|listed| self.on_rooms(after.as_ref(), listed)),
            RequestKind::RoomChange(room) => {
                self.on_room_change_done(&room);
                Ok(())
            }
            RequestKind::Dm(users) => answer.fields().map(|opened| self.on_dm_opened(users, opened)),
            RequestKind::Search(search) => {
                answer.fields().map(|found| self.on_search_results(search, answer.re, found))
            }
            RequestKind::RunStart { nonce, watch } => {
                answer.fields().map(|started| self.run_started(nonce, started, watch))
            }
            RequestKind::RunWatch(run) => {
                self.on_watching(run, answer.re);
                Ok(())
            }
            RequestKind::RunGet(run) => answer.fields().map(|info| self.on_run_info(run, info)),
            RequestKind::RunList(_) => answer.fields().map(|listed| self.on_runs(listed)),
            RequestKind::Amend(amend) => {
                self.on_amended(&amend);
                Ok(())
            }
            RequestKind::TermControl(run, op) => answer.fields().map(|ok| self.on_term_control(run, op, ok)),
            RequestKind::TermResize(run, size) => {
                self.on_resized(run, size);
                Ok(())
            }
            RequestKind::RunSignal(_) | RequestKind::RunEof(_) | RequestKind::RoomSet(_) => Ok(()),
            RequestKind::UploadBegin(nonce) => answer.fields().map(|begun| self.on_upload_begun(&nonce, begun)),
            RequestKind::UploadCommit(nonce) => answer.fields().map(|done| self.on_upload_committed(&nonce, done)),
            RequestKind::Caller(request) => {
                self.effects.push(Effect::Answered { request, result: Ok(answer) });
                Ok(())
            }
        };
        if done.is_err() {
            let words = "unexpected answer; the client and the server are of different versions";
            self.fail_request(answer_id, request.kind, Error::local(words));
        }
    }

    /// Handles an error answer; `false` if it belongs to no request.
    pub(super) fn on_err_of_request(&mut self, err: &ErrAnswer) -> bool {
        let Some(request) = err.re.and_then(|re| self.requests.open.remove(&re)) else { return false };
        self.fail_request(err.re.unwrap_or(0), request.kind, Error::from(err.clone()));
        true
    }

    fn fail_request(&mut self, id: u64, kind: RequestKind, error: Error) {
        let operation = match kind {
            RequestKind::OpenRoom(room) => return self.on_open_error(&room, error),
            RequestKind::Post { room, nonce } => return self.on_post_error(&room, &nonce, error),
            RequestKind::RunWatch(run) | RequestKind::RunGet(run) => return self.on_watch_error(run, error),
            RequestKind::UploadBegin(nonce) => return self.on_upload_begin_error(&nonce, error),
            RequestKind::UploadCommit(nonce) => return self.fail_upload(&nonce, error),
            RequestKind::Caller(request) => {
                self.effects.push(Effect::Answered { request, result: Err(error) });
                return;
            }
            RequestKind::History(room, page) => return self.on_page_error(&room, page, id, error),
            RequestKind::Amend(amend) => return self.on_amend_error(*amend, error),
            RequestKind::RunStart { nonce, .. } => return self.on_run_start_error(nonce, error),
            RequestKind::RunEof(run) => return self.on_eof_error(run, &error),
            RequestKind::TermControl(run, op) => return self.on_term_control_error(run, op, error),
            RequestKind::TermResize(run, size) => return self.on_resize_error(run, size, error),
            RequestKind::Dm(users) => Operation::Dm(users),
            RequestKind::Search(_) => Operation::Search,
            RequestKind::People(room, _) | RequestKind::RunList(room) => Operation::Load(room),
            RequestKind::Rooms(_) => Operation::Rooms,
            RequestKind::RoomChange(room) | RequestKind::RoomSet(room) => Operation::Room(room),
            RequestKind::RunSignal(run) => Operation::Run(run),
        };
        self.effects.push(Effect::Failed { operation, error });
    }
}
