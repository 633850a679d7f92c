//! A file on its way to one reader: a cursor in the file, under credit. Blocking threads read it in large blocks, one
//! block ahead, which are cut into frames without copying.

use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};
use wardroom_protocol::StreamId;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::{BODY_BYTES_MAX, WINDOW_DEFAULT, WINDOW_MAX};
use wardroom_protocol::messages::{FileData, FileEnd, FileGet, FileGetOk, Place};

use super::commit::Digest;
use super::downloads::Slot;
use super::face::Face;
use super::table;
use crate::access::{BreakOff, Checked, ReadAccess};
use crate::clock::now_ms;
use crate::error::Error;
use crate::flow::{Flow, FlowKey, Step};
use crate::limits::BULK_READ_BYTES_MAX;
use crate::policy::Member;
use crate::secrets::new_ulid;
use crate::sender::ConnectionSender;
use crate::state::State;

/// For a frame smaller than this, the download waits for more credit: small frames cost more than they carry.
const FRAME_BYTES_MIN: u64 = 16 << 10;

/// Opens a file for sending. The caller pushes its own answer first, then the flow, to the same connection sender.
///
/// # Errors
/// `not_found`; `bad_request` beyond the end; `conflict` if the digest is not `blake3`; `busy`.
pub async fn open_download(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    get: FileGet,
    face: Face,
) -> Result<(FileGetOk, Box<dyn Flow>), Error> {
    let Place::Room(name) = &get.place;
    let room = member.readable(&state.rooms, name)?.room;
    let wanted = get.blake3.as_deref().map(Digest::parse).transpose()?;
    let window = get.window.unwrap_or(WINDOW_DEFAULT).min(WINDOW_MAX);
    if window == 0 {
        return Err(Error::bad_request("a window has at least one byte"));
    }
    let slot = state.files.downloads.slot(sender)?;
    let (storage, looked_in, path) = (Arc::clone(&state.files.storage), Arc::clone(&room), get.path.clone());
    let opened = spawn_blocking(move || storage.open_file(&looked_in.name, &path));
    let (file, stamp) = opened.await.map_err(Error::internal)??;
    let (path, id) = (get.path.clone(), room.id);
    let blake3 = state.store.read(move |conn| table::digest(conn, id, path.as_str(), &stamp)).await?;
    member.still_reads(&room)?;
    if let Some(wanted) = wanted
        && blake3.as_deref() != Some(wanted.as_str())
    {
        return Err(Error::conflict(format!("{} is another file by now: get it from its start", get.path)));
    }
    let size = stamp.size;
    let count = get.count.unwrap_or(size.saturating_sub(get.off));
    let end = get.off.checked_add(count).filter(|end| *end <= size);
    let end = end.ok_or_else(|| Error::bad_request(format!("{} has {size} bytes", get.path)))?;
    let stream = StreamId(new_ulid(now_ms()));
    let download = Download {
        stream,
        file: Arc::new(file),
        next: get.off,
        end,
        acked: get.off,
        window,
        block: Bytes::new(),
        ahead: None,
        failed: None,
        face,
        slot,
    };
    let flow = Checked::over(download, ReadAccess::new(&room, member.user.id));
    Ok((FileGetOk { stream, size, mtime: stamp.mtime_ms(), blake3 }, flow))
}

struct Download {
    stream: StreamId,
    file: Arc<File>,
    /// The offset of the next byte to send.
    next: u64,
    /// The offset after the last byte.
    end: u64,
    /// The reader has acknowledged everything before this offset.
    acked: u64,
    window: u64,
    /// The bytes in memory, starting at `next`.
    block: Bytes,
    /// The block after it, while it is being read.
    ahead: Option<JoinHandle<Result<Bytes, Error>>>,
    /// Why the download is broken off.
    failed: Option<Error>,
    face: Face,
    slot: Slot,
}

