//! Downloads: parts, credit, readers that stop, and files that change under them.

use serde_json::{Value, json};

use super::{CHUNK, Tcp, assert_silent, content, core, digest, download, next, put, storage, upload};
use crate::common::TestCore;

async fn core_with(bytes: &[u8]) -> (TestCore, Tcp) {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    upload(&mut ann, put("a", bytes.len(), "u1"), bytes).await;
    (core, ann)
}

fn get(more: Value) -> Value {
    let mut ask = json!({"t":"file.get","in":"room:ops","path":"a"});
    for (key, value) in more.as_object().unwrap() {
        ask[key] = value.clone();
    }
    ask
}

#[tokio::test]
async fn every_window_and_every_part_gives_the_same_bytes() {
    let bytes = content((3 << 20) + 333, 1);
    let (_core, mut ann) = core_with(&bytes).await;
    for window in [1_000, 20_000, 65_535, 65_536, 100_000, 262_144, 1 << 20, 64 << 20] {
        let count = if window < 10_000 { 50_000 } else { bytes.len() };
        let (_, got) = download(&mut ann, get(json!({"window":window,"count":count}))).await;
        assert!(got == bytes[..count], "window {window}");
    }
    let size = bytes.len();
    for (off, count) in [(0, 1), (1, 65_536), (1_048_575, 2), (1_048_576, 1_048_576), (size - 1, 1), (size, 0), (7, 0)]
    {
        let (opened, got) = download(&mut ann, get(json!({"off":off,"count":count}))).await;
        assert!(got == bytes[off..off + count], "{count} from {off}");
        assert_eq!(opened["size"], size);
    }
    let (_, got) = download(&mut ann, get(json!({"off":3 << 20}))).await;
    assert!(got == bytes[3 << 20..]);
    for wrong in [json!({"off":size + 1}), json!({"off":1,"count":size}), json!({"window":0}), json!({"blake3":"x"})] {
        ann.refused(get(wrong), "bad_request").await;
    }
    ann.refused(get(json!({"count":9_007_199_254_740_991u64,"off":9_007_199_254_740_991u64})), "bad_request").await;
    ann.refused(json!({"t":"file.get","in":"room:ops","path":"b"}), "not_found").await;
}

#[tokio::test]
async fn no_byte_is_sent_beyond_the_credit() {
    let bytes = content(1 << 20, 2);
    let (_core, mut ann) = core_with(&bytes).await;
    let opened = ann.ask(get(json!({"window":100_000}))).await;
    let mut got = 0;
    // What comes before an answer to a later request is all that comes without an ack.
    for acked in [0usize, 50_000, 100_000, 100_000, 1 << 30] {
        if acked > 0 {
            ann.send(json!({"t":"file.ack","stream":opened["stream"],"off":acked}), &[]).await;
        }
        let limit = (acked.min(got) + 100_000).min(bytes.len());
        while got + 16_384 <= limit {
            let (told, frame) = next(&mut ann).await;
            assert_eq!((&told["t"], &told["off"]), (&"file.data".into(), &got.into()));
            assert!(bytes[got..got + frame.body.len()] == frame.body);
            got += frame.body.len();
            assert!(got <= acked + 100_000, "{got} with {acked} acknowledged");
        }
        assert_silent(&mut ann).await;
    }
    ann.ask(json!({"t":"file.close","stream":opened["stream"]})).await;
    ann.send(json!({"t":"file.ack","stream":opened["stream"],"off":got}), &[]).await;
    assert_silent(&mut ann).await;
}

