//! Streams: frames of all sorts one behind the other, cut at every point, and cut short.

use bytes::BytesMut;
use wardroom_protocol::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};
use wardroom_protocol::{DecodeError, Decoder, Frame};

use crate::golden::{REQUESTS, SERVER, bytes_of, frame_of};

/// All golden frames, with comments, empty lines and CRs between them, and the frames that are in it.
fn mixed() -> (Vec<u8>, Vec<Frame>) {
    let mut stream = b"# a greeting\r\n\n\r\n#\n".to_vec();
    let mut frames = Vec::new();
    for (at, golden) in REQUESTS.iter().chain(SERVER).enumerate() {
        let frame = frame_of(golden);
        if at % 3 == 0 && frame.body.is_empty() {
            stream.extend_from_slice(&frame.line);
            stream.extend_from_slice(b"\r\n");
        } else {
            stream.extend_from_slice(&bytes_of(golden));
        }
        if at % 5 == 0 {
            stream.extend_from_slice("# {\"t\":\"ping\"} is no frame here – ü\n".as_bytes());
        }
        frames.push(frame);
    }
    (stream, frames)
}

/// Feeds `parts` one by one, as reads from a socket, and gives all frames.
fn feed<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Frame>, usize), DecodeError> {
    let mut decoder = Decoder::default();
    let mut buf = BytesMut::new();
    let mut frames = Vec::new();
    for part in parts {
        buf.extend_from_slice(part);
        while let Some(frame) = decoder.next(&mut buf)? {
            frames.push(frame);
        }
    }
    Ok((frames, buf.len()))
}

#[test]
fn a_stream_is_the_same_wherever_it_is_cut() {
    let (stream, frames) = mixed();
    for at in 0..=stream.len() {
        let (first, second) = stream.split_at(at);
        assert_eq!(feed([first, second]), Ok((frames.clone(), 0)), "cut at {at}");
    }
    assert_eq!(feed(stream.chunks(1)), Ok((frames, 0)), "byte by byte");
}

#[test]
fn a_stream_that_ends_early_gives_only_whole_frames() {
    let (stream, frames) = mixed();
    let mut last = 0;
    for end in 0..stream.len() {
        let (some, _) = feed([&stream[..end]]).unwrap();
        assert!(some.len() >= last && some.len() <= last + 1, "one byte completes one frame at most, at {end}");
        assert_eq!(some, frames[..some.len()], "at {end}");
        last = some.len();
    }
}

#[test]
fn raw_bytes_are_never_looked_at() {
    let body = b"{\"t\":\"ping\"}\n# no comment\n\xff\xfe\n";
    let line = format!("{{\"t\":\"file.chunk\",\"len\":{}}}\n", body.len());
    let stream = [line.as_bytes(), body, b"{\"t\":\"ping\",\"n\":1}\n"].concat();
    let (frames, rest) = feed([&stream[..]]).unwrap();
    assert_eq!((frames.len(), rest), (2, 0));
    assert_eq!(frames[0].body, body[..]);
    assert_eq!(frames[1].line, r#"{"t":"ping","n":1}"#);
}

#[test]
fn len_counts_only_where_it_is_the_objects_own() {
    for line in [
        r#"{"t":"room.post","text":"\"len\":5"}"#,
        r#"{"t":"room.post","text":"len"}"#,
        r#"{"t":"x","env":{"len":"5"},"list":[{"len":9}]}"#,
        r#"{"t":"x","len":0}"#,
        r#"{"t":"x","len":null}"#,
        r#"{"t":"x","text":"\u006cen"}"#,
    ] {
        let stream = format!("{line}\n{{\"t\":\"ping\"}}\n");
        let (frames, _) = feed([stream.as_bytes()]).unwrap();
        assert_eq!(frames.len(), 2, "{line}");
    }
    // JSON does not tell a name with escapes from one without: nothing may hide behind that.
    let (frames, _) = feed([&b"{\"t\":\"x\",\"l\\u0065n\":13}\n{\"t\":\"ping\"}\n"[..]]).unwrap();
    assert_eq!(frames[0].body, b"{\"t\":\"ping\"}\n"[..]);
}

#[test]
fn the_hint_for_the_next_read_stays_within_the_bounds() {
    let mut decoder = Decoder::default();
    let mut buf = BytesMut::from(format!("{{\"len\":{BODY_BYTES_MAX}}}\n").as_bytes());
    assert!(decoder.next(&mut buf).unwrap().is_none());
    assert_eq!(decoder.wanted(buf.len()), BODY_BYTES_MAX);
    buf.extend_from_slice(&[0; 100]);
    assert!(decoder.next(&mut buf).unwrap().is_none());
    assert_eq!(decoder.wanted(buf.len()), BODY_BYTES_MAX - 100);
    buf.extend_from_slice(&[0; BODY_BYTES_MAX]);
    assert!(decoder.next(&mut buf).unwrap().is_some());
    assert_eq!(decoder.wanted(buf.len()), 1, "a line has no length that is known beforehand");
}

#[test]
fn what_a_peer_can_make_us_hold_is_bounded() {
    // A peer that never sends LF, and one that announces raw bytes and sends them slowly: in both cases the decoder
    // gives up, or is done, before the buffer has more than a line, a body, and the read that brought the last byte.
    const READ: usize = 4_096;
    for first in [&b"{"[..], b"{\"len\":65536}\n", b"#"] {
        let mut decoder = Decoder::default();
        let mut buf = BytesMut::from(first);
        let mut held = 0;
        for _ in 0..64 {
            match decoder.next(&mut buf) {
                Err(DecodeError::LineTooLong) | Ok(Some(_)) => break,
                Err(other) => panic!("{other}"),
                Ok(None) => buf.extend_from_slice(&[b'x'; READ]),
            }
            held = held.max(buf.len());
        }
        assert!((LINE_BYTES_MAX..=LINE_BYTES_MAX + READ).contains(&held), "{held}");
    }
}
