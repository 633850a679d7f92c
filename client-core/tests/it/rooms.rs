//! No line is lost, repeated or out of order, however the connection behaves.

use proptest::prelude::*;
use serde_json::json;
use wardroom_client_core::{Command, ConnectionState, Effect, OpenFrom, OpenState, Operation, Outbox, PostState};

use super::server::OTHER_EPOCH;
use super::world::{World, nonce, room, text_of};

fn printed(world: &World) -> Vec<u64> {
    let seqs = world.seen.iter().filter_map(|effect| match effect {
        Effect::Event(event) => Some(event.seq),
        _ => None,
    });
    seqs.collect()
}

fn others_say(world: &mut World, n: usize) {
    for _ in 0..n {
        let text = format!("theirs {}", world.server.events.len());
        world.server.events.push(("ben".to_owned(), text, None));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_doubled_over_random_disconnects(seed in any::<u64>()) {
        let mut world = World::new(seed);
        let (mut posts, mut steps) = (0, 0);
        world.open_room(OpenFrom::Last(1_000));
        while steps < 400 {
            steps += 1;
            match world.random(20) {
                0 => world.cut(),
                1 | 2 => others_say(&mut world, 1),
                3 | 4 => { posts += 1; world.post(posts); }
                5 | 6 => { world.open_socket(); }
                7 => world.wait(),
                8..=13 => { world.client_to_server(); }
                _ => { world.server_to_client(); }
            }
        }
        world.come_to_rest();
        let right: Vec<String> = world.server.events.iter().map(|(_, text, _)| text.clone()).collect();
        prop_assert_eq!(world.texts(), right.clone());
        let seqs: Vec<u64> = (1..=right.len() as u64).collect();
        prop_assert_eq!(printed(&world), seqs, "each line is told once, in order");
        let mine: Vec<String> = right.into_iter().filter(|text| text.starts_with("mine")).collect();
        let wanted: Vec<String> = (1..=posts).map(|n| format!("mine {n}")).collect();
        prop_assert_eq!(mine, wanted, "each post stands once, in the order in which it was written");
        prop_assert!(world.client.outbox().posts().is_empty());
        prop_assert!(world.client.rooms()[&room()].pending.is_empty());
        prop_assert_eq!(world.client.connection(), ConnectionState::Live);
        let told = world.seen.iter().filter(|effect| matches!(effect, Effect::Posted { .. })).count();
        prop_assert_eq!(told as u64, posts, "each post is said to stand once");
    }
}

#[test]
fn a_gap_is_answered_by_opening_again() {
    let mut world = World::new(1);
    others_say(&mut world, 3);
    world.open_room(OpenFrom::Last(2));
    world.settle();
    assert_eq!(world.texts(), ["theirs 1", "theirs 2"]);
    // A line that skips one: a bug of the server, or of something in between.
    others_say(&mut world, 2);
    let mut skipped = world.server.event(5);
    skipped["t"] = json!("event");
    world.server.say(&skipped);
    assert!(world.server_to_client());
    world.settle();
    assert_eq!(world.texts(), ["theirs 1", "theirs 2", "theirs 3", "theirs 4"]);
    assert_eq!(printed(&world), [2, 3, 4, 5]);
}

#[test]
fn a_server_with_another_history_is_believed() {
    let mut world = World::new(1);
    others_say(&mut world, 5);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.cut();
    // Restored from a backup: another epoch, and fewer lines.
    world.server.epoch = OTHER_EPOCH;
    world.server.events.truncate(2);
    world.come_to_rest();
    assert_eq!(world.texts(), ["theirs 0", "theirs 1"]);
    assert!(world.seen.iter().any(|effect| matches!(effect, Effect::Reset { .. })));
    // The same server with a shorter log but the same epoch answers `reset`.
    world.cut();
    world.server.events.truncate(1);
    world.come_to_rest();
    assert_eq!(world.texts(), ["theirs 0"]);
    assert_eq!(world.client.rooms()[&room()].state, OpenState::Live);
}

#[test]
fn older_pages_are_loaded_once_and_join() {
    let mut world = World::new(1);
    others_say(&mut world, 250);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    for _ in 0..5 {
        world.command(Command::LoadOlder { room: room() });
        // Requested twice: the second is ignored while the first is in flight.
        world.command(Command::LoadOlder { room: room() });
        // Lost with the connection: it is requested again.
        world.cut();
        world.come_to_rest();
    }
    let shown = &world.client.rooms()[&room()];
    let seqs: Vec<u64> = shown.timeline.events().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=250).collect::<Vec<u64>>());
    assert!(!shown.timeline.has_more());
    assert_eq!(printed(&world).len(), 10, "history is not printed as news");
}

