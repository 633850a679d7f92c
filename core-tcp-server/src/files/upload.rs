//! An upload under way: its progress, the connection that holds it, and the bytes that wait for the disk. Bytes are
//! accepted here in order; the pump writes them; a commit waits until that is done.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{FileAck, FilePutOk, IfExists};
use wardroom_protocol::{RelPath, UploadId};

use super::beneath::Stamp;
use super::face::{Committed, Face};
use super::table::UploadRow;
use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::limits::UPLOAD_WINDOW_BYTES;
use crate::rooms::Room;
use crate::sender::ConnectionSender;
use crate::store::UserId;

/// An upload that is not over.
pub struct Upload {
    pub id: UploadId,
    pub user: UserId,
    pub room: Arc<Room>,
    pub path: RelPath,
    pub size: u64,
    pub mtime_ms: Option<u64>,
    /// Held for moments; never across an await.
    staging: Mutex<Staging>,
    /// Notified whenever bytes were staged, and when the pump stops.
    moved: Notify,
    /// Held across awaits while the upload is committed or aborted, so that these happen one after the other.
    pub ending: tokio::sync::Mutex<Ending>,
}

/// The state of an upload's end.
#[derive(Debug)]
pub enum Ending {
    /// Bytes are still accepted.
    Open,
    /// It is stored, but the room has not been told.
    Placed { path: RelPath, blake3: String, stamp: Stamp },
    /// It is over: a repeated commit returns the same answer.
    Over(Committed),
    /// It was discarded.
    Gone,
}

/// A piece that waits for the disk.
pub struct Piece {
    pub bytes: Bytes,
    /// Its share of the memory for all uploads.
    pub _room: OwnedSemaphorePermit,
}

/// The progress of an upload.
pub struct Staging {
    holder: Option<Holder>,
    /// The offset of the next byte to accept, after the staged and queued ones.
    next: u64,
    /// The number of bytes in the file.
    pub staged: u64,
    pub queue: VecDeque<Piece>,
    /// True if a pump is running or about to start.
    pub is_pumping: bool,
    /// True once a wrong offset was reported: no more errors are sent until a right offset or a resume arrives.
    is_gap: bool,
    /// Why the last bytes were not written, until the sender continues.
    pub failed: Option<Error>,
    /// True if nothing more is accepted or written.
    pub is_over: bool,
    /// True if the disk lost bytes that it had accepted: they cannot be trusted, and the upload cannot succeed.
    pub is_lost: bool,
    /// The hash of the staged bytes. `None` while the pump has it, and after a restart until it is recomputed.
    pub hasher: Option<Box<blake3::Hasher>>,
    /// Bytes written since the last sync.
    pub unsynced: u64,
    pub is_syncing: bool,
    pub if_exists: IfExists,
    /// The last activity, by the monotonic clock.
    pub touched_ms: u64,
}

/// The connection that sends.
struct Holder {
    sender: Weak<ConnectionSender>,
    face: Face,
}

/// Why bytes are not accepted.
#[derive(Debug)]
pub enum ChunkError {
    /// The error must be reported.
    Refused(Error),
    /// The error was already reported; these bytes were under way then.
    Silently,
    /// The window is full.
    Full,
}

impl Upload {
    /// Creates an upload from its row, with this many bytes staged, after this long without activity.
    pub fn new(row: &UploadRow, room: Arc<Room>, staged: u64, idle_ms: u64) -> Self {
        let hasher = (staged == 0).then(|| Box::new(blake3::Hasher::new()));
        let staging = Staging {
            holder: None,
            next: staged,
            staged,
            queue: VecDeque::new(),
            is_pumping: false,
            is_gap: false,
            failed: None,
            is_over: false,
            is_lost: false,
            hasher,
            unsynced: 0,
            is_syncing: false,
            if_exists: row.if_exists,
            touched_ms: monotonic_ms().saturating_sub(idle_ms),
        };
        Self {
            id: row.id,
            user: row.by,
            room,
            path: row.path.clone(),
            size: row.size,
            mtime_ms: row.mtime_ms,
            staging: Mutex::new(staging),
            moved: Notify::new(),
            ending: tokio::sync::Mutex::new(Ending::Open),
        }
    }

