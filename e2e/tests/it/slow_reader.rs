//! Readers that never read: nobody notices, the core's memory stays flat, and when they read again they have everything.

use serde_json::json;

use crate::test_server::TestServer;
use crate::wire::Wire;

const READERS: usize = 200;
const POSTS: u64 = 3_000;

/// Resident memory in KiB.
fn resident_kib(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:")
}

fn status_kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Posts, with many in flight.
async fn warm_up(poster: &mut Wire, posts: u64) {
    let text = "x".repeat(3_000);
    for n in 0..posts {
        let post = json!({"t":"room.post","id":n,"room":"general","text":text,"nonce":format!("w{n}")});
        poster.send(&post, &[]).await.unwrap();
        if n % 32 == 31 {
            while poster.next().await.unwrap().0["re"] != n {}
        }
    }
}

#[tokio::test]
async fn one_that_never_reads_costs_nobody_anything() {
    let server = TestServer::start();
    // An admin: the limit of a user's posts is not what is tested here.
    let token = server.add_user("ann", "admin").await;
    // The database's own caches are full before anything is measured: 24 MB of texts, more than they hold.
    warm_up(&mut server.connect(&token).await, 8_000).await;
    let mut stuck = server.connect(&token).await;
    stuck.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = server.connect(&token).await;
        reader.ask(json!({"t":"room.open","room":"general","last":0})).await;
        readers.push(tokio::spawn(async move {
            let mut last = 0;
            for _ in 0..POSTS {
                let seq = reader.next_of("event").await["seq"].as_u64().unwrap();
                assert!(last == 0 || seq == last + 1, "{seq} after {last}");
                last = seq;
            }
        }));
    }
    let mut poster = server.connect(&token).await;
    // 3 KB each: nine megabytes, more than the socket of the stuck one and the tail hold together.
    let text = "x".repeat(3_000);
    let mut after_a_third = 0;
    for n in 0..POSTS {
        poster.ask(json!({"t":"room.post","room":"general","text":text,"nonce":format!("n{n}")})).await;
        if n == POSTS / 3 {
            after_a_third = resident_kib(server.core.pid());
        }
    }
    for reader in readers {
        reader.await.unwrap();
    }
    // A queue for the stuck one would have grown by six megabytes since.
    let grown_kib = resident_kib(server.core.pid()).saturating_sub(after_a_third);
    assert!(grown_kib < 4_096, "the core grew by {grown_kib} KiB");
    let mut last = 0;
    for _ in 0..POSTS {
        let seq = stuck.next_of("event").await["seq"].as_u64().unwrap();
        assert!(last == 0 || seq == last + 1, "{seq} after {last}");
        last = seq;
    }
}

/// Each asks for 200 pages of 60 KB, and reads none of them until all have asked: 250 MB of answers, of which the core
/// holds a few for each.
#[tokio::test]
async fn answers_that_nobody_reads_are_bounded_in_bytes() {
    const CLIENTS: usize = 20;
    const ASKED: u64 = 200;
    let server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    warm_up(&mut server.connect(&token).await, 500).await;
    let before_kib = resident_kib(server.core.pid());
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = server.connect(&token).await;
        for id in 1_000..1_000 + ASKED {
            client.send(&json!({"t":"room.history","id":id,"room":"general","limit":200}), &[]).await.unwrap();
        }
        clients.push(client);
    }
    for mut client in clients {
        let mut answered = 0;
        while answered < ASKED {
            let (answer, frame) = client.next().await.expect("the connection goes on");
            if answer["re"].is_u64() {
                assert!(answer["t"] == "ok" && frame.line.len() > 50_000, "{answer}");
                answered += 1;
            }
        }
    }
    // At its worst, ever: 64 answers for each client would have been 80 MB.
    let grown_kib = status_kib(server.core.pid(), "VmHWM:").saturating_sub(before_kib);
    assert!(grown_kib < 40 << 10, "the core grew by {grown_kib} KiB");
}
