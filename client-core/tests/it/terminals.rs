//! Terminals: whole screens, and a keyboard whose input is neither lost nor repeated, however the connection behaves.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use wardroom_client_core::limits::INPUT_QUEUE_BYTES_MAX;
use wardroom_client_core::protocol::limits::INPUT_WINDOW;
use wardroom_client_core::protocol::messages::{RunStart, TermOp, TermSize, Tty};
use wardroom_client_core::protocol::{Code, RunId};
use wardroom_client_core::{Command, Effect, Operation, WatchFrom};

use super::server::{RUN, frame};
use super::world::World;

fn run() -> RunId {
    RUN.parse().unwrap()
}

fn size(cols: u16, rows: u16) -> TermSize {
    TermSize { cols, rows }
}

fn typed(world: &mut World, bytes: &[u8]) {
    world.command(Command::RunInput { run: run(), bytes: Bytes::copy_from_slice(bytes) });
}

fn ask(world: &mut World, op: TermOp) {
    world.command(Command::Keyboard { run: run(), op, to: None });
}

/// A client that has started a terminal and types into it.
fn at_keyboard(seed: u64) -> World {
    let mut world = World::new(seed);
    world.settle();
    let start = RunStart { tty: Some(Tty { size: size(80, 24), fixed: false }), ..super::runs::request(1) };
    world.command(Command::StartRun { start: Box::new(start), watch: false });
    world.settle();
    assert!(world.client.runs()[&run()].keyboard.mine);
    world
}

/// What was said about the keyboard's failures.
fn failures(world: &World) -> Vec<(Option<Code>, String)> {
    let failed = world.seen.iter().filter_map(|effect| match effect {
        Effect::Failed { operation: Operation::Keyboard(_), error } => Some((error.code, error.message.clone())),
        _ => None,
    });
    failed.collect()
}

fn frames<'a>(world: &'a World, t: &'a str) -> impl Iterator<Item = &'a Value> {
    world.server.taken.iter().filter(move |frame| frame["t"] == t)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn input_is_whole_over_random_disconnects(seed in any::<u64>()) {
        let mut world = at_keyboard(seed);
        let mut right: Vec<u8> = Vec::new();
        for step in 0..300u64 {
            match world.random(16) {
                0 => world.cut(),
                1..=3 => {
                    let len = if world.random(4) == 0 { world.random(150_000) } else { 1 } as usize;
                    let bytes = vec![step as u8; len.min(world.client.input_free(run()))];
                    right.extend(&bytes);
                    typed(&mut world, &bytes);
                }
                4 | 5 => { world.open_socket(); }
                6 => world.wait(),
                7..=10 => { world.client_to_server(); }
                11 if world.is_open() => world.server.ack_input(),
                _ => { world.server_to_client(); }
            }
        }
        world.command(Command::RunEof { run: run() });
        for _ in 0..60 {
            world.settle();
            if world.is_open() {
                world.server.ack_input();
            }
            world.wait();
        }
        prop_assert!(world.server.terminal.input == right, "{} of {}", world.server.terminal.input.len(), right.len());
        prop_assert_eq!(world.server.terminal.eof, Some(right.len() as u64));
        prop_assert_eq!(failures(&world), []);
        prop_assert_eq!(world.client.input_free(run()), INPUT_QUEUE_BYTES_MAX);
    }
}

#[test]
fn a_paste_waits_at_its_sender() {
    let mut world = at_keyboard(1);
    typed(&mut world, &vec![b'x'; INPUT_QUEUE_BYTES_MAX]);
    world.settle();
    assert_eq!(world.server.terminal.input.len() as u64, INPUT_WINDOW, "nothing is acknowledged yet");
    typed(&mut world, b"y");
    assert_eq!(failures(&world).len(), 1, "what does not fit is refused, not lost silently");
    world.server.ack_input();
    world.settle();
    let room = world.seen.iter().any(
        |effect| matches!(effect, Effect::InputTaken { off: INPUT_WINDOW, free, .. } if *free as u64 == INPUT_WINDOW),
    );
    assert!(room, "the caller hears that there is room");
    assert_eq!(world.server.terminal.input.len() as u64, 2 * INPUT_WINDOW);
}

#[test]
fn input_of_a_lost_lease_is_dropped_and_said_once() {
    let mut world = at_keyboard(1);
    world.cut();
    typed(&mut world, b"rm -rf build\n");
    typed(&mut world, &[b'x'; 100_000]);
    (world.server.terminal.lease, world.server.terminal.holder) = (2, "ben");
    world.come_to_rest();
    assert_eq!(world.server.terminal.input, b"", "it does not go into somebody else's session");
    let failed = failures(&world);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, Some(Code::Conflict));
    assert!(failed[0].1.contains("100013 bytes"), "{failed:?}");
    assert!(!world.client.runs()[&run()].keyboard.mine);
    typed(&mut world, b"more");
    assert!(failures(&world)[1].1.contains("ask for it first"));
}

