//! Whether somebody may still read a room, asked at each delivery. A stream (an open room, the output of a run, a
//! download) is begun by a member, and holds a [`ReadAccess`]; its connection's writer asks it before it writes on.
//!
//! Who ends a right need not know the streams: a room counts its departures, and whoever finds the count where it was
//! need not look further. The connections of somebody who went are woken, so that streams with nothing to send end too.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Error;
use crate::flow::{Flow, FlowKey, Step};
use crate::rooms::Room;
use crate::store::UserId;

/// The right to read a room, as long as it lasts.
pub struct ReadAccess {
    room: Arc<Room>,
    user: UserId,
    /// [`Room::departures`] when it was last found to be there.
    departures: Option<u64>,
}

impl ReadAccess {
    /// To be asked for the first time before the first delivery.
    pub fn new(room: &Arc<Room>, user: UserId) -> Self {
        Self { room: Arc::clone(room), user, departures: None }
    }

    /// Asks. For a public room, and where nobody went, it costs a load. What was read before this was asked may be
    /// delivered; what was read after it may not, without asking again.
    ///
    /// # Errors
    /// `not_found`
    pub fn check(&mut self) -> Result<(), Error> {
        if !self.room.is_private {
            return Ok(());
        }
        // Looked at first: who goes in between moves it again.
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

/// Bulk that can end before its last byte.
pub trait BreakOff: Flow {
    /// Adds the frame that says why it ends here.
    fn break_off(&mut self, error: Error, out: &mut Vec<Bytes>);
}

/// Bulk out of a room: it ends when its reader may not read the room any more.
pub struct Checked<F> {
    flow: F,
    access: ReadAccess,
}

impl<F: BreakOff + 'static> Checked<F> {
    /// Around bulk of this room.
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
