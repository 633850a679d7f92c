//! Unread counts, presence and typing, and requests besides the lines.

use serde_json::json;
use wardroom_client_core::protocol::messages::Search;
use wardroom_client_core::protocol::{Code, Nonce, Role, UserName};
use wardroom_client_core::{Command, Effect, OpenFrom, OpenState, Operation, PostState};

use super::world::{World, nonce, room};

fn counts(world: &World) -> (u64, u64) {
    let info = &world.client.rooms()[&room()].info;
    (info.unread, info.mentions)
}

fn say(world: &mut World, text: &str) {
    world.server.events.push(("ben".to_owned(), text.to_owned(), None));
}

fn reads(world: &World) -> Vec<u64> {
    let reads = world.server.taken.iter().filter(|frame| frame["t"] == "room.read");
    reads.map(|frame| frame["seq"].as_u64().unwrap()).collect()
}

fn ben() -> UserName {
    UserName::parse("ben").unwrap()
}

#[test]
fn lines_that_come_count_until_they_are_seen() {
    let mut world = World::new(1);
    say(&mut world, "before");
    world.open_room(OpenFrom::Last(10));
    world.settle();
    assert_eq!(counts(&world), (1, 0), "as the welcome said, not counted again");
    say(&mut world, "hello @ann");
    world.post(1);
    world.server.other("ben", json!({ "kind": "topic", "text": "t" }));
    say(&mut world, "more");
    world.settle();
    assert_eq!(counts(&world), (3, 1));
    assert_eq!(world.client.unread(), (3, 1));
    world.server.other("ben", json!({ "kind": "delete", "target": 2 }));
    world.settle();
    assert_eq!(counts(&world), (2, 0), "what was taken back is not unread");
    world.server.say_state();
    world.settle();
    assert_eq!(counts(&world), (2, 0), "the server says the same");
    world.command(Command::MarkRead { room: room(), seq: 3 });
    assert_eq!(counts(&world), (1, 0));
    world.command(Command::MarkRead { room: room(), seq: 99 });
    assert_eq!(counts(&world), (0, 0));
}

#[test]
fn positions_are_told_together_and_never_back() {
    let mut world = World::new(1);
    for _ in 0..9 {
        say(&mut world, "x");
    }
    world.open_room(OpenFrom::Last(10));
    world.settle();
    for seq in [2, 3, 5, 4, 1] {
        world.command(Command::MarkRead { room: room(), seq });
    }
    world.settle();
    assert_eq!(reads(&world), [2]);
    world.wait();
    world.settle();
    assert_eq!(reads(&world), [2, 5]);
    world.command(Command::MarkRead { room: room(), seq: 7 });
    let effects = world.client.flush(world.now_ms);
    world.carry_out(effects);
    world.settle();
    assert_eq!(reads(&world), [2, 5, 7], "who leaves says it at once");
    world.command(Command::MarkRead { room: room(), seq: 8 });
    world.command(Command::CloseRoom { room: room() });
    world.settle();
    assert_eq!(reads(&world), [2, 5, 7, 8]);
}

#[test]
fn read_elsewhere_is_read_here() {
    let mut world = World::new(1);
    for _ in 0..9 {
        say(&mut world, "x");
    }
    world.settle();
    assert_eq!(counts(&world), (9, 0));
    world.server.read = 6;
    world.server.say_state();
    world.settle();
    assert_eq!(counts(&world), (3, 0));
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.server.read = 9;
    world.server.say_state();
    say(&mut world, "new");
    world.settle();
    assert_eq!(counts(&world), (1, 0));
}

#[test]
fn who_types_is_forgotten() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    let typing = |world: &World| world.client.rooms()[&room()].typing.to_vec();
    for user in ["ben", "ann"] {
        world.server.say(&json!({ "t": "typing", "room": "ops", "user": user }));
    }
    world.settle();
    assert_eq!(typing(&world), [ben()], "not oneself");
    say(&mut world, "said");
    world.settle();
    assert!(typing(&world).is_empty());
    world.server.say(&json!({ "t": "typing", "room": "ops", "user": "ben" }));
    world.settle();
    assert_eq!(typing(&world), [ben()]);
    let began = world.now_ms;
    while !typing(&world).is_empty() {
        world.wait();
    }
    assert_eq!(world.now_ms - began, wardroom_client_core::limits::TYPING_FORGET_MS);
}

#[test]
fn one_says_rarely_that_one_types() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    let said = |world: &World| world.server.taken.iter().filter(|frame| frame["t"] == "typing").count();
    for _ in 0..31 {
        world.command(Command::Typing { room: room() });
        world.now_ms += 100;
    }
    world.settle();
    assert_eq!(said(&world), 2);
    world.post(1);
    world.command(Command::Typing { room: room() });
    world.settle();
    assert_eq!(said(&world), 3, "after a post anew");
}

#[test]
fn who_is_there_is_kept_up_to_date() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.command(Command::LoadPeople { room: room() });
    world.settle();
    let is_here = |world: &World| world.client.rooms()[&room()].people.as_ref().unwrap()[0].here;
    assert!(!is_here(&world));
    world.server.say(&json!({ "t": "presence", "here": ["ben"] }));
    world.settle();
    assert!(is_here(&world));
    assert_eq!(world.client.presence().get(&ben()), Some(&true));
    // A new connection must ask again, or the server would send nothing.
    world.cut();
    world.come_to_rest();
    assert!(!is_here(&world));
}

