//! What the host was told on its connection, so that it is told only what is new.

use wardroom_protocol::messages::Detached;

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
    /// What goes on after the first process.
    is_detached: bool,
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
        Told { bytes, input, is_detached: false }
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

    /// Tells once what goes on after the first process.
    pub fn detached(&mut self, link: &mut Link, detached: impl FnOnce() -> Detached) {
        if !std::mem::replace(&mut self.is_detached, true) {
            link.push(&DetachedNotice { detached: detached() });
        }
    }
}

fn progress(command: &Command) -> (u64, u64) {
    (command.output.state().bytes, command.input.written())
}
