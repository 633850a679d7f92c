//! What the host was told on its connection, so that it is told only what is new.

use wardroom_protocol::messages::{Detached, Exit};

use super::link::Link;
use super::start::Command;
use super::wire::{DetachedNotice, InputAck, Output, Started, State};

/// What the host was told last.
#[derive(Debug, Default)]
pub struct Told {
    /// Bytes of output.
    bytes: u64,
    /// Bytes of input.
    input: u64,
    /// The command lines of what goes on after the first process.
    kept: Option<Vec<String>>,
}

impl Told {
    /// Tells a host that has just connected how far the run is.
    pub fn greet(link: &mut Link, command: Option<&Command>) -> Told {
        let (bytes, input) = command.map(progress).unwrap_or_default();
        let pid = command.map(|command| command.leader.pid);
        let can_pace = command.is_some_and(|command| command.terminal.is_some());
        link.push(&State { v: 1, pid, bytes, input, can_pace });
        if let Some(pid) = pid {
            link.push(&Started { pid });
        }
        Told { bytes, input, kept: None }
    }

    /// Tells what is new.
    pub fn progress(&mut self, link: &mut Link, command: &Command) {
        let (bytes, input) = progress(command);
        if bytes != self.bytes {
            link.push(&Output { bytes });
        }
        if input != self.input {
            link.push(&InputAck { off: input });
        }
        (self.bytes, self.input) = (bytes, input);
    }

    /// Tells what goes on after the first process, and how that ended.
    pub fn detached(&mut self, link: &mut Link, kept: &[String], exit: impl FnOnce() -> Exit) {
        if self.kept.as_deref() != Some(kept) {
            self.kept = Some(kept.to_owned());
            link.push(&DetachedNotice { detached: Detached { exit: exit(), kept: kept.to_owned() } });
        }
    }
}

fn progress(command: &Command) -> (u64, u64) {
    (command.output.state().bytes, command.input.written())
}
