//! The only writer: takes all queued work, runs it in one transaction, commits, and passes on the results. One fsync
//! serves everyone who waits.

use std::collections::HashMap;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::checkpoint::Checkpointer;
use super::effect::Effect;
use super::events::{self, Appended, NewEvent, Published};
use super::ids::{RoomId, as_sql};
use super::numbering::{Numbered, next_id};
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::COMMIT_BATCH_MAX;

/// Called after the commit to complete a request: `Ok` if its data is on disk.
pub type Finish = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// The second value is the error if the work failed and must be undone.
type Work = Box<dyn FnOnce(Result<&mut Tx<'_>, Error>) -> (Finish, Option<Error>) + Send>;

/// A message to the writer.
pub(super) enum Message {
    Job(Job),
    /// No more work follows.
    Close,
}

/// Work for the writer.
pub(super) struct Job {
    work: Work,
    /// True for more than one statement: undone as a whole if it fails.
    is_atomic: bool,
}

impl Job {
    pub(super) fn atomic<T, F, D>(work: F, done: D) -> Self
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
        D: FnOnce(Result<T, Error>) + Send + 'static,
    {
        Self { is_atomic: true, ..Self::single(work, done) }
    }

    pub(super) fn single<T, F, D>(work: F, done: D) -> Self
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
        D: FnOnce(Result<T, Error>) + Send + 'static,
    {
        let work: Work = Box::new(move |tx| {
            let made = tx.and_then(work);
            let refused = made.as_ref().err().cloned();
            let finish: Finish = Box::new(move |committed| done(made.and_then(|made| committed.map(|()| made))));
            (finish, refused)
        });
        Self { work, is_atomic: false }
    }
}

/// A transaction, as services see it.
pub struct Tx<'a> {
    /// The database, for a service's own statements.
    pub conn: &'a Connection,
    /// The server's clock when this work started, in Unix milliseconds.
    pub now_ms: u64,
    heads: &'a mut HashMap<RoomId, u64>,
    published: &'a mut Vec<Published>,
}

impl Tx<'_> {
    /// Appends an event to a room's timeline. If its author used its nonce before, nothing is written, and the result
    /// is the position of the earlier event.
    ///
    /// # Errors
    /// `conflict` if the nonce was used for something else.
    pub fn append(&mut self, event: &NewEvent<'_>) -> Result<Appended, Error> {
        self.append_with(event, None)
    }

    /// As [`Tx::append`], for an event that changes something besides the timeline.
    ///
    /// # Errors
    /// As [`Tx::append`].
    pub fn append_with(&mut self, event: &NewEvent<'_>, effect: Option<Effect>) -> Result<Appended, Error> {
        self.insert(event, None, effect)
    }

    /// Returns the `seq` of a room's next event.
    pub(super) fn next(&self, room: RoomId) -> Result<u64, Error> {
        let head = match self.heads.get(&room) {
            Some(head) => *head,
            None => events::head(self.conn, room)?,
        };
        Ok(head + 1)
    }

    /// As [`Tx::append_with`], for an event that amends the line `target`.
    pub(super) fn insert(
        &mut self,
        event: &NewEvent<'_>,
        target: Option<u64>,
        effect: Option<Effect>,
    ) -> Result<Appended, Error> {
        let seq = self.next(event.room)?;
        if !events::insert(self.conn, event, seq, self.now_ms, target)? {
            return events::find_by_nonce(self.conn, event);
        }
        self.heads.insert(event.room, seq);
        self.published.push(Published::new(event, seq, self.now_ms, effect));
        Ok(Appended { seq, is_new: true })
    }

    /// Returns the id of the next row of a table.
    ///
    /// # Errors
    /// If the database fails.
    pub fn next_id(&self, of: Numbered) -> Result<i64, Error> {
        Ok(next_id(self.conn, of)?)
    }

    /// Adds an entry to the audit log.
    ///
    /// # Errors
    /// If the database fails.
    pub fn audit(&self, by: &str, address: &str, action: &str, subject: &str, detail: &str) -> Result<(), Error> {
        let id = self.next_id(Numbered::Audit)?;
        self.conn
            .prepare_cached(
                "INSERT INTO audit(id, at, by, address, action, subject, detail) VALUES(?1,?2,?3,?4,?5,?6,?7)",
            )?
            .execute(rusqlite::params![id, as_sql(self.now_ms), by, address, action, subject, detail])?;
        Ok(())
    }
}

