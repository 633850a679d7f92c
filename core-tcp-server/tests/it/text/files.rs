//! Raw bytes on a person's connection, to a room and back.

use serde_json::json;

use super::{Person, core};

/// Bytes of every value, with line feeds, and words that must not be read as such.
fn content(count: usize) -> Vec<u8> {
    let words = b"\n/quit\n/create stolen\nsaid\n\xff\xf4\x1b[2J\r\n\0";
    (0..count).map(|n| if n % 97 < words.len() { words[n % 97] } else { (n * 31) as u8 }).collect()
}

#[tokio::test]
async fn a_file_goes_up_and_comes_down_as_it_is() {
    let core = core().await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    let bytes = content(3_000_000);
    let digest = blake3(&bytes);
    ann.send("/put logs/two words.bin 3000000\n").await;
    ann.send_bytes(&bytes).await;
    ann.send("/files logs\n").await;
    let shown = ann.until("logs/two words.bin 3000000 ").await;
    assert!(shown.contains("# send 3000000 bytes of logs/two words.bin\n"), "{shown}");
    assert_eq!(ann.until("\n").await, format!("{digest}\n"));
    ann.until("3.0 MB").await;
    ben.until("ann added logs/two words.bin (3.0 MB)\n").await;
    // Nobody's words come between the bytes.
    ben.send("/get logs/two words.bin\n").await;
    ann.send("talking\nwhile\nit comes\n").await;
    ben.until(&format!("# get logs/two words.bin 3000000 {digest}\n")).await;
    assert!(ben.bytes(bytes.len()).await == bytes);
    assert_eq!(ben.until("MB)\n").await, "\n# got logs/two words.bin (3.0 MB)\n");
    ben.until("ann: it comes\n").await;
}

fn blake3(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    ann.send("/put empty 0\n/get empty\n/files\n").await;
    let empty = blake3(b"");
    ann.until(&format!("# put empty 0 {empty}\n")).await;
    ann.until(&format!("# get empty 0 {empty}\n\n# got empty (0 bytes)\n")).await;
    ann.until("  empty\n").await;
}

#[tokio::test]
async fn bytes_of_a_refused_upload_are_not_read_as_words() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    let bytes = content(200_000);
    ann.send("/put a.bin 200000\n").await;
    ann.send_bytes(&bytes).await;
    ann.until("# put a.bin 200000 ").await;
    let mut vic = Person::sign_in(&core, "vic").await;
    for (person, words) in [(&mut ann, "a.bin"), (&mut vic, "a viewer only reads")] {
        person.send("/put a.bin 200000\n").await;
        person.send_bytes(&bytes).await;
        person.send("/rooms\n").await;
        let shown = person.until("# * general").await;
        assert!(shown.contains(words) && !shown.contains("stolen") && !shown.contains(": said"), "{shown}");
    }
    // Where it is not known how many bytes follow, the connection ends before one of them is read.
    ann.send("/put b.bin \n").await;
    ann.send_bytes(&bytes).await;
    let shown = ann.rest().await;
    assert!(shown.contains("closing the connection, because bytes may follow"), "{shown}");
    assert!(!shown.contains(": said"), "{shown}");
    let mut program = core.sign_in("ann").await;
    let rooms = program.ask(json!({"t":"room.list"})).await;
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 1, "{rooms}");
}

#[tokio::test]
async fn an_upload_that_ends_too_soon_leaves_nothing() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    ann.send("/put a.bin 200000\n").await;
    ann.send_bytes(&content(100_000)).await;
    ann.half_close().await;
    let shown = ann.rest().await;
    assert!(shown.contains("# only 100000 of 200000 bytes came: nothing was kept\n"), "{shown}");
    let mut ann = Person::sign_in(&core, "ann").await;
    ann.send("/files\n/get a.bin\n/get ../a\n/quit\n").await;
    let shown = ann.rest().await;
    assert!(shown.contains("# no files are here yet"), "{shown}");
    assert!(!shown.contains("# get "), "{shown}");
}

#[tokio::test]
async fn a_half_close_waits_for_the_last_byte_of_a_download() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    let bytes = content(8_000_000);
    ann.send("/put a.bin 8000000\n").await;
    ann.send_bytes(&bytes).await;
    ann.until("# put a.bin").await;
    ann.send("/get a.bin\n").await;
    ann.half_close().await;
    ann.until("# get a.bin").await;
    ann.until("\n").await;
    assert!(ann.bytes(bytes.len()).await == bytes);
    assert_eq!(ann.rest().await, "\n# got a.bin (8.0 MB)\n");
}
