//! The tails of all rooms together are bounded: a room that others push out of memory is read from disk.

use serde_json::json;

use crate::common::TestCore;

const POSTS: u64 = 400;
const OTHERS: usize = 12;

/// 15 KB each. A room's tail holds 64 of them, and the tails of eight such rooms are more than all may take together.
fn text() -> String {
    "x".repeat(15_000)
}

#[tokio::test]
async fn a_reader_whose_tail_was_evicted_misses_nothing() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    let mut ann = core.sign_in("ann").await;
    for n in 0..OTHERS {
        ann.ask(json!({"t":"room.create","room":format!("other-{n}")})).await;
    }
    // One that reads nothing: six megabytes are on their way to it.
    let mut stuck = core.sign_in("ann").await;
    stuck.send(json!({"t":"room.open","id":1,"room":"general","last":0}), &[]).await;
    for n in 0..POSTS {
        ann.ask(json!({"t":"room.post","room":"general","text":text(),"nonce":format!("g{n}")})).await;
    }
    for n in 0..OTHERS {
        for m in 0..64 {
            let nonce = format!("o{n}-{m}");
            ann.ask(json!({"t":"room.post","room":format!("other-{n}"),"text":text(),"nonce":nonce})).await;
        }
    }
    // The room goes on after its tail was given up.
    ann.ask(json!({"t":"room.post","room":"general","text":"the last","nonce":"last"})).await;
    let mut late = core.sign_in("ann").await;
    late.ask(json!({"t":"room.open","room":"general","after":0})).await;
    for reader in [&mut stuck, &mut late] {
        let mut last = 0;
        loop {
            let event = reader.next_of("event").await;
            if event["room"] != "general" {
                continue;
            }
            let seq = event["seq"].as_u64().unwrap();
            assert!(last == 0 || seq == last + 1, "{seq} after {last}");
            last = seq;
            if event["text"] == "the last" {
                break;
            }
        }
        assert!(last > POSTS);
    }
}
