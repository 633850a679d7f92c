//! Somebody opens a room while an owner takes them out of it, at every point of the way.

use serde_json::json;

use super::{Ground, SECRET};
use crate::text::Person;

const ROUNDS: u32 = 200;

/// A generator of numbers that a seed makes again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_removed_while_they_come_in_sees_nothing_of_what_follows() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::from(now.unwrap().subsec_nanos())
    });
    println!("SEED={seed}");
    let mut random = Random(seed);
    let mut ground = Ground::start().await;
    let token = ground.add("rita").await;
    let mut program = ground.tcp(&token).await;
    let mut person = Person::sign_in(&ground.core, "rita").await;
    let mut refused = 0;
    for round in 0..ROUNDS {
        if round > 0 {
            ground.owner.ask(json!({"t":"room.invite","room":"ops","user":"rita"})).await;
        }
        person.send("/join ops\n").await;
        program.send(json!({"t":"room.open","room":"ops"}), &[]).await;
        for _ in 0..random.below(200) {
            tokio::task::yield_now().await;
        }
        ground.owner.ask(json!({"t":"room.remove","room":"ops","user":"rita"})).await;
        // A word of its own for each round: whoever is invited again may read what was said before.
        let secret = format!("{SECRET}{round}.");
        ground.owner.ask(json!({"t":"room.post","room":"ops","text":secret,"nonce":secret})).await;
        // The answers to these come after all that was due before.
        person.send(&format!("/get missing{round}\n/join general\n")).await;
        let shown = person.until("# This is general").await;
        assert!(!shown.contains(&secret), "SEED={seed}, round {round}: {shown}");
        refused += u32::from(!shown.contains("# This is ops"));
        program.ask(json!({"t":"room.list"})).await;
    }
    println!("{refused} of {ROUNDS} were removed before they came in");
    program.ask(json!({"t":"room.list"})).await;
    while let Some((told, _)) = program.told.pop_front() {
        assert!(!told.to_string().contains(SECRET), "SEED={seed}: {told}");
    }
}
