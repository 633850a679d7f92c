//! Requests without an answer yet, and what happens to each when the connection is lost.

use crate::sorted_map::SortedMap;

use bytes::Bytes;
use wardroom_protocol::messages::{Search, TermOp, TermSize};
use wardroom_protocol::{Nonce, RoomName, RunId, UserName};

use crate::amendment::PendingAmendment;
use crate::limits::{ANSWER_TIMEOUT_MS, COMMIT_TIMEOUT_MS};
use crate::request::RequestId;

/// The requests of one client. Ids continue over connections, so that no answer is mistaken for another's.
#[derive(Debug, Default)]
pub(in crate::client) struct Requests {
    pub(in crate::client) last_id: u64,
    pub(in crate::client) open: SortedMap<u64, Request>,
}

#[derive(Debug)]
pub(in crate::client) struct Request {
    pub(in crate::client) line: Bytes,
    pub(in crate::client) body: Bytes,
    pub(in crate::client) kind: RequestKind,
    pub(in crate::client) recovery: Recovery,
    /// When it is overdue; `None` while it waits for a connection.
    pub(in crate::client) deadline_ms: Option<u64>,
}

/// What was requested.
#[derive(Clone, Debug)]
pub(in crate::client) enum RequestKind {
    OpenRoom(RoomName),
    History(RoomName, Page),
    Post {
        room: RoomName,
        nonce: Nonce,
    },
    /// The page after this member.
    People(RoomName, Option<UserName>),
    /// The page after this room.
    Rooms(Option<RoomName>),
    RoomChange(RoomName),
    /// A change of a room that its events will report.
    RoomSet(RoomName),
    Amend(Box<PendingAmendment>),
    Dm(Vec<UserName>),
    Search(Box<Search>),
    RunStart {
        nonce: Nonce,
        watch: bool,
    },
    RunWatch(RunId),
    RunGet(RunId),
    RunList(RoomName),
    RunSignal(RunId),
    RunEof(RunId),
    TermControl(RunId, TermOp),
    TermResize(RunId, TermSize),
    UploadBegin(Nonce),
    UploadCommit(Nonce),
    Caller(RequestId),
}

/// What happens to a request when the connection is lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::client) enum Recovery {
    /// It is sent again.
    Resend,
    /// It fails.
    Fail,
    /// It is dropped, because the client asks again by itself. If it is never answered, the connection is dead.
    Forget,
}

impl RequestKind {
    pub(in crate::client) fn timeout_ms(&self) -> u64 {
        match self {
            RequestKind::UploadCommit(_) => COMMIT_TIMEOUT_MS,
            _ => ANSWER_TIMEOUT_MS,
        }
    }
}

impl Requests {
    /// The earliest deadline.
    pub(in crate::client) fn deadline_ms(&self) -> Option<u64> {
        self.open.values().filter_map(|request| request.deadline_ms).min()
    }

    /// The machine slept: gives the lost time back.
    pub(in crate::client) fn delay_by(&mut self, gap_ms: u64) {
        for request in self.open.values_mut() {
            request.deadline_ms = request.deadline_ms.map(|at| at.saturating_add(gap_ms));
        }
    }
}

/// Which page of a room's history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::client) enum Page {
    Older,
    Newer,
    /// Around this line.
    Around(u64),
    /// Only this line.
    Quote(u64),
}
