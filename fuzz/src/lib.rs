//! The bodies of the fuzz targets: plain functions of bytes that panic where something does not hold. Called by the
//! targets in `fuzz_targets/`, and by the tests of the protocol crate, which run them over the corpora on a stable
//! compiler.

mod terminal;
mod text;

use bytes::{Bytes, BytesMut};
use wardroom_protocol::frame::decode_message;
use wardroom_protocol::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};
use wardroom_protocol::websocket::{self, FromClient, MESSAGE_BYTES_MAX, MessageDecoder, MessageError};
use wardroom_protocol::{DecodeError, Decoder, Frame, RelPath, Request, ServerMessage};

pub use terminal::terminal;
pub use text::text;

/// All frames of a stream that comes in parts of `part` bytes, and how it ended.
fn frames_of(bytes: &[u8], part: usize) -> (Vec<Frame>, Result<(), DecodeError>) {
    let mut decoder = Decoder::default();
    let mut buf = BytesMut::new();
    let mut frames = Vec::new();
    for part in bytes.chunks(part) {
        buf.extend_from_slice(part);
        loop {
            match decoder.next(&mut buf) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, Ok(()))
}

/// A stream gives the same frames however it is cut, none over its bounds, and none is lost or made up.
pub fn decoder(bytes: &[u8]) {
    let whole = frames_of(bytes, bytes.len().max(1));
    let cut = frames_of(bytes, 1 + bytes.len() % 7);
    assert_eq!(whole, cut);
    let mut taken = 0;
    for frame in &whole.0 {
        assert!(frame.line.len() < LINE_BYTES_MAX && frame.body.len() <= BODY_BYTES_MAX);
        assert!(std::str::from_utf8(&frame.line).is_ok() && !frame.line.contains(&b'\n'));
        taken += frame.line.len() + 1 + frame.body.len();
    }
    assert!(taken <= bytes.len());
}

/// Whatever a line says, both sides read it or refuse it in words without controls.
pub fn request(bytes: &[u8]) {
    let frame = Frame { line: Bytes::copy_from_slice(bytes), body: Bytes::new() };
    if let Err(refused) = Request::parse(&frame) {
        assert!(!refused.msg.chars().any(|c| c.is_control() && c != '\t'), "{:?}", refused.msg);
    }
    let _ = ServerMessage::parse(frame);
}

/// A path that is taken has only components that stay where they are.
pub fn rel_path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(path) = RelPath::parse(text) else { return };
    assert_eq!(path.as_str(), text);
    assert!(!text.starts_with('/') && !text.contains(['\\', '\0']));
    assert!(text.split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
    assert!(path.parent().is_none_or(|parent| RelPath::parse(parent.as_str()).is_ok()));
}

/// A message that is taken is exactly one frame, and the same frame when it is read from a stream.
pub fn message(bytes: &[u8]) {
    let message = Bytes::copy_from_slice(bytes);
    if let Ok(frame) = decode_message(message.clone(), true) {
        assert!(frame.body.is_empty() && frame.line == message);
        assert_eq!(frames_of(&[bytes, b"\n"].concat(), 64), (vec![frame], Ok(())));
    }
    if let Ok(frame) = decode_message(message, false) {
        assert_eq!(frame.line.len() + 1 + frame.body.len(), bytes.len());
        assert_eq!(frames_of(bytes, 64), (vec![frame], Ok(())));
    }
}

/// All that a client's WebSocket sends in parts of `part` bytes, and how it ended.
fn messages_of(bytes: &[u8], part: usize) -> (Vec<FromClient>, Result<(), MessageError>) {
    let mut decoder = MessageDecoder::default();
    let mut buf = BytesMut::new();
    let mut messages = Vec::new();
    for part in bytes.chunks(part) {
        buf.extend_from_slice(part);
        loop {
            match decoder.next(&mut buf) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Err(error)),
            }
        }
        assert!(decoder.wanted() <= MESSAGE_BYTES_MAX + 14);
    }
    (messages, Ok(()))
}

/// A WebSocket gives the same messages however its bytes are cut; each is one frame within its bounds, and what a server
/// would write of it reads the same.
pub fn websocket(bytes: &[u8]) {
    let whole = messages_of(bytes, bytes.len().max(1));
    let cut = messages_of(bytes, 1 + bytes.len() % 5);
    assert_eq!(whole, cut);
    for message in whole.0 {
        match message {
            FromClient::Frame(frame) => {
                assert!(frame.line.len() < LINE_BYTES_MAX && frame.body.len() <= BODY_BYTES_MAX);
                assert!(std::str::from_utf8(&frame.line).is_ok() && !frame.line.contains(&b'\n'));
                let joined = [&frame.line[..], b"\n", &frame.body].concat();
                assert_eq!(frames_of(&joined, 64), (vec![frame], Ok(())));
            }
            FromClient::Ping(payload) => assert!(payload.len() <= websocket::CONTROL_BYTES_MAX),
            FromClient::Pong => {}
            FromClient::Close(code) => assert!(code.is_none_or(|code| (1_000..5_000).contains(&code))),
        }
    }
}
