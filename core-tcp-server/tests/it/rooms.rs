//! Rooms over the wire: what is posted, in which order it is read, and what is refused.

use serde_json::{Value, json};

use crate::common::{PASSWORD, TestCore};

async fn core_with_two() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "member"), ("vic", "viewer")]).await;
    core
}

#[tokio::test]
async fn the_first_invite_makes_an_admin_once() {
    let core = TestCore::start().await;
    let invite = core.first_invite.clone().expect("an invite while there is no admin");
    let mut ann = core.connect().await;
    let welcome = ann.hello(json!({"invite": invite, "user": "ann", "password": PASSWORD})).await;
    assert_eq!(welcome["you"]["role"], "admin");
    assert_eq!(welcome["rooms"][0]["room"], "general");
    let mut again = core.connect().await;
    again.send(json!({"t":"hello","v":1,"auth":{"invite":invite,"user":"eve","password":PASSWORD}}), &[]).await;
    let (refused, _) = again.next().await;
    assert_eq!(refused["code"], "unauthorized");
    assert!(again.read().await.is_none(), "a refused connection is closed");
    let core = TestCore::on(core.stop().await).await;
    assert!(core.first_invite.is_none());
}

#[tokio::test]
async fn what_one_posts_all_read_in_one_order_and_after_a_restart() {
    let core = core_with_two().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops","title":"Operations"})).await;
    ben.refused(json!({"t":"room.post","room":"ops","text":"hi","nonce":"b0"}), "forbidden").await;
    ben.ask(json!({"t":"room.join","room":"ops"})).await;
    ben.ask(json!({"t":"room.open","room":"ops","last":10})).await;
    let posted = ann.ask(json!({"t":"room.post","room":"ops","text":"hello","nonce":"a1"})).await;
    assert_eq!(posted["seq"], 3);
    for (seq, kind) in [(1, "join"), (2, "join")] {
        let event = ben.next_of("event").await;
        assert_eq!((&event["seq"], &event["kind"]), (&json!(seq), &json!(kind)));
    }
    let event = ben.next_of("event").await;
    assert_eq!(event["text"], "hello");
    assert_eq!(event["nonce"], Value::Null, "only its author sees a nonce");
    let core = TestCore::on(core.stop().await).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.open","room":"ops","after":2})).await;
    let event = ann.next_of("event").await;
    assert_eq!((&event["seq"], &event["nonce"]), (&json!(3), &json!("a1")));
    assert_eq!(ann.next_of("room.live").await["head"], 3);
}

#[tokio::test]
async fn a_retry_with_the_same_nonce_is_the_same_post() {
    let core = core_with_two().await;
    let mut ann = core.sign_in("ann").await;
    let post = json!({"t":"room.post","room":"general","text":"once","nonce":"n1"});
    let first = ann.ask(post.clone()).await;
    assert_eq!(ann.ask(post).await["seq"], first["seq"]);
    ann.refused(json!({"t":"room.post","room":"general","text":"twice","nonce":"n1"}), "conflict").await;
}

#[tokio::test]
async fn a_position_of_another_log_is_reset() {
    let core = core_with_two().await;
    let mut ann = core.sign_in("ann").await;
    ann.refused(json!({"t":"room.open","room":"general","after":99}), "reset").await;
    let epoch = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    ann.refused(json!({"t":"room.open","room":"general","after":0,"epoch":epoch}), "reset").await;
}

#[tokio::test]
async fn after_a_break_one_may_ask_for_no_more_than_the_last() {
    let core = core_with_two().await;
    let mut ann = core.sign_in("ann").await;
    for n in 0..20 {
        ann.ask(json!({"t":"room.post","room":"general","text":"again","nonce":format!("n{n}")})).await;
    }
    let head = ann.ask(json!({"t":"room.open","room":"general"})).await["head"].as_u64().unwrap();
    let mut after = async |after: u64, last: u64| {
        ann.ask(json!({"t":"room.open","room":"general","after":after,"last":last})).await["after"].as_u64().unwrap()
    };
    assert_eq!(after(head - 10, 10).await, head - 10, "as many as that are sent all");
    assert_eq!(after(head - 11, 10).await, head - 10);
    assert_eq!(after(0, 0).await, head);
    assert_eq!(after(0, head + 1).await, 0);
    ann.refused(json!({"t":"room.open","room":"general","after":head + 1,"last":5}), "reset").await;
}

