//! Hands a WebSocket over to a core in this process. The gateway first does everything that makes a connection a
//! WebSocket: origin, cookie, sub-protocol and upgrade. From then on the connection is the core's.

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

/// A WebSocket after its upgrade, ready for the core.
pub struct Upgraded {
    /// Its socket.
    pub stream: Stream,
    /// Bytes that were read after the request.
    pub read: Bytes,
    /// On whose behalf the connection acts. The key is empty: nothing leaves this process.
    pub via: Via,
    /// The socket's place among those that the gateway counts. Hold it until the connection has ended.
    pub permit: Box<dyn Send>,
}

/// Takes a WebSocket over. Must not block.
pub type Takeover = Arc<dyn Fn(Upgraded) + Send + Sync>;

/// Returns the answer to a checked request for a WebSocket (RFC 6455, section 4.2.2).
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

/// Returns the upgrade of a request, to be awaited once the answer is being sent.
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
    // All our sockets have this type.
    let Ok(parts) = upgraded.downcast::<TokioIo<Socket>>() else {
        tracing::error!("a WebSocket's socket is not what the gateway accepted");
        return;
    };
    let (stream, permit) = parts.io.into_inner().into_parts();
    takeover(Upgraded { stream, read: parts.read_buf, via, permit: Box::new(permit) });
}
