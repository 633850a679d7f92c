//! WebSocket: one message is one frame (`wardroom.v1`).

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use wardroom_protocol::frame::decode_message;
use wardroom_protocol::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};
use wardroom_protocol::{Frame, SUBPROTOCOL};

use crate::error::DialError;
use crate::server::Server;
use crate::socket::io_words;

/// The policy violation of RFC 6455, section 7.4: the server does not accept the credentials.
const CLOSE_POLICY: u16 = 1008;

/// The reading half.
pub struct WebReader(Pin<Box<dyn Stream<Item = Result<Message, Error>> + Send>>);

/// The writing half.
pub struct WebWriter(Pin<Box<dyn Sink<Message, Error = Error> + Send>>);

/// How a WebSocket ended.
#[derive(Debug, thiserror::Error)]
pub enum WebEnd {
    /// The server does not accept the credentials; its reason.
    #[error("{0}")]
    SignedOut(String),
    /// Anything else, in words.
    #[error("{0}")]
    Lost(String),
}

/// Makes a connection a WebSocket.
pub(crate) async fn upgrade<S>(server: &Server, stream: S) -> Result<(WebReader, WebWriter), DialError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let link = |why: String| DialError::Unreachable { server: server.clone(), why };
    let mut request = server.to_string().into_client_request().map_err(|e| link(e.to_string()))?;
    let headers = request.headers_mut();
    headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    if let Some(origin) = server.origin().and_then(|origin| HeaderValue::from_str(&origin).ok()) {
        headers.insert("Origin", origin);
    }
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(LINE_BYTES_MAX + BODY_BYTES_MAX);
    config.max_frame_size = config.max_message_size;
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await.map_err(|e| match e {
        Error::Http(answer) if answer.status() == StatusCode::UNAUTHORIZED => DialError::SignedOut,
        Error::Http(answer) => link(no_web_socket(server, answer.status(), answer.headers())),
        Error::Io(e) => link(io_words(&e)),
        e => link(e.to_string()),
    })?;
    let (sink, stream): (_, _) = WebSocketStream::split(socket);
    Ok((WebReader(Box::pin(stream)), WebWriter(Box::pin(sink))))
}

/// Explains why an answer is not a WebSocket, and what to do if the cause is likely.
fn no_web_socket(server: &Server, status: StatusCode, headers: &HeaderMap) -> String {
    let why = format!("it answered HTTP {status} instead of a WebSocket");
    let is_plain = matches!(server, Server::Ws { tls: false, .. });
    match headers.get("Location").and_then(|to| to.to_str().ok()) {
        Some(to) if status.is_redirection() => {
            format!("{why}: it redirects; use {} as the server", wardroom_protocol::visible::visible(to))
        }
        // The answer of nginx, Caddy and Go to plain HTTP on a TLS port.
        _ if is_plain && status == StatusCode::BAD_REQUEST => {
            format!("{why}; if it uses TLS, use wss:// or https://")
        }
        _ => why,
    }
}

impl WebReader {
    /// Returns the next frame. Cancel-safe.
    ///
    /// # Errors
    /// How the connection ended.
    pub async fn next(&mut self) -> Result<Frame, WebEnd> {
        loop {
            let (message, is_text) = match self.0.next().await {
                Some(Ok(Message::Text(text))) => (Bytes::from(text), true),
                Some(Ok(Message::Binary(bytes))) => (bytes, false),
                Some(Ok(Message::Close(frame))) => return Err(closed(frame)),
                Some(Ok(_)) => continue,
                Some(Err(e)) => return Err(WebEnd::Lost(format!("the connection broke: {e}"))),
                None => return Err(WebEnd::Lost("the server closed the connection".to_owned())),
            };
            return decode_message(message, is_text)
                .map_err(|e| WebEnd::Lost(format!("the server sent an invalid frame: {e}")));
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> WebEnd {
    match frame {
        Some(CloseFrame { code, reason }) if u16::from(code) == CLOSE_POLICY => WebEnd::SignedOut(reason.to_string()),
        Some(CloseFrame { reason, .. }) if !reason.is_empty() => {
            WebEnd::Lost(format!("the server closed the connection: {reason}"))
        }
        _ => WebEnd::Lost("the server closed the connection".to_owned()),
    }
}

impl WebWriter {
    /// Queues a frame: its line, with or without LF, and its raw bytes.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn feed(&mut self, line: Bytes, body: Bytes) -> Result<(), WebEnd> {
        let Some(message) = message(&line, &body) else { return Ok(()) };
        self.0.feed(message).await.map_err(|e| WebEnd::Lost(format!("the connection broke: {e}")))
    }

    /// Sends what is queued.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn flush(&mut self) -> Result<(), WebEnd> {
        self.0.flush().await.map_err(|e| WebEnd::Lost(format!("the connection broke: {e}")))
    }

    /// Closes the connection.
    pub async fn close(mut self) {
        self.0.send(Message::Close(None)).await.ok();
        self.0.close().await.ok();
    }
}

/// Returns text without LF, or the line with LF and the raw bytes as one binary message.
fn message(line: &[u8], body: &[u8]) -> Option<Message> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if body.is_empty() {
        return String::from_utf8(line.to_vec()).ok().map(Message::text);
    }
    let mut whole = BytesMut::with_capacity(line.len().saturating_add(body.len()).saturating_add(1));
    whole.extend_from_slice(line);
    whole.extend_from_slice(b"\n");
    whole.extend_from_slice(body);
    Some(Message::Binary(whole.freeze()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_no_web_socket_says_what_to_do() {
        let words = |server: &str, status: u16, location: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            location.map(|to| headers.insert("Location", HeaderValue::from_static(to)));
            no_web_socket(&server.parse().unwrap(), StatusCode::from_u16(status).unwrap(), &headers)
        };
        let moved = words("ws://h", 301, Some("https://h/ws"));
        assert!(moved.contains("HTTP 301") && moved.ends_with("use https://h/ws as the server"), "{moved}");
        assert!(words("ws://h", 400, None).contains("use wss://"));
        assert!(!words("wss://h", 400, None).contains("wss://"));
        assert!(words("ws://h", 404, None).ends_with("HTTP 404 Not Found instead of a WebSocket"));
    }
}
