//! WebSocket: one message is one frame (`wardroom.v1`).

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use wardroom_client_core::Disconnect;
use wardroom_protocol::SUBPROTOCOL;
use wardroom_protocol::frame::decode_message;
use wardroom_protocol::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};

use super::dial::{connect_tcp, io_words};
use super::event::{Event, Events, OutFrame};
use super::tls;
use crate::server::Server;

/// The policy violation of RFC 6455, section 7.4: the server does not accept the credentials.
const CLOSE_POLICY: u16 = 1008;

/// The reading half.
pub(super) struct WebReader(Pin<Box<dyn Stream<Item = Result<Message, Error>> + Send>>);

/// The writing half.
pub(super) struct WebWriter(Pin<Box<dyn Sink<Message, Error = Error> + Send>>);

/// Connects and upgrades.
pub(super) async fn open(server: &Server) -> Result<(WebReader, WebWriter), Disconnect> {
    let link = |why: String| Disconnect::Network(format!("cannot reach {server}: {why}"));
    let Server::Ws { tls, .. } = server else { return Err(link("it is no web address".to_owned())) };
    let host_port = server.host_port().ok_or_else(|| link("it has no port".to_owned()))?;
    let stream = connect_tcp(&host_port).await.map_err(|e| link(io_words(&e)))?;
    if !*tls {
        return upgrade(server, stream).await;
    }
    let host = host_port.rsplit_once(':').map_or(host_port.as_str(), |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = tls::connect(stream, host).await.map_err(link)?;
    upgrade(server, stream).await
}

async fn upgrade<S>(server: &Server, stream: S) -> Result<(WebReader, WebWriter), Disconnect>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let link = |why: String| Disconnect::Network(format!("cannot reach {server}: {why}"));
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
        Error::Http(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
            Disconnect::SignedOut("the server does not know this session; run: wardroom login".to_owned())
        }
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
    /// Reads until the connection ends, and returns why.
    pub(super) async fn read_all(mut self, conn: u64, events: &Events) -> Disconnect {
        loop {
            let (message, is_text) = match self.0.next().await {
                Some(Ok(Message::Text(text))) => (Bytes::from(text), true),
                Some(Ok(Message::Binary(bytes))) => (bytes, false),
                Some(Ok(Message::Close(frame))) => return closed(frame),
                Some(Ok(_)) => continue,
                Some(Err(e)) => return Disconnect::Network(format!("the connection broke: {e}")),
                None => return Disconnect::Network("the server closed the connection".to_owned()),
            };
            let frame = match decode_message(message, is_text) {
                Ok(frame) => frame,
                Err(e) => return Disconnect::Network(format!("the server sent an invalid frame: {e}")),
            };
            if events.send((conn, Event::Frames(vec![frame]))).await.is_err() {
                return Disconnect::Network("the command is over".to_owned());
            }
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> Disconnect {
    match frame {
        Some(CloseFrame { code, reason }) if u16::from(code) == CLOSE_POLICY => {
            Disconnect::SignedOut(reason.to_string())
        }
        Some(CloseFrame { reason, .. }) if !reason.is_empty() => {
            Disconnect::Network(format!("the server closed the connection: {reason}"))
        }
        _ => Disconnect::Network("the server closed the connection".to_owned()),
    }
}

impl WebWriter {
    /// Writes batches until there are no more, then closes.
    pub(super) async fn write_all(mut self, mut batches: mpsc::Receiver<Vec<OutFrame>>) {
        while let Some(batch) = batches.recv().await {
            for frame in batch {
                let Some(message) = message(frame) else { continue };
                if self.0.feed(message).await.is_err() {
                    return;
                }
            }
            if self.0.flush().await.is_err() {
                return;
            }
        }
        self.0.send(Message::Close(None)).await.ok();
        self.0.close().await.ok();
    }
}

/// Returns text without its LF, or the line with LF and the raw bytes as one binary message.
fn message(OutFrame { line, body }: OutFrame) -> Option<Message> {
    if body.is_empty() {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        return String::from_utf8(text.to_vec()).ok().map(Message::text);
    }
    let mut whole = BytesMut::with_capacity(line.len().saturating_add(body.len()));
    whole.extend_from_slice(&line);
    whole.extend_from_slice(&body);
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