#[tokio::test]
async fn refusals_leave_the_connection_going() {
    let core = core_with_two().await;
    let mut vic = core.sign_in("vic").await;
    vic.refused(json!({"t":"room.post","room":"general","text":"x","nonce":"v"}), "forbidden").await;
    vic.refused(json!({"t":"room.create","room":"mine"}), "forbidden").await;
    let mut ben = core.sign_in("ben").await;
    ben.refused(json!({"t":"room.post","room":"nowhere","text":"x","nonce":"v"}), "not_found").await;
    ben.refused(json!({"t":"room.post","room":"General","text":"x","nonce":"v"}), "bad_request").await;
    ben.refused(json!({"t":"room.post","room":"general","text":" ","nonce":"v"}), "bad_request").await;
    let long = "x".repeat(16_385);
    ben.refused(json!({"t":"room.post","room":"general","text":long,"nonce":"v"}), "too_large").await;
    ben.refused(json!({"t":"room.history","room":"general","limit":201}), "bad_request").await;
    ben.refused(json!({"t":"room.read","room":"general","seq":9_999}), "bad_request").await;
    ben.refused(json!({"t":"room.leave","room":"general"}), "conflict").await;
    ben.refused(json!({"t":"make.coffee"}), "unknown_type").await;
    ben.refused(json!({"t":"user.list"}), "forbidden").await;
    ben.refused(json!({"t":"host.started","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","pid":1}), "forbidden").await;
    ben.send_raw(b"# a comment\r\n\r\n").await;
    ben.ask(json!({"t":"room.list"})).await;
}

#[tokio::test]
async fn bytes_that_are_no_frame_end_the_connection_with_words() {
    let core = core_with_two().await;
    for bad in [&b"{\"t\":\"room.list\",\"id\":1\n"[..], b"\xff\xfe\n", b"{\"t\":\"ping\",\"len\":70000}\n"] {
        let mut ben = core.sign_in("ben").await;
        ben.send_raw(bad).await;
        let (answer, _) = loop {
            let next = ben.read().await.expect("an answer before the end");
            if next.0["t"] == "err" {
                break next;
            }
        };
        assert_eq!(answer["code"], "bad_frame");
        assert!(ben.read().await.is_none());
    }
}

