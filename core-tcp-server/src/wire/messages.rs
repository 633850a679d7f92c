//! Encodes frames as WebSocket messages for browsers whose sockets this process holds. Events already are messages in
//! their tail; this file converts everything else. Part of the writer.

use bytes::Bytes;
use wardroom_protocol::Code;
use wardroom_protocol::frame::body_len;
use wardroom_protocol::messages::ErrAnswer;
use wardroom_protocol::websocket::{self, Opcode};

/// The close code from RFC 6455's registry: the server restarts, and the client should reconnect.
const SERVICE_RESTART: u16 = 1012;

/// What the outgoing side of a WebSocket remembers, to tell why it will be closed.
#[derive(Default)]
pub struct Messages {
    /// The last frame, if it was a refusal.
    last_err: Option<Bytes>,
}

impl Messages {
    /// Adds a frame to `out`. It may be the last one, which says why the connection ends.
    pub fn push(&mut self, frame: Bytes, out: &mut Vec<Bytes>) {
        let is_err = frame.starts_with(b"{\"t\":\"err\"");
        self.last_err = is_err.then(|| frame.clone());
        let from = out.len();
        out.push(frame);
        to_messages(out, from);
    }

    /// Returns the last bytes of the connection. `code` is set if the reading side knows it: the client closed first,
    /// or made a mistake that has a code of its own. Otherwise the last refusal determines it.
    pub fn close(&self, code: Option<Option<u16>>) -> Bytes {
        let err = self.last_err.as_ref().and_then(|line| serde_json::from_slice::<ErrAnswer>(line).ok());
        let ends = |err: &ErrAnswer, code| err.re.is_none() || matches!(code, Code::Unauthorized | Code::Incompatible);
        let refused = err.and_then(|err| err.code.filter(|code| ends(&err, *code)).map(|code| (code, err.msg)));
        let (own, reason) = match refused {
            Some((code, msg)) => (code.close_code(), msg),
            None => (SERVICE_RESTART, "the server has closed the connection".to_owned()),
        };
        match code {
            Some(code) => websocket::close(code, ""),
            None => websocket::close(Some(own), &reason),
        }
    }
}

/// Converts the frames in `out` from index `from` on into messages. A frame with raw bytes may consist of several
/// pieces.
pub fn to_messages(out: &mut Vec<Bytes>, from: usize) {
    if out.len() == from {
        return;
    }
    let mut pieces = out.split_off(from).into_iter();
    while let Some(piece) = pieces.next() {
        let line_len = memchr::memchr(b'\n', &piece).unwrap_or(piece.len());
        let line = piece.slice(..line_len);
        // Lines that we encoded say how many bytes follow.
        let body = body_len(&line).unwrap_or(0);
        if body == 0 {
            out.push(head(Opcode::Text, line.len()));
            out.push(line);
            continue;
        }
        let mut left = (line_len + 1 + body).saturating_sub(piece.len());
        out.push(head(Opcode::Binary, line_len + 1 + body));
        out.push(piece);
        while left > 0 {
            let Some(more) = pieces.next() else { break };
            left = left.saturating_sub(more.len());
            out.push(more);
        }
    }
}

fn head(opcode: Opcode, payload_bytes: usize) -> Bytes {
    Bytes::copy_from_slice(websocket::header(opcode, payload_bytes).as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_becomes_one_message() {
        let mut out: Vec<Bytes> = vec![
            Bytes::from_static(b"as it is"),
            Bytes::from_static(b"{\"t\":\"ok\"}\n"),
            Bytes::from_static(b"{\"t\":\"x\",\"len\":3}\n"),
            Bytes::from_static(b"a\nb"),
            Bytes::from_static(b"{\"t\":\"y\",\"len\":2}\n\n\n"),
            Bytes::from_static(b"{\"t\":\"end\"}\n"),
        ];
        to_messages(&mut out, 1);
        let expected = [
            &b"as it is"[..],
            b"\x81\x0a{\"t\":\"ok\"}",
            b"\x82\x15{\"t\":\"x\",\"len\":3}\na\nb",
            b"\x82\x14{\"t\":\"y\",\"len\":2}\n\n\n",
            b"\x81\x0b{\"t\":\"end\"}",
        ];
        assert_eq!(out.concat(), expected.concat());
    }

    #[test]
    fn the_last_refusal_becomes_the_close_code() {
        let code_of = |frame: &'static [u8], known| {
            let mut messages = Messages::default();
            messages.push(Bytes::from_static(frame), &mut Vec::new());
            let close = messages.close(known);
            close.get(2..4).map(|code| u16::from_be_bytes([code[0], code[1]]))
        };
        assert_eq!(code_of(b"{\"t\":\"err\",\"code\":\"unauthorized\",\"msg\":\"m\"}\n", None), Some(1008));
        assert_eq!(code_of(b"{\"t\":\"err\",\"re\":1,\"code\":\"unauthorized\",\"msg\":\"m\"}\n", None), Some(1008));
        assert_eq!(code_of(b"{\"t\":\"err\",\"re\":1,\"code\":\"not_found\",\"msg\":\"m\"}\n", None), Some(1012));
        assert_eq!(code_of(b"{\"t\":\"goaway\",\"reason\":\"r\"}\n", None), Some(1012));
        assert_eq!(code_of(b"{\"t\":\"goaway\",\"reason\":\"r\"}\n", Some(Some(1000))), Some(1000));
        assert_eq!(code_of(b"{\"t\":\"goaway\",\"reason\":\"r\"}\n", Some(None)), None);
    }
}