/// The server makes the list and tells of the room at the same time.
#[test]
fn a_room_that_is_told_of_while_an_older_list_arrives_stays() {
    let mut world = World::new(1);
    world.settle();
    let incident = wardroom_client_core::protocol::RoomName::parse("incident").unwrap();
    let info = json!({ "room": "incident", "head": 1, "read": 0, "joined": false });
    world.command(Command::LoadRooms);
    world.server.say(&json!({ "t": "room.changed", "info": info }));
    world.settle();
    assert!(world.client.rooms().contains_key(&incident));
    world.command(Command::LoadRooms);
    world.settle();
    assert!(!world.client.rooms().contains_key(&incident), "a list that was requested later counts");
}

#[test]
fn a_room_that_one_was_taken_out_of_goes() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    let mut info = world.server.info();
    (info["private"], info["title"], info["role"]) = (json!(true), json!("Operations"), json!("owner"));
    world.server.say(&json!({ "t": "room.changed", "info": info }));
    world.settle();
    assert_eq!(world.client.rooms()[&room()].info.title, "Operations");
    info["joined"] = json!(false);
    world.server.say(&json!({ "t": "room.changed", "info": info }));
    world.settle();
    assert!(matches!(&world.client.rooms()[&room()].state, OpenState::Failed(_)));
    assert!(world.client.rooms()[&room()].timeline.is_empty());
    let told = world.seen.iter().filter(|effect| match effect {
        Effect::Failed { operation: Operation::Open(of), error } => *of == room() && error.code == Some(Code::NotFound),
        _ => false,
    });
    assert_eq!(told.count(), 1, "whoever shows the room is told once");
}

#[test]
fn a_role_that_changes_is_known_at_once() {
    let mut world = World::new(1);
    world.settle();
    world.server.say(&json!({ "t": "you", "user": "ann", "name": "Ann", "role": "viewer" }));
    world.settle();
    assert_eq!(world.client.you().map(|you| you.role), Some(Role::Viewer));
}

#[test]
fn answers_come_as_effects() {
    let mut world = World::new(1);
    world.settle();
    world.command(Command::OpenDm { users: vec![ben()] });
    let search = |q: &str| Search {
        q: q.to_owned(),
        room: None,
        by: None,
        kind: None,
        since: None,
        until: None,
        before: None,
        limit: None,
    };
    world.command(Command::Search(search("ab")));
    world.command(Command::Search(search("abc")));
    world.settle();
    assert!(world.seen.iter().any(|e| matches!(e, Effect::DmOpened { room, .. } if room.as_str() == "@dm1")));
    let found: Vec<&str> = world
        .seen
        .iter()
        .filter_map(|effect| match effect {
            Effect::Found { search, .. } => Some(search.q.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(found, ["abc"], "only the last one is answered");
    world.server.refuse_amendments = true;
    world.command(Command::React { room: room(), seq: 4, emoji: "x".to_owned(), on: true });
    world.settle();
    let wanted = Operation::Line { room: room(), seq: 4 };
    assert!(world.seen.iter().any(|e| matches!(e, Effect::Failed { operation, .. } if *operation == wanted)));
}

#[test]
fn a_refused_post_can_be_rewritten_at_its_place() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(10));
    world.settle();
    world.server.refuse_posts = vec!["too_large"];
    world.post(1);
    world.settle();
    let pending = world.client.outbox().posts()[0].clone();
    assert!(matches!(pending.state, PostState::Failed(_)));
    let new = Nonce::parse("anew").unwrap();
    world.command(Command::RewritePost { nonce: nonce(1), text: "shorter".to_owned(), new });
    world.settle();
    assert_eq!(world.texts(), ["shorter"]);
    assert!(world.client.outbox().posts().is_empty());
}

#[test]
fn lists_that_come_in_pages_are_whole() {
    let mut world = World::new(1);
    (world.server.rooms, world.server.page) = (vec!["a", "b", "x", "y", "z"], 2);
    world.server.people = vec!["ann", "ben", "cleo", "dan", "eve"];
    world.open_room(OpenFrom::Last(10));
    world.command(Command::LoadPeople { room: room() });
    let names = |world: &World| world.client.rooms().keys().map(ToString::to_string).collect::<Vec<_>>();
    let people = |world: &World| {
        let people = world.client.rooms()[&room()].people.clone().unwrap();
        people.iter().map(|member| member.user.to_string()).collect::<Vec<_>>()
    };
    world.settle();
    assert_eq!(names(&world), ["a", "b", "ops", "x", "y", "z"], "also those that the welcome had no room for");
    assert!(world.client.rooms().values().all(|room| room.info.joined));
    assert_eq!(people(&world), ["ann", "ben", "cleo", "dan", "eve"]);
    // In the middle, at the end, and the whole last page.
    world.cut();
    (world.server.rooms, world.server.people) = (vec!["b", "c", "x"], vec!["ann", "cleo", "zoe"]);
    world.come_to_rest();
    world.command(Command::LoadPeople { room: room() });
    world.settle();
    assert_eq!(names(&world), ["b", "c", "ops", "x"]);
    assert_eq!(people(&world), ["ann", "cleo", "zoe"]);
}
