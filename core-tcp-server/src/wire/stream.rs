//! A connected socket, TCP or unix, read and written without waiting: the two tasks of a connection share it.

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
    /// Waits until there is something to read, or the end.
    pub async fn readable(&self) -> io::Result<()> {
        either!(self, stream => stream.readable().await)
    }

    /// Waits until something can be written.
    pub async fn writable(&self) -> io::Result<()> {
        either!(self, stream => stream.writable().await)
    }

    /// Reads what is there into the free room of `buf`; 0 is the end.
    pub fn try_read(&self, buf: &mut BytesMut) -> io::Result<usize> {
        either!(self, stream => stream.try_read_buf(buf))
    }

    /// Writes the front of `frames`, and takes off it what was written.
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

    /// Writes as [`Stream::try_write`] does, without asking the runtime whether the socket is ready: it nearly always is where
    /// nothing was written for a while. Where it is not, the next [`Stream::try_write`] finds out for the runtime.
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

    /// Ends both directions: a read that waits sees the end.
    pub fn shutdown(&self) {
        use std::os::fd::AsFd as _;
        let fd = either!(self, stream => stream.as_fd());
        // It may be closed by the other side already.
        let _ = rustix::net::shutdown(fd, rustix::net::Shutdown::Both);
    }

    /// Ends our direction: the other side sees the end after the last byte.
    pub fn finish(&self) {
        use std::os::fd::AsFd as _;
        let fd = either!(self, stream => stream.as_fd());
        let _ = rustix::net::shutdown(fd, rustix::net::Shutdown::Write);
    }
}

/// Frames to be written, and how far that has got.
#[derive(Default)]
pub struct Frames {
    /// What is to be written; the ones before `next` have been.
    pub all: Vec<Bytes>,
    next: usize,
}

impl Frames {
    /// What is left.
    pub fn rest(&self) -> &[Bytes] {
        self.all.get(self.next..).unwrap_or_default()
    }

    /// All is written: room for the next. Idle connections keep little of it.
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
            // Given back at once: it may be the last hold on a large block.
            *frame = Bytes::new();
            self.next += 1;
        }
    }
}
