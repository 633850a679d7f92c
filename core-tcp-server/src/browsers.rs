//! Browsers whose WebSockets this process holds itself: `wardroom serve` hands them over once they are upgraded, so that
//! the core reads and writes their sockets without a bridge between. Who may open one was decided before; what they may
//! do is decided here, as for everybody.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::Semaphore;
use wardroom_protocol::limits::HELLO_TIMEOUT_MS;
use wardroom_protocol::messages::Via;

use crate::descriptors;
use crate::permits::Origin;
use crate::state::State;
use crate::wire;
pub use crate::wire::stream::Stream;

/// A WebSocket after its upgrade.
pub struct Browser {
    /// Its socket.
    pub stream: Stream,
    /// What was read of it behind the request.
    pub read: Bytes,
    /// On whose behalf it comes. The key is not looked at: whoever calls this is in the same process.
    pub via: Via,
    /// Held until the connection has ended: its place among those that the gateway counts.
    pub permit: Box<dyn Send>,
}

/// Takes browsers. Made by [`crate::Core::browsers`].
#[derive(Clone)]
pub struct Browsers {
    state: Weak<State>,
    places: Arc<Semaphore>,
}

impl Browsers {
    pub(crate) fn new(state: &Arc<State>) -> Self {
        Self { state: Arc::downgrade(state), places: Arc::new(Semaphore::new(descriptors::connections_max())) }
    }

    /// Serves one, in a task of its own. Must be called within a tokio runtime. One that comes while the core stops, or
    /// that finds no place in time, is closed.
    pub fn serve(&self, browser: Browser) {
        let Browsers { state, places } = self.clone();
        tokio::spawn(async move {
            let wait = Duration::from_millis(HELLO_TIMEOUT_MS);
            let place = tokio::time::timeout(wait, places.acquire_owned()).await;
            let (Ok(Ok(place)), Some(state)) = (place, state.upgrade()) else { return };
            // Counted as its client's as soon as it is looked at.
            let stranger = state.permits.enter(Origin::Local).await;
            let Browser { stream, read, via, permit } = browser;
            let read = BytesMut::from(&read[..]);
            Box::pin(wire::serve_browser(state, Arc::new(stream), read, via, stranger)).await;
            drop((place, permit));
        });
    }
}