    /// Locks the progress.
    pub fn staging(&self) -> MutexGuard<'_, Staging> {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes tasks that wait for bytes to be staged.
    pub fn tell_moved(&self) {
        self.moved.notify_waiters();
    }

    /// Returns the last activity by the monotonic clock; `None` while bytes are being written.
    pub fn left_ms(&self) -> Option<u64> {
        let staging = self.staging();
        (!staging.is_pumping && staging.queue.is_empty()).then_some(staging.touched_ms)
    }

    /// Returns true if the connection that sent it is gone.
    pub fn is_unheld(&self) -> bool {
        self.staging().holder.as_ref().is_none_or(|holder| holder.sender.strong_count() == 0)
    }

    /// Makes this connection the sender, instead of any older one.
    pub fn hold(&self, sender: &Arc<ConnectionSender>, face: Face) {
        let mut staging = self.staging();
        staging.holder = Some(Holder { sender: Arc::downgrade(sender), face });
        staging.is_gap = false;
        staging.failed = None;
        staging.touched_ms = monotonic_ms();
    }

    /// Refuses a sender who may not continue. The error is reported once until somebody continues, because more chunks
    /// may be under way.
    pub fn refuse_sender(&self, sender: &Arc<ConnectionSender>, error: Error) -> ChunkError {
        let mut staging = self.staging();
        let is_holder = staging.holder.as_ref().is_some_and(|h| std::ptr::eq(h.sender.as_ptr(), Arc::as_ptr(sender)));
        if is_holder && std::mem::replace(&mut staging.is_gap, true) {
            return ChunkError::Silently;
        }
        ChunkError::Refused(error)
    }

    /// Accepts bytes, if they are the next ones. Returns true if the caller must start the pump.
    pub fn offer(&self, sender: &Arc<ConnectionSender>, off: u64, piece: Piece) -> Result<bool, ChunkError> {
        let mut staging = self.staging();
        let len = piece.bytes.len() as u64;
        let is_holder = staging.holder.as_ref().is_some_and(|h| std::ptr::eq(h.sender.as_ptr(), Arc::as_ptr(sender)));
        if staging.is_over || !is_holder {
            // Without an offset, so that a connection that lost the upload does not fight for it.
            let why = "another connection goes on with this upload, or it was given up";
            return Err(ChunkError::Refused(Error::conflict(why)));
        }
        let is_person = staging.holder.as_ref().is_some_and(|holder| holder.face == Face::Person);
        if is_person && let Some(failed) = staging.failed.take() {
            return Err(ChunkError::Refused(failed));
        }
        let next = staging.next;
        let error = if off != next {
            Error::conflict(format!("the next byte is {next}"))
        } else if len > self.size.saturating_sub(off) {
            Error::too_large(format!("this upload was to have {} bytes", self.size))
        } else if next + len - staging.staged > UPLOAD_WINDOW_BYTES {
            if is_person {
                return Err(ChunkError::Full);
            }
            Error::too_large(format!("more than {UPLOAD_WINDOW_BYTES} bytes are under way: wait for file.ack"))
        } else {
            (staging.is_gap, staging.failed) = (false, None);
            staging.next = next + len;
            staging.queue.push_back(piece);
            return Ok(!std::mem::replace(&mut staging.is_pumping, true));
        };
        if std::mem::replace(&mut staging.is_gap, true) {
            return Err(ChunkError::Silently);
        }
        Err(ChunkError::Refused(Error { off: Some(next), ..error }))
    }

    /// Acknowledges the staged bytes to the connection that sends.
    pub fn acknowledge(&self, staging: &Staging) {
        if let Some(holder) = staging.holder.as_ref().filter(|holder| holder.face == Face::Program)
            && let Some(sender) = holder.sender.upgrade()
        {
            let ack = FileAck { upload: Some(self.id), stream: None, off: staging.staged };
            sender.tell(encode(Number::None, &ack));
        }
    }

