//! A run's output arrives once, complete and in order, however the connection behaves.

use proptest::prelude::*;
use serde_json::json;
use wardroom_client_core::{
    Client, Command, Effect, Input, NotSent, OpenFrom, Operation, Options, PostState, RunState, WatchFrom,
};

use super::server::RUN;
use super::world::World;

fn collected(world: &World) -> Vec<(u8, u8)> {
    let mut all = Vec::new();
    for effect in &world.seen {
        if let Effect::Output { fd, off, bytes, .. } = effect {
            assert_eq!(*off, all.len() as u64, "no gap, no overlap");
            all.extend(bytes.iter().map(|byte| (*fd, *byte)));
        }
    }
    all
}

/// Bytes that have arrived.
fn come(world: &World) -> u64 {
    let last = world.seen.iter().rev().find_map(|effect| match effect {
        Effect::Output { off, bytes, .. } => Some(off + bytes.len() as u64),
        _ => None,
    });
    last.unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn output_is_whole_over_random_disconnects(seed in any::<u64>(), auto_ack in any::<bool>()) {
        let mut world = World::new(seed);
        let run = RUN.parse().unwrap();
        world.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack });
        let mut written = 0u64;
        for step in 0..300u64 {
            match world.random(16) {
                0 => world.cut(),
                1..=3 => {
                    let fd = 1 + (step % 2) as u8;
                    let len = 1 + world.random(60_000) as usize;
                    world.server.output.push((fd, vec![step as u8; len]));
                }
                4 | 5 => { world.open_socket(); }
                6 => world.wait(),
                7..=10 => { world.client_to_server(); }
                11 => {
                    // The reader of the pipe has processed them.
                    let come = come(&world);
                    if come > written {
                        written = come;
                        world.command(Command::AckRun { run, off: come });
                    }
                }
                _ => { world.server_to_client(); }
            }
        }
        world.server.run_ended = true;
        for _ in 0..60 {
            world.settle();
            let come = come(&world);
            world.command(Command::AckRun { run, off: come });
            world.wait();
        }
        let right: Vec<(u8, u8)> =
            world.server.output.iter().flat_map(|(fd, bytes)| bytes.iter().map(|byte| (*fd, *byte))).collect();
        prop_assert!(collected(&world) == right, "{} of {} bytes", collected(&world).len(), right.len());
        let ends = world.seen.iter().filter(|effect| matches!(effect, Effect::RunEnded(_))).count();
        prop_assert_eq!(ends, 1);
        let shown = &world.client.runs()[&run];
        let is_over = matches!(&shown.state, RunState::Ended { exit, .. } if exit.shell_code() == 3);
        prop_assert!(is_over);
        prop_assert_eq!(shown.bytes, right.len() as u64);
    }
}

#[test]
fn without_acknowledgement_no_more_than_the_window_comes() {
    let mut world = World::new(1);
    let run = RUN.parse().unwrap();
    world.server.output.push((1, vec![b'x'; 5 << 20]));
    world.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: false });
    world.settle();
    assert_eq!(collected(&world).len(), 1 << 20);
    world.command(Command::AckRun { run, off: 1 << 19 });
    world.settle();
    assert_eq!(collected(&world).len(), (1 << 20) + (1 << 19));
}

#[test]
fn a_card_shows_the_last_lines() {
    let mut world = World::new(1);
    let run = RUN.parse().unwrap();
    world.server.output.push((1, b"one\ntw".to_vec()));
    world.server.output.push((2, b"oops\n".to_vec()));
    world.server.output.push((1, b"o\n".to_vec()));
    world.server.run_ended = true;
    world.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: true });
    world.settle();
    let lines: Vec<(u8, String)> =
        world.client.runs()[&run].tail.lines().map(|line| (line.fd, line.text.to_string())).collect();
    assert_eq!(lines, [(1, "one".to_owned()), (1, "two".to_owned()), (2, "oops".to_owned())]);
}

#[test]
fn a_card_may_be_drawn_at_its_own_pace() {
    for (keep_tails, lines) in [(true, 1), (false, 0)] {
        let mut world = World::new(1);
        world.client = Client::new(Options { keep_tails, ..Options::default() });
        world.input(Input::Start);
        world.settle();
        let run = RUN.parse().unwrap();
        world.server.output.push((1, b"one\n".to_vec()));
        world.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: false });
        world.settle();
        assert_eq!(world.client.runs()[&run].tail.lines().len(), lines);
    }
}

