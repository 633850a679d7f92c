//! An accepted socket as the HTTP server sees it. Adds what hyper lacks: a time limit for writes that make no progress,
//! a close that lets the client read an early answer, and the permit that the socket holds.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, Sleep, sleep};

use crate::admission::Permit;
use crate::limits::{LINGER_BYTES_MAX, Limits};

/// A connection as accepted.
pub enum Stream {
    /// TCP, v4 or v6.
    Tcp(TcpStream),
    /// A unix socket, most likely a proxy's.
    Unix(UnixStream),
}

/// The socket with its limits.
pub(crate) struct Socket {
    stream: Stream,
    limits: Limits,
    /// Runs while a write waits.
    write_stall: Option<Pin<Box<Sleep>>>,
    close: Close,
    permit: Arc<Permit>,
}

enum Close {
    Open,
    /// Our side is closed. What still arrives is discarded, so that the kernel does not answer it with a reset, which
    /// would take our last bytes from the client before it has read them.
    Lingering {
        until: Pin<Box<Sleep>>,
        bytes: u64,
    },
    Closed,
}

impl Socket {
    pub fn new(stream: Stream, limits: Limits, permit: Arc<Permit>) -> Socket {
        Socket { stream, limits, write_stall: None, close: Close::Open, permit }
    }

    /// Returns the connection without its limits, and its permit: somebody else serves it from now on.
    pub fn into_parts(self) -> (Stream, Arc<Permit>) {
        (self.stream, self.permit)
    }

    fn pinned(&mut self) -> Pin<&mut (dyn ReadWrite + Unpin)> {
        match &mut self.stream {
            Stream::Tcp(tcp) => Pin::new(tcp as &mut (dyn ReadWrite + Unpin)),
            Stream::Unix(unix) => Pin::new(unix as &mut (dyn ReadWrite + Unpin)),
        }
    }

    /// Passes on the result of a write, and fails one that has waited too long.
    fn bounded<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_stall = None;
            return written;
        }
        let idle = self.limits.write_idle;
        let stall = self.write_stall.get_or_insert_with(|| Box::pin(sleep(idle)));
        ready!(stall.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 16 * 1024];
        loop {
            let Close::Lingering { until, bytes } = &mut self.close else { return Poll::Ready(()) };
            if *bytes >= LINGER_BYTES_MAX || until.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(self.pinned().poll_read(cx, &mut buffer));
            let count = buffer.filled().len() as u64;
            if read.is_err() || count == 0 {
                return Poll::Ready(());
            }
            if let Close::Lingering { bytes, .. } = &mut self.close {
                *bytes += count;
            }
        }
    }
}

trait ReadWrite: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> ReadWrite for T {}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.pinned().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.pinned().poll_write(cx, bytes);
        self.bounded(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.pinned().poll_write_vectored(cx, slices);
        self.bounded(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pinned().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.close, Close::Open) {
            let shut = ready!(self.pinned().poll_shutdown(cx));
            let until = Box::pin(tokio::time::sleep_until(Instant::now() + self.limits.linger));
            self.close = if shut.is_ok() { Close::Lingering { until, bytes: 0 } } else { Close::Closed };
            shut?;
        }
        ready!(self.poll_linger(cx));
        self.close = Close::Closed;
        Poll::Ready(Ok(()))
    }
}
