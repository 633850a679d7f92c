//! The bodies of the fuzz targets, run on a stable compiler over their corpora and over random bytes. The fuzzer itself
//! wants a nightly one: `fuzz/README.md` says how.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

#[path = "../../../fuzz/src/lib.rs"]
mod bodies;

/// Runs a body over what is in its corpus; an empty one is a mistake.
fn over_corpus(name: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().for_each(|file| body(&std::fs::read(file).unwrap()));
}

#[test]
fn corpora() {
    over_corpus("decoder", bodies::decoder);
    over_corpus("request", bodies::request);
    over_corpus("rel_path", bodies::rel_path);
    over_corpus("message", bodies::message);
    over_corpus("websocket", bodies::websocket);
    over_corpus("terminal", bodies::terminal);
    over_corpus("text", bodies::text);
}

/// Bytes that look like frames more often than chance would have it.
fn nearly_frames() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"{\"t\":\""[..]),
        Just(&b"\",\"id\":7"[..]),
        Just(&b",\"len\":3}"[..]),
        Just(&b"}\n"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"# "[..]),
        Just(&b"\\u006c"[..]),
        Just(&b"room.post"[..]),
        Just(&b"9007199254740992"[..]),
        Just(&b"\xff\x00"[..]),
        Just(&b"../"[..]),
        Just(&b"abc"[..]),
        Just(&b"\x81\x84\0\0\0\0"[..]),
        Just(&b"\x01\x80abcd"[..]),
        Just(&b"\x80\x80abcd"[..]),
        Just(&b"\x89\x80abcd"[..]),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Text that looks like Markdown, mentions and colours more often than chance would have it.
fn nearly_markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("*"),
        Just("**"),
        Just("_"),
        Just("~~"),
        Just("`"),
        Just("```\n"),
        Just("> "),
        Just("- "),
        Just("1. "),
        Just("- [ ] "),
        Just("# "),
        Just("|"),
        Just("|-|\n"),
        Just("["),
        Just("]("),
        Just(")"),
        Just("<"),
        Just(">"),
        Just("\\"),
        Just("&lt;"),
        Just("&#64;"),
        Just("@ann"),
        Just("#ops"),
        Just("https://x.y/_a*"),
        Just("\n"),
        Just("\n\n"),
        Just("    "),
        Just("请"),
        Just("，"),
        Just("\u{1b}[31m"),
        Just("\u{9b}1m"),
        Just("\u{f0041}"),
        Just("\u{202e}"),
        Just("\0"),
        Just("a"),
        Just(" "),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn random_texts(text in prop_oneof![any::<String>(), nearly_markdown()]) {
        bodies::text(text.as_bytes());
    }

    #[test]
    fn random_bytes(bytes in prop_oneof![vec(any::<u8>(), 0..2_000), nearly_frames()]) {
        bodies::decoder(&bytes);
        bodies::request(&bytes);
        bodies::rel_path(&bytes);
        bodies::message(&bytes);
        bodies::websocket(&bytes);
    }
}