#[test]
fn an_end_that_speaks_of_more_bytes_is_asked_about_once() {
    let mut world = World::new(1);
    let run = RUN.parse().unwrap();
    world.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: true });
    world.settle();
    for _ in 0..2 {
        world.server.say(&json!({ "t": "run.end", "run": RUN, "exit": { "code": 0 }, "bytes": 9, "ms": 1 }));
        world.settle();
    }
    let ends = world.seen.iter().filter(|effect| matches!(effect, Effect::RunEnded(_))).count();
    assert_eq!(ends, 1, "it does not wait for ever for bytes that never come");
}

#[test]
fn a_watch_that_the_server_ends_is_over_and_not_begun_again() {
    let mut world = World::new(1);
    let run = RUN.parse().unwrap();
    world.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: true });
    world.settle();
    assert!(world.client.runs()[&run].watched);
    let err = |code: &str| json!({ "t": "err", "code": code, "msg": "words", "run": RUN });
    // Rejected input does not end the watch.
    world.server.say(&err("forbidden"));
    world.settle();
    assert!(world.client.runs()[&run].watched);
    world.server.say(&err("not_found"));
    world.settle();
    assert!(!world.client.runs()[&run].watched);
    let told = |effect: &&Effect| matches!(effect, Effect::Failed { operation: Operation::Run(of), .. } if *of == run);
    assert_eq!(world.seen.iter().filter(told).count(), 2);
    let asked = |world: &World| world.server.taken.iter().filter(|frame| frame["t"] == "run.watch").count();
    let before = asked(&world);
    world.cut();
    world.come_to_rest();
    assert_eq!(asked(&world), before, "a new connection does not ask for it");
}

impl super::server::Server {
    /// A run starts once per nonce.
    pub fn start_run(&mut self, id: &serde_json::Value, request: &serde_json::Value) {
        let nonce = request["nonce"].as_str().unwrap().to_owned();
        let next = self.events.len() as u64 + 1;
        let seq = *self.nonces.entry(nonce.clone()).or_insert(next);
        if seq == next {
            self.events.push(("ann".to_owned(), String::new(), Some(nonce)));
            let started = json!({ "kind": "run.started", "run": RUN, "n": 4, "cmd": request["cmd"], "host": "local",
                "tty": request["tty"], "stdin": request["stdin"] });
            self.others.insert(seq, started);
        }
        let lease = (request["stdin"] == true || request["tty"].is_object()).then_some(1);
        self.say(&json!({ "t": "ok", "re": id, "run": RUN, "n": 4, "seq": seq, "gen": lease }));
    }
}

fn start(n: u64) -> Command {
    Command::StartRun { start: Box::new(request(n)), watch: false }
}

pub fn request(n: u64) -> wardroom_client_core::protocol::messages::RunStart {
    wardroom_client_core::protocol::messages::RunStart {
        cmd: Some("date".to_owned()),
        ..wardroom_client_core::protocol::messages::RunStart::new(super::world::room(), super::world::nonce(n))
    }
}

/// What the server was asked for so far, by type: posts and runs.
fn asked(world: &World) -> Vec<String> {
    let types = world.server.taken.iter().filter_map(|request| request["t"].as_str());
    types.filter(|t| matches!(*t, "room.post" | "run.start")).map(str::to_owned).collect()
}

fn states(world: &World) -> Vec<PostState> {
    world.client.outbox().posts().iter().map(|post| post.state.clone()).collect()
}

#[test]
fn a_command_typed_offline_is_not_run_when_the_connection_returns() {
    let mut world = World::new(1);
    world.settle();
    world.cut();
    world.post(1);
    world.command(start(2));
    world.post(3);
    assert_eq!(states(&world), [PostState::Pending, PostState::NotSent(NotSent::Offline), PostState::Pending]);
    world.come_to_rest();
    assert_eq!(asked(&world), ["room.post", "room.post"], "messages are sent, the command is not");
    assert_eq!(states(&world), [PostState::NotSent(NotSent::Offline)]);
    // Its author sends it again.
    world.command(Command::RetryPost { nonce: super::world::nonce(2) });
    world.settle();
    assert_eq!(asked(&world), ["room.post", "room.post", "run.start"]);
    assert!(states(&world).is_empty());
    assert!(world.seen.iter().any(|effect| matches!(effect, Effect::RunStarted { .. })));
    world.cut();
    world.command(start(4));
    world.command(Command::DiscardPost { nonce: super::world::nonce(4) });
    world.come_to_rest();
    assert_eq!(asked(&world).len(), 3, "what was discarded is never sent");
}

