//! Opening, losing and restoring the connection.

use serde_json::json;
use wardroom_client_core::protocol::messages::Auth;
use wardroom_client_core::{
    Client, Command, ConnectionState, Disconnect, Effect, Input, OnDisconnect, OpenFrom, Options,
};

use super::world::World;

fn with_auth(auth: Auth) -> World {
    let mut world = World::new(1);
    world.client = Client::new(Options { auth: Some(auth), remember: Some("test".to_owned()), ..Options::default() });
    world.input(Input::Start);
    world
}

#[test]
fn an_invite_is_used_once() {
    let user = "ann".parse().unwrap();
    let mut world = with_auth(Auth::Invite { invite: "code".to_owned(), user, password: "pass word".to_owned() });
    world.settle();
    assert!(world.seen.iter().any(|effect| matches!(effect, Effect::SignedIn { token } if &**token == "t0ken")));
    world.cut();
    world.come_to_rest();
    assert_eq!(world.server.hellos[0]["auth"]["invite"], "code");
    assert_eq!(world.server.hellos[1]["auth"], json!({ "token": "t0ken" }));
    assert!(world.server.hellos[1].get("remember").is_none(), "one session is enough");
}

#[test]
fn a_refusal_at_the_door_is_not_tried_again() {
    let mut world = World::new(1);
    world.open_socket();
    world.server.say(&json!({ "t": "err", "code": "unauthorized", "msg": "wrong name or password" }));
    world.server_to_client();
    assert_eq!(world.client.connection(), ConnectionState::SignedOut { why: "wrong name or password".to_owned() });
    for _ in 0..100 {
        world.wait();
        assert!(!world.open_socket());
    }
    world.command(Command::SignIn { auth: None });
    world.settle();
    assert_eq!(world.client.connection(), ConnectionState::Live);
}

#[test]
fn a_throttled_door_is_tried_when_it_says() {
    let mut world = World::new(1);
    world.open_socket();
    world.server.say(&json!({ "t": "err", "code": "rate_limited", "msg": "slowly", "retry_ms": 9_000 }));
    world.server_to_client();
    let ConnectionState::Reconnecting { at_ms, .. } = world.client.connection() else {
        panic!("{:?}", world.client.connection())
    };
    assert!(at_ms >= world.now_ms + 9_000);
    world.come_to_rest();
    assert_eq!(world.client.connection(), ConnectionState::Live);
}

#[test]
fn goaway_says_when_to_come_back_and_when_not() {
    let mut world = World::new(1);
    world.settle();
    world.server.say(&json!({ "t": "goaway", "reason": "restart", "retry_ms": 2_000 }));
    world.server_to_client();
    assert!(!world.is_open());
    let ConnectionState::Reconnecting { at_ms, .. } = world.client.connection() else {
        panic!("{:?}", world.client.connection())
    };
    assert!((world.now_ms + 2_000..=world.now_ms + 2_500).contains(&at_ms), "{at_ms}");
    world.come_to_rest();
    assert_eq!(world.client.connection(), ConnectionState::Live);
    world.server.say(&json!({ "t": "goaway", "reason": "your account is closed" }));
    world.server_to_client();
    assert_eq!(world.client.connection(), ConnectionState::SignedOut { why: "your account is closed".to_owned() });
}

#[test]
fn silence_is_noticed() {
    let mut world = World::new(1);
    world.settle();
    let began = world.now_ms;
    // The other end is gone silently: nothing that is sent arrives.
    while world.is_open() {
        world.wait();
        assert!(world.now_ms - began <= 65_000, "a dead connection was not noticed");
    }
    assert!(world.now_ms - began >= 55_000);
    // The data has been old since the last frame, not only since that was noticed.
    assert!(matches!(world.client.connection(), ConnectionState::OutOfDate { since_ms, .. } if since_ms == began));
}

#[test]
fn a_ping_keeps_a_silent_connection() {
    let mut world = World::new(1);
    world.settle();
    let until = world.now_ms + 600_000;
    while world.now_ms < until {
        world.wait();
        world.settle();
        assert!(world.is_open());
    }
    assert!((20..=26).contains(&world.server.pings), "{}", world.server.pings);
}

#[test]
fn after_sleep_the_connection_has_to_show_that_it_lives() {
    let mut world = World::new(1);
    world.settle();
    let before = world.server.pings;
    world.now_ms += 3_600_000;
    world.input(Input::Tick);
    assert!(world.is_open(), "an hour of sleep is not an hour of silence");
    world.settle();
    assert_eq!(world.server.pings, before + 1);
    assert_eq!(world.client.connection(), ConnectionState::Live);
    // If nobody answers, it takes ten seconds.
    world.now_ms += 3_600_000;
    let woke = world.now_ms;
    world.input(Input::Tick);
    while world.is_open() {
        world.wait();
    }
    assert!(world.now_ms - woke <= 11_000);
}