/// A committed batch: the events go to the tails first, then the requests are completed.
pub struct Batch {
    /// In commit order.
    pub events: Vec<Published>,
    /// The requests to complete, with their results.
    pub finished: Vec<(Finish, Result<(), Error>)>,
}

/// Starts the writer's thread. It ends after [`Message::Close`].
pub(super) fn spawn(
    conn: Connection,
    mut messages: mpsc::Receiver<Message>,
    batches: mpsc::Sender<Batch>,
    checkpointer: Checkpointer,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut heads = HashMap::new();
        let mut queued = Vec::with_capacity(COMMIT_BATCH_MAX);
        while messages.blocking_recv_many(&mut queued, COMMIT_BATCH_MAX) > 0 {
            gather(&mut messages, &mut queued);
            if queued.iter().any(|message| matches!(message, Message::Close)) {
                // Work that is already queued is still done, but nothing can be added.
                messages.close();
            }
            let jobs = queued.drain(..).filter_map(|message| match message {
                Message::Job(job) => Some(job),
                Message::Close => None,
            });
            let batch = run(&conn, &mut heads, jobs);
            if batches.blocking_send(batch).is_err() {
                break;
            }
            checkpointer.copy_rest(&conn);
        }
        // Closed before the last checkpoint, which needs exclusive access to the log.
        drop(conn);
        drop(checkpointer);
    })
}

/// Gives other threads a turn to queue more work, as long as that brings more. This costs nothing on an idle machine,
/// and makes one fsync of many on a busy one.
fn gather(messages: &mut mpsc::Receiver<Message>, queued: &mut Vec<Message>) {
    loop {
        let before = queued.len();
        std::thread::yield_now();
        while queued.len() < COMMIT_BATCH_MAX {
            let Ok(message) = messages.try_recv() else { break };
            queued.push(message);
        }
        if queued.len() == before || queued.len() >= COMMIT_BATCH_MAX {
            return;
        }
    }
}

fn run(conn: &Connection, heads: &mut HashMap<RoomId, u64>, mut jobs: impl Iterator<Item = Job>) -> Batch {
    let mut batch = Batch { events: Vec::new(), finished: Vec::new() };
    if let Err(e) = execute(conn, "BEGIN IMMEDIATE") {
        return refuse_all(conn, heads, batch, jobs, &e.into());
    }
    while let Some(job) = jobs.next() {
        let refused = run_one(conn, heads, &mut batch, job);
        if conn.is_autocommit() {
            // A full or broken disk makes SQLite roll back the whole transaction within one statement. The earlier work
            // of the batch is lost with it; later work would be committed one by one.
            let error = refused.unwrap_or_else(|| Error::internal("a transaction was undone without a reason"));
            return refuse_all(conn, heads, batch, jobs, &error);
        }
    }
    if let Err(e) = execute(conn, "COMMIT") {
        return refuse_all(conn, heads, batch, std::iter::empty(), &e.into());
    }
    batch
}

/// Runs one job. Returns the error if it failed.
fn run_one(conn: &Connection, heads: &mut HashMap<RoomId, u64>, batch: &mut Batch, job: Job) -> Option<Error> {
    let is_atomic = job.is_atomic && execute(conn, "SAVEPOINT work").is_ok();
    let before = batch.events.len();
    let mut tx = Tx { conn, now_ms: now_ms(), heads, published: &mut batch.events };
    let (finish, refused) = (job.work)(Ok(&mut tx));
    // If the transaction is gone, so is the savepoint.
    if is_atomic && !conn.is_autocommit() {
        let undone = refused.is_some() && execute(conn, "ROLLBACK TO work").is_ok();
        if undone {
            // Its events are gone: the next append reads the heads of those rooms from the table.
            for event in batch.events.drain(before..) {
                heads.remove(&event.room);
            }
        }
        if let Err(error) = execute(conn, "RELEASE work") {
            tracing::error!(%error, "cannot release a savepoint");
        }
    }
    batch.finished.push((finish, Ok(())));
    refused
}

