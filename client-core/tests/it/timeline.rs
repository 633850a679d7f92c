//! The timeline is right wherever it is scrolled to, and in whatever order its parts arrive: amendments are applied,
//! and no line is missing between two that are shown.

use proptest::prelude::*;
use serde_json::{Value, json};
use wardroom_client_core::limits::CATCH_UP_MAX;
use wardroom_client_core::protocol::EventBody;
use wardroom_client_core::{Command, OpenFrom, Quote};

use super::server::{OTHER_EPOCH, Server};
use super::world::{World, room};

/// Somebody does something that may change a line.
fn stir(world: &mut World) {
    let head = world.server.events.len() as u64;
    let target = 1 + world.random(head.max(1));
    let is_message = head > 0 && !world.server.others.contains_key(&target);
    let what = world.random(7);
    match what {
        0 if is_message => {
            world.server.other("ben", json!({ "kind": "edit", "target": target, "text": format!("edit {head}") }))
        }
        1 if is_message => world.server.other("ben", json!({ "kind": "delete", "target": target })),
        2 | 3 if is_message => {
            let on = world.random(3) > 0;
            world.server.other("chen", json!({ "kind": "reaction", "target": target, "emoji": "👍", "on": on }));
        }
        4 => world.server.other("chen", json!({ "kind": "topic", "text": "quiet" })),
        _ => world.server.events.push(("ben".to_owned(), format!("text {head}"), None)),
    }
}

fn is_amendment(event: &Value) -> bool {
    matches!(event["kind"].as_str(), Some("edit" | "delete" | "reaction" | "repeat"))
}

/// The server's lines from `from` to `to`.
fn lines_of(server: &Server, from: u64, to: u64) -> Vec<Value> {
    (from..=to).map(|seq| server.event(seq)).filter(|event| !is_amendment(event)).collect()
}

fn without_nonce(mut line: Value) -> Value {
    line.as_object_mut().unwrap().remove("nonce");
    line
}

/// The shown lines, in wire format.
fn shown(world: &World) -> Vec<Value> {
    let timeline = &world.client.rooms()[&room()].timeline;
    timeline.events().map(|event| serde_json::to_value(&**event).unwrap()).map(without_nonce).collect()
}

/// Checks that everything between the first and the last position is shown once, and in its current form if everything
/// has arrived.
fn check_no_hole(world: &World) {
    let timeline = &world.client.rooms()[&room()].timeline;
    let (Some(base), Some(last)) = (timeline.base(), timeline.last()) else { return };
    let seqs: Vec<u64> = timeline.events().map(|event| event.seq).collect();
    if world.client.epoch().is_none_or(|epoch| epoch.to_string() != world.server.epoch) {
        return; // Of a store that is no more; the next welcome says so.
    }
    let right: Vec<u64> =
        lines_of(&world.server, base + 1, last).iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, right, "between {base} and {last}");
}

fn step(world: &mut World) {
    match world.random(32) {
        0 => {
            world.cut();
            // Now and then a long break, after which more was missed than is caught up with.
            if world.random(24) == 0 {
                (0..CATCH_UP_MAX + 50).for_each(|_| stir(world));
            }
        }
        1..=5 => stir(world),
        6 => world.command(Command::LoadOlder { room: room() }),
        7 => world.command(Command::LoadNewer { room: room() }),
        8 => {
            let seq = 1 + world.random(world.server.events.len() as u64 + 3);
            world.command(Command::Jump { room: room(), seq });
        }
        9 => world.command(Command::ShowLatest { room: room() }),
        10 => {
            let seq = 1 + world.random(world.server.events.len() as u64 + 1);
            world.command(Command::LoadQuote { room: room(), seq });
        }
        11 => world.wait(),
        12 if world.random(6) == 0 && world.server.epoch != OTHER_EPOCH => {
            // Restored from a backup: another, shorter log.
            world.cut();
            world.server.epoch = OTHER_EPOCH;
            let len = world.random(world.server.events.len() as u64 + 1);
            world.server.events.truncate(len as usize);
            world.server.others.retain(|seq, _| *seq <= len);
            world.server.read = world.server.read.min(len);
        }
        13 if world.random(2) == 0 => {
            let seq = 1 + world.random(world.server.events.len() as u64 + 3);
            world.command(Command::MarkRead { room: room(), seq });
        }
        13 if world.random(4) == 0 => {
            world.command(Command::CloseRoom { room: room() });
            world.open_room(OpenFrom::Last(5));
        }
        12..=14 => {
            world.open_socket();
        }
        15..=21 => {
            world.client_to_server();
        }
        _ => {
            world.server_to_client();
        }
    }
}

