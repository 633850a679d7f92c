//! Older windows, by a jump or a link, and the way back to the live end; and rooms that start from scratch after a
//! break.

use serde_json::json;
use wardroom_client_core::limits::CATCH_UP_MAX;
use wardroom_client_core::protocol::EventBody;
use wardroom_client_core::{Command, Effect, OpenFrom};

use super::timeline::{read_all, say, seqs};
use super::world::{World, room};

#[test]
fn a_jump_shows_a_window_that_grows_until_it_is_the_live_end() {
    let mut world = World::new(1);
    say(&mut world, 1_000);
    world.open_room(OpenFrom::Last(50));
    world.settle();
    world.command(Command::Jump { room: room(), seq: 300 });
    assert_eq!(world.client.rooms()[&room()].jumping, Some(300));
    world.settle();
    let jumped = world.seen.iter().any(|e| matches!(e, Effect::Jumped { seq: 300, line: 300, .. }));
    assert!(jumped);
    assert_eq!(seqs(&world), (250..350).collect::<Vec<u64>>());
    // New events are not added to the window, but still reported.
    say(&mut world, 3);
    world.settle();
    assert_eq!(seqs(&world).last(), Some(&349));
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Event(event) if event.seq == 1_003)));
    assert_eq!(world.client.rooms()[&room()].info.head, 1_003);
    let mut pages = 0;
    while world.client.rooms()[&room()].timeline.has_newer() {
        pages += 1;
        world.command(Command::LoadNewer { room: room() });
        world.settle();
    }
    assert_eq!(pages, 7);
    assert_eq!(seqs(&world), (250..=1_003).collect::<Vec<u64>>());
    say(&mut world, 1);
    world.settle();
    assert_eq!(seqs(&world).last(), Some(&1_004), "it is the live end again");
}

#[test]
fn one_comes_back_from_a_window_at_once() {
    let mut world = World::new(1);
    say(&mut world, 1_000);
    world.open_room(OpenFrom::Last(50));
    world.settle();
    world.command(Command::Jump { room: room(), seq: 300 });
    world.settle();
    world.command(Command::ShowLatest { room: room() });
    assert_eq!(seqs(&world), (951..=1_000).collect::<Vec<u64>>());
    // A page for an obsolete window does no harm.
    world.command(Command::Jump { room: room(), seq: 300 });
    world.settle();
    world.command(Command::LoadNewer { room: room() });
    world.command(Command::ShowLatest { room: room() });
    world.settle();
    assert_eq!(seqs(&world), (951..=1_000).collect::<Vec<u64>>());
    // A loaded line needs no page.
    world.command(Command::Jump { room: room(), seq: 960 });
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Jumped { seq: 960, line: 960, .. })));
}

#[test]
fn after_a_long_break_a_stretch_begins_at_the_end_again() {
    let mut world = World::new(1);
    say(&mut world, 100);
    world.open_room(OpenFrom::Recent(50));
    world.come_to_rest();
    // The most that is caught up with event by event.
    world.cut();
    say(&mut world, CATCH_UP_MAX);
    world.come_to_rest();
    assert_eq!(seqs(&world), (51..=100 + CATCH_UP_MAX).collect::<Vec<u64>>());
    world.cut();
    say(&mut world, CATCH_UP_MAX + 1);
    // A post by the user among the skipped events is no longer pending.
    world.post(1);
    world.server.events.push(("ann".to_owned(), "mine 1".to_owned(), Some("n1".to_owned())));
    world.server.nonces.insert("n1".to_owned(), world.server.events.len() as u64);
    say(&mut world, CATCH_UP_MAX);
    world.come_to_rest();
    let head = world.server.events.len() as u64;
    assert_eq!(seqs(&world), (head - CATCH_UP_MAX + 1..=head).collect::<Vec<u64>>());
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Reset { .. })));
    assert!(world.client.outbox().posts().is_empty() && world.client.rooms()[&room()].pending.is_empty());
    let room_shown = &world.client.rooms()[&room()];
    assert!(room_shown.timeline.has_more() && !room_shown.timeline.has_newer());
    read_all(&mut world);
    assert_eq!(seqs(&world), (1..=head).collect::<Vec<u64>>());
}

#[test]
fn a_permalink_opens_its_room() {
    let mut world = World::new(1);
    say(&mut world, 500);
    world.server.other("ben", json!({ "kind": "edit", "target": 20, "text": "otherwise" }));
    world.command(Command::Jump { room: room(), seq: 20 });
    world.settle();
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Jumped { seq: 20, line: 20, .. })));
    let line = world.client.rooms()[&room()].timeline.by_seq(20).unwrap().clone();
    assert!(matches!(&line.body, EventBody::Message(message) if message.edited && message.text == "otherwise"));
    // A position without a line leads to the last line; one of an amendment to the line before it.
    world.command(Command::Jump { room: room(), seq: 501 });
    world.settle();
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Jumped { seq: 501, line: 500, .. })));
}
