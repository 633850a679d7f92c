//! The downloads under way, counted per connection and in total.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedSemaphorePermit;

use crate::error::Error;
use crate::limits::DOWNLOADS_MAX;
use crate::sender::ConnectionSender;

/// The downloads under way, counted per connection and in total.
pub struct Downloads {
    all: Arc<tokio::sync::Semaphore>,
    /// The connection of each download. Held for moments, never across an await.
    senders: Arc<Mutex<Vec<Weak<ConnectionSender>>>>,
}

/// A download counts as under way as long as this is held.
pub(super) struct Slot {
    pub(super) sender: Weak<ConnectionSender>,
    senders: Arc<Mutex<Vec<Weak<ConnectionSender>>>>,
    _one_of_all: OwnedSemaphorePermit,
}

impl Downloads {
    /// Allows at most this many at a time.
    pub fn new(all: usize) -> Self {
        Self { all: Arc::new(tokio::sync::Semaphore::new(all)), senders: Arc::default() }
    }

    pub(super) fn slot(&self, sender: &Arc<ConnectionSender>) -> Result<Slot, Error> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned();
        let one_of_all =
            one_of_all.map_err(|_| Error::busy("the server sends as many files as it can: try again", 5_000))?;
        let sender = Arc::downgrade(sender);
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.iter().filter(|other| other.ptr_eq(&sender)).count() >= DOWNLOADS_MAX {
            return Err(Error::busy(format!("one connection gets {DOWNLOADS_MAX} files at a time"), 1_000));
        }
        senders.push(sender.clone());
        Ok(Slot { sender, senders: Arc::clone(&self.senders), _one_of_all: one_of_all })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = senders.iter().position(|other| other.ptr_eq(&self.sender)) {
            senders.swap_remove(at);
        }
    }
}
