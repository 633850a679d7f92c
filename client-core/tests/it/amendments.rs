//! Edits, deletions and reactions: shown at once, kept without a connection, and sent once there is one.

use serde_json::{Value, json};
use wardroom_client_core::protocol::EventBody;
use wardroom_client_core::{Command, Effect, OpenFrom, Operation, Outbox};

use super::world::{World, room};

/// A room with a message by the user, at position 1.
fn said() -> World {
    let mut world = World::new(1);
    world.server.events.push(("ann".to_owned(), "helo".to_owned(), None));
    world.open_room(OpenFrom::Last(10));
    world.come_to_rest();
    world
}

fn edit(text: &str) -> Command {
    Command::EditMessage { room: room(), seq: 1, text: text.to_owned() }
}

fn react(on: bool) -> Command {
    Command::React { room: room(), seq: 1, emoji: "👍".to_owned(), on }
}

/// The line as it is shown: its text, how many reacted, and whether a change is unconfirmed.
fn shown(world: &World) -> (String, usize, bool) {
    let room = &world.client.rooms()[&room()];
    let line = room.timeline.by_seq(1).unwrap();
    let wanted = room.with_pending(line, &world.client.you().unwrap().user);
    let waits = wanted.is_some();
    match wanted.map_or_else(|| line.body.clone(), |(line, _)| line.body) {
        EventBody::Message(said) => (said.text, said.reactions.len(), waits),
        other => panic!("{other:?}"),
    }
}

fn sent(world: &World) -> Vec<Value> {
    let amendments = world.server.taken.iter().filter(|taken| taken["seq"] == 1 && taken["t"] != "room.read");
    amendments.map(|taken| json!([taken["t"], taken["text"], taken["on"]])).collect()
}

#[test]
fn what_is_done_without_a_connection_is_shown_and_done_once() {
    let mut world = said();
    world.cut();
    world.command(react(true));
    world.command(edit("hell"));
    world.command(edit("hello"));
    world.command(react(false));
    world.command(react(true));
    assert_eq!(shown(&world), ("hello".to_owned(), 1, true));
    world.come_to_rest();
    assert_eq!(sent(&world), [json!(["room.edit", "hello", null]), json!(["room.react", null, true])]);
    assert!(world.client.outbox().is_empty());
    world.cut();
    world.come_to_rest();
    assert_eq!(sent(&world).len(), 2, "what was answered is not done again");
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again() {
    let mut world = said();
    world.command(edit("hello"));
    while world.client_to_server() {}
    world.cut();
    assert!(shown(&world).2);
    world.come_to_rest();
    assert_eq!(sent(&world).len(), 2);
    assert!(!shown(&world).2);
}

#[test]
fn a_refused_edit_keeps_its_words() {
    let mut world = said();
    world.server.refuse_amendments = true;
    world.command(react(true));
    world.command(edit("hello"));
    world.settle();
    let failed = world.client.outbox().amendments();
    assert!(matches!(failed, [edit] if edit.failed.as_deref() == Some("that is no emoji")), "{failed:?}");
    assert_eq!(shown(&world), ("hello".to_owned(), 0, true), "a reaction that is refused is none");
    let of_line = |effect: &&Effect| matches!(effect, Effect::Failed { operation: Operation::Line { seq: 1, .. }, .. });
    assert_eq!(world.seen.iter().filter(of_line).count(), 2);
    // Over a reload.
    let kept = serde_json::to_string(world.client.outbox()).unwrap();
    assert_eq!(serde_json::from_str::<Outbox>(&kept).unwrap(), *world.client.outbox());
    world.server.refuse_amendments = false;
    world.command(Command::RetryEdit { room: room(), seq: 1 });
    world.settle();
    assert!(world.client.outbox().is_empty() && !shown(&world).2);
    world.server.refuse_amendments = true;
    world.command(edit("again"));
    world.settle();
    world.command(Command::DiscardEdit { room: room(), seq: 1 });
    assert_eq!(shown(&world), ("helo".to_owned(), 0, false));
}

#[test]
fn what_comes_too_soon_is_done_later() {
    let mut world = said();
    world.server.refuse_posts = vec!["rate_limited"; 3];
    world.command(edit("hello"));
    world.command(react(true));
    world.settle();
    assert_eq!(shown(&world), ("hello".to_owned(), 1, true), "shown as it will be");
    world.come_to_rest();
    assert_eq!(sent(&world).len(), 5, "each until it was taken: {:?}", sent(&world));
    assert!(world.client.outbox().is_empty());
    assert!(!world.seen.iter().any(|effect| matches!(effect, Effect::Failed { .. })));
}
