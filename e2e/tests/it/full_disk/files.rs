//! Uploads to a disk that is full, or that they fill.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{disk, is_said, post, post_until_refused};
use crate::command::{Done, done, wardroom};
use crate::small_disk::SmallDisk;
use crate::test_server::{Spool, TestServer};
use crate::wire::Wire;

/// A chunk of an upload.
const CHUNK: usize = 65_536;

fn staged(server: &TestServer) -> Vec<u64> {
    let folder = std::fs::read_dir(server.data.join("files/.staging")).unwrap();
    folder.map(|file| file.unwrap().metadata().unwrap().len()).collect()
}

/// Sends chunks from `off` on, one at a time. Gives the refusal that ends it, if one does.
async fn send_chunks(wire: &mut Wire, upload: &Value, bytes: &[u8], mut off: usize) -> Option<Value> {
    while off < bytes.len() {
        let chunk = &bytes[off..bytes.len().min(off + CHUNK)];
        wire.send(&json!({"t":"file.chunk","upload":upload,"off":off,"len":chunk.len()}), chunk).await.unwrap();
        let told = loop {
            let (told, _) = wire.next().await.unwrap();
            // How rooms stand is told at any time.
            if told["t"] != "room.state" {
                break told;
            }
        };
        if told["t"] == "err" {
            return Some(told);
        }
        assert_eq!(told["t"], "file.ack", "{told}");
        off = usize::try_from(told["off"].as_u64().unwrap()).unwrap();
    }
    None
}

fn noise(of: &str, bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    blake3::Hasher::new().update(of.as_bytes()).finalize_xof().fill(&mut noise);
    noise
}

async fn begin(wire: &mut Wire, path: &str, size: usize) -> Value {
    let put = json!({"t":"file.put","in":"room:general","path":path,"size":size,"nonce":path});
    wire.ask(put).await["upload"].clone()
}

#[tokio::test]
async fn a_file_that_does_not_fit_is_refused_before_its_first_byte() {
    let server = TestServer::on(SmallDisk::of_megabytes(100), Spool::There);
    let token = server.add_user("ann", "operator").await;
    let file = server.folder.path().join("big.bin");
    std::fs::File::create(&file).unwrap().set_len(60_000_000).unwrap();
    let file_name = file.display().to_string();
    let is_refused = |did: &Done, words: &str| {
        assert!(words.contains("the server has room for") && words.contains("this file has 60 MB"), "{did:?}");
        assert!(words.contains("free some space"), "{did:?}");
        assert_eq!(staged(&server), [0; 0], "nothing is staged");
    };
    let put = done(wardroom(&server, &token, &["put", &file_name, "general"])).await;
    assert_eq!(put.code, Some(3), "{put:?}");
    is_refused(&put, &put.err);
    let mut curl = tokio::process::Command::new("curl");
    let bearer = format!("Authorization: Bearer {token}");
    let url = format!("http://{}/files/room/general/big.bin", server.http);
    curl.args(["-sS", "-H", &bearer, "-w", "\n%{http_code}", "-T", &file_name, &url]);
    let put = done(curl).await;
    assert!(put.text().ends_with("\n503"), "{put:?}");
    is_refused(&put, &put.text());
}

#[tokio::test]
async fn an_upload_that_fills_the_disk_is_told_so_and_leaves_nothing_when_it_is_given_up() {
    let server = TestServer::on(SmallDisk::of_megabytes(100), Spool::There);
    let token = server.add_user("ann", "operator").await;
    let mut ann = server.connect(&token).await;
    let bytes = noise("given up", 20_000_000);
    let upload = begin(&mut ann, "given-up.bin", bytes.len()).await;
    disk(&server).leave(3_000_000);
    let refusal = send_chunks(&mut ann, &upload, &bytes, 0).await.expect("it does not fit");
    is_said(&refusal);
    assert_eq!(refusal["upload"], upload);
    let off = refusal["off"].as_u64().unwrap();
    assert!((2_000_000..3_000_000).contains(&off), "{refusal}");
    // The rest of the space too, so that the database has none.
    disk(&server).fill();
    post_until_refused(&mut ann, "full", &mut BTreeMap::new()).await;
    ann.ask(json!({"t":"file.abort","upload":upload})).await;
    assert_eq!(staged(&server), [0; 0], "nothing is staged");
    let gone = ann.try_ask(json!({"t":"file.resume","upload":upload})).await.unwrap();
    assert_eq!(gone["code"], "not_found");
    assert_eq!(post(&mut ann, "what it took is free").await["t"], "ok");
}

#[tokio::test]
async fn an_upload_that_met_a_full_disk_goes_on_once_there_is_space() {
    let server = TestServer::on(SmallDisk::of_megabytes(100), Spool::There);
    let token = server.add_user("ann", "operator").await;
    let mut ann = server.connect(&token).await;
    let bytes = noise("goes on", 8_000_000);
    let upload = begin(&mut ann, "goes-on.bin", bytes.len()).await;
    disk(&server).leave(3_000_000);
    let refusal = send_chunks(&mut ann, &upload, &bytes, 0).await.expect("it does not fit");
    is_said(&refusal);
    disk(&server).free();
    let resumed = ann.ask(json!({"t":"file.resume","upload":upload})).await;
    assert_eq!(resumed["off"], refusal["off"], "where it stood");
    let off = usize::try_from(resumed["off"].as_u64().unwrap()).unwrap();
    assert_eq!(send_chunks(&mut ann, &upload, &bytes, off).await, None);
    // All is staged; now it is the room that cannot be told.
    disk(&server).fill();
    let mut places = BTreeMap::new();
    post_until_refused(&mut ann, "full", &mut places).await;
    let commit = json!({"t":"file.commit","upload":upload,"blake3":blake3::hash(&bytes).to_hex().to_string()});
    is_said(&ann.try_ask(commit.clone()).await.unwrap());
    disk(&server).free();
    let committed = ann.ask(commit.clone()).await;
    assert_eq!(ann.ask(commit).await["seq"], committed["seq"], "once");
    let stored = std::fs::read(server.data.join("files/general/goes-on.bin")).unwrap();
    assert!(stored == bytes, "the same bytes");
    assert_eq!(staged(&server), [0; 0], "nothing is left in staging");
}
