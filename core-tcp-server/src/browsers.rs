//! Browsers whose WebSockets this process holds itself. `wardroom serve` hands them over after the upgrade, so that the
//! core reads and writes their sockets without a bridge. The gateway has already decided who may connect; the core
//! decides what they may do, as for all clients.

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
    /// The socket.
    pub stream: Stream,
    /// Bytes that were read behind the request.
    pub read: Bytes,
    /// The client it speaks for. The key is not checked, because the caller is in the same process.
    pub via: Via,
    /// The connection's place in the gateway's count. Held until the connection ends.
    pub permit: Box<dyn Send>,
}

/// Accepts browsers. Created by [`crate::Core::browsers`].
#[derive(Clone)]
pub struct Browsers {
    state: Weak<State>,
    places: Arc<Semaphore>,
}

impl Browsers {
    pub(crate) fn new(state: &Arc<State>) -> Self {
        Self { state: Arc::downgrade(state), places: Arc::new(Semaphore::new(descriptors::connections_max())) }
    }

    /// Serves a browser in a task of its own. Must be called within a tokio runtime. The connection is closed if the
    /// core is stopping, or if no place becomes free in time.
    pub fn serve(&self, browser: Browser) {
        let Browsers { state, places } = self.clone();
        tokio::spawn(async move {
            let wait = Duration::from_millis(HELLO_TIMEOUT_MS);
            let place = tokio::time::timeout(wait, places.acquire_owned()).await;
            let (Ok(Ok(place)), Some(state)) = (place, state.upgrade()) else { return };
            // Counted for its client as soon as `via` is read.
            let stranger = state.permits.enter(Origin::Local).await;
            let Browser { stream, read, via, permit } = browser;
            let read = BytesMut::from(&read[..]);
            Box::pin(wire::serve_browser(state, Arc::new(stream), read, via, stranger)).await;
            drop((place, permit));
        });
    }
}
