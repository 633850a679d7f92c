//! Checks at each delivery whether a user may still read a room. A stream (an open room, the output of a run, a
//! download) holds a [`ReadAccess`] of the member who started it. The connection's writer checks it before it writes
//! more.
//!
//! Code that ends a membership need not know the streams. A room counts its departures, and while the count is
//! unchanged, a check needs no more. The connections of a user who left are woken, so that idle streams end too.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Error;
use crate::flow::{Flow, FlowKey, Step};
use crate::rooms::Room;
use crate::store::UserId;

/// The right to read a room, while it lasts.
pub struct ReadAccess {
    room: Arc<Room>,
    user: UserId,
    /// [`Room::departures`] at the last successful check.
    departures: Option<u64>,
}

impl ReadAccess {
    /// Creates a right that is still unchecked. Call [`ReadAccess::check`] before the first delivery.
    pub fn new(room: &Arc<Room>, user: UserId) -> Self {
        Self { room: Arc::clone(room), user, departures: None }
    }

    /// Checks the right. For a public room, or if nobody left, this costs one atomic load. Data that was read before
    /// the check may be delivered; data read after it needs another check.
    ///
    /// # Errors
    /// `not_found` if the user may not read the room any more.
    pub fn check(&mut self) -> Result<(), Error> {
        if !self.room.is_private {
            return Ok(());
        }
        // Loaded before the check: a departure in between changes it again.
        let departures = self.room.departures();
        if self.departures == Some(departures) {
            return Ok(());
        }
        if !self.room.has(self.user) {
            let why = format!("you are not a member of {} any more", self.room.name);
            return Err(Error::not_found(why));
        }
        self.departures = Some(departures);
        Ok(())
    }
}

/// A bulk flow that can end before its last byte.
pub trait BreakOff: Flow {
    /// Adds the frame that says why the flow ends here.
    fn break_off(&mut self, error: Error, out: &mut Vec<Bytes>);
}

/// A bulk flow from a room. It ends when its reader may no longer read the room.
pub struct Checked<F> {
    flow: F,
    access: ReadAccess,
}

impl<F: BreakOff + 'static> Checked<F> {
    /// Wraps a bulk flow from the room of `access`.
    pub fn over(flow: F, access: ReadAccess) -> Box<dyn Flow> {
        Box::new(Self { flow, access })
    }
}

impl<F: BreakOff> Flow for Checked<F> {
    fn key(&self) -> FlowKey {
        self.flow.key()
    }

    fn ack(&mut self, off: u64) {
        self.flow.ack(off);
    }

    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step {
        let from = out.len();
        let step = self.flow.take(count, out);
        if let Err(error) = self.access.check() {
            out.truncate(from);
            self.flow.break_off(error, out);
            return Step::Done;
        }
        step
    }

    fn is_raw(&self) -> bool {
        self.flow.is_raw()
    }

    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.flow.load()
    }
}