/// Reports a failed transaction to everyone: nothing of it is on disk.
fn refuse_all(
    conn: &Connection,
    heads: &mut HashMap<RoomId, u64>,
    mut batch: Batch,
    rest: impl Iterator<Item = Job>,
    error: &Error,
) -> Batch {
    // Fails if SQLite has already rolled back, which is fine.
    let _ = execute(conn, "ROLLBACK");
    heads.clear();
    batch.events.clear();
    for job in rest {
        let (finish, _) = (job.work)(Err(error.clone()));
        batch.finished.push((finish, Ok(())));
    }
    for (_, result) in &mut batch.finished {
        *result = Err(error.clone());
    }
    batch
}

fn execute(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::{Arc, Mutex};

    use wardroom_protocol::Code;

    use super::super::ids::{UserId, from_sql};
    use super::super::schema::open_writer;
    use super::*;

    /// The results reported so far: which job, and its position or error code.
    type Told = Arc<Mutex<Vec<(usize, Result<u64, Code>)>>>;

    fn fields(n: usize) -> String {
        format!("\"text\":\"{n} {}\"", "x".repeat(2_000))
    }

    fn post(n: usize, told: &Told) -> Job {
        let told = Arc::clone(told);
        let work = move |tx: &mut Tx<'_>| {
            let (fields, nonce) = (fields(n), n.to_string());
            let event = NewEvent {
                room: RoomId(1),
                room_name: "general",
                by: UserId::SYSTEM,
                by_name: "system",
                kind: "message",
                fields: &fields,
                nonce: Some(&nonce),
            };
            tx.append(&event).map(|appended| appended.seq)
        };
        let done = move |made: Result<u64, Error>| {
            told.lock().unwrap().push((n, made.map_err(|error| error.code)));
        };
        // Both kinds are in every batch.
        if n.is_multiple_of(2) { Job::single(work, done) } else { Job::atomic(work, done) }
    }

    fn write(
        conn: &Connection,
        heads: &mut HashMap<RoomId, u64>,
        which: std::ops::Range<usize>,
    ) -> Vec<(usize, Result<u64, Code>)> {
        let told = Told::default();
        let batch = run(conn, heads, which.map(|n| post(n, &told)));
        let events = batch.events.len();
        for (finish, result) in batch.finished {
            finish(result);
        }
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert_eq!(events, told.iter().filter(|(_, made)| made.is_ok()).count(), "published is what was acknowledged");
        told
    }

    fn stored(conn: &Connection) -> Vec<(u64, String)> {
        let mut events = conn.prepare("SELECT seq, fields FROM events ORDER BY seq").unwrap();
        events.query_map([], |row| Ok((from_sql(row.get(0)?), row.get(1)?))).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_disk_that_fills_in_the_middle_of_a_batch_takes_all_of_it_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let conn = open_writer(&folder.path().join("wardroom.db")).unwrap();
        let mut heads = HashMap::new();
        assert_eq!(write(&conn, &mut heads, 0..2), [(0, Ok(1)), (1, Ok(2))]);
        let pages: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        // Fill the disk at every point in a batch, for both kinds of work.
        for room in 0..12 {
            conn.query_row(&format!("PRAGMA max_page_count = {}", pages + room), [], |_| Ok(())).unwrap();
            let told = write(&conn, &mut heads, 2..22);
            let refused: Vec<_> = (2..22).map(|n| (n, Err(Code::Busy))).collect();
            assert_eq!(told, refused, "{room} pages: nobody is told that it stands");
            assert_eq!(stored(&conn).len(), 2, "{room} pages: and nothing of it does");
        }
        conn.query_row("PRAGMA max_page_count = 100000", [], |_| Ok(())).unwrap();
        let told = write(&conn, &mut heads, 2..22);
        assert_eq!(told, (2..22).map(|n| (n, Ok(n as u64 + 1))).collect::<Vec<_>>());
        assert_eq!(stored(&conn), (0..22).map(|n| (n as u64 + 1, fields(n))).collect::<Vec<_>>());
    }
}
