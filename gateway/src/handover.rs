//! Handing a WebSocket over to a core in this process. Everything that makes a connection a WebSocket is decided before:
//! the origin, the cookie, the sub-protocol, the upgrade. What comes over it then is not the gateway's any more.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wardroom_protocol::SUBPROTOCOL;
use wardroom_protocol::messages::Via;

use crate::socket::{Socket, Stream};

/// A WebSocket after its upgrade, on its way to the core.
pub struct Upgraded {
    /// Its socket.
    pub stream: Stream,
    /// What was read of it behind the request.
    pub read: Bytes,
    /// On whose behalf it comes. It bears no key: nothing leaves this process.
    pub via: Via,
    /// The socket's place among those that the gateway counts. To be held until the connection has ended.
    pub permit: Box<dyn Send>,
}

/// Takes WebSockets over. It must not block.
pub type Takeover = Arc<dyn Fn(Upgraded) + Send + Sync>;

/// The answer to a request for a WebSocket that was checked (RFC 6455, section 4.2.2).
pub(crate) fn switching(headers: &HeaderMap) -> Response {
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let answered = response.headers_mut();
    answered.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    answered.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answered.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key)) {
        answered.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// The upgrade of a request, to be awaited once the answer is on its way.
pub(crate) fn upgrade_of(request: &Request) -> Option<OnUpgrade> {
    request.extensions().get::<OnUpgrade>().cloned()
}

/// Waits for the upgrade, and hands the socket over.
pub(crate) async fn hand_over(upgrade: OnUpgrade, via: Via, takeover: &Takeover) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(client = via.client, %error, "a WebSocket was not upgraded");
            return;
        }
    };
    // Every socket of ours is of this type.
    let Ok(parts) = upgraded.downcast::<TokioIo<Socket>>() else {
        tracing::error!("a WebSocket's socket is not what the gateway accepted");
        return;
    };
    let (stream, permit) = parts.io.into_inner().into_parts();
    takeover(Upgraded { stream, read: parts.read_buf, via, permit: Box::new(permit) });
}
