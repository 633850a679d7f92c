//! Forwards standard input to a run: read on a thread of its own, a piece whenever the client has room, so that the run
//! sets the pace. The client keeps what the command has not been given yet and sends it again after a reconnect.

use std::io::Read;

use bytes::Bytes;
use tokio::sync::mpsc;
use wardroom_client_core::{Command, Error};
use wardroom_protocol::{Code, RunId};

use crate::commands::out::say;
use crate::limits::INPUT_BYTES;
use crate::runner::Runner;

/// Standard input.
pub(super) struct Input {
    pieces: mpsc::Receiver<Bytes>,
    is_over: bool,
    /// The run has a terminal, whose input has no end: Ctrl-D says it.
    is_terminal: bool,
    /// What was sent last ended a line.
    ended_line: bool,
}

impl Input {
    /// Starts to read.
    pub(super) fn start(is_terminal: bool) -> Input {
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
        Input { pieces, is_over: false, is_terminal, ended_line: true }
    }

    /// Returns the next piece, or `None` once at the end; waits while the client has no room, or without input.
    pub(super) async fn next(input: Option<&mut Input>, free: usize) -> Option<Bytes> {
        match input {
            Some(input) if !input.is_over && free >= INPUT_BYTES => input.pieces.recv().await,
            _ => std::future::pending().await,
        }
    }

    /// Sends a piece, or the end.
    pub(super) fn pass_on(&mut self, runner: &mut Runner, run: RunId, piece: Option<Bytes>) {
        match piece {
            Some(bytes) => {
                self.ended_line = bytes.ends_with(b"\n");
                runner.command(Command::RunInput { run, bytes });
            }
            None if self.is_terminal => {
                self.is_over = true;
                // In the middle of a line the first one only ends the line.
                let ctrl_d: &[u8] = if self.ended_line { b"\x04" } else { b"\x04\x04" };
                runner.command(Command::RunInput { run, bytes: Bytes::from_static(ctrl_d) });
            }
            None => {
                self.is_over = true;
                runner.command(Command::RunEof { run });
            }
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
