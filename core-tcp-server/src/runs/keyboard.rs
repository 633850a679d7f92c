//! The keyboard of a run that has a terminal or reads standard input: its lease, its input, and the size that its
//! holder wants. `typing` is what members do with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{HostResize, HostStart, TermSize, TermState, Tty};

use super::input::Input;
use super::lease::{Lease, Typist};
use crate::clock::monotonic_ms;

/// A keyboard.
pub(super) struct Keyboard {
    run: RunId,
    /// Held while the lease changes, which takes a commit: changes happen one after the other.
    pub turn: tokio::sync::Mutex<()>,
    /// Held for a look or a change; never across an await. May be locked while the lock of the hosts is held, but not
    /// the other way round.
    state: Mutex<Keys>,
    /// Sent to when there is room for input, or the lease changes.
    moved: watch::Sender<()>,
}

/// The part of a keyboard that changes.
pub(super) struct Keys {
    /// Who holds it.
    pub lease: Lease,
    /// What is on its way to the command.
    pub input: Input,
    /// The terminal, with the size that it was last told to have.
    pub tty: Option<Tty>,
    /// True if the size is not that of the order.
    is_resized: bool,
}

impl Keyboard {
    /// Creates the keyboard of a run that has one. `lease` is 0 for the first one, which the starter holds. `is_new`
    /// if no host has been told of the run yet.
    pub(super) fn of(
        order: &HostStart,
        lease: u64,
        holder: Option<Typist>,
        starter: &Typist,
        is_new: bool,
    ) -> Option<Self> {
        if !order.stdin && order.tty.is_none() {
            return None;
        }
        let holder = if lease == 0 { Some(starter.clone()) } else { holder };
        let keys = Keys {
            lease: Lease::new(lease.max(1), holder, monotonic_ms()),
            input: Input::new(order.run, is_new),
            tty: order.tty,
            is_resized: false,
        };
        Some(Self {
            run: order.run,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(keys),
            moved: watch::Sender::new(()),
        })
    }

    /// Locks the part that changes.
    pub(super) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a receiver that is told when input may be accepted again, or not any more. Subscribe before you look.
    pub(super) fn moved(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// Wakes those who wait for room.
    pub(super) fn wake(&self) {
        self.moved.send_replace(());
    }

    /// Handles a host's word that the command has all input before `off`.
    pub(super) fn ack(&self, off: u64) {
        self.keys().input.ack(off);
        self.wake();
    }

    /// Returns what a host that has connected must be told: input that the command does not have, and its size.
    pub(super) fn resume(&self, has: u64) -> Vec<Bytes> {
        let mut keys = self.keys();
        let mut frames = keys.input.resume(has);
        if let Some(tty) = keys.tty.filter(|_| keys.is_resized) {
            frames.push(encode(Number::None, &HostResize { run: self.run, size: tty.size }));
        }
        drop(keys);
        self.wake();
        frames
    }

    /// Returns the state as members see it.
    pub(super) fn state(&self) -> TermState {
        let keys = self.keys();
        TermState {
            run: self.run,
            lease: keys.lease.generation,
            holder: keys.lease.holder.as_ref().map(|holder| holder.name.clone()),
            asked: keys.lease.asked.iter().map(|asked| asked.name.clone()).collect(),
            tty: keys.tty,
        }
    }
}

impl Keys {
    /// Changes the size of the terminal. Returns the frame for the host.
    pub(super) fn resize(&mut self, run: RunId, size: TermSize) -> Option<Bytes> {
        let tty = self.tty.as_mut()?;
        tty.size = size;
        self.is_resized = true;
        Some(encode(Number::None, &HostResize { run, size }))
    }
}
