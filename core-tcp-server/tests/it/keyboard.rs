//! The keyboard of a run: who may type, and that every byte reaches the host once and in order, whatever breaks.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, TestCore};
use crate::fake_host::FakeHost;

const USERS: [(&str, &str); 5] =
    [("ann", "operator"), ("bob", "operator"), ("eve", "operator"), ("mia", "member"), ("adm", "admin")];

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&USERS).await;
    core
}

/// Starts a terminal; its run.
async fn terminal(client: &mut Client<TcpStream>, host: &mut FakeHost) -> String {
    let ask = json!({"t":"run.start","room":"general","tty":{"cols":80,"rows":24},"nonce":"t1"});
    let run = client.ask(ask).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    run
}

async fn type_in(client: &mut Client<TcpStream>, run: &str, lease: u64, off: u64, text: &str) {
    let input = json!({"t":"run.input","run":run,"gen":lease,"off":off,"len":text.len()});
    client.send(input, text.as_bytes()).await;
}

fn control(run: &str, op: &str) -> Value {
    json!({"t":"term.control","run":run,"op":op})
}

/// The next refusal of input.
async fn refusal(client: &mut Client<TcpStream>) -> (Value, Value) {
    let err = client.next_of("err").await;
    (err["code"].clone(), err["off"].clone())
}

/// The next acknowledgement of input.
async fn acked(client: &mut Client<TcpStream>) -> (Value, Value) {
    let ack = client.next_of("run.input_ack").await;
    (ack["gen"].clone(), ack["off"].clone())
}

/// The holder, generation and who asked, as the next state says.
async fn state(client: &mut Client<TcpStream>) -> (Value, u64, Value) {
    let state = client.next_of("term.state").await;
    (state["holder"].clone(), state["gen"].as_u64().unwrap(), state["asked"].clone())
}

#[tokio::test]
async fn each_byte_is_typed_once_and_acknowledged_when_the_command_has_it() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = terminal(&mut ann, &mut host).await;
    type_in(&mut ann, &run, 1, 0, "ls -l").await;
    assert_eq!(host.input().await, (0, "ls -l".to_owned()));
    type_in(&mut ann, &run, 1, 9, "x").await;
    assert_eq!(refusal(&mut ann).await, (json!("conflict"), json!(5)), "a gap");
    type_in(&mut ann, &run, 1, 3, "-la").await;
    assert_eq!(host.input().await, (5, "a".to_owned()), "what it has is cut off");
    host.ack_input(&run, 4).await;
    assert_eq!(acked(&mut ann).await, (json!(1), json!(4)));
    host.ack_input(&run, 6).await;
    assert_eq!(acked(&mut ann).await, (json!(1), json!(6)));
    for lease in [0, 2] {
        type_in(&mut ann, &run, lease, 6, "x").await;
        assert_eq!(refusal(&mut ann).await.0, json!("conflict"), "another lease");
    }
    ann.refused(json!({"t":"run.eof","run":run,"gen":1,"off":6}), "conflict").await;
    ann.send(json!({"t":"run.input","run":run,"len":1}), b"x").await;
    assert_eq!(refusal(&mut ann).await.0, json!("bad_request"), "gen and off are required");
    // On another connection, after a break: all that was not acknowledged, and more.
    let mut again = core.sign_in("ann").await;
    type_in(&mut again, &run, 1, 4, "la /").await;
    assert_eq!(host.input().await, (6, " /".to_owned()).clone());
    host.ack_input(&run, 8).await;
    assert_eq!(acked(&mut again).await, (json!(1), json!(8)), "who sent it last hears of it");
    type_in(&mut again, &run, 1, 7, "/").await;
    assert_eq!(acked(&mut again).await, (json!(1), json!(8)), "also of what the command has already");
}

#[tokio::test]
async fn a_paste_waits_at_its_sender() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = terminal(&mut ann, &mut host).await;
    let chunk = "x".repeat(65_536);
    for nth in 0..5 {
        type_in(&mut ann, &run, 1, nth * 65_536, &chunk).await;
    }
    for nth in 0..4 {
        assert_eq!(host.input().await.0, nth * 65_536);
    }
    host.ack_input(&run, 65_536).await;
    assert_eq!(host.input().await.0, 4 * 65_536, "room for one more");
    // Chat on the same connection goes on once the paste has room.
    ann.ask(json!({"t":"room.list"})).await;
    // The end of the run is the end of the wait.
    type_in(&mut ann, &run, 1, 5 * 65_536, &chunk).await;
    host.end_and_forget(&run, 0).await;
    assert_eq!(refusal(&mut ann).await.0, json!("conflict"));
}