#[test]
fn a_clock_that_is_set_back_does_no_harm() {
    let mut world = World::new(1);
    world.settle();
    world.now_ms -= 900_000;
    world.input(Input::Tick);
    assert!(world.client.wake_at_ms() <= world.now_ms + 5_000, "timers go on");
    world.cut();
    let ConnectionState::Reconnecting { at_ms, since_ms } = world.client.connection() else {
        panic!("{:?}", world.client.connection())
    };
    assert!(at_ms <= world.now_ms + 500 && since_ms <= world.now_ms, "times are those of the clock as it is now");
    world.come_to_rest();
    assert_eq!(world.client.connection(), ConnectionState::Live);
}

#[test]
fn the_pauses_grow_and_a_person_need_not_wait() {
    let mut world = World::new(1);
    world.settle();
    let mut waits = Vec::new();
    for _ in 0..8 {
        world.cut();
        let at_ms = match world.client.connection() {
            ConnectionState::Reconnecting { at_ms, .. } | ConnectionState::OutOfDate { at_ms, .. } => at_ms,
            other => panic!("{other:?}"),
        };
        waits.push(at_ms - world.now_ms);
        world.now_ms = at_ms;
        world.input(Input::Tick);
    }
    assert!(waits.last() > waits.first(), "{waits:?}");
    assert!(waits.iter().all(|wait| (250..=30_000).contains(wait)), "{waits:?}");
    world.cut();
    assert!(!world.open_socket());
    world.command(Command::ReconnectNow);
    world.settle();
    assert_eq!(world.client.connection(), ConnectionState::Live);
}

#[test]
fn a_long_absence_is_called_out_of_date() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(1));
    world.settle();
    world.cut();
    let lost = world.now_ms;
    while world.now_ms < lost + 20_000 {
        world.wait();
        world.cut();
    }
    assert!(matches!(world.client.connection(), ConnectionState::OutOfDate { since_ms, .. } if since_ms == lost));
    world.come_to_rest();
    assert_eq!(world.client.connection(), ConnectionState::Live);
}

#[test]
fn a_socket_that_never_opens_is_given_up() {
    let mut world = World::new(1);
    let began = world.now_ms;
    while world.client.connection() == ConnectionState::Connecting {
        world.wait();
        assert!(world.now_ms < began + 20_000);
    }
    world.come_to_rest();
    assert_eq!(world.client.connection(), ConnectionState::Live);
}

#[test]
fn what_a_given_up_socket_says_is_ignored() {
    let mut world = World::new(1);
    world.settle();
    world.cut();
    let old = 1;
    world.come_to_rest();
    world.input(Input::Disconnected { conn: old, reason: Disconnect::SignedOut("late".to_owned()) });
    assert_eq!(world.client.connection(), ConnectionState::Live);
}

#[test]
fn requests_wait_for_the_connection_or_fail_as_they_were_told() {
    use wardroom_client_core::protocol::messages::RoomList;
    let mut world = World::new(1);
    let (kept, effects) = world.client.request(world.now_ms, &RoomList::default(), OnDisconnect::Resend);
    world.carry_out(effects);
    let (lost, effects) = world.client.request(world.now_ms, &RoomList::default(), OnDisconnect::Fail);
    world.carry_out(effects);
    world.come_to_rest();
    let answers = world.seen.iter().filter_map(|effect| match effect {
        Effect::Answered { request, result } => Some((*request, result.is_ok())),
        _ => None,
    });
    assert_eq!(answers.collect::<Vec<_>>(), [(lost, false), (kept, true)]);
}

#[test]
fn signing_out_leaves_nothing_behind() {
    let mut world = World::new(1);
    world.open_room(OpenFrom::Last(1));
    world.post(1);
    world.command(Command::SignOut);
    assert!(matches!(world.client.connection(), ConnectionState::SignedOut { .. }));
    assert!(world.client.rooms().is_empty() && world.client.outbox().posts().is_empty());
    assert!(world.client.you().is_none());
}

#[test]
fn bytes_that_are_no_message_end_the_connection_and_not_the_client() {
    let mut world = World::new(1);
    world.settle();
    world.server.say(&json!({ "t": "event", "room": 7 }));
    world.server_to_client();
    assert!(!world.is_open());
    world.come_to_rest();
    assert_eq!(world.client.connection(), ConnectionState::Live);
}