#[test]
fn a_refused_post_says_why_and_can_be_tried_again() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.server.refuse_posts = vec!["forbidden"];
    world.post(1);
    world.post(2);
    world.come_to_rest();
    assert_eq!(world.texts(), ["mine 2"], "one that was refused does not hold up the next");
    let pending = world.client.rooms()[&room()].pending.clone();
    assert_eq!(pending[0].state, PostState::Failed("not now".to_owned()));
    let failed = Operation::Post(nonce(1));
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Failed { operation, .. } if *operation == failed)));
    world.command(Command::RetryPost { nonce: nonce(1) });
    world.come_to_rest();
    assert_eq!(world.texts(), ["mine 2", "mine 1"]);
    assert!(world.client.outbox().posts().is_empty());
}

#[test]
fn a_busy_server_is_asked_later_and_the_order_stays() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.server.refuse_posts = vec!["busy", "rate_limited"];
    for n in 1..=3 {
        world.post(n);
    }
    world.settle();
    assert!(world.texts().is_empty());
    world.come_to_rest();
    assert_eq!(world.texts(), ["mine 1", "mine 2", "mine 3"]);
    let waiting = world.seen.iter().filter_map(|effect| match effect {
        Effect::Waiting { operation, error } => Some((operation.clone(), error.message.as_str())),
        _ => None,
    });
    assert_eq!(waiting.collect::<Vec<_>>(), [(Operation::Post(nonce(1)), "not now")], "it is said once why they wait");
}

#[test]
fn who_is_mentioned_and_not_here_is_told() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.post(1);
    let text = "@chen, look".to_owned();
    world.command(Command::Post { room: room(), text, reply_to: None, nonce: nonce(2) });
    world.come_to_rest();
    let told = world.seen.iter().filter_map(|effect| match effect {
        Effect::NotInRoom { users, .. } => Some(users.iter().map(ToString::to_string).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [["chen"]]);
}

#[test]
fn an_outbox_survives_a_reload_and_nothing_is_said_twice() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.post(1);
    // The server has stored it, but the answer is lost with the page.
    while world.client_to_server() {}
    world.post(2);
    let saved = serde_json::to_string(world.client.outbox()).unwrap();
    let mut again = World::new(2);
    let outbox: Outbox = serde_json::from_str(&saved).unwrap();
    again.client = wardroom_client_core::Client::new(wardroom_client_core::Options { outbox, ..Default::default() });
    std::mem::swap(&mut again.server, &mut world.server);
    again.input(wardroom_client_core::Input::Start);
    again.open_room(OpenFrom::Last(10));
    assert_eq!(again.client.rooms()[&room()].pending.len(), 2, "both are shown as pending");
    again.come_to_rest();
    assert_eq!(again.texts(), ["mine 1", "mine 2"]);
    assert!(again.client.outbox().posts().is_empty());
}

#[test]
fn posts_go_without_the_room_being_open() {
    let mut world = World::new(1);
    world.post(1);
    world.come_to_rest();
    assert_eq!(world.server.events.len(), 1);
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Posted { seq: 1, .. })));
    assert!(world.client.outbox().posts().is_empty());
}

#[test]
fn what_was_read_while_away_is_told_at_the_next_welcome() {
    let mut world = World::new(1);
    others_say(&mut world, 4);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.cut();
    world.command(Command::MarkRead { room: room(), seq: 3 });
    assert_eq!(world.client.rooms()[&room()].unread(), 1);
    world.come_to_rest();
    assert_eq!(world.client.rooms()[&room()].info.read, 3, "the welcome, which says 0, does not undo it");
}

#[test]
fn equal_pointers_mean_that_nothing_changed() {
    let mut world = World::new(1);
    others_say(&mut world, 2);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    let before = world.client.rooms()[&room()].clone();
    world.wait();
    world.settle();
    assert!(std::sync::Arc::ptr_eq(&before, &world.client.rooms()[&room()]));
    others_say(&mut world, 1);
    world.settle();
    let after = world.client.rooms()[&room()].clone();
    assert!(!std::sync::Arc::ptr_eq(&before.timeline, &after.timeline));
    assert_eq!(before.timeline.len(), 2, "what a reader holds does not change under it");
    assert_eq!(text_of(after.timeline.at(2).unwrap()), "theirs 2");
}