#[tokio::test]
async fn the_keyboard_is_asked_for_given_and_released() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut bob, mut eve) = (core.sign_in("ann").await, core.sign_in("bob").await, core.sign_in("eve").await);
    let mut mia = core.sign_in("mia").await;
    mia.ask(json!({"t":"room.open","room":"general","last":0})).await;
    let run = terminal(&mut ann, &mut host).await;
    ann.ask(json!({"t":"run.watch","run":run})).await;
    assert_eq!(state(&mut ann).await, (json!("ann"), 1, Value::Null), "a watcher begins with the state");
    type_in(&mut ann, &run, 1, 0, "abc").await;
    assert_eq!(host.input().await, (0, "abc".to_owned()));
    type_in(&mut bob, &run, 1, 3, "x").await;
    assert_eq!(refusal(&mut bob).await.0, json!("forbidden"), "who does not hold it does not type");
    let answer = bob.ask(control(&run, "ask")).await;
    assert_eq!((&answer["gen"], &answer["holds"], &answer["off"]), (&json!(1), &json!(false), &json!(3)));
    for client in [&mut ann, &mut mia] {
        assert_eq!(state(client).await, (json!("ann"), 1, json!(["bob"])), "watchers and readers hear who asks");
    }
    bob.refused(control(&run, "take"), "forbidden").await;
    bob.refused(control(&run, "give"), "forbidden").await;
    bob.refused(json!({"t":"term.resize","run":run,"gen":1,"cols":9,"rows":9}), "forbidden").await;
    mia.refused(control(&run, "ask"), "forbidden").await;
    ann.refused(json!({"t":"term.control","run":run,"op":"give","to":"mia"}), "forbidden").await;
    ann.refused(json!({"t":"term.control","run":run,"op":"give","to":"nobody"}), "not_found").await;
    eve.ask(control(&run, "ask")).await;
    assert_eq!(state(&mut mia).await.2, json!(["bob", "eve"]));
    let answer = ann.ask(control(&run, "give")).await;
    assert_eq!((&answer["gen"], &answer["holds"]), (&json!(2), &json!(false)));
    assert_eq!(state(&mut mia).await, (json!("bob"), 2, json!(["eve"])));
    type_in(&mut ann, &run, 1, 3, "d").await;
    assert_eq!(refusal(&mut ann).await.0, json!("conflict"), "the former holder");
    type_in(&mut bob, &run, 2, 3, "B").await;
    assert_eq!(host.input().await, (3, "B".to_owned()), "after what ann typed");
    host.ack_input(&run, 4).await;
    assert_eq!(acked(&mut ann).await, (json!(1), json!(3)), "each hears of their own");
    assert_eq!(acked(&mut bob).await, (json!(2), json!(4)));
    let info = mia.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!(info["holder"], "bob");
    bob.ask(control(&run, "release")).await;
    assert_eq!(state(&mut mia).await, (json!("eve"), 3, Value::Null), "to the next who asked");
    let answer = eve.ask(control(&run, "release")).await;
    assert_eq!((&answer["gen"], &answer["holds"]), (&json!(4), &json!(false)));
    assert_eq!(state(&mut mia).await, (Value::Null, 4, Value::Null));
    let answer = ann.ask(json!({"t":"term.control","run":run,"op":"ask"})).await;
    assert_eq!((&answer["gen"], &answer["holds"], &answer["off"]), (&json!(5), &json!(true), &json!(4)));
    let answer = core.sign_in("ann").await.ask(control(&run, "take")).await;
    assert_eq!((&answer["gen"], &answer["holds"]), (&json!(6), &json!(true)), "from oneself");
    let answer = core.sign_in("adm").await.ask(control(&run, "take")).await;
    assert_eq!((&answer["gen"], &answer["holds"]), (&json!(7), &json!(true)), "an admin");
}

#[tokio::test]
async fn who_may_not_run_commands_any_more_loses_it() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut bob) = (core.sign_in("ann").await, core.sign_in("bob").await);
    let mut system = core.system().await;
    let run = terminal(&mut ann, &mut host).await;
    bob.ask(control(&run, "ask")).await;
    bob.ask(json!({"t":"run.watch","run":run})).await;
    assert_eq!(state(&mut bob).await, (json!("ann"), 1, json!(["bob"])));
    system.ask(json!({"t":"user.role","user":"ann","role":"member"})).await;
    type_in(&mut ann, &run, 1, 0, "rm -rf /").await;
    assert_eq!(refusal(&mut ann).await.0, json!("forbidden"));
    assert_eq!(state(&mut bob).await, (json!("bob"), 2, Value::Null), "it goes to who asked");
    type_in(&mut bob, &run, 2, 0, "ok").await;
    assert_eq!(host.input().await, (0, "ok".to_owned()), "nothing of ann's came first");
    // Without a word of the holder's, it is noticed within moments.
    bob.ask(json!({"t":"run.watch","run":run})).await;
    core.sign_in("adm").await.ask(json!({"t":"user.disable","user":"bob","disabled":true})).await;
    let mut eve = core.sign_in("eve").await;
    eve.ask(json!({"t":"run.watch","run":run})).await;
    loop {
        let (holder, lease, _) = state(&mut eve).await;
        if lease == 3 {
            break assert_eq!(holder, Value::Null);
        }
    }
    assert_eq!(eve.ask(control(&run, "ask")).await["gen"], 4);
}

