//! Properties: what is written is read again, whatever it says; and the two ways of reading agree.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use wardroom_protocol::event::{EventBody, MessageBody, StoredEvent};
use wardroom_protocol::frame::{Number, decode_message, encode, encode_with_body};
use wardroom_protocol::limits::INTEGER_MAX;
use wardroom_protocol::messages::{FileChunk, RoomPost};
use wardroom_protocol::{Decoder, Event, Nonce, RelPath, Request, RoomName, UploadId, visible};

fn nonce() -> impl Strategy<Value = String> {
    vec(0x21u8..0x7f, 1..64).prop_map(|bytes| String::from_utf8(bytes).unwrap())
}

proptest! {
    #[test]
    fn a_post_is_read_as_it_was_written(text in any::<String>(), nonce in nonce(), id in 0..=INTEGER_MAX) {
        let room = RoomName::parse("ops").unwrap();
        let post = RoomPost { room, text: text.clone(), nonce: Nonce::parse(&nonce).unwrap(), reply_to: None };
        let wire = encode(Number::Id(id), &post);
        prop_assert_eq!(wire.iter().filter(|b| **b == b'\n').count(), 1, "one line");
        let mut buf = BytesMut::from(&wire[..]);
        let frame = Decoder::default().next(&mut buf).unwrap().unwrap();
        let incoming = Request::parse(&frame).unwrap();
        prop_assert_eq!(incoming.id, Some(id));
        let Request::RoomPost(read) = incoming.request else { panic!("{:?}", incoming.request) };
        prop_assert_eq!((read.text, read.nonce), (text, post.nonce));
    }

    #[test]
    fn a_chunk_is_read_as_it_was_written(body in vec(any::<u8>(), 0..4_000), off in 0..=INTEGER_MAX) {
        let upload: UploadId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let chunk = FileChunk { upload, off, len: body.len() as u64 };
        let wire = encode_with_body(Number::None, &chunk, &body);
        let mut buf = BytesMut::from(&wire[..]);
        let frame = Decoder::default().next(&mut buf).unwrap().unwrap();
        prop_assert_eq!(&frame.body, &body);
        prop_assert!(buf.is_empty());
        let Request::FileChunk(read) = Request::parse(&frame).unwrap().request else { panic!() };
        prop_assert_eq!((read.off, read.len), (off, body.len() as u64));
        prop_assert_eq!(decode_message(wire, false).unwrap(), frame, "over WebSocket it is the same frame");
    }

    #[test]
    fn an_event_is_read_as_it_was_stored(text in any::<String>(), nonce in nonce(), seq in 0..=INTEGER_MAX) {
        let body = EventBody::Message(MessageBody { text, reply_to: Some(seq), ..MessageBody::default() });
        let fields = body.fields();
        let stored = StoredEvent { room: "ops", seq, at: 1, by: "ann", kind: body.kind(), fields: &fields };
        let wire = stored.encode(Some(&nonce));
        let event = Event::parse(&wire[..wire.len() - 1]).unwrap();
        prop_assert_eq!((event.seq, event.body), (seq, body));
        let read = event.nonce.unwrap();
        prop_assert_eq!(read.as_str(), nonce);
    }

    #[test]
    fn a_text_message_and_a_line_are_read_alike(line in "[{\"a-z:,0-9\\\\u}#\r \n]{0,60}") {
        let message = decode_message(Bytes::from(line.clone()), true);
        let mut buf = BytesMut::from(format!("{line}\n").as_bytes());
        let mut decoder = Decoder::default();
        let stream = decoder.next(&mut buf);
        if let Ok(frame) = message {
            prop_assert_eq!(stream, Ok(Some(frame)), "what is a message is a line");
            prop_assert!(buf.is_empty());
        } else if let Ok(Some(frame)) = stream && frame.body.is_empty() && buf.is_empty() && !line.contains(['\n', '\r']) {
            prop_assert!(false, "a line is no message: {:?}", frame);
        }
    }

    #[test]
    fn a_path_that_is_taken_stays_beneath(path in "[a./\\\\ \u{202e}\0é-]{0,40}") {
        if let Ok(path) = RelPath::parse(&path) {
            let parts: Vec<&str> = path.as_str().split('/').collect();
            prop_assert!(parts.iter().all(|part| !part.is_empty() && *part != "." && *part != ".."));
            prop_assert!(!path.as_str().contains(['\\', '\0', '\u{202e}']), "{}", path);
            prop_assert_eq!(parts.last().copied(), Some(path.file_name()));
        }
    }

    #[test]
    fn what_is_made_visible_controls_nothing(text in any::<String>()) {
        let shown = visible::visible(&text);
        let is_bad = |c: char| (c.is_control() && c != '\t') || visible::is_deceptive(c) && !visible::is_direction_mark(c);
        prop_assert!(!shown.chars().any(is_bad));
        prop_assert_eq!(visible::visible(&shown), shown.clone(), "and stays as it is");
    }
}
