//! Writes the bytes of an upload to its staged file, on a blocking thread. Each upload has at most one pump, which
//! stops when nothing is queued. The pump also computes the digest: bytes are hashed as they are written, and read back
//! only after a restart. It syncs the file early, so that the fsync of the commit is short.

use std::fs::File;
use std::io::IoSlice;
use std::sync::Arc;

use rustix::io::Errno;
use tokio::task::spawn_blocking;

use super::beneath::refuse;
use super::storage::RoomStorage;
use super::upload::{Piece, Upload};
use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::limits::{
    BULK_READ_BYTES_MAX, STAGE_SYNC_BYTES, STAGE_UNSYNCED_BYTES_MAX, STAGE_WRITE_BYTES_MAX, WRITE_SLICES_MAX,
};

/// Starts the pump of an upload. The caller has just set `is_pumping`, and calls this once.
pub fn start(storage: &Arc<RoomStorage>, upload: &Arc<Upload>) {
    let (storage, upload) = (Arc::clone(storage), Arc::clone(upload));
    // It stops by itself, when the queue is empty or the upload is over.
    drop(spawn_blocking(move || {
        let stopping = Stopping(&upload);
        if let Err(error) = run(&storage, &upload) {
            upload.set_back(error);
        }
        drop(stopping);
    }));
}

/// Starts the pump only to compute the digest, if that is not known.
pub fn start_for_digest(storage: &Arc<RoomStorage>, upload: &Arc<Upload>) {
    let mut staging = upload.staging();
    if staging.hasher.is_none() && !std::mem::replace(&mut staging.is_pumping, true) {
        drop(staging);
        start(storage, upload);
    }
}

/// Wakes those who wait for the pump, however it ends.
struct Stopping<'a>(&'a Upload);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut staging = self.0.staging();
            // The content of the file is unknown.
            staging.is_lost = true;
            staging.is_pumping = false;
        }
        self.0.tell_moved();
    }
}

/// Writes until nothing is queued. It clears `is_pumping` under the same lock under which it saw the empty queue.
fn run(storage: &RoomStorage, upload: &Arc<Upload>) -> Result<(), Error> {
    let wrap = |e| refuse(e, "staged file");
    let file = storage.open_staged(upload.id).map_err(wrap)?;
    let (hasher, staged) = {
        let mut staging = upload.staging();
        (staging.hasher.take(), staging.staged)
    };
    let mut hasher = match hasher {
        Some(hasher) => hasher,
        None => read_back(&file, staged, upload).map_err(wrap)?,
    };
    let mut batch = Vec::new();
    let mut off = staged;
    loop {
        {
            let mut staging = upload.staging();
            if staging.is_over || staging.queue.is_empty() {
                staging.hasher = Some(hasher);
                staging.is_pumping = false;
                return Ok(());
            }
            let mut bytes = 0;
            while let Some(piece) = staging.queue.pop_front() {
                bytes += piece.bytes.len();
                batch.push(piece);
                if bytes >= STAGE_WRITE_BYTES_MAX || batch.len() >= WRITE_SLICES_MAX {
                    break;
                }
            }
        }
        if let Err(e) = write_all(&file, off, &batch) {
            // The digest remains that of the staged bytes; the partly written ones are written again.
            upload.staging().hasher = Some(hasher);
            return Err(wrap(e));
        }
        for piece in batch.drain(..) {
            hasher.update(&piece.bytes);
            off += piece.bytes.len() as u64;
        }
        keep(&file, upload, off).map_err(wrap)?;
        upload.tell_moved();
    }
}

/// Records that bytes up to `off` are in the file. Acknowledges them, and syncs the file when due.
fn keep(file: &File, upload: &Arc<Upload>, off: u64) -> Result<(), Errno> {
    let mut staging = upload.staging();
    staging.unsynced += off - staging.staged;
    staging.staged = off;
    staging.touched_ms = monotonic_ms();
    upload.acknowledge(&staging);
    if staging.unsynced >= STAGE_UNSYNCED_BYTES_MAX {
        staging.unsynced = 0;
        drop(staging);
        return sync(file, upload);
    }
    if staging.unsynced >= STAGE_SYNC_BYTES && !staging.is_syncing {
        staging.unsynced = 0;
        staging.is_syncing = true;
        drop(staging);
        let file = file.try_clone().map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::IO))?;
        let upload = Arc::clone(upload);
        drop(spawn_blocking(move || {
            if let Err(error) = sync(&file, &upload) {
                tracing::error!(upload = %upload.id, %error, "the disk lost staged bytes");
            }
            upload.staging().is_syncing = false;
        }));
    }
    Ok(())
}

fn sync(file: &File, upload: &Upload) -> Result<(), Errno> {
    let synced = rustix::fs::fdatasync(file);
    if synced.is_err() {
        // The kernel reports this once and then forgets which pages were lost: no later fsync can be trusted.
        upload.staging().is_lost = true;
    }
    synced
}

fn write_all(file: &File, mut off: u64, batch: &[Piece]) -> Result<(), Errno> {
    let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|piece| IoSlice::new(&piece.bytes)).collect();
    let mut rest = slices.as_mut_slice();
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::pwritev(file, rest, off))?;
        if written == 0 {
            return Err(Errno::IO);
        }
        off += written as u64;
        IoSlice::advance_slices(&mut rest, written);
    }
    Ok(())
}

/// Computes the digest of the staged bytes from the file.
fn read_back(file: &File, staged: u64, upload: &Upload) -> Result<Box<blake3::Hasher>, Errno> {
    let mut hasher = Box::new(blake3::Hasher::new());
    let mut block = Vec::with_capacity(BULK_READ_BYTES_MAX);
    let mut off = 0;
    while off < staged && !upload.staging().is_over {
        block.clear();
        let read =
            rustix::io::retry_on_intr(|| rustix::io::pread(file, rustix::buffer::spare_capacity(&mut block), off));
        if read? == 0 {
            return Err(Errno::IO);
        }
        let wanted = usize::try_from(staged - off).unwrap_or(usize::MAX).min(block.len());
        hasher.update(block.get(..wanted).unwrap_or_default());
        off += wanted as u64;
    }
    Ok(hasher)
}