#[tokio::test]
async fn the_lease_outlives_the_core_and_input_goes_on_where_the_command_is() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut bob) = (core.sign_in("ann").await, core.sign_in("bob").await);
    let run = terminal(&mut ann, &mut host).await;
    type_in(&mut ann, &run, 1, 0, "abcdef").await;
    assert_eq!(host.input().await, (0, "abcdef".to_owned()));
    host.ack_input(&run, 2).await;
    acked(&mut ann).await;
    ann.ask(json!({"t":"term.control","run":run,"op":"give","to":"bob"})).await;
    type_in(&mut bob, &run, 2, 6, "ghi").await;
    assert_eq!(host.input().await, (6, "ghi".to_owned()));
    let core = TestCore::on(core.stop().await).await;
    let (mut ann, mut bob) = (core.sign_in("ann").await, core.sign_in("bob").await);
    type_in(&mut bob, &run, 2, 6, "ghi").await;
    assert_eq!(refusal(&mut bob).await.0, json!("busy"), "only the host knows what the command has");
    bob.refused(control(&run, "ask"), "busy").await;
    let mut host = FakeHost::come_with_input(&core, "local", &[(&run, 0, 7)]).await;
    type_in(&mut ann, &run, 1, 7, "x").await;
    assert_eq!(refusal(&mut ann).await.0, json!("conflict"), "the lease is still the second one");
    type_in(&mut bob, &run, 2, 6, "ghi").await;
    assert_eq!(host.input().await, (7, "hi".to_owned()));
    assert_eq!(bob.ask(control(&run, "take")).await["gen"], 3, "no generation is used twice");
}

#[tokio::test]
async fn a_host_that_comes_again_is_given_what_the_command_has_not() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let ask = json!({"t":"run.start","room":"general","cmd":"cat","stdin":true,"nonce":"n1"});
    let run = ann.ask(ask).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    type_in(&mut ann, &run, 1, 0, "abc").await;
    host.input().await;
    // Cut off, with a part of it in the command; what is typed meanwhile waits.
    drop(host);
    type_in(&mut ann, &run, 1, 3, "def").await;
    ann.ask(json!({"t":"room.list"})).await;
    let mut host = FakeHost::come_with_input(&core, "local", &[(&run, 0, 1)]).await;
    assert_eq!(acked(&mut ann).await, (json!(1), json!(1)));
    assert_eq!(host.input().await, (1, "bcdef".to_owned()));
    drop(host);
    ann.ask(json!({"t":"run.eof","run":run,"gen":1,"off":6})).await;
    let mut host = FakeHost::come_with_input(&core, "local", &[(&run, 0, 5)]).await;
    assert_eq!(host.input().await, (5, "f".to_owned()));
    assert_eq!(host.client.next_of("host.eof").await["off"], 6, "the end again, behind all input");
    ann.ask(json!({"t":"run.eof","run":run,"gen":1,"off":6})).await;
    type_in(&mut ann, &run, 1, 6, "x").await;
    assert_eq!(refusal(&mut ann).await.0, json!("conflict"), "nothing after the end");
    // More than this core ever had, and less than it had acknowledged: the host's word counts.
    let _host = FakeHost::come_with_input(&core, "local", &[(&run, 0, 9)]).await;
    type_in(&mut ann, &run, 1, 12, "x").await;
    assert_eq!(refusal(&mut ann).await, (json!("conflict"), json!(9)));
}

#[tokio::test]
async fn the_size_follows_the_holder_unless_it_is_fixed() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = terminal(&mut ann, &mut host).await;
    ann.ask(json!({"t":"run.watch","run":run})).await;
    state(&mut ann).await;
    let resize = |cols: u64, lease: u64| json!({"t":"term.resize","run":run,"gen":lease,"cols":cols,"rows":40});
    ann.ask(resize(120, 1)).await;
    let told = host.client.next_of("host.resize").await;
    assert_eq!((&told["cols"], &told["rows"]), (&json!(120), &json!(40)));
    assert_eq!(ann.next_of("term.state").await["tty"], json!({"cols":120,"rows":40}));
    ann.refused(resize(0, 1), "bad_request").await;
    ann.refused(resize(1001, 1), "bad_request").await;
    ann.refused(resize(100, 2), "conflict").await;
    let mut host = FakeHost::come(&core, "local", &[(&run, 0)]).await;
    assert_eq!(host.client.next_of("host.resize").await["cols"], 120, "also to a host that was away");
    let fixed = json!({"cols":80,"rows":24,"fixed":true});
    let run = ann.ask(json!({"t":"run.start","room":"general","tty":fixed,"nonce":"t2"})).await["run"].clone();
    ann.refused(json!({"t":"term.resize","run":run,"gen":1,"cols":90,"rows":40}), "conflict").await;
    let run =
        ann.ask(json!({"t":"run.start","room":"general","cmd":"cat","stdin":true,"nonce":"t3"})).await["run"].clone();
    ann.refused(json!({"t":"term.resize","run":run,"gen":1,"cols":90,"rows":40}), "conflict").await;
}
