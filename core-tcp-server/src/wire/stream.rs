//! A connected socket, TCP or unix, with non-blocking reads and writes. The two tasks of a connection share it.

use std::io::{self, IoSlice};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::net::{TcpStream, UnixStream};

use crate::limits::WRITE_SLICES_MAX;

/// A connected socket.
pub enum Stream {
    /// TCP, v4 or v6.
    Tcp(TcpStream),
    /// A unix socket.
    Unix(UnixStream),
}

macro_rules! either {
    ($self:ident, $stream:ident => $body:expr) => {
        match $self {
            Stream::Tcp($stream) => $body,
            Stream::Unix($stream) => $body,
        }
    };
}

impl Stream {
    /// Waits until there are bytes to read, or the end of the stream.
    pub async fn readable(&self) -> io::Result<()> {
        either!(self, stream => stream.readable().await)
    }

    /// Waits until bytes can be written.
    pub async fn writable(&self) -> io::Result<()> {
        either!(self, stream => stream.writable().await)
    }

    /// Reads into the spare capacity of `buf`; 0 means the end of the stream.
    pub fn try_read(&self, buf: &mut BytesMut) -> io::Result<usize> {
        either!(self, stream => stream.try_read_buf(buf))
    }

    /// Writes the front of `frames`, and removes what was written.
    pub fn try_write(&self, frames: &mut Frames) -> io::Result<()> {
        let written = match frames.rest() {
            [] => return Ok(()),
            [one] => either!(self, stream => stream.try_write(one))?,
            several => {
                let mut slices = [IoSlice::new(&[]); WRITE_SLICES_MAX];
                let mut count = 0;
                for (slice, frame) in slices.iter_mut().zip(several) {
                    *slice = IoSlice::new(frame);
                    count += 1;
                }
                let slices = slices.get(..count).unwrap_or_default();
                either!(self, stream => stream.try_write_vectored(slices))?
            }
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        frames.advance(written);
        Ok(())
    }

    /// As [`Stream::try_write`], but does not ask the runtime whether the socket is ready: after a pause it nearly
    /// always is. If it is not, the next [`Stream::try_write`] finds that out for the runtime.
    pub fn try_write_unasked(&self, frames: &mut Frames) -> io::Result<()> {
        use std::os::fd::AsFd as _;
        let [one] = frames.rest() else { return self.try_write(frames) };
        let fd = either!(self, stream => stream.as_fd());
        let flags = rustix::net::SendFlags::DONTWAIT | rustix::net::SendFlags::NOSIGNAL;
        let written = rustix::net::send(fd, one, flags)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        frames.advance(written);
        Ok(())
    }

    /// Shuts down both directions: a waiting read sees the end of the stream.
    pub fn shutdown(&self) {
        use std::os::fd::AsFd as _;
        let fd = either!(self, stream => stream.as_fd());
        // The peer may have closed it already.
        let _ = rustix::net::shutdown(fd, rustix::net::Shutdown::Both);
    }

    /// Shuts down our direction: the peer sees the end of the stream after the last byte.
    pub fn finish(&self) {
        use std::os::fd::AsFd as _;
        let fd = either!(self, stream => stream.as_fd());
        let _ = rustix::net::shutdown(fd, rustix::net::Shutdown::Write);
    }
}

/// Frames to write, and the progress of writing them.
#[derive(Default)]
pub struct Frames {
    /// All frames; those before `next` are already written.
    pub all: Vec<Bytes>,
    next: usize,
}

impl Frames {
    /// Returns the frames that are left.
    pub fn rest(&self) -> &[Bytes] {
        self.all.get(self.next..).unwrap_or_default()
    }

    /// Clears written frames to make space for new ones. Idle connections keep little memory.
    pub fn clear(&mut self) {
        self.next = 0;
        if self.all.capacity() > 4 {
            self.all = Vec::new();
        } else {
            self.all.clear();
        }
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(frame) = self.all.get_mut(self.next) {
            if written < frame.len() {
                frame.advance(written);
                return;
            }
            written -= frame.len();
            // Dropped at once: it may be the last reference to a large block.
            *frame = Bytes::new();
            self.next += 1;
        }
    }
}
