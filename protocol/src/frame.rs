//! Frames: one line of JSON, LF, and as many raw bytes as its `len` says.
//!
//! [`Decoder`] takes any input and returns whole frames; it never exceeds its bounds, and it reads each byte once.
//! [`crate::messages`] parses the lines.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};

/// A whole frame: the line without its LF, and the raw bytes after it (empty if it has no `len`).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frame {
    /// The JSON text.
    pub line: Bytes,
    /// The raw bytes.
    pub body: Bytes,
}

/// The bytes are not a frame. The connection cannot go on, because the start of the next frame is unknown.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is no LF within the limit.
    #[error("a line is longer than 65536 bytes")]
    LineTooLong,
    /// The line is not UTF-8.
    #[error("a line is not UTF-8")]
    NotUtf8,
    /// The line is not a JSON object.
    #[error("a line is not a JSON object")]
    NotJson,
    /// `len` is not a number, or exceeds the limit.
    #[error("len is not a number of at most 65536")]
    BadLen,
    /// A WebSocket message is not exactly one frame.
    #[error("a message is not exactly one frame")]
    NotOneFrame,
}

#[derive(Deserialize)]
struct LenOnly {
    len: Option<u64>,
}

#[derive(Debug, Default)]
enum State {
    /// Bytes of the buffer that contain no LF.
    #[default]
    Line,
    Body {
        line: Bytes,
        len: usize,
    },
}

/// Splits a stream of bytes into frames. Holds no bytes of its own except a line that waits for its raw bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    scanned: usize,
}

impl Decoder {
    /// Takes the next whole frame from the front of `buf`; `None` if more bytes are needed. Comments and empty lines
    /// are skipped.
    ///
    /// # Errors
    /// [`DecodeError`], after which the stream has no next frame.
    pub fn next(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        loop {
            match std::mem::take(&mut self.state) {
                State::Body { line, len } => {
                    if buf.len() < len {
                        self.state = State::Body { line, len };
                        return Ok(None);
                    }
                    return Ok(Some(Frame { line, body: buf.split_to(len).freeze() }));
                }
                State::Line => {
                    let Some(line) = self.take_line(buf)? else { return Ok(None) };
                    if line.is_empty() || line.first() == Some(&b'#') {
                        continue;
                    }
                    let len = body_len(&line)?;
                    if len == 0 {
                        return Ok(Some(Frame { line, body: Bytes::new() }));
                    }
                    self.state = State::Body { line, len };
                }
            }
        }
    }

    /// Returns the number of bytes that the current frame still needs, as far as known: a hint for the next read.
    pub fn wanted(&self, buffered: usize) -> usize {
        match &self.state {
            State::Body { len, .. } => len.saturating_sub(buffered).max(1),
            State::Line => 1,
        }
    }

    fn take_line(&mut self, buf: &mut BytesMut) -> Result<Option<Bytes>, DecodeError> {
        let unseen = buf.get(self.scanned..).unwrap_or_default();
        let Some(at) = memchr::memchr(b'\n', unseen).map(|at| at.saturating_add(self.scanned)) else {
            self.scanned = buf.len();
            return if buf.len() >= LINE_BYTES_MAX { Err(DecodeError::LineTooLong) } else { Ok(None) };
        };
        self.scanned = 0;
        if at >= LINE_BYTES_MAX {
            return Err(DecodeError::LineTooLong);
        }
        let mut line = buf.split_to(at).freeze();
        buf.advance(1);
        if line.last() == Some(&b'\r') {
            line.truncate(line.len().saturating_sub(1));
        }
        if std::str::from_utf8(&line).is_err() {
            return Err(DecodeError::NotUtf8);
        }
        Ok(Some(line))
    }
}

