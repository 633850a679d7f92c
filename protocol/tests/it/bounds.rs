//! Bounds: what is just allowed, and what is one byte too much.

use bytes::{Bytes, BytesMut};
use wardroom_protocol::frame::decode_message;
use wardroom_protocol::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};
use wardroom_protocol::{Code, DecodeError, Decoder, Frame, Request};

fn decode(stream: impl AsRef<[u8]>) -> Result<Option<Frame>, DecodeError> {
    Decoder::default().next(&mut BytesMut::from(stream.as_ref()))
}

/// A request of `bytes` bytes in all, `end` included.
fn line(bytes: usize, end: &str) -> String {
    let (head, tail) = (r#"{"t":"ping","x":""#, r#""}"#);
    format!("{head}{}{tail}{end}", "x".repeat(bytes - head.len() - tail.len() - end.len()))
}

#[test]
fn a_line_may_be_65536_bytes_with_its_lf() {
    assert_eq!(decode(line(LINE_BYTES_MAX, "\n")).unwrap().unwrap().line.len(), LINE_BYTES_MAX - 1);
    assert_eq!(decode(line(LINE_BYTES_MAX, "\r\n")).unwrap().unwrap().line.len(), LINE_BYTES_MAX - 2);
    assert_eq!(decode(line(LINE_BYTES_MAX + 1, "\n")), Err(DecodeError::LineTooLong));
    assert_eq!(decode(line(LINE_BYTES_MAX + 1, "\r\n")), Err(DecodeError::LineTooLong));
}

#[test]
fn a_line_without_end_is_given_up_at_the_bound() {
    assert_eq!(decode(line(LINE_BYTES_MAX - 1, "")), Ok(None));
    assert_eq!(decode(line(LINE_BYTES_MAX, "")), Err(DecodeError::LineTooLong));
    assert_eq!(decode("#".repeat(LINE_BYTES_MAX)), Err(DecodeError::LineTooLong), "a comment too");
}

#[test]
fn raw_bytes_may_be_65536() {
    for (len, fits) in [(BODY_BYTES_MAX, true), (BODY_BYTES_MAX + 1, false)] {
        let mut stream = format!("{{\"t\":\"file.chunk\",\"len\":{len}}}\n").into_bytes();
        stream.resize(stream.len() + len, 7);
        match decode(&stream) {
            Ok(Some(frame)) => assert!(fits && frame.body.len() == len),
            other => assert!(!fits && other == Err(DecodeError::BadLen)),
        }
    }
    for len in ["-1", "1.0", "1e2", "\"5\"", "true", "[]", "18446744073709551615", "99999999999999999999"] {
        assert_eq!(decode(format!("{{\"t\":\"x\",\"len\":{len}}}\n")), Err(DecodeError::BadLen), "{len}");
    }
    assert_eq!(decode("{\"len\":1,\"len\":2}\nab"), Err(DecodeError::BadLen), "twice");
}

#[test]
fn what_is_no_line_of_json_is_refused() {
    assert_eq!(decode(b"{\"t\":\"\xff\"}\n"), Err(DecodeError::NotUtf8));
    assert_eq!(decode(b"# \xff\n"), Err(DecodeError::NotUtf8), "in a comment too");
    for text in ["hello", "[1]", "null", "{", "}", " {}", "{} ", "\u{feff}{}", "{\"len\":1", "\t{}"] {
        assert_eq!(decode(format!("{text}\n")), Err(DecodeError::NotJson), "{text:?}");
    }
    assert_eq!(decode("{\"len\":3}}\nabc"), Err(DecodeError::NotJson));
}

#[test]
fn json_that_only_begins_and_ends_well_is_a_bad_frame() {
    for text in [
        r#"{"t":"ping"}{"t":"ping"}"#,
        r#"{"t":ping}"#,
        "{}}",
        r#"{"t":5,"id":}"#,
        r#"{"t":"ping",}"#,
        "{'t':1}",
        "{\"t\":\"a\nb\"}",
    ] {
        let frame = Frame { line: Bytes::copy_from_slice(text.as_bytes()), body: Bytes::new() };
        let refused = Request::parse(&frame).unwrap_err();
        assert_eq!((refused.id, refused.code), (None, Code::BadFrame), "{text}");
    }
    let nested = format!("{{\"t\":\"ping\",\"n\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let frame = Frame { line: nested.into(), body: Bytes::new() };
    assert!(Request::parse(&frame).is_err(), "and depth costs no stack");
}

#[test]
fn fields_that_do_not_fit_are_bad_requests_with_their_number() {
    for text in [
        r#"{"id":7,"t":"room.post"}"#,
        r#"{"id":7,"t":"room.post","room":"../etc","text":"x","nonce":"n"}"#,
        r#"{"id":7,"t":"room.post","room":"ops","text":5,"nonce":"n"}"#,
        r#"{"id":7,"t":"room.post","room":"ops","text":"x","nonce":"a b"}"#,
        r#"{"id":7,"t":"room.read","room":"ops","seq":-1}"#,
        r#"{"id":7,"t":"room.read","room":"ops","seq":1.5}"#,
        r#"{"id":7,"t":"run.signal","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","signal":"STOP"}"#,
        r#"{"id":7,"t":"run.get","run":"r4"}"#,
        r#"{"id":7,"t":"file.stat","in":"root:etc","path":"passwd"}"#,
        r#"{"id":7,"t":"file.stat","in":"room:ops","path":"../../etc/passwd"}"#,
        r#"{"id":7,"t":"invite.add","role":"king"}"#,
    ] {
        let frame = Frame { line: Bytes::copy_from_slice(text.as_bytes()), body: Bytes::new() };
        let refused = Request::parse(&frame).unwrap_err();
        assert_eq!((refused.id, refused.code), (Some(7), Code::BadRequest), "{text}: {refused}");
        assert!(!refused.msg.contains(" at line "), "{refused}");
    }
}

#[test]
fn an_answer_never_repeats_controls_of_the_peer() {
    let frame = Frame { line: Bytes::from_static(b"{\"t\":\"\\u001b]0;x\\u0007\",\"id\":1}"), body: Bytes::new() };
    let refused = Request::parse(&frame).unwrap_err();
    assert!(!refused.msg.chars().any(char::is_control), "{refused:?}");
}

#[test]
fn a_websocket_message_is_one_frame() {
    let text = |s: &str| decode_message(Bytes::copy_from_slice(s.as_bytes()), true);
    let binary = |s: &[u8]| decode_message(Bytes::copy_from_slice(s), false);
    assert_eq!(text(r#"{"t":"ping"}"#).unwrap().line, r#"{"t":"ping"}"#);
    assert_eq!(binary(b"{\"t\":\"x\",\"len\":3}\n\nab").unwrap().body, b"\nab"[..]);
    assert_eq!(binary(b"{\"t\":\"ping\"}\n").unwrap().body.len(), 0, "binary may have no raw bytes");
    for bad in ["{\"t\":\"ping\"}\n", "{\"t\":\"ping\"}\n{\"t\":\"ping\"}", "{\"len\":1}", "{\"l\\u0065n\":1}"] {
        assert_eq!(text(bad), Err(DecodeError::NotOneFrame), "{bad:?}");
    }
    for bad in
        [&b"{\"t\":\"ping\"}"[..], b"{\"len\":3}\nab", b"{\"len\":3}\nabcd", b"{\"t\":\"ping\"}\n{\"t\":\"ping\"}\n"]
    {
        assert_eq!(binary(bad), Err(DecodeError::NotOneFrame), "{bad:?}");
    }
    for bad in ["", "# a comment", "{\"t\":\"ping\"}\r"] {
        assert_eq!(text(bad), Err(DecodeError::NotJson), "{bad:?}");
    }
    assert_eq!(binary(b"{\"t\":\"ping\"}\r\n"), Err(DecodeError::NotJson), "there is no CR in a message");
    assert_eq!(binary(b"{\"t\":\"\xff\"}\n"), Err(DecodeError::NotUtf8));
    assert_eq!(text(&line(LINE_BYTES_MAX - 1, "")).unwrap().line.len(), LINE_BYTES_MAX - 1);
    assert_eq!(text(&line(LINE_BYTES_MAX, "")), Err(DecodeError::LineTooLong));
}
