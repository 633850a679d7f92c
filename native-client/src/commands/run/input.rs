//! Forwards standard input to a run: read on a thread of its own, one piece in flight, so that the run sets the pace.
//! `run.input` has no answer; since a server handles frames in order, the answer to a request after it confirms it.
//! Input has no offsets: if that answer is lost with the connection, it is unknown whether the piece arrived, and the
//! input ends there rather than being repeated.

use std::io::Read;

use bytes::Bytes;
use tokio::sync::mpsc;
use wardroom_client_core::{Command, Error, OnDisconnect, RequestId};
use wardroom_protocol::messages::{Answer, RunEof, RunGet};
use wardroom_protocol::{Code, RunId};

use crate::commands::out::say;
use crate::limits::INPUT_BYTES;
use crate::runner::Runner;

/// Standard input.
pub(super) struct Input {
    pieces: mpsc::Receiver<Bytes>,
    in_flight: Option<RequestId>,
    is_over: bool,
}

impl Input {
    /// Starts to read.
    pub(super) fn start() -> Input {
        let (sender, pieces) = mpsc::channel(1);
        // A thread and not a task: a read of a terminal cannot be cancelled, and must not keep the process alive.
        std::thread::spawn(move || {
            let mut buf = vec![0u8; INPUT_BYTES];
            let mut stdin = std::io::stdin().lock();
            while let Ok(n @ 1..) = stdin.read(&mut buf) {
                let piece = Bytes::copy_from_slice(buf.get(..n).unwrap_or_default());
                if sender.blocking_send(piece).is_err() {
                    return;
                }
            }
        });
        Input { pieces, in_flight: None, is_over: false }
    }

    /// Returns the next piece, or `None` once at the end; waits while one is in flight, or without input.
    pub(super) async fn next(input: Option<&mut Input>) -> Option<Bytes> {
        match input {
            Some(input) if !input.is_over && input.in_flight.is_none() => input.pieces.recv().await,
            _ => std::future::pending().await,
        }
    }

    /// Sends a piece, or the end.
    pub(super) fn pass_on(&mut self, runner: &mut Runner, run: RunId, piece: Option<Bytes>) {
        self.in_flight = Some(match piece {
            Some(bytes) => {
                runner.command(Command::RunInput { run, bytes });
                runner.request(&RunGet { run }, OnDisconnect::Fail)
            }
            None => {
                self.is_over = true;
                runner.request(&RunEof { run, lease: 1, off: 0 }, OnDisconnect::Resend)
            }
        });
    }

    /// Handles the answer that confirms a piece.
    pub(super) fn answered(&mut self, request: RequestId, result: Result<Answer, Error>) {
        if self.in_flight != Some(request) {
            return;
        }
        self.in_flight = None;
        if let Err(error) = result {
            self.refused(&error);
        }
    }

    /// Ends the input after a refused piece. A command that ends without reading all input is not an error.
    pub(super) fn refused(&mut self, error: &Error) {
        if !self.is_over && error.code != Some(Code::Conflict) {
            say(&format!("wardroom: input stopped: {}", wardroom_protocol::visible::visible(&error.message)));
        }
        self.is_over = true;
    }
}