#[test]
fn a_keyboard_taken_in_mid_typing_stops_what_was_not_sent() {
    let mut world = at_keyboard(1);
    typed(&mut world, &vec![b'x'; INPUT_WINDOW as usize + 5]);
    (world.server.terminal.lease, world.server.terminal.holder) = (2, "ben");
    world.server.say_term_state();
    world.settle();
    let keyboard = world.client.runs()[&run()].keyboard.clone();
    assert!(!keyboard.mine && keyboard.holder.is_some_and(|holder| holder.as_str() == "ben"));
    // Once for what stayed here, once for what the server refused of four frames.
    assert_eq!(failures(&world).len(), 2, "{:?}", failures(&world));
}

#[test]
fn whoever_asked_types_once_the_keyboard_is_passed() {
    let mut world = World::new(1);
    world.server.terminal.holder = "ben";
    world.server.terminal.input = b"from ben".to_vec();
    world.command(Command::WatchScreen { run: run(), auto_ack: true });
    world.settle();
    ask(&mut world, TermOp::Ask);
    world.settle();
    world.server.say_term_state();
    world.settle();
    let keyboard = world.client.runs()[&run()].keyboard.clone();
    assert!(!keyboard.mine && keyboard.asked.len() == 1, "{keyboard:?}");
    // What was typed meanwhile would go out, if a caller allowed it; here nothing was.
    (world.server.terminal.lease, world.server.terminal.holder) = (2, "ann");
    world.server.terminal.asked.clear();
    world.server.say_term_state();
    world.settle();
    assert!(world.client.runs()[&run()].keyboard.mine);
    typed(&mut world, b", from ann");
    world.settle();
    assert_eq!(world.server.terminal.input, b"from ben, from ann");
    ask(&mut world, TermOp::Release);
    world.settle();
    assert!(!world.client.runs()[&run()].keyboard.mine);
    assert_eq!(failures(&world), []);
}

#[test]
fn one_of_a_users_windows_does_not_type_for_another() {
    let mut world = World::new(1);
    world.command(Command::WatchScreen { run: run(), auto_ack: true });
    world.settle();
    // The user holds it, but did not ask for it here.
    world.server.say_term_state();
    world.settle();
    assert!(!world.client.runs()[&run()].keyboard.mine);
    assert_eq!(frames(&world, "term.control").count(), 0);
    ask(&mut world, TermOp::Take);
    world.settle();
    assert!(world.client.runs()[&run()].keyboard.mine);
    assert_eq!(world.server.terminal.lease, 2);
    // A state from before is ignored.
    world.server.say(&json!({ "t": "term.state", "run": RUN, "gen": 1, "holder": "ben" }));
    world.settle();
    assert!(world.client.runs()[&run()].keyboard.mine);
}

#[test]
fn a_gap_is_filled_from_where_the_server_says() {
    let mut world = at_keyboard(1);
    typed(&mut world, &vec![b'x'; 200_000]);
    world.settle();
    // The server's process is another one, and has only what was acknowledged and written.
    world.server.terminal.input.truncate(70_000);
    typed(&mut world, b"yy");
    typed(&mut world, b"zz");
    world.settle();
    assert_eq!(world.server.terminal.input.len(), 200_004);
    assert_eq!(failures(&world), []);
}

#[test]
fn a_started_terminal_whose_answer_was_lost_is_taken() {
    let mut world = World::new(1);
    world.open_room(wardroom_client_core::OpenFrom::After(0));
    world.settle();
    let start = RunStart { tty: Some(Tty { size: size(80, 24), fixed: false }), ..super::runs::request(1) };
    world.command(Command::StartRun { start: Box::new(start), watch: false });
    world.client_to_server();
    world.cut();
    world.come_to_rest();
    let shown = world.client.runs()[&run()].clone();
    assert!(shown.keyboard.mine && shown.keyboard.lease == 2, "{shown:?}");
    assert!(shown.tty.is_some());
}