    /// Called when the queued bytes could not be written and the pump stops. Drops them, and tells the sender from
    /// where to continue.
    pub fn set_back(&self, error: Error) {
        let mut staging = self.staging();
        staging.is_pumping = false;
        staging.queue.clear();
        staging.next = staging.staged;
        staging.is_gap = true;
        let error = Error { off: Some(staging.staged), ..error };
        if let Some(holder) = staging.holder.as_ref().filter(|holder| holder.face == Face::Program)
            && let Some(sender) = holder.sender.upgrade()
        {
            tell_refused(&sender, self.id, &error);
        }
        staging.failed = Some(error);
    }

    /// Waits until all accepted bytes are staged, and returns their number. The digest may not be known yet.
    ///
    /// # Errors
    /// `busy` if that takes longer than `wait_ms`.
    pub async fn caught_up(&self, wait_ms: u64) -> Result<u64, Error> {
        let caught_up = self.wait_until(|staging| (staging.next == staging.staged).then_some(staging.staged));
        let wait = Duration::from_millis(wait_ms);
        tokio::time::timeout(wait, caught_up).await.map_err(|_| slow_disk())
    }

    /// Waits until all accepted bytes are staged and no pump is running: the digest is then known.
    ///
    /// # Errors
    /// `busy` if that takes longer than `wait_ms`.
    pub async fn settled(&self, wait_ms: u64) -> Result<u64, Error> {
        let settled = self.wait_until(|staging| (!staging.is_pumping).then_some(staging.staged));
        let wait = Duration::from_millis(wait_ms);
        tokio::time::timeout(wait, settled).await.map_err(|_| slow_disk())
    }

    /// Waits until the window has space, or the upload is over.
    ///
    /// # Errors
    /// `busy` if that takes longer than `wait_ms`.
    pub async fn has_room(&self, len: u64, wait_ms: u64) -> Result<(), Error> {
        let room = self.wait_until(|staging| {
            let is_free = staging.next + len - staging.staged <= UPLOAD_WINDOW_BYTES;
            (is_free || staging.is_over).then_some(())
        });
        let wait = Duration::from_millis(wait_ms);
        tokio::time::timeout(wait, room).await.map_err(|_| slow_disk())
    }

    async fn wait_until<T>(&self, is_met: impl Fn(&Staging) -> Option<T>) -> T {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Registered before the check, so that nothing in between is missed.
            moved.as_mut().enable();
            if let Some(met) = is_met(&self.staging()) {
                return met;
            }
            moved.await;
        }
    }

    /// Returns the bytes still expected, if a connection is sending.
    pub fn expected_bytes(&self) -> u64 {
        let staging = self.staging();
        let is_held = staging.holder.as_ref().is_some_and(|holder| holder.sender.strong_count() > 0);
        if is_held { self.size.saturating_sub(staging.staged) } else { 0 }
    }

    /// Returns the answer for a connection that starts or resumes the upload.
    pub fn answer(&self, off: u64) -> FilePutOk {
        FilePutOk { upload: self.id, off, window: UPLOAD_WINDOW_BYTES }
    }
}

/// Sends the error for a chunk, which has no number of its own.
pub fn tell_refused(sender: &ConnectionSender, upload: UploadId, error: &Error) {
    let mut answer = error.answer(None);
    answer.upload = Some(upload);
    sender.tell(encode(Number::None, &answer));
}