#[test]
fn a_command_keeps_its_place_among_messages() {
    let mut world = World::new(1);
    world.settle();
    world.post(1);
    world.command(start(2));
    world.post(3);
    world.settle();
    assert_eq!(asked(&world), ["room.post", "run.start", "room.post"]);
}

#[test]
fn a_command_of_unknown_fate_does_not_start_twice() {
    for is_open in [false, true] {
        let mut world = World::new(1);
        if is_open {
            world.open_room(OpenFrom::After(0));
        }
        world.settle();
        world.command(start(1));
        world.client_to_server();
        world.cut();
        assert_eq!(states(&world), [PostState::NotSent(NotSent::Unknown)]);
        world.come_to_rest();
        assert_eq!(asked(&world), ["run.start"], "it is not sent again by itself");
        let started = |world: &World| world.seen.iter().filter(|e| matches!(e, Effect::RunStarted { .. })).count();
        if is_open {
            // The room shows that it has started.
            assert!(states(&world).is_empty());
        } else {
            world.command(Command::RetryPost { nonce: super::world::nonce(1) });
            world.settle();
        }
        assert_eq!(started(&world), 1);
        assert!(states(&world).is_empty());
        assert_eq!(world.server.events.len(), 1, "one run");
    }
}

#[test]
fn a_command_that_waits_too_long_for_its_turn_is_not_sent() {
    let mut world = World::new(1);
    world.settle();
    world.server.refuse_posts = vec!["busy"; 1_000];
    world.post(1);
    world.command(start(2));
    let until = world.now_ms + 11_000;
    while world.now_ms < until {
        world.settle();
        world.wait();
    }
    assert_eq!(states(&world), [PostState::Pending, PostState::NotSent(NotSent::Late)]);
    world.server.refuse_posts.clear();
    world.come_to_rest();
    assert!(!asked(&world).contains(&"run.start".to_owned()));
}

#[test]
fn a_command_is_kept_over_a_reload_and_not_sent() {
    let mut world = World::new(1);
    world.settle();
    world.command(start(1));
    let kept = serde_json::to_string(world.client.outbox()).unwrap();
    let outbox = serde_json::from_str(&kept).unwrap();
    let mut world = World::new(2);
    world.client = Client::new(Options { outbox, ..Options::default() });
    world.input(Input::Start);
    world.come_to_rest();
    assert_eq!(states(&world), [PostState::NotSent(NotSent::Unknown)]);
    assert!(asked(&world).is_empty());
}

#[test]
fn what_changes_a_room_is_done_now_or_not_at_all() {
    use wardroom_client_core::protocol::messages::{RoomInvite, RoomSet, Signal};
    let room = super::world::room;
    let mut world = World::new(1);
    world.settle();
    world.cut();
    let set =
        RoomSet { room: room(), title: None, topic: None, archived: None, retention_days: Some(1), approve: None };
    let acts = [
        Command::SetRoom(set),
        Command::Invite(RoomInvite { room: room(), user: "ben".parse().unwrap(), role: None }),
        Command::LeaveRoom { room: room() },
        Command::JoinRoom { room: room() },
        Command::OpenDm { users: vec!["ben".parse().unwrap()] },
        Command::SignalRun { run: RUN.parse().unwrap(), signal: Signal::Int },
    ];
    let count = acts.len();
    let before = world.server.taken.len();
    for act in acts {
        world.command(act);
    }
    let failed = world.seen.iter().filter(|effect| matches!(effect, Effect::Failed { .. })).count();
    assert_eq!(failed, count, "each says so at once");
    world.come_to_rest();
    let late: Vec<&serde_json::Value> =
        world.server.taken[before..].iter().filter(|r| !matches!(r["t"].as_str(), Some("hello" | "ping"))).collect();
    assert!(late.is_empty(), "{late:?}");
}
