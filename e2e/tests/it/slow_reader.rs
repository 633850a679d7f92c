//! A reader that never reads, among 200 that do: they notice nothing, the core's memory stays flat, and when it reads
//! again it has everything.

use serde_json::json;

use crate::house::House;
use crate::wire::Wire;

const READERS: usize = 200;
const POSTS: u64 = 3_000;

/// Resident memory in KiB.
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
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
    let house = House::start();
    let token = house.add_user("ann", "operator").await;
    // The database's own caches are full before anything is measured: 24 MB of texts, more than they hold.
    warm_up(&mut house.connect(&token).await, 8_000).await;
    let mut stuck = house.connect(&token).await;
    stuck.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = house.connect(&token).await;
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
    let mut poster = house.connect(&token).await;
    // 3 KB each: nine megabytes, more than the socket of the stuck one and the tail hold together.
    let text = "x".repeat(3_000);
    let mut after_a_third = 0;
    for n in 0..POSTS {
        poster.ask(json!({"t":"room.post","room":"general","text":text,"nonce":format!("n{n}")})).await;
        if n == POSTS / 3 {
            after_a_third = resident_kib(house.core.pid());
        }
    }
    for reader in readers {
        reader.await.unwrap();
    }
    // A queue for the stuck one would have grown by six megabytes since.
    let grown_kib = resident_kib(house.core.pid()).saturating_sub(after_a_third);
    assert!(grown_kib < 4_096, "the core grew by {grown_kib} KiB");
    let mut last = 0;
    for _ in 0..POSTS {
        let seq = stuck.next_of("event").await["seq"].as_u64().unwrap();
        assert!(last == 0 || seq == last + 1, "{seq} after {last}");
        last = seq;
    }
}
