//! WebSocket (RFC 6455) as a framing of the protocol, from the server's side: [`MessageDecoder`] turns masked client
//! frames into protocol frames; [`header`] and [`control`] make the bytes that a server writes before and between them.
//!
//! The core uses it for browsers that `wardroom serve` hands to it. A gateway in a process of its own uses a library
//! that owns its socket instead; this module exists so that the core can write the bytes that all readers share. There
//! are no extensions, and therefore no compression.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::frame::{DecodeError, Frame, decode_message};
use crate::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};

/// Bytes of a message: the longest frame of the protocol.
pub const MESSAGE_BYTES_MAX: usize = LINE_BYTES_MAX + BODY_BYTES_MAX;
/// Bytes of a control frame's payload (RFC 6455, section 5.5).
pub const CONTROL_BYTES_MAX: usize = 125;
/// Bytes of the reason of a close frame; its code takes two more.
const REASON_BYTES_MAX: usize = 120;

/// What a frame carries (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opcode {
    /// More of a message.
    Continuation,
    /// A message of text, or its beginning.
    Text,
    /// A message of bytes, or its beginning.
    Binary,
    /// The end of the connection.
    Close,
    /// A request for a pong.
    Ping,
    /// The answer to a ping.
    Pong,
}

impl Opcode {
    fn of(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// What a client sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FromClient {
    /// A whole message, which is exactly one frame of the protocol.
    Frame(Frame),
    /// A ping: answer it with a pong with the same payload.
    Ping(Bytes),
    /// The answer to a ping.
    Pong,
    /// The client closes. Send the code back; `None` if it sent none.
    Close(Option<u16>),
}

/// The client's bytes are not valid for this protocol over WebSocket. The connection cannot go on.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The message is not one frame of the protocol.
    #[error(transparent)]
    Frame(#[from] DecodeError),
    /// The bytes are not valid WebSocket.
    #[error("WebSocket: {0}")]
    Protocol(&'static str),
    /// The message exceeds this limit.
    #[error("a message is longer than {0} bytes")]
    TooLarge(usize),
}

/// The head of one WebSocket frame.
struct Head {
    is_final: bool,
    opcode: Opcode,
    mask: [u8; 4],
    head_bytes: usize,
    payload_bytes: usize,
}

/// A message whose last fragment has not arrived.
#[derive(Debug)]
struct Partial {
    is_text: bool,
    payload: BytesMut,
}

/// Splits a client's bytes into messages. Holds the fragments of one message, up to its limit.
#[derive(Debug)]
pub struct MessageDecoder {
    message_bytes_max: usize,
    partial: Option<Partial>,
    /// Bytes that the frame at the front of the buffer still needs.
    missing: usize,
}

impl Default for MessageDecoder {
    fn default() -> Self {
        Self { message_bytes_max: MESSAGE_BYTES_MAX, partial: None, missing: 1 }
    }
}

impl MessageDecoder {
    /// Sets the size limit of a message, up to [`MESSAGE_BYTES_MAX`].
    pub fn set_limit(&mut self, message_bytes_max: usize) {
        self.message_bytes_max = message_bytes_max.min(MESSAGE_BYTES_MAX);
    }

    /// Takes the next whole frame from the front of `buf`, unmasks it, and returns what it completes; `None` if more
    /// bytes are needed.
    ///
    /// # Errors
    /// [`MessageError`], after which the stream has no next message.
    pub fn next(&mut self, buf: &mut BytesMut) -> Result<Option<FromClient>, MessageError> {
        loop {
            let Some(head) = parse_head(buf)? else {
                self.missing = 1;
                return Ok(None);
            };
            self.check(&head)?;
            let frame_bytes = head.head_bytes.saturating_add(head.payload_bytes);
            if buf.len() < frame_bytes {
                self.missing = frame_bytes.saturating_sub(buf.len());
                return Ok(None);
            }
            buf.advance(head.head_bytes);
            let mut payload = buf.split_to(head.payload_bytes);
            unmask(&mut payload, head.mask);
            match head.opcode {
                Opcode::Ping => return Ok(Some(FromClient::Ping(payload.freeze()))),
                Opcode::Pong => return Ok(Some(FromClient::Pong)),
                Opcode::Close => return close_code(&payload).map(|code| Some(FromClient::Close(code))),
                Opcode::Text | Opcode::Binary if head.is_final => {
                    let frame = decode_message(payload.freeze(), head.opcode == Opcode::Text)?;
                    return Ok(Some(FromClient::Frame(frame)));
                }
                Opcode::Text | Opcode::Binary => {
                    self.partial = Some(Partial { is_text: head.opcode == Opcode::Text, payload });
                }
                Opcode::Continuation => {
                    let Some(mut partial) = self.partial.take() else {
                        return Err(MessageError::Protocol("a continuation without a beginning"));
                    };
                    partial.payload.extend_from_slice(&payload);
                    if head.is_final {
                        let frame = decode_message(partial.payload.freeze(), partial.is_text)?;
                        return Ok(Some(FromClient::Frame(frame)));
                    }
                    self.partial = Some(partial);
                }
            }
        }
    }

    /// Returns the number of bytes that the current frame still needs, as far as known: a hint for the next read.
    pub fn wanted(&self) -> usize {
        self.missing.max(1)
    }

    fn check(&self, head: &Head) -> Result<(), MessageError> {
        if head.opcode.is_control() {
            if !head.is_final {
                return Err(MessageError::Protocol("a control frame is fragmented"));
            }
            if head.payload_bytes > CONTROL_BYTES_MAX {
                return Err(MessageError::Protocol("a control frame has more than 125 bytes"));
            }
            return Ok(());
        }
        let held = match (head.opcode, &self.partial) {
            (Opcode::Continuation, None) => {
                return Err(MessageError::Protocol("a continuation without a beginning"));
            }
            (Opcode::Continuation, Some(partial)) => partial.payload.len(),
            (_, Some(_)) => return Err(MessageError::Protocol("a message begins within another")),
            (_, None) => 0,
        };
        if held.saturating_add(head.payload_bytes) > self.message_bytes_max {
            return Err(MessageError::TooLarge(self.message_bytes_max));
        }
        Ok(())
    }
}

/// Parses the head of the frame at the front of `buf`; `None` if it is incomplete.
fn parse_head(buf: &[u8]) -> Result<Option<Head>, MessageError> {
    let (first, second, rest) = match buf {
        [first, second, rest @ ..] => (*first, *second, rest),
        _ => return Ok(None),
    };
    if first & 0x70 != 0 {
        return Err(MessageError::Protocol("a reserved bit is set"));
    }
    let opcode = Opcode::of(first & 0x0f).ok_or(MessageError::Protocol("an unknown opcode"))?;
    if second & 0x80 == 0 {
        return Err(MessageError::Protocol("a client's frame is not masked"));
    }
    let (payload_bytes, rest, length_bytes) = match (second & 0x7f, rest) {
        (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest, 2),
        (127, [a, b, c, d, e, f, g, h, rest @ ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), rest, 8),
        (126 | 127, _) => return Ok(None),
        (short, rest) => (u64::from(short), rest, 0),
    };
    let [a, b, c, d, ..] = rest else { return Ok(None) };
    // A size that does not fit a usize exceeds every limit.
    let payload_bytes = usize::try_from(payload_bytes).unwrap_or(usize::MAX);
    let head_bytes = 6 + length_bytes;
    Ok(Some(Head { is_final: first & 0x80 != 0, opcode, mask: [*a, *b, *c, *d], head_bytes, payload_bytes }))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let mask_8 = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ mask_8).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

/// Returns the code of a close frame. Codes that must not be sent are refused (RFC 6455, section 7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, MessageError> {
    match payload {
        [] => Ok(None),
        [_] => Err(MessageError::Protocol("a close frame has half a code")),
        [a, b, reason @ ..] => {
            let code = u16::from_be_bytes([*a, *b]);
            let is_sent = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            if !is_sent {
                return Err(MessageError::Protocol("a close code that is never sent"));
            }
            if std::str::from_utf8(reason).is_err() {
                return Err(MessageError::Protocol("the reason of a close frame is not UTF-8"));
            }
            Ok(Some(code))
        }
    }
}

/// The head of a frame that a server writes: two to ten bytes.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    bytes: [u8; 10],
    len: usize,
}