#[tokio::test]
async fn a_private_room_is_not_there_for_others() {
    let core = core_with_two().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    for t in ["room.open", "room.join", "room.history", "room.members"] {
        ben.refused(json!({"t":t,"room":"secret"}), "not_found").await;
    }
    let rooms = ben.ask(json!({"t":"room.list"})).await;
    assert_eq!(rooms["rooms"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn history_has_pages_in_every_direction() {
    let core = core_with_two().await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for n in 2..=250 {
        ann.ask(json!({"t":"room.post","room":"ops","text":format!("line {n}"),"nonce":format!("n{n}")})).await;
    }
    let mut page = async |ask: Value| {
        let mut ask = ask;
        ask["t"] = "room.history".into();
        ask["room"] = "ops".into();
        let answer = ann.ask(ask).await;
        let seqs: Vec<u64> = answer["events"].as_array().unwrap().iter().map(|e| e["seq"].as_u64().unwrap()).collect();
        (seqs, answer["more"].as_bool().unwrap())
    };
    assert_eq!(page(json!({"limit":3})).await, (vec![248, 249, 250], true));
    assert_eq!(page(json!({"before":4,"limit":3})).await, (vec![1, 2, 3], false));
    assert_eq!(page(json!({"before":5,"limit":3})).await, (vec![2, 3, 4], true));
    assert_eq!(page(json!({"after":248,"limit":3})).await, (vec![249, 250], false));
    assert_eq!(page(json!({"around":100,"limit":4})).await, (vec![98, 99, 100, 101], true));
    assert_eq!(page(json!({"limit":200})).await.0.len(), 200);
}

#[tokio::test]
async fn long_texts_make_short_pages_that_fit_a_line() {
    let core = core_with_two().await;
    let mut ann = core.sign_in("ann").await;
    for n in 0..10 {
        let text = "\u{1}".repeat(5_000);
        ann.ask(json!({"t":"room.post","room":"general","text":text,"nonce":format!("n{n}")})).await;
    }
    let answer = ann.ask(json!({"t":"room.history","room":"general","limit":200})).await;
    assert_eq!(answer["more"], true);
    assert!(!answer["events"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn ending_a_session_closes_its_connections() {
    let core = core_with_two().await;
    let mut first = core.connect().await;
    first.send(json!({"t":"hello","v":1,"remember":"test","auth":{"user":"ben","password":PASSWORD}}), &[]).await;
    let token = first.next().await.0["token"].as_str().unwrap().to_owned();
    let mut second = core.connect().await;
    second.hello(json!({"token": token})).await;
    second.ask(json!({"t":"session.end"})).await;
    assert_eq!(second.next_of("goaway").await["retry_ms"], Value::Null);
    let mut third = core.connect().await;
    third.send(json!({"t":"hello","v":1,"auth":{"token":token}}), &[]).await;
    assert_eq!(third.next().await.0["code"], "unauthorized");
    let mut system = core.system().await;
    system.ask(json!({"t":"user.disable","user":"ben","disabled":true})).await;
    assert!(first.next_of("goaway").await["reason"].as_str().unwrap().contains("ended"));
}

#[tokio::test]
async fn a_reader_far_behind_reads_on_from_disk_and_misses_nothing() {
    let core = core_with_two().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ben.ask(json!({"t":"room.open","room":"general","last":0})).await;
    // More than the tail and the socket hold, while ben does not read.
    let text = "x".repeat(8_000);
    let count = 1_500u64;
    for n in 0..count {
        let post = json!({"t":"room.post","id":n + 1_000,"room":"general","text":text,"nonce":format!("n{n}")});
        ann.send(post, &[]).await;
        if n % 32 == 31 {
            while ann.next().await.0["re"] != n + 1_000 {}
        }
    }
    let mut last = 0;
    for _ in 0..count {
        let seq = ben.next_of("event").await["seq"].as_u64().unwrap();
        assert!(last == 0 || seq == last + 1, "{seq} after {last}");
        last = seq;
    }
}

#[tokio::test]
async fn a_new_public_room_is_told_to_all_and_a_private_one_to_nobody() {
    let core = core_with_two().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"vault","private":true})).await;
    ann.ask(json!({"t":"room.create","room":"incident","title":"Fire"})).await;
    let told = ben.next_of("room.changed").await;
    assert_eq!(
        (&told["info"]["room"], &told["info"]["title"], &told["info"]["joined"]),
        (&json!("incident"), &json!("Fire"), &json!(false))
    );
}

#[tokio::test]
async fn sign_ins_are_throttled_but_the_owner_gets_in() {
    let core = core_with_two().await;
    core.sign_in("ann").await;
    let mut codes = Vec::new();
    // Ten of the address, and ten more because ann has signed in from there.
    for _ in 0..22 {
        let mut eve = core.connect().await;
        eve.send(json!({"t":"hello","v":1,"auth":{"user":"ann","password":"wrong wrong"}}), &[]).await;
        codes.push(eve.next().await.0["code"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes.first().map(String::as_str), Some("unauthorized"));
    assert_eq!(codes.last().map(String::as_str), Some("rate_limited"));
    // Over the unix socket the owner is another address.
    core.system().await.ask(json!({"t":"user.list"})).await;
}

#[tokio::test]
async fn the_wrong_door_is_named() {
    let core = TestCore::start().await;
    let mut browser = core.connect().await;
    browser.send_raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut browser.stream, &mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 400") && text.contains("http://web.example/"), "{text}");
}

#[tokio::test]
async fn a_room_joined_on_one_connection_is_told_to_the_others() {
    let core = core_with_two().await;
    let mut ann = core.sign_in("ann").await;
    let (mut desk, mut phone) = (core.sign_in("ben").await, core.sign_in("ben").await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    desk.ask(json!({"t":"room.join","room":"ops"})).await;
    let told = phone.next_of("room.state").await;
    assert_eq!((&told["room"], &told["head"]), (&json!("ops"), &json!(2)));
}