#[tokio::test]
async fn a_reader_that_stops_holds_up_nobody_and_has_all_in_the_end() {
    let bytes = content(24 << 20, 3);
    let (core, mut slow) = core_with(&bytes).await;
    // More than the sockets hold: the server's write waits.
    let opened = slow.ask(get(json!({"window":8 << 20}))).await;
    let mut ben = core.sign_in("ben").await;
    let (_, got) = download(&mut ben, get(json!({"window":1 << 20}))).await;
    assert!(got == bytes);
    // Uploads of the same connection go on as well.
    slow.send(json!({"t":"file.put","id":1_000,"in":"room:ops","path":"b","size":1,"nonce":"u9"}), &[]).await;
    let mut got = Vec::new();
    loop {
        let (told, frame) = next(&mut slow).await;
        match told["t"].as_str().unwrap() {
            "file.data" => {
                got.extend_from_slice(&frame.body);
                slow.send(json!({"t":"file.ack","stream":opened["stream"],"off":got.len()}), &[]).await;
            }
            "file.end" => break,
            "ok" => assert_eq!(told["re"], 1_000),
            other => panic!("{other}"),
        }
    }
    assert!(got == bytes);
}

#[tokio::test]
async fn a_file_that_shrinks_breaks_the_download_off() {
    let bytes = content(8 << 20, 4);
    let (core, mut ann) = core_with(&bytes).await;
    let opened = ann.ask(get(json!({"window":CHUNK}))).await;
    let (told, _) = next(&mut ann).await;
    assert_eq!(told["len"], CHUNK);
    let file = std::fs::OpenOptions::new().write(true).open(storage(&core).join("a")).unwrap();
    file.set_len(3 << 20).unwrap();
    let mut got = CHUNK;
    loop {
        ann.send(json!({"t":"file.ack","stream":opened["stream"],"off":got}), &[]).await;
        let (told, frame) = next(&mut ann).await;
        if told["t"] == "err" {
            assert_eq!((&told["code"], &told["stream"]), (&"conflict".into(), &opened["stream"]));
            break;
        }
        assert_eq!(told["t"], "file.data", "no file.end after what is missing");
        got += frame.body.len();
    }
    assert!(got < bytes.len());
    ann.ask(json!({"t":"room.list"})).await;
}

#[tokio::test]
async fn parts_of_two_files_are_never_put_together() {
    let (one, two) = (content(100_000, 5), content(100_000, 6));
    let (_core, mut ann) = core_with(&one).await;
    let (opened, first) = download(&mut ann, get(json!({"count":50_000}))).await;
    let (_, rest) = download(&mut ann, get(json!({"off":50_000,"blake3":opened["blake3"]}))).await;
    assert!([first, rest].concat() == one);
    // A download that has begun gets the old file to its end; one that goes on later is told.
    let running = ann.ask(get(json!({"window":CHUNK}))).await;
    let mut replace = put("a", two.len(), "u2");
    replace["if_exists"] = "replace".into();
    let begun = ann.ask(replace).await;
    let id = begun["upload"].as_str().unwrap();
    let mut hashed = blake3::Hasher::new();
    for off in [0, CHUNK] {
        let end = two.len().min(off + CHUNK);
        ann.send(json!({"t":"file.chunk","upload":id,"off":off,"len":end - off}), &two[off..end]).await;
    }
    ann.ask(super::commit(id, &two)).await;
    ann.send(json!({"t":"file.ack","stream":running["stream"],"off":CHUNK}), &[]).await;
    loop {
        let (told, frame) = next(&mut ann).await;
        match told["t"].as_str().unwrap() {
            "file.data" => drop(hashed.update(&frame.body)),
            "file.end" => break,
            _ => {}
        }
    }
    assert_eq!(hashed.finalize().to_hex().to_string(), digest(&one));
    ann.refused(get(json!({"off":50_000,"blake3":opened["blake3"]})), "conflict").await;
}

#[tokio::test]
async fn one_connection_gets_so_many_files_at_a_time() {
    let bytes = content(1 << 20, 7);
    let (_core, mut ann) = core_with(&bytes).await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(ann.ask(get(json!({"window":1}))).await["stream"].clone());
    }
    ann.refused(get(json!({})), "busy").await;
    ann.ask(json!({"t":"file.close","stream":streams[0]})).await;
    // The writer drops it soon after it was told so; each answer in between is a round of the writer.
    loop {
        let answer = ann.answer(get(json!({"window":1}))).await;
        if answer["t"] == "ok" {
            break;
        }
        assert_eq!(answer["code"], "busy");
    }
}