/// Returns the number of raw bytes that a line (without its LF) announces. Most lines announce none, and are not
/// parsed.
///
/// # Errors
/// [`DecodeError`] if it is not a JSON object, or `len` is out of bounds.
pub fn body_len(line: &[u8]) -> Result<usize, DecodeError> {
    if line.first() != Some(&b'{') || line.last() != Some(&b'}') {
        return Err(DecodeError::NotJson);
    }
    // A name may also be written with escapes: `"l\u0065n"` is the same in JSON, and must be the same here, or raw
    // bytes would be read as the next line.
    if memchr::memmem::find(line, b"\"len\"").is_none() && memchr::memmem::find(line, b"\\u").is_none() {
        return Ok(0);
    }
    let announced: LenOnly = serde_json::from_slice(line).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => DecodeError::BadLen,
        _ => DecodeError::NotJson,
    })?;
    let len = usize::try_from(announced.len.unwrap_or(0)).map_err(|_| DecodeError::BadLen)?;
    if len > BODY_BYTES_MAX { Err(DecodeError::BadLen) } else { Ok(len) }
}

/// Decodes one WebSocket message as exactly one frame: text has a line without LF, binary a line, LF and raw bytes.
///
/// # Errors
/// [`DecodeError`]: nothing can follow the first frame.
pub fn decode_message(message: Bytes, is_text: bool) -> Result<Frame, DecodeError> {
    let end = memchr::memchr(b'\n', &message);
    let (line, body) = match (is_text, end) {
        (true, None) => (message, Bytes::new()),
        (false, Some(at)) => (message.slice(..at), message.slice(at.saturating_add(1)..)),
        _ => return Err(DecodeError::NotOneFrame),
    };
    if line.len() >= LINE_BYTES_MAX {
        return Err(DecodeError::LineTooLong);
    }
    if std::str::from_utf8(&line).is_err() {
        return Err(DecodeError::NotUtf8);
    }
    if body_len(&line)? != body.len() {
        return Err(DecodeError::NotOneFrame);
    }
    Ok(Frame { line, body })
}

/// Encodes a message as a line with LF: `{"t":T,` then `id` or `re` if given, then the fields of the message.
///
/// `T` must serialize as a JSON object; every message of this crate does.
pub fn encode<M: crate::message::Message>(number: Number, message: &M) -> Bytes {
    encode_with_body(number, message, &[])
}

/// Like [`encode`], followed by raw bytes. The message's own `len` must be that of `body`.
pub fn encode_with_body<M: crate::message::Message>(number: Number, message: &M, body: &[u8]) -> Bytes {
    encode_named(M::T, number, message, body)
}

/// Like [`encode_with_body`], for an object whose type the caller names: the answer to a request.
pub fn encode_named<M: Serialize>(t: &str, number: Number, message: &M, body: &[u8]) -> Bytes {
    let out = begin(t, number, body.len());
    let fields_at = out.len();
    let mut writer = out.writer();
    // Serializing to memory fails only for maps whose keys are not strings, and no message has one.
    let serialized = serde_json::to_writer(&mut writer, message);
    debug_assert!(serialized.is_ok(), "a message must serialize: {serialized:?}");
    end(writer.into_inner(), fields_at, body)
}

// What does not depend on the message stands apart: in the page, each message would have a copy of it.
fn begin(t: &str, number: Number, body_bytes: usize) -> BytesMut {
    let mut out = BytesMut::with_capacity(128 + body_bytes);
    out.put_slice(b"{\"t\":\"");
    out.put_slice(t.as_bytes());
    out.put_slice(b"\"");
    match number {
        Number::None => {}
        Number::Id(id) => out.put_slice(format!(",\"id\":{id}").as_bytes()),
        Number::Re(re) => out.put_slice(format!(",\"re\":{re}").as_bytes()),
    }
    out
}

fn end(mut out: BytesMut, fields_at: usize, body: &[u8]) -> Bytes {
    match out.get_mut(fields_at..) {
        Some([b'{', b'}']) => out.truncate(fields_at),
        Some([first @ b'{', ..]) => {
            *first = b',';
            out.truncate(out.len().saturating_sub(1));
        }
        _ => debug_assert!(false, "a message is an object"),
    }
    out.put_slice(b"}\n");
    out.put_slice(body);
    out.freeze()
}

/// The number that ties an answer to its request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Number {
    /// Neither: not part of a request or an answer.
    None,
    /// A request's own number.
    Id(u64),
    /// The number of the request that this answers.
    Re(u64),
}
