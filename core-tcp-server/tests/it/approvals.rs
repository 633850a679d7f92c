//! Runs that a second person approves, with a host that is played: who may, what runs, and that it runs once.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, DEADLINE, TestCore, read_key};
use crate::fake_host::FakeHost;

const USERS: [(&str, &str); 6] = [
    ("ann", "operator"),
    ("ben", "operator"),
    ("cat", "operator"),
    ("mia", "member"),
    ("vic", "viewer"),
    ("adm", "admin"),
];

/// A core with the room `ops`, which `ann` owns, with the two-person rule.
async fn core() -> (TestCore, Client<TcpStream>, FakeHost) {
    let core = TestCore::start().await;
    core.add_users(&USERS).await;
    let host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for user in ["ben", "cat", "mia", "vic"] {
        ann.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
    }
    ann.ask(json!({"t":"room.set","room":"ops","approve":true})).await;
    (core, ann, host)
}

fn start(nonce: &str, more: Value) -> Value {
    let mut ask = json!({"t":"run.start","room":"ops","nonce":nonce});
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask
}

fn approve(n: &Value) -> Value {
    json!({"t":"run.approve","proposal":n})
}

async fn runs(client: &mut Client<TcpStream>) -> usize {
    client.ask(json!({"t":"run.list","room":"ops"})).await["runs"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_was_proposed_runs_once_somebody_else_approves_it() {
    let (core, mut ann, mut host) = core().await;
    let mut ben = core.sign_in("ben").await;
    ben.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    let ask = start("n1", json!({"argv":["./deploy","4.2"],"cwd":"/srv","timeout_s":60}));
    let told = ann.ask(ask.clone()).await;
    assert_eq!((&told["proposal"], &told["n"]), (&json!(1), &Value::Null), "{told}");
    let event = ben.next_of("event").await;
    let fields = ["kind", "n", "cmd", "host", "cwd", "timeout_s", "until"].map(|name| event[name].clone());
    assert_eq!(json!(fields), json!(["run.proposed", 1, "./deploy 4.2", "local", "/srv", 60, told["until"]]));
    assert_eq!(ann.ask(ask).await["proposal"], 1, "a retry proposes nothing new");
    assert_eq!(runs(&mut ann).await, 0);
    // Not the proposer, on whatever connection, and nobody without the right.
    ann.refused(approve(&json!(1)), "forbidden").await;
    core.sign_in("ann").await.refused(approve(&json!(1)), "forbidden").await;
    let token = core.system().await.ask(json!({"t":"token.add","user":"ann"})).await["token"].clone();
    let mut program = core.connect().await;
    program.hello(json!({"token": token})).await;
    program.refused(approve(&json!(1)), "forbidden").await;
    for user in ["mia", "vic"] {
        core.sign_in(user).await.refused(approve(&json!(1)), "forbidden").await;
        core.sign_in(user).await.refused(json!({"t":"run.refuse","proposal":1}), "forbidden").await;
    }
    ben.refused(approve(&json!(2)), "not_found").await;
    let started = ben.ask(approve(&json!(1))).await;
    let order = host.start().await;
    let fields = ["run", "argv", "cwd", "timeout_s", "by"].map(|name| order[name].clone());
    assert_eq!(json!(fields), json!([told["run"], ["./deploy", "4.2"], "/srv", 60, "ann"]));
    let started_event = ben.next_of("event").await;
    let approval = json!({"n":1,"by":"ben","digest":event["digest"]});
    assert_eq!((&started_event["by"], &started_event["approved"]), (&json!("ann"), &approval));
    // Again: the same answer for ben, and a conflict for others.
    assert_eq!(ben.ask(approve(&json!(1))).await["n"], started["n"]);
    let mut cat = core.sign_in("cat").await;
    cat.refused(approve(&json!(1)), "conflict").await;
    cat.refused(json!({"t":"run.refuse","proposal":1}), "conflict").await;
    // The run that they failed to approve goes on.
    cat.ask(json!({"t":"run.signal","run":started["run"],"signal":"INT"})).await;
    assert_eq!(runs(&mut ann).await, 1);
}

#[tokio::test]
async fn who_approves_sees_under_what_it_would_run_and_nothing_else_starts() {
    let (core, mut ann, host) = core().await;
    drop(host);
    let hello = |level: &str| {
        let key = read_key(&core.folder(), "host.key");
        json!({"t":"host.hello","v":1,"key":key,"host":"local","instance":"a","isolation":level,"runs":[]})
    };
    let mut ben = core.sign_in("ben").await;
    ben.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    let _first = FakeHost::say(&core, hello("namespace")).await.unwrap();
    ann.ask(start("n1", json!({"cmd":"id","timeout_s":60,"detach":true}))).await;
    let event = ben.next_of("event").await;
    let fields = ["isolation", "timeout_s", "detach"].map(|name| event[name].clone());
    assert_eq!(json!(fields), json!([["namespace"], 60, true]));
    // The same process of the host, on a new connection.
    let _second = FakeHost::say(&core, hello("none")).await.unwrap();
    let refused = ben.refused(approve(&json!(1)), "conflict").await;
    assert!(refused["msg"].as_str().unwrap().contains("the isolation on the hosts of p1 has changed"), "{refused}");
    assert_eq!(runs(&mut ann).await, 0);
    let mut host = FakeHost::say(&core, hello("namespace")).await.unwrap();
    ben.ask(approve(&json!(1))).await;
    assert_eq!(host.start().await["isolation"], "namespace");
}

#[tokio::test]
async fn every_way_to_start_something_waits() {
    let (core, mut ann, _host) = core().await;
    ann.ask(json!({"t":"command.add","room":"ops","command":{"name":"up","argv":["uptime"],"allow":"member"}})).await;
    let tty = json!({"cols":80,"rows":24});
    for (n, more) in [
        json!({"cmd":"id"}),
        json!({"argv":["id"]}),
        json!({"tty":tty}),
        json!({"cmd":"vim","tty":tty}),
        json!({"cmd":"cat","stdin":true}),
        json!({"command":"up"}),
    ]
    .into_iter()
    .enumerate()
    {
        let told = ann.ask(start(&format!("n{n}"), more.clone())).await;
        assert!(told["proposal"].is_u64(), "{more}: {told}");
    }
    // A member's named command, too; and what nobody can see is not approved.
    let told = core.sign_in("mia").await.ask(start("m", json!({"command":"up"}))).await;
    assert!(told["proposal"].is_u64(), "{told}");
    ann.refused(start("e", json!({"cmd":"id","env":{"A":"b"}})), "bad_request").await;
    ann.refused(start("s", json!({"cmd":"id","secrets":{"A":"longer than 8"}})), "bad_request").await;
    assert_eq!(runs(&mut ann).await, 0);
    // Owners turn the rule on; only admins turn it off.
    ann.refused(json!({"t":"room.set","room":"ops","approve":false}), "forbidden").await;
    core.sign_in("adm").await.ask(json!({"t":"room.set","room":"ops","approve":false})).await;
    assert!(ann.ask(start("free", json!({"cmd":"id"}))).await["proposal"].is_null());
    // A command that needs an approval needs it everywhere.
    let spec = json!({"name":"up","argv":["uptime"],"allow":"member","approve":true});
    ann.ask(json!({"t":"command.add","room":"ops","command":spec,"replaces":1})).await;
    assert!(ann.ask(start("named", json!({"command":"up"}))).await["proposal"].is_u64());
}

#[tokio::test]
async fn of_many_approvals_at_once_one_starts_it() {
    let (core, mut ann, mut host) = core().await;
    for round in 1..=5 {
        let told = ann.ask(start(&format!("n{round}"), json!({"cmd":"id"}))).await;
        let ask = approve(&told["proposal"]);
        let mut people = Vec::new();
        for user in ["ben", "cat", "ben", "cat"] {
            let (mut client, ask) = (core.sign_in(user).await, ask.clone());
            people.push(tokio::spawn(async move { client.answer(ask).await }));
        }
        let mut approved = Vec::new();
        for person in people {
            let answer = person.await.unwrap();
            if answer["t"] == "ok" {
                approved.push(answer["n"].clone());
            } else {
                assert_eq!(answer["code"], "conflict", "{answer}");
            }
        }
        approved.dedup();
        assert_eq!(approved, [json!(round)], "one run, whoever was first");
        assert_eq!(host.start().await["run"], told["run"]);
        ann.ask(json!({"t":"run.signal","run":told["run"],"signal":"INT"})).await;
        assert_eq!(runs(&mut ann).await, round);
    }
}

#[tokio::test]
async fn a_refusal_a_withdrawal_and_the_time_end_a_proposal() {
    let (core, mut ann, host) = core().await;
    let mut ben = core.sign_in("ben").await;
    for n in 1..=4 {
        ann.ask(start(&format!("n{n}"), json!({"cmd":format!("echo {n}")}))).await;
    }
    ben.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    ben.ask(json!({"t":"run.refuse","proposal":1})).await;
    ann.ask(json!({"t":"run.refuse","proposal":2})).await;
    for (n, by, why) in [(1, "ben", "refused"), (2, "ann", "withdrawn")] {
        let event = ben.next_of("event").await;
        let fields = ["kind", "n", "by", "why"].map(|name| event[name].clone());
        assert_eq!(json!(fields), json!(["run.refused", n, by, why]));
        ben.refused(approve(&json!(n)), "conflict").await;
    }
    // The time goes on while the server is down; what has not expired can still be approved.
    drop(host);
    let folder = core.stop().await;
    let conn = rusqlite::Connection::open(folder.path().join("data/wardroom.db")).unwrap();
    conn.execute("UPDATE proposals SET until = 1 WHERE n = 3", []).unwrap();
    drop(conn);
    let core = TestCore::on(folder).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ben = core.sign_in("ben").await;
    ben.refused(approve(&json!(3)), "conflict").await;
    ben.ask(approve(&json!(4))).await;
    assert_eq!(host.start().await["argv"][2], "echo 4");
    ben.ask(json!({"t":"room.open","room":"ops","last":20})).await;
    loop {
        let event = ben.next_of("event").await;
        if event["kind"] == "run.refused" && event["why"] == "expired" {
            assert_eq!((&event["n"], &event["by"]), (&json!(3), &json!("system")));
            break;
        }
    }
}

#[tokio::test]
async fn what_waits_is_listed_for_who_reads_the_room() {
    let (core, mut ann, _host) = core().await;
    let list = json!({"t":"proposal.list"});
    assert_eq!(ann.ask(list.clone()).await["proposals"], json!([]));
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    ann.ask(json!({"t":"room.set","room":"secret","approve":true})).await;
    ann.ask(json!({"t":"run.start","room":"secret","cmd":"id","nonce":"n0"})).await;
    let mut until = Vec::new();
    for n in 2..5 {
        until.push(ann.ask(start(&format!("n{n}"), json!({"cmd":format!("echo {n}")}))).await["until"].clone());
    }
    let mut ben = core.sign_in("ben").await;
    let numbers = |listed: &Value| -> Vec<Value> {
        listed["proposals"].as_array().unwrap().iter().map(|event| event["n"].clone()).collect()
    };
    let listed = ben.ask(list.clone()).await;
    assert_eq!((numbers(&listed), &listed["more_after"]), (vec![2.into(), 3.into(), 4.into()], &Value::Null));
    let first = &listed["proposals"][0];
    let fields = ["room", "kind", "by", "cmd", "until", "nonce"].map(|name| first[name].clone());
    assert_eq!(json!(fields), json!(["ops", "run.proposed", "ann", "echo 2", until[0], null]));
    assert_eq!(numbers(&ann.ask(list.clone()).await), [1, 2, 3, 4]);
    ben.ask(approve(&json!(2))).await;
    ben.ask(json!({"t":"run.refuse","proposal":3})).await;
    assert_eq!(numbers(&ben.ask(list.clone()).await), [4]);
    assert_eq!(numbers(&ann.ask(json!({"t":"proposal.list","after":1})).await), [4]);
    // What does not fit in one answer follows in the next.
    for n in 0..6 {
        ann.ask(start(&format!("long{n}"), json!({"cmd":format!("echo {}", "x".repeat(16_000))}))).await;
    }
    let (mut all, mut after) = (Vec::new(), Value::Null);
    let mut pages = 0;
    loop {
        let listed = ben.ask(json!({"t":"proposal.list","after":after})).await;
        all.extend(numbers(&listed));
        pages += 1;
        after = listed["more_after"].clone();
        if after.is_null() {
            break;
        }
    }
    assert!(pages > 1, "all of it is longer than a line");
    assert_eq!(all, (4..11).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_approval_survives_the_end_of_the_server_before_the_host_is_told() {
    let (core, mut ann, mut host) = core().await;
    let mut ben = core.sign_in("ben").await;
    let told = ann.ask(start("n1", json!({"cmd":"id"}))).await;
    ben.ask(approve(&told["proposal"])).await;
    // The host never says that it has the run.
    host.client.next_of("host.start").await;
    drop(host);
    let core = TestCore::on(core.stop().await).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    assert_eq!(host.start().await["run"], told["run"]);
    let mut ben = core.sign_in("ben").await;
    assert_eq!(ben.ask(approve(&told["proposal"])).await["run"], told["run"], "and is not started again");
    assert_eq!(runs(&mut ben).await, 1);
}

#[tokio::test]
async fn nothing_runs_for_somebody_who_lost_the_right_meanwhile() {
    let (core, mut ann, _host) = core().await;
    let (mut ben, mut cat) = (core.sign_in("ben").await, core.sign_in("cat").await);
    let told = ben.ask(start("n1", json!({"cmd":"id"}))).await;
    core.system().await.ask(json!({"t":"user.role","user":"ben","role":"member"})).await;
    cat.refused(approve(&told["proposal"]), "conflict").await;
    ann.ask(json!({"t":"command.add","room":"ops","command":{"name":"up","argv":["uptime"],"allow":"member"}})).await;
    let told = ben.ask(start("n2", json!({"command":"up"}))).await;
    ann.ask(json!({"t":"room.remove","room":"ops","user":"ben"})).await;
    cat.refused(approve(&told["proposal"]), "conflict").await;
    assert_eq!(runs(&mut ann).await, 0);
}

#[tokio::test]
async fn a_command_on_several_hosts_is_approved_as_a_whole() {
    let (core, mut ann, mut local) = core().await;
    let mut web1 = FakeHost::come(&core, "web1", &[]).await;
    let mut ben = core.sign_in("ben").await;
    ben.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    let more = json!({"cmd":"make test","hosts":["web1","local"],"limits":{"memory_bytes":8_388_608}});
    let ask = start("n1", more);
    let told = ann.ask(ask.clone()).await;
    assert_eq!((&told["proposal"], &told["runs"]), (&json!(1), &Value::Null), "{told}");
    let event = ben.next_of("event").await;
    assert_eq!(event["hosts"], json!(["web1", "local"]), "who approves sees all of it");
    assert_eq!(event["limits"], json!({"memory_bytes":8_388_608}));
    assert_eq!(ann.ask(ask.clone()).await["proposal"], 1, "a retry proposes nothing new");
    ann.refused(start("n1", json!({"cmd":"make test","hosts":["local","web1"]})), "conflict").await;
    assert_eq!(runs(&mut ann).await, 0);
    // All of them start, or none does.
    drop(local);
    let away = async {
        // Until the core has seen that it has gone.
        while ben.ask(json!({"t":"host.list"})).await["hosts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|h| h["connected"] == true)
        {}
    };
    tokio::time::timeout(DEADLINE, away).await.unwrap();
    ben.refused(approve(&json!(1)), "busy").await;
    assert_eq!(runs(&mut ann).await, 0);
    local = FakeHost::come(&core, "local", &[]).await;
    let started = ben.ask(approve(&json!(1))).await;
    let lanes = started["runs"].as_array().unwrap();
    assert_eq!((&started["run"], lanes.len()), (&told["run"], 2), "{started}");
    assert_eq!(web1.start().await["run"], lanes[0]["run"]);
    let order = local.start().await;
    assert_eq!((&order["run"], &order["by"]), (&lanes[1]["run"], &json!("ann")));
    assert_eq!(order["limits"], json!({"memory_bytes":8_388_608}));
    for _ in 0..2 {
        let event = ben.next_of("event").await;
        assert_eq!((&event["group"], &event["approved"]["by"]), (&told["run"], &json!("ben")), "{event}");
    }
    assert_eq!(ann.ask(ask).await["runs"], started["runs"], "the proposer learns what runs");
    assert_eq!(ben.ask(approve(&json!(1))).await["runs"], started["runs"], "a retry starts nothing");
    assert_eq!(runs(&mut ann).await, 2);
}