fn slow_disk() -> Error {
    Error::busy("the server's disk is slow: what was sent is not written yet", 5_000)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::sync::Semaphore;
    use wardroom_protocol::{Code, Nonce, RoomName};

    use super::*;
    use crate::sender::Item;
    use crate::store::RoomId;

    const CHUNK: usize = 65_536;

    fn upload(size: u64) -> Upload {
        let row = UploadRow {
            id: UploadId::from_parts(1, 1),
            room: RoomId(1),
            by: UserId(1),
            path: RelPath::parse("a").unwrap(),
            size,
            mtime_ms: None,
            if_exists: IfExists::Fail,
            nonce: Nonce::parse("n").unwrap(),
            at: 0,
            blake3: None,
            placed: None,
            seq: None,
        };
        let room = Room::new(RoomId(1), RoomName::parse("ops").unwrap(), false, Vec::new(), Default::default(), 0);
        Upload::new(&row, Arc::new(room), 0, 0)
    }

    fn piece(len: usize) -> Piece {
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Piece { bytes: vec![0; len].into(), _room: room }
    }

    fn error(taken: Result<bool, ChunkError>) -> Error {
        match taken {
            Err(ChunkError::Refused(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_beyond_the_window_is_refused_once_and_not_kept() {
        let (upload, sender) = (upload(1 << 30), ConnectionSender::new());
        upload.hold(&sender, Face::Program);
        // No pump runs here, so everything stays under way.
        let mut off = 0;
        while off < UPLOAD_WINDOW_BYTES {
            let is_first = upload.offer(&sender, off, piece(CHUNK)).unwrap();
            assert_eq!(is_first, off == 0, "one pump is started");
            off += CHUNK as u64;
        }
        let refused = error(upload.offer(&sender, off, piece(1)));
        assert_eq!((refused.code, refused.off), (Code::TooLarge, Some(off)));
        assert!(matches!(upload.offer(&sender, off + 1, piece(1)), Err(ChunkError::Silently)));
        upload.staging().staged = CHUNK as u64;
        assert!(upload.offer(&sender, off, piece(CHUNK)).is_ok(), "it goes on where there is room again");
        upload.hold(&sender, Face::Person);
        assert!(matches!(upload.offer(&sender, off + CHUNK as u64, piece(1)), Err(ChunkError::Full)));
    }

    #[test]
    fn a_gap_is_answered_once_until_a_right_offset_or_a_resume() {
        let (upload, sender) = (upload(1_000), ConnectionSender::new());
        upload.hold(&sender, Face::Program);
        assert_eq!(error(upload.offer(&sender, 10, piece(10))).off, Some(0));
        assert!(matches!(upload.offer(&sender, 20, piece(10)), Err(ChunkError::Silently)));
        upload.hold(&sender, Face::Program);
        assert_eq!(error(upload.offer(&sender, 30, piece(10))).code, Code::Conflict);
        assert!(upload.offer(&sender, 0, piece(10)).is_ok());
        assert_eq!(error(upload.offer(&sender, 0, piece(10))).off, Some(10));
        assert_eq!(refusal_after_right(&upload, &sender).code, Code::TooLarge);
    }

    fn refusal_after_right(upload: &Upload, sender: &Arc<ConnectionSender>) -> Error {
        assert!(upload.offer(sender, 10, piece(980)).is_ok());
        error(upload.offer(sender, 990, piece(11)))
    }

    #[test]
    fn who_lost_the_hold_is_told_no_offset() {
        let (upload, first, second) = (upload(1_000), ConnectionSender::new(), ConnectionSender::new());
        upload.hold(&first, Face::Program);
        upload.hold(&second, Face::Program);
        let refused = error(upload.offer(&first, 0, piece(1)));
        assert_eq!((refused.code, refused.off), (Code::Conflict, None));
        assert!(upload.offer(&second, 0, piece(1)).is_ok());
    }

    #[test]
    fn after_a_failed_write_the_sender_goes_on_from_what_is_staged() {
        let (upload, sender) = (upload(1_000), ConnectionSender::new());
        upload.hold(&sender, Face::Program);
        assert!(upload.offer(&sender, 0, piece(100)).unwrap());
        upload.staging().staged = 40;
        upload.set_back(Error::busy("the disk is full", 10));
        let Some(Item::Frame(told)) = sender.pop() else { panic!("the sender is told") };
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
        assert_eq!((&told["code"], &told["off"]), (&"busy".into(), &40.into()));
        // Chunks that were under way are dropped silently.
        assert!(matches!(upload.offer(&sender, 100, piece(100)), Err(ChunkError::Silently)));
        assert!(upload.offer(&sender, 40, piece(100)).unwrap(), "and a pump is started again");
    }
}
