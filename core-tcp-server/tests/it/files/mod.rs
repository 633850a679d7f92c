//! Files over the wire: uploads that break off at every place, downloads under credit, and what is not let through.

mod crashes;
mod downloads;
mod storage;
mod uploads;

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use wardroom_protocol::Frame;

use crate::common::{Client, TestCore};

pub type Tcp = Client<TcpStream>;

/// A chunk's bytes at most.
pub const CHUNK: usize = 65_536;

/// Ann and ben are in `ops`, eve is not; only ann is in `secret`; vic, in `ops`, is a viewer.
pub async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "member"), ("eve", "member"), ("vic", "viewer")]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    for user in ["ben", "vic"] {
        core.sign_in(user).await.ask(json!({"t":"room.join","room":"ops"})).await;
    }
    core
}

/// Bytes that differ from place to place, and from seed to seed.
pub fn content(len: usize, seed: u64) -> Vec<u8> {
    let mut out = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut out);
    out
}

pub fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

pub fn put(path: &str, size: usize, nonce: &str) -> Value {
    json!({"t":"file.put","in":"room:ops","path":path,"size":size,"nonce":nonce})
}

/// Where the room's files are on disk.
pub fn storage(core: &TestCore) -> PathBuf {
    core.folder().join("files/ops")
}

/// The names of staged files.
pub fn staged(core: &TestCore) -> Vec<String> {
    let entries = std::fs::read_dir(core.folder().join("files/.staging")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The next frame that is about files.
pub async fn next(client: &mut Tcp) -> (Value, Frame) {
    loop {
        let told = client.next().await;
        if told.0["t"] != "room.state" {
            return told;
        }
    }
}

/// Nothing about files was told before the answer to a request that comes after all that was asked.
pub async fn assert_silent(client: &mut Tcp) {
    client.ask(json!({"t":"room.list"})).await;
    let told: Vec<_> = client.told.drain(..).filter(|(told, _)| told["t"] != "room.state").collect();
    assert!(told.is_empty(), "{told:?}");
}

/// Sends `bytes[from..to]` in chunks under the window of 8 MiB, and waits until they are acknowledged.
pub async fn send(client: &mut Tcp, upload: &str, bytes: &[u8], from: usize, to: usize) {
    let (mut off, mut acked) = (from, from);
    while acked < to {
        while off < to && off - acked < 4 << 20 {
            let end = to.min(off + CHUNK);
            let chunk = json!({"t":"file.chunk","upload":upload,"off":off,"len":end - off});
            client.send(chunk, &bytes[off..end]).await;
            off = end;
        }
        let (told, _) = client.next().await;
        assert_ne!(told["t"], "err", "{told}");
        if told["t"] == "file.ack" {
            assert_eq!(told["upload"], upload);
            let ack = usize::try_from(told["off"].as_u64().unwrap()).unwrap();
            assert!(ack > acked && ack <= off, "{ack} after {acked}, {off} sent");
            acked = ack;
        }
    }
}

/// A whole upload: the answer to its commit.
pub async fn upload(client: &mut Tcp, put: Value, bytes: &[u8]) -> Value {
    let begun = client.ask(put).await;
    let upload = begun["upload"].as_str().unwrap().to_owned();
    let from = usize::try_from(begun["off"].as_u64().unwrap()).unwrap();
    send(client, &upload, bytes, from, bytes.len()).await;
    client.ask(commit(&upload, bytes)).await
}

pub fn commit(upload: &str, bytes: &[u8]) -> Value {
    json!({"t":"file.commit","upload":upload,"blake3":digest(bytes)})
}

/// A whole download, acknowledged as it comes: the answer, and the bytes.
pub async fn download(client: &mut Tcp, get: Value) -> (Value, Vec<u8>) {
    let opened = client.ask(get).await;
    let mut bytes = Vec::new();
    let mut first = None;
    loop {
        let (told, frame) = client.next().await;
        assert_ne!(told["t"], "err", "{told}");
        if told["stream"] != opened["stream"] {
            continue;
        }
        if told["t"] == "file.end" {
            return (opened, bytes);
        }
        let off = told["off"].as_u64().unwrap();
        let first = *first.get_or_insert(off);
        assert_eq!(off - first, bytes.len() as u64);
        bytes.extend_from_slice(&frame.body);
        let off = first + bytes.len() as u64;
        client.send(json!({"t":"file.ack","stream":opened["stream"],"off":off}), &[]).await;
    }
}