impl Header {
    /// Its bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Returns the head of a whole, unmasked frame.
pub fn header(opcode: Opcode, payload_bytes: usize) -> Header {
    let first = 0x80 | opcode.bits();
    let mut bytes = [0; 10];
    let len = match (u8::try_from(payload_bytes), u16::try_from(payload_bytes)) {
        (Ok(short @ 0..=125), _) => {
            bytes = [first, short, 0, 0, 0, 0, 0, 0, 0, 0];
            2
        }
        (_, Ok(medium)) => {
            let [a, b] = medium.to_be_bytes();
            bytes = [first, 126, a, b, 0, 0, 0, 0, 0, 0];
            4
        }
        _ => {
            let [a, b, c, d, e, f, g, h] = (payload_bytes as u64).to_be_bytes();
            bytes.copy_from_slice(&[first, 127, a, b, c, d, e, f, g, h]);
            10
        }
    };
    Header { bytes, len }
}

/// Returns a whole control frame. A payload over [`CONTROL_BYTES_MAX`] is cut.
pub fn control(opcode: Opcode, payload: &[u8]) -> Bytes {
    let payload = payload.get(..CONTROL_BYTES_MAX).unwrap_or(payload);
    let mut out = BytesMut::with_capacity(2 + payload.len());
    out.put_slice(header(opcode, payload.len()).as_slice());
    out.put_slice(payload);
    out.freeze()
}

/// Returns a close frame, empty without a code. A long reason is cut at a character boundary.
pub fn close(code: Option<u16>, reason: &str) -> Bytes {
    let Some(code) = code else { return control(Opcode::Close, &[]) };
    let mut end = reason.len().min(REASON_BYTES_MAX);
    while !reason.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.get(..end).unwrap_or_default().as_bytes());
    control(Opcode::Close, &payload)
}

/// Appends a line without raw bytes to `out` as a text message: its head, and the line without its LF.
pub fn put_line(line: &[u8], out: &mut BytesMut) {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    out.put_slice(header(Opcode::Text, line.len()).as_slice());
    out.put_slice(line);
}
