//! WebSocket as a framing: the examples of RFC 6455, every cut, every limit, and what a client must not send.

use bytes::{Bytes, BytesMut};
use wardroom_protocol::websocket::{
    FromClient, MESSAGE_BYTES_MAX, MessageDecoder, MessageError, Opcode, close, control, header, put_line,
};
use wardroom_protocol::{DecodeError, Frame};

/// A frame as a client sends it.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = vec![first];
    match payload.len() {
        len @ 0..=125 => out.push(0x80 | u8::try_from(len).unwrap()),
        len @ 126..=65_535 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

fn decode(bytes: &[u8]) -> Result<Vec<FromClient>, MessageError> {
    let (mut decoder, mut buf) = (MessageDecoder::default(), BytesMut::from(bytes));
    let mut out = Vec::new();
    while let Some(message) = decoder.next(&mut buf)? {
        out.push(message);
    }
    Ok(out)
}

fn line(text: &str) -> FromClient {
    FromClient::Frame(Frame { line: Bytes::copy_from_slice(text.as_bytes()), body: Bytes::new() })
}

#[test]
fn the_examples_of_the_rfc() {
    // Section 5.7: a masked ping and pong of "Hello".
    let ping = [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&ping).unwrap(), [FromClient::Ping(Bytes::from_static(b"Hello"))]);
    let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&pong).unwrap(), [FromClient::Pong]);
    // What a server writes: an unmasked text, and heads of each length.
    let mut out = BytesMut::new();
    put_line(b"Hello\n", &mut out);
    assert_eq!(out, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f][..]);
    assert_eq!(header(Opcode::Binary, 125).as_slice(), [0x82, 125]);
    assert_eq!(header(Opcode::Binary, 126).as_slice(), [0x82, 126, 0, 126]);
    assert_eq!(header(Opcode::Binary, 256).as_slice(), [0x82, 0x7e, 0x01, 0x00]);
    assert_eq!(header(Opcode::Binary, 65_535).as_slice(), [0x82, 126, 0xff, 0xff]);
    assert_eq!(header(Opcode::Binary, 65_536).as_slice(), [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(control(Opcode::Pong, b"Hello"), [&[0x8a, 5][..], b"Hello"].concat());
}

#[test]
fn messages_come_through_at_every_cut() {
    let body: Vec<u8> = (0..=255).collect();
    let chunk = [b"{\"t\":\"file.chunk\",\"len\":256}\n", &body[..]].concat();
    let stream = [
        masked(0x81, b"{\"t\":\"a\"}"),
        masked(0x01, b"{\"t\""),
        masked(0x89, b"between"),
        masked(0x00, b":"),
        masked(0x00, b""),
        masked(0x80, b"\"b\"}"),
        masked(0x82, &chunk),
        masked(0x88, &1000u16.to_be_bytes()),
    ]
    .concat();
    let expected = [
        line("{\"t\":\"a\"}"),
        FromClient::Ping(Bytes::from_static(b"between")),
        line("{\"t\":\"b\"}"),
        FromClient::Frame(Frame {
            line: Bytes::from_static(b"{\"t\":\"file.chunk\",\"len\":256}"),
            body: body.clone().into(),
        }),
        FromClient::Close(Some(1000)),
    ];
    for cut in 1..stream.len() {
        let (mut decoder, mut buf) = (MessageDecoder::default(), BytesMut::new());
        let mut seen = Vec::new();
        for part in stream.chunks(cut) {
            buf.extend_from_slice(part);
            while let Some(message) = decoder.next(&mut buf).unwrap() {
                seen.push(message);
            }
        }
        assert_eq!(seen, expected, "cut every {cut} bytes");
    }
}

#[test]
fn the_largest_message_passes_and_one_byte_more_does_not() {
    let head = "{\"t\":\"x\",\"len\":65536,\"pad\":\"";
    let text = format!("{head}{}\"}}\n", "p".repeat(65_535 - head.len() - 2));
    let message = [text.as_bytes(), &[7; 65_536]].concat();
    assert_eq!(message.len(), MESSAGE_BYTES_MAX);
    assert!(matches!(decode(&masked(0x82, &message)).unwrap()[..], [FromClient::Frame(_)]));
    let long = vec![b'x'; MESSAGE_BYTES_MAX + 1];
    assert_eq!(decode(&masked(0x82, &long)), Err(MessageError::TooLarge(MESSAGE_BYTES_MAX)));
    // By fragments too, and before the last of them has come.
    let halves = [masked(0x02, &long[..MESSAGE_BYTES_MAX]), masked(0x00, b"x")].concat();
    assert_eq!(decode(&halves), Err(MessageError::TooLarge(MESSAGE_BYTES_MAX)));
    // The announced length is enough: nothing of it is waited for.
    assert_eq!(decode(&[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), {
        Err(MessageError::TooLarge(MESSAGE_BYTES_MAX))
    });
    let mut decoder = MessageDecoder::default();
    decoder.set_limit(100);
    let mut buf = BytesMut::from(&masked(0x81, &[b'x'; 101])[..]);
    assert_eq!(decoder.next(&mut buf), Err(MessageError::TooLarge(100)));
}

#[test]
fn what_a_client_must_not_send() {
    let protocol = |bytes: &[u8]| matches!(decode(bytes), Err(MessageError::Protocol(_)));
    assert!(protocol(b"\x81\x02{}"), "not masked");
    for bit in [0x40, 0x20, 0x10] {
        assert!(protocol(&masked(0x81 | bit, b"{}")), "a reserved bit");
    }
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        assert!(protocol(&masked(0x80 | opcode, b"{}")), "opcode {opcode}");
    }
    assert!(protocol(&masked(0x80, b"{}")), "a continuation of nothing");
    assert!(protocol(&[masked(0x01, b"{"), masked(0x81, b"{}")].concat()), "a message within a message");
    assert!(protocol(&masked(0x09, b"x")), "a fragmented ping");
    assert!(protocol(&masked(0x89, &[0; 126])), "a long ping");
    assert!(protocol(&masked(0x88, &[3])), "half a close code");
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 2000, 5000] {
        assert!(protocol(&masked(0x88, &code.to_be_bytes())), "close code {code}");
    }
    assert!(protocol(&masked(0x88, b"\x03\xe8\xff")), "a reason that is not UTF-8");
    for (first, payload, error) in [
        (0x81, &b"no json"[..], DecodeError::NotJson),
        (0x81, b"{\"t\":\"a\"}\n{\"t\":\"b\"}", DecodeError::NotOneFrame),
        (0x81, b"{\"t\":\"a\",\"len\":3}", DecodeError::NotOneFrame),
        (0x82, b"{\"t\":\"a\"}", DecodeError::NotOneFrame),
        (0x82, b"{\"t\":\"a\",\"len\":3}\n1234", DecodeError::NotOneFrame),
        (0x81, b"{\"t\":\"\xff\"}", DecodeError::NotUtf8),
    ] {
        assert_eq!(decode(&masked(first, payload)), Err(MessageError::Frame(error)));
    }
}

#[test]
fn a_close_frame_is_never_too_long() {
    let frame = close(Some(1012), &"\u{df}".repeat(200));
    assert!(frame.len() <= 2 + 125);
    assert_eq!(frame[..4], [0x88, u8::try_from(frame.len() - 2).unwrap(), 0x03, 0xf4]);
    assert!(std::str::from_utf8(&frame[4..]).is_ok());
    assert_eq!(close(None, "said to nobody"), [0x88, 0][..]);
}