impl Download {
    /// Returns the bytes of the next frame; 0 while credit is missing.
    fn frame_bytes(&self) -> u64 {
        let left = (self.end - self.next).min(BODY_BYTES_MAX as u64).min(self.block.len() as u64);
        if self.face == Face::Person {
            return left;
        }
        let credit = self.acked.saturating_add(self.window).saturating_sub(self.next);
        let least = left.min(FRAME_BYTES_MIN).min((self.window / 2).max(1));
        if credit >= least { left.min(credit) } else { 0 }
    }

    fn push_frame(&mut self, count: u64, out: &mut Vec<Bytes>) {
        let body = self.block.split_to(usize::try_from(count).unwrap_or(0).min(self.block.len()));
        if self.face == Face::Program {
            // The line and the bytes are two pieces of one write: the bytes stay where they were read.
            let data = FileData { stream: self.stream, off: self.next, len: body.len() as u64 };
            out.push(encode(Number::None, &data));
        }
        self.next += body.len() as u64;
        out.push(body);
    }

    /// Sends the last message.
    fn finish(&mut self, out: &mut Vec<Bytes>) -> Step {
        match (self.face, self.failed.take()) {
            (Face::Program, None) => out.push(encode(Number::None, &FileEnd { stream: self.stream })),
            (Face::Program, Some(error)) => {
                let mut answer = error.answer(None);
                answer.stream = Some(self.stream);
                out.push(encode(Number::None, &answer));
            }
            (Face::Person, None) => {}
            // The length was announced: a client that counts bytes must not take what follows for part of the file.
            (Face::Person, Some(error)) => {
                if let Some(sender) = self.slot.sender.upgrade() {
                    sender.close(Some(format!("\n# the file broke off: {}\n", error.msg).into()));
                }
            }
        }
        Step::Done
    }

    /// Starts to read the block after the one in memory.
    fn read_ahead(&mut self) {
        let off = self.next + self.block.len() as u64;
        if self.ahead.is_some() || off >= self.end {
            return;
        }
        let (file, count) = (Arc::clone(&self.file), (self.end - off).min(BULK_READ_BYTES_MAX as u64));
        self.ahead = Some(spawn_blocking(move || read_block(&file, off, usize::try_from(count).unwrap_or(0))));
    }
}

fn read_block(file: &File, mut off: u64, count: usize) -> Result<Bytes, Error> {
    let mut block = Vec::with_capacity(count);
    while block.len() < count {
        let read =
            rustix::io::retry_on_intr(|| rustix::io::pread(file, rustix::buffer::spare_capacity(&mut block), off));
        match read.map_err(std::io::Error::from)? {
            0 => return Err(Error::conflict("the file became shorter while it was sent")),
            read => off += read as u64,
        }
    }
    block.truncate(count);
    Ok(block.into())
}

impl Flow for Download {
    fn key(&self) -> FlowKey {
        FlowKey::Stream(self.stream)
    }

    fn ack(&mut self, off: u64) {
        // Not beyond what was sent: a reader cannot get more than its window.
        self.acked = self.acked.max(off.min(self.next));
    }

    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step {
        for taken in 0..count {
            if self.failed.is_some() || self.next == self.end {
                return self.finish(out);
            }
            if self.block.is_empty() {
                // The frames taken so far are written while the next block is read.
                return if taken > 0 { Step::More } else { Step::Load };
            }
            match self.frame_bytes() {
                0 => return Step::Wait,
                bytes => self.push_frame(bytes, out),
            }
        }
        Step::More
    }

    fn is_raw(&self) -> bool {
        self.face == Face::Person
    }

    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if !self.block.is_empty() || self.failed.is_some() {
                return;
            }
            self.read_ahead();
            let Some(ahead) = self.ahead.take() else { return };
            match ahead.await.map_err(Error::internal) {
                Ok(Ok(block)) => self.block = block,
                Ok(Err(error)) | Err(error) => self.failed = Some(error),
            }
            self.read_ahead();
        })
    }
}

impl BreakOff for Download {
    fn break_off(&mut self, error: Error, out: &mut Vec<Bytes>) {
        self.failed = Some(error);
        self.finish(out);
    }
}
