//! File transfers during a chat: those of `/put` and `/get`, and texts that are too long for a message. Each has a
//! connection and a task of its own, so that gigabytes delay no message; the tasks end with the chat. The chat starts
//! them and draws their progress; `put` and `get` implement them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wardroom_protocol::{RelPath, RoomName};

use super::super::get::{Get, fetch};
use super::super::put::put_one;
use super::super::send::{preview, shelve};
use crate::exit::Failure;
use crate::files::LongText;
use crate::limits::{TRANSFER_WORDS, TRANSFERS_MAX};
use crate::runner::{Runner, Target};
use crate::text::{Bar, bytes_words};

/// A report of a transfer.
pub(super) enum Told {
    /// The bytes done so far, and the size.
    Moved { id: u64, done: u64, size: u64 },
    /// It has ended.
    Over { id: u64, became: Result<TransferOutcome, Failure> },
}

/// The result of a transfer.
pub(super) enum TransferOutcome {
    /// A long text is now a file, and this message names it.
    Message { room: RoomName, text: String, reply_to: Option<u64> },
    /// Text for the user.
    Done(String),
}

struct ActiveTransfer {
    name: String,
    /// A text: later messages wait, or they would precede it.
    is_text: bool,
    done: u64,
    size: u64,
}

/// The transfers of a chat.
pub(super) struct Transfers {
    target: Target,
    tasks: JoinSet<()>,
    tell: mpsc::Sender<Told>,
    told: mpsc::Receiver<Told>,
    going: BTreeMap<u64, ActiveTransfer>,
    last: u64,
}

impl Transfers {
    pub(super) fn new(target: Target) -> Transfers {
        let (tell, told) = mpsc::channel(TRANSFER_WORDS);
        Transfers { target, tasks: JoinSet::new(), tell, told, going: BTreeMap::new(), last: 0 }
    }

    /// Waits for the next report. Cancel-safe.
    pub(super) async fn next(&mut self) -> Told {
        match self.told.recv().await {
            Some(told) => told,
            // It holds a sender itself.
            None => std::future::pending().await,
        }
    }

    /// Returns true if there are no transfers.
    pub(super) fn is_idle(&self) -> bool {
        self.going.is_empty()
    }

    /// Returns true if a text is being transferred.
    pub(super) fn holds_up(&self) -> bool {
        self.going.values().any(|going| going.is_text)
    }

    /// Returns true if no further transfer may start.
    pub(super) fn is_full(&self) -> bool {
        self.going.len() >= TRANSFERS_MAX
    }

    /// Returns the progress of each, a line each.
    pub(super) fn rows(&self) -> impl Iterator<Item = String> {
        self.going.values().map(|going| {
            let ActiveTransfer { name, done, size, .. } = going;
            let percent = done.saturating_mul(100).checked_div(*size).unwrap_or(0);
            format!("{name}  {percent}%  {} of {}", bytes_words(*done), bytes_words(*size))
        })
    }

    /// Handles a report: returns the result, if the transfer has ended.
    pub(super) fn take(&mut self, told: Told) -> Option<Result<TransferOutcome, Failure>> {
        match told {
            Told::Moved { id, done, size } => {
                if let Some(going) = self.going.get_mut(&id) {
                    (going.done, going.size) = (done, size);
                }
                None
            }
            Told::Over { id, became } => {
                self.going.remove(&id);
                // Its task has nothing left to do.
                while self.tasks.try_join_next().is_some() {}
                Some(became)
            }
        }
    }

    /// Stores a text as a file.
    pub(super) fn text(&mut self, room: RoomName, mut text: LongText, reply_to: Option<u64>) {
        let name = format!("{} lines as a file", text.lines());
        self.go(name, text.bytes(), true, move |mut runner, bar| async move {
            let preview = preview(text.begin());
            let path = text.path().map_err(|why| Failure::failed(format!("cannot store the text: {why}")))?.to_owned();
            let shelved = shelve(&mut runner, &room, &path, &preview, bar).await?;
            runner.finish().await;
            Ok(TransferOutcome::Message { room, text: shelved.text, reply_to })
        });
    }

    /// Uploads a file.
    pub(super) fn put(&mut self, room: RoomName, file: PathBuf, to: RelPath) {
        self.go(format!("put {to}"), 0, false, move |mut runner, bar| async move {
            let (path, size) = put_one(&mut runner, &room, &file, to, bar).await?;
            runner.finish().await;
            Ok(TransferOutcome::Done(format!("-- {room}:{path} ({})", bytes_words(size))))
        });
    }

    /// Downloads a file to this path.
    pub(super) fn get(&mut self, room: RoomName, path: RelPath, output: PathBuf) {
        self.go(format!("get {path}"), 0, false, move |mut runner, bar| async move {
            let get = Get { room, path, output: Some(output.clone()), replace: false, json: true };
            let (size, _) = fetch(&mut runner, &get, &output, false, &*bar).await?;
            runner.finish().await;
            Ok(TransferOutcome::Done(format!("-- {} ({})", output.display(), bytes_words(size))))
        });
    }

    fn go<F>(&mut self, name: String, size: u64, is_text: bool, work: impl FnOnce(Runner, NewBar) -> F + Send + 'static)
    where
        F: Future<Output = Result<TransferOutcome, Failure>> + Send,
    {
        self.last = self.last.saturating_add(1);
        let id = self.last;
        let name = wardroom_protocol::visible::visible(&name).into_owned();
        self.going.insert(id, ActiveTransfer { name, is_text, done: 0, size });
        let (target, tell) = (self.target.clone(), self.tell.clone());
        self.tasks.spawn(async move {
            let told = tell.clone();
            let bar = move |size| {
                let told = told.clone();
                // Progress may be reported another time; a full channel delays no transfer.
                Bar::Told(Box::new(move |done| drop(told.try_send(Told::Moved { id, done, size }))))
            };
            let became = match Runner::start(target) {
                Ok(runner) => work(runner, Box::new(bar)).await,
                Err(failure) => Err(failure),
            };
            // Nobody receives it when the chat has ended.
            tell.send(Told::Over { id, became }).await.ok();
        });
    }
}

/// Makes the progress bar for a file of this size.
type NewBar = Box<dyn Fn(u64) -> Bar + Send + Sync>;
