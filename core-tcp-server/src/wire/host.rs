//! The connection of a host, which is already authenticated: passes its frames, in order, to the service of the runs.

use std::sync::Arc;
use std::time::Duration;

use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{ErrAnswer, HostHello};

use super::reader::{End, FrameReader};
use crate::limits::HOST_TICK_MS;
use crate::runs::{Attached, HostIdentity};
use crate::sender::ConnectionSender;
use crate::state::State;
use crate::store::UserId;

/// Serves a host until its connection ends.
pub async fn serve(
    state: &Arc<State>,
    reader: &mut FrameReader,
    sender: &Arc<ConnectionSender>,
    who: HostIdentity,
    hello: HostHello,
) {
    // It is pinged, timed out and closed on shutdown like every other connection, but belongs to no user.
    let here = state.presence.enter(sender, UserId::SYSTEM, None, false);
    match Attached::new(state, sender, who, hello).await {
        Ok(host) => {
            if let Some(last) = exchange(&host, reader, sender).await {
                tracing::warn!(host = host.name(), code = ?last.code, msg = last.msg, "a host said what does not fit");
                sender.close(Some(encode(Number::None, &*last)));
            }
            host.left().await;
        }
        Err(error) => sender.close(Some(encode(Number::None, &error.answer(None)))),
    }
    drop(here);
}

/// Handles the host's frames. Returns the last frame, if the host must be disconnected.
async fn exchange(host: &Attached, reader: &mut FrameReader, sender: &ConnectionSender) -> Option<Box<ErrAnswer>> {
    let mut ticks = tokio::time::interval(Duration::from_millis(HOST_TICK_MS));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        // A host that does not read its acks is not read either. Both waits are cancel-safe.
        let next = async {
            sender.has_room().await;
            reader.next().await
        };
        let frame = tokio::select! {
            biased;
            _ = ticks.tick() => {
                host.tick().await;
                continue;
            }
            frame = next => frame,
        };
        let said = match frame {
            Ok(frame) if host.is_current() => host.take(frame),
            Err(End::Bad(e)) => Err(crate::runs::bad_frame(&e)),
            Ok(_) | Err(End::Eof | End::Closing | End::Broken) => return None,
        };
        if let Err(violation) = said {
            return Some(violation);
        }
    }
}
