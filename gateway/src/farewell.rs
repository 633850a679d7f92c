//! How a WebSocket is closed, and what is sent before, so that the page knows whether to reconnect.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{ErrAnswer, Goaway};
use wardroom_protocol::{Code, DecodeError, Frame};

use crate::core_link::LinkError;
use crate::limits::Limits;

/// Close codes of RFC 6455, section 7.4, and of its registry.
const SERVICE_RESTART: u16 = 1012;
const TRY_AGAIN_LATER: u16 = 1013;
/// Bytes of the reason that a close frame has room for.
const REASON_BYTES_MAX: usize = 120;
/// Milliseconds over which rejected clients spread their reconnects: a thousand at once would overload the core again.
const RETRY_SPREAD_MS: u64 = 2_000;

pub(crate) type Sink = SplitSink<WebSocket, Message>;

/// Why nothing more passes from the browser to the core while the browser is still connected.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A message that is not a frame.
    Bad(DecodeError),
    /// A message over the limit.
    TooLarge,
    /// Bytes that are not a WebSocket's.
    Unreadable(String),
    /// The core takes no more data.
    CoreGone(LinkError),
}

impl Fault {
    /// Classifies a read error; `None` if the browser has simply left.
    pub fn of(error: axum::Error) -> Option<Fault> {
        match error.into_inner().downcast_ref::<tungstenite::Error>()? {
            tungstenite::Error::Capacity(_) => Some(Fault::TooLarge),
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            error @ (tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_)) => {
                Some(Fault::Unreadable(error.to_string()))
            }
            _ => None,
        }
    }
}

/// Remembers whether the core's last frame was a refusal, which says why it closes.
#[derive(Default)]
pub(crate) struct Farewell {
    last_err: Option<Bytes>,
}

impl Farewell {
    /// Inspects each frame of the core. Only the few that begin like a refusal are kept, and parsed once it has closed.
    pub fn note(&mut self, frame: &Frame) {
        let is_err = frame.line.starts_with(b"{\"t\":\"err\"");
        self.last_err = is_err.then(|| frame.line.clone());
    }

    /// Closes after the core has closed: with the code of its refusal, or as a restart.
    pub async fn close(&self, sink: &mut Sink) {
        let err = self.last_err.as_ref().and_then(|line| serde_json::from_slice::<ErrAnswer>(line).ok());
        let ends = |err: &ErrAnswer, code| err.re.is_none() || matches!(code, Code::Unauthorized | Code::Incompatible);
        let refused = err.and_then(|err| err.code.filter(|code| ends(&err, *code)).map(|code| (code, err.msg)));
        match refused {
            Some((code, msg)) => close(sink, code.close_code(), &msg).await,
            None => close(sink, SERVICE_RESTART, "the core has closed the connection").await,
        }
    }
}

/// Closes because the gateway stops.
pub(crate) async fn stopping(sink: &mut Sink) {
    say(sink, &Goaway { reason: "the gateway is restarting".to_owned(), retry_ms: Some(500 + jitter_ms()) }).await;
    close(sink, SERVICE_RESTART, "the gateway is restarting").await;
}

/// Closes after the browser sent something that is not a frame.
pub(crate) async fn fault(sink: &mut Sink, fault: &Fault) {
    let (msg, close_code) = match fault {
        Fault::Bad(error) => (error.to_string(), Code::BadFrame.close_code()),
        Fault::TooLarge => ("a message is longer than 131072 bytes".to_owned(), Code::TooLarge.close_code()),
        Fault::Unreadable(error) => (error.clone(), Code::BadFrame.close_code()),
        Fault::CoreGone(_) => return,
    };
    say(sink, &ErrAnswer { code: Some(Code::BadFrame), msg: msg.clone(), ..ErrAnswer::default() }).await;
    close(sink, close_code, &msg).await;
}

/// Closes because the core cannot be reached. Browsers hide a refused handshake from the page, so the reason is sent
/// over a WebSocket.
pub(crate) async fn turn_away(socket: WebSocket, limits: &Limits) {
    let (mut sink, mut stream) = socket.split();
    let said = async {
        let reason = "the core cannot be reached; it may be starting".to_owned();
        say(&mut sink, &Goaway { reason, retry_ms: Some(1_000 + jitter_ms()) }).await;
        close(&mut sink, TRY_AGAIN_LATER, "the core cannot be reached").await;
        while let Some(Ok(_)) = stream.next().await {}
    };
    let _ = timeout(limits.linger, said).await;
}

/// Sends one message. Failure is ignored: a browser that does not take it has left.
async fn say<M: wardroom_protocol::Message>(sink: &mut Sink, message: &M) {
    let line = encode(Number::None, message);
    let line = line.slice(..line.len().saturating_sub(1));
    if let Ok(text) = Utf8Bytes::try_from(line) {
        let _ = sink.send(Message::Text(text)).await;
    }
}

async fn close(sink: &mut Sink, code: u16, reason: &str) {
    let mut end = reason.len().min(REASON_BYTES_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let reason = Utf8Bytes::from(reason.get(..end).unwrap_or_default());
    let farewell = sink.send(Message::Close(Some(CloseFrame { code, reason })));
    // A browser that takes nothing is cut off instead.
    let _ = timeout(Duration::from_secs(5), farewell).await;
}

fn jitter_ms() -> u64 {
    let mut bytes = [0; 8];
    // Without random numbers all clients reconnect at once: slower, not wrong.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes) % RETRY_SPREAD_MS
}