/// Scrolls to both ends, until everything is shown.
pub fn read_all(world: &mut World) {
    world.come_to_rest();
    world.command(Command::Jump { room: room(), seq: 1 });
    world.come_to_rest();
    for _ in 0..400 {
        let room_shown = &world.client.rooms()[&room()];
        let (older, newer) = (room_shown.timeline.has_more(), room_shown.timeline.has_newer());
        if older {
            world.command(Command::LoadOlder { room: room() });
        }
        if newer {
            world.command(Command::LoadNewer { room: room() });
        }
        world.settle();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_is_what_a_fresh_reader_sees(seed in any::<u64>()) {
        let mut world = World::new(seed);
        for _ in 0..world.random(400) {
            stir(&mut world);
        }
        let last = world.random(60);
        let is_stretch = world.random(2) == 0;
        world.open_room(if is_stretch { OpenFrom::Recent(last) } else { OpenFrom::Last(last) });
        for _ in 0..400 {
            step(&mut world);
            check_no_hole(&world);
        }
        // At every position, the shown lines are the server's.
        world.come_to_rest();
        check_no_hole(&world);
        let timeline = world.client.rooms()[&room()].timeline.clone();
        if let (Some(base), Some(last)) = (timeline.base(), timeline.last()) {
            let right: Vec<Value> = lines_of(&world.server, base + 1, last).into_iter().map(without_nonce).collect();
            prop_assert_eq!(shown(&world), right);
        }
        // So are the lines that replies quote.
        for seq in 1..=world.server.events.len() as u64 {
            if let Quote::Line(line) = world.client.rooms()[&room()].line(seq) {
                let line = without_nonce(serde_json::to_value(&*line).unwrap());
                prop_assert_eq!(line, world.server.event(seq));
            }
        }
        // And everything, once everything is loaded.
        read_all(&mut world);
        let head = world.server.events.len() as u64;
        let right: Vec<Value> = lines_of(&world.server, 1, head).into_iter().map(without_nonce).collect();
        prop_assert_eq!(shown(&world), right);
        // What was read here has been sent.
        prop_assert_eq!(world.client.rooms()[&room()].info.read, world.server.read);
        // The server sends the counts when the client cannot know them: a line that it has not loaded was deleted.
        world.server.say_state();
        world.settle();
        let (unread, mentions) = world.server.unread();
        let info = &world.client.rooms()[&room()].info;
        prop_assert_eq!((info.unread, info.mentions, info.head), (unread, mentions, head));
    }
}

pub fn say(world: &mut World, n: u64) {
    for _ in 0..n {
        let text = format!("line {}", world.server.events.len() + 1);
        world.server.events.push(("ben".to_owned(), text, None));
    }
}

pub fn seqs(world: &World) -> Vec<u64> {
    world.client.rooms()[&room()].timeline.events().map(|event| event.seq).collect()
}

#[test]
fn an_amendment_that_overtakes_the_page_with_its_line_is_not_lost() {
    let mut world = World::new(1);
    say(&mut world, 200);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.command(Command::LoadOlder { room: room() });
    // The server builds the page, but sends it slowly.
    while world.client_to_server() {}
    let page = world.server.hold().unwrap();
    world.server.other("ben", json!({ "kind": "delete", "target": 150 }));
    world.settle();
    world.server.release(page);
    world.settle();
    let line = world.client.rooms()[&room()].timeline.by_seq(150).unwrap().clone();
    assert!(matches!(&line.body, EventBody::Message(message) if message.deleted));
}

#[test]
fn a_quoted_line_is_fetched_once() {
    let mut world = World::new(1);
    say(&mut world, 200);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    let line = |world: &World, seq| world.client.rooms()[&room()].line(seq);
    assert_eq!(line(&world, 20), Quote::Unknown);
    for _ in 0..3 {
        world.command(Command::LoadQuote { room: room(), seq: 20 });
    }
    assert_eq!(line(&world, 20), Quote::Loading);
    world.settle();
    assert!(matches!(line(&world, 20), Quote::Line(line) if line.seq == 20));
    let asked = |world: &World| world.server.taken.iter().filter(|frame| frame["t"] == "room.history").count();
    assert_eq!(asked(&world), 1);
    world.server.other("ben", json!({ "kind": "edit", "target": 20, "text": "otherwise" }));
    world.settle();
    assert!(matches!(line(&world, 20), Quote::Line(line) if matches!(&line.body, EventBody::Message(m) if m.edited)));
    // A line removed by retention is gone, and the client knows.
    world.server.first = 100;
    world.command(Command::LoadQuote { room: room(), seq: 30 });
    world.settle();
    world.command(Command::LoadQuote { room: room(), seq: 30 });
    assert_eq!((line(&world, 30), asked(&world)), (Quote::Gone, 2));
}

#[test]
fn what_retention_removes_does_not_stop_a_reader() {
    let mut world = World::new(1);
    say(&mut world, 200);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.cut();
    say(&mut world, 100);
    world.server.first = 250;
    world.come_to_rest();
    assert_eq!(seqs(&world), (250..=300).collect::<Vec<u64>>(), "not joined to what was before");
    world.command(Command::LoadOlder { room: room() });
    world.settle();
    assert!(!world.client.rooms()[&room()].timeline.has_more());
    // Reported while the page is looking at it.
    world.server.first = 260;
    let mut changed = json!({ "t": "room.changed" });
    changed["info"] = world.server.info();
    world.server.say(&changed);
    world.settle();
    assert_eq!(seqs(&world), (260..=300).collect::<Vec<u64>>());
}

#[test]
fn a_long_way_back_costs_no_more_lines() {
    use wardroom_client_core::limits::TIMELINE_LINES_MAX;
    let mut world = World::new(1);
    let all = TIMELINE_LINES_MAX as u64 + 450;
    say(&mut world, all);
    world.open_room(OpenFrom::Last(50));
    world.settle();
    while world.client.rooms()[&room()].timeline.has_more() {
        world.command(Command::LoadOlder { room: room() });
        world.settle();
    }
    let timeline = world.client.rooms()[&room()].timeline.clone();
    assert_eq!((timeline.len(), timeline.base(), timeline.has_newer()), (TIMELINE_LINES_MAX, Some(0), true));
    check_no_hole(&world);
    world.command(Command::ShowLatest { room: room() });
    assert_eq!(world.client.rooms()[&room()].timeline.last(), Some(all));
}