#[test]
fn a_screen_is_whole_and_output_follows_it() {
    let mut world = World::new(1);
    world.server.output.push((1, vec![b'x'; 400_000]));
    world.command(Command::WatchRun { run: run(), from: WatchFrom::Byte(0), auto_ack: true });
    world.command(Command::WatchScreen { run: run(), auto_ack: false });
    world.settle();
    world.server.output.push((1, b"after".to_vec()));
    world.settle();
    let resized = json!({ "t": "run.output", "run": RUN, "fd": 1, "off": 400_005, "len": 2, "cols": 90, "rows": 30 });
    world.server.conn.out.push_back(frame(&resized, b"!!"));
    world.settle();
    let news = |world: &World| -> Vec<String> {
        let words = world.seen.iter().filter_map(|effect| match effect {
            Effect::Screen { off, cols, rows, bytes, .. } => {
                Some(format!("{cols}x{rows} at {off}: {}", String::from_utf8_lossy(bytes)))
            }
            Effect::ScreenSize { cols, rows, .. } => Some(format!("{cols}x{rows}")),
            Effect::Output { off, bytes, .. } => Some(format!("{off}: {}", String::from_utf8_lossy(bytes))),
            _ => None,
        });
        words.collect()
    };
    let first = ["80x24 at 400000: screen", "400000: after", "90x30", "400005: !!"];
    assert_eq!(news(&world), first);
    assert_eq!(world.client.runs()[&run()].size, Some(size(90, 30)));
    assert_eq!(world.client.runs()[&run()].tail.lines().len(), 0, "a terminal's output is no lines");
    // After a reconnect the screen comes again, whole, even if the cut was between its parts.
    world.server.output.push((1, b"??".to_vec()));
    world.server.terminal.screen = b"another".to_vec();
    world.cut();
    world.wait();
    world.open_socket();
    for _ in 0..3 {
        world.client_to_server();
        world.server_to_client();
    }
    world.cut();
    world.come_to_rest();
    assert_eq!(news(&world)[first.len()..], ["80x24 at 400007: another"]);
}

#[test]
fn a_recording_begins_with_one_screen_and_goes_on_by_byte() {
    let mut world = World::new(1);
    world.command(Command::WatchScreen { run: run(), auto_ack: false });
    world.settle();
    world.command(Command::WatchRecording { run: run(), at_ms: 7_000 });
    world.settle();
    world.server.output.push((1, b"after".to_vec()));
    world.settle();
    let asked: Vec<_> = frames(&world, "run.watch").map(|frame| frame["at"].clone()).collect();
    assert_eq!(asked, [Value::Null, json!(7_000)]);
    assert_eq!(frames(&world, "run.unwatch").count(), 1, "the screen before goes first");
    let screens = |world: &World| world.seen.iter().filter(|effect| matches!(effect, Effect::Screen { .. })).count();
    assert_eq!(screens(&world), 2);
    assert_eq!(world.client.runs()[&run()].tail.lines().len(), 0, "it is no lines");
    world.cut();
    world.come_to_rest();
    world.server.output.push((1, b"!".to_vec()));
    world.settle();
    let last = frames(&world, "run.watch").last().cloned().unwrap();
    assert_eq!((&last["from"], &last["screen"], &last["at"]), (&json!(5), &Value::Null, &Value::Null));
    assert_eq!(screens(&world), 2, "what is drawn stays after a reconnect");
    let output: Vec<u64> = world
        .seen
        .iter()
        .filter_map(|effect| if let Effect::Output { off, .. } = effect { Some(*off) } else { None })
        .collect();
    assert_eq!(output, [0, 5]);
}

#[test]
fn of_many_sizes_the_last_counts() {
    let mut world = at_keyboard(1);
    for cols in 80..120 {
        world.command(Command::ResizeTerminal { run: run(), size: size(cols, 24) });
    }
    world.settle();
    assert_eq!(world.server.terminal.sizes, [json!([80, 24]), json!([119, 24])]);
    world.cut();
    world.command(Command::ResizeTerminal { run: run(), size: size(40, 20) });
    world.come_to_rest();
    assert_eq!(world.server.terminal.sizes.last(), Some(&json!([40, 20])));
    let mut watcher = World::new(2);
    watcher.settle();
    watcher.command(Command::ResizeTerminal { run: run(), size: size(40, 20) });
    watcher.settle();
    assert_eq!(watcher.server.terminal.sizes, [] as [Value; 0], "who only watches never resizes");
    assert_eq!(failures(&watcher).len(), 1);
}

#[test]
fn input_waits_while_the_server_cannot_take_it() {
    let mut world = at_keyboard(1);
    world.server.terminal.busy = 3;
    let text = vec![b'x'; 150_000];
    typed(&mut world, &text);
    world.command(Command::RunEof { run: run() });
    world.command(Command::ResizeTerminal { run: run(), size: size(90, 30) });
    world.settle();
    assert_eq!(world.server.terminal.input, b"", "nothing after a refused piece counts");
    world.come_to_rest();
    assert!(world.server.terminal.input == text);
    assert_eq!(world.server.terminal.eof, Some(150_000));
    assert_eq!(world.server.terminal.sizes, [json!([90, 30])]);
    assert_eq!(failures(&world), []);
}

#[test]
fn a_keyboard_is_asked_for_again_once_the_host_is_back() {
    let mut world = World::new(1);
    world.server.terminal.busy = 1;
    world.server.terminal.input = b"before".to_vec();
    world.command(Command::WatchScreen { run: run(), auto_ack: true });
    ask(&mut world, TermOp::Ask);
    world.come_to_rest();
    typed(&mut world, b", after");
    world.settle();
    assert_eq!(world.server.terminal.input, b"before, after");
    assert_eq!(failures(&world), []);
}
