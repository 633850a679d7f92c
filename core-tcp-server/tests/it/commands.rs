//! Named commands, with a host that is played: who defines and who runs them, what their values become, and what stands
//! on record.

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, TestCore};
use crate::fake_host::FakeHost;

const USERS: [(&str, &str); 6] = [
    ("ann", "operator"),
    ("bob", "operator"),
    ("mia", "member"),
    ("max", "member"),
    ("vic", "viewer"),
    ("adm", "admin"),
];

/// A core with the room `ops`, which `ann` owns and the others are members of.
async fn core() -> (TestCore, Client<TcpStream>) {
    let core = TestCore::start().await;
    core.add_users(&USERS).await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    for user in ["bob", "mia", "max", "vic"] {
        ann.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
    }
    (core, ann)
}

fn deploy(more: Value) -> Value {
    let mut spec = json!({"name":"deploy","argv":["./deploy","{version}","--to={to}"],"host":"local","cwd":"/srv",
        "env":{"CI":"1"},"timeout_s":60,"about":"puts a release into service","allow":"member",
        "params":[{"name":"version","pattern":"^[0-9.]+$"},{"name":"to","pattern":"prod|test","default":"test"}]});
    for (name, value) in more.as_object().unwrap() {
        spec[name] = value.clone();
    }
    spec
}

fn add(spec: Value) -> Value {
    json!({"t":"command.add","room":"ops","command":spec})
}

fn start(nonce: &str, args: &[&str]) -> Value {
    json!({"t":"run.start","room":"ops","command":"deploy","args":args,"nonce":nonce})
}

#[tokio::test]
async fn a_member_runs_by_name_what_an_owner_defined() {
    let (core, mut ann) = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut mia = core.sign_in("mia").await;
    mia.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    let added = ann.ask(add(deploy(json!({})))).await;
    assert_eq!(added["version"], 1);
    let event = mia.next_of("event").await;
    let expected = json!(["command", "deploy", 1, "./deploy '{version}' '--to={to}'", "local", "member"]);
    let fields = ["kind", "name", "version", "cmd", "host", "allow"].map(|name| event[name].clone());
    assert_eq!(json!(fields), expected, "{event}");
    mia.refused(json!({"t":"run.start","room":"ops","cmd":"id","nonce":"n0"}), "forbidden").await;
    let started = mia.ask(start("n1", &["4.2"])).await;
    let order = host.start().await;
    assert_eq!(order["argv"], json!(["./deploy", "4.2", "--to=test"]));
    let fields = ["cwd", "env", "timeout_s", "by", "run"].map(|name| order[name].clone());
    assert_eq!(json!(fields), json!(["/srv", {"CI":"1"}, 60, "mia", started["run"]]));
    let event = mia.next_of("event").await;
    let command = json!({"name":"deploy","version":1,"digest":added["digest"],"params":{"version":"4.2","to":"test"}});
    assert_eq!((&event["command"], &event["cmd"]), (&command, &json!("./deploy 4.2 --to=test")));
    // By name, and mixed.
    let by_name =
        json!({"t":"run.start","room":"ops","command":"deploy","params":{"to":"prod"},"args":["5"],"nonce":"n2"});
    mia.ask(by_name).await;
    assert_eq!(host.start().await["argv"], json!(["./deploy", "5", "--to=prod"]));
    // A retry is the same run, even if the command has changed meanwhile.
    let change = json!({"t":"command.add","room":"ops","command":deploy(json!({"argv":["./other","{version}{to}"]})),"replaces":1});
    assert_eq!(ann.ask(change).await["version"], 2);
    assert_eq!(mia.ask(start("n1", &["4.2"])).await["run"], started["run"]);
    mia.refused(json!({"t":"run.start","room":"ops","command":"other","nonce":"n1"}), "conflict").await;
    // She may stop her own, and nobody else's.
    mia.ask(json!({"t":"run.signal","run":started["run"],"signal":"TERM"})).await;
    let mut max = core.sign_in("max").await;
    max.refused(json!({"t":"run.signal","run":started["run"],"signal":"TERM"}), "forbidden").await;
}

#[tokio::test]
async fn only_values_that_match_reach_the_host_and_none_is_more_than_an_argument() {
    let (core, mut ann) = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    ann.ask(add(deploy(json!({})))).await;
    for bad in [
        "4.2; rm -rf /",
        "$(id)",
        "`id`",
        "4.2\nrm",
        "4.2\n",
        "\n",
        "4.2\0",
        "--flag",
        "-4",
        "4|x",
        "4&",
        "٤",
        "４",
        "4\u{202e}2",
        "4\u{200b}2",
        "",
        " 4",
        "*",
        "{to}",
        "{version}",
        "%s",
        "\\",
        "'",
        "\"",
    ] {
        let told = ann.refused(start("n1", &[bad]), "bad_request").await;
        let msg = told["msg"].as_str().unwrap();
        assert!(msg.contains("version") && !msg.chars().any(char::is_control), "{bad:?}: {msg}");
        ann.refused(
            json!({"t":"run.start","room":"ops","command":"deploy","params":{"version":bad},"nonce":"n1"}),
            "bad_request",
        )
        .await;
    }
    ann.refused(start("n1", &[]), "bad_request").await;
    ann.refused(start("n1", &["4", "test", "more"]), "bad_request").await;
    ann.refused(start("n1", &["4", "colour=red"]), "bad_request").await;
    // Whatever a loose pattern allows stays within its argument.
    ann.ask(add(deploy(
        json!({"name":"say","argv":["echo","{text}","[{text}]"],"params":[{"name":"text","pattern":".*"}]}),
    )))
    .await;
    let text = "$(id) `id` ; rm -rf / && 'x' \"y\" {text} * \\";
    ann.ask(json!({"t":"run.start","room":"ops","command":"say","params":{"text":text},"nonce":"n3"})).await;
    let order = host.start().await;
    assert_eq!(order["argv"], json!(["echo", text, format!("[{text}]")]));
    for bad in ["-n", "--version", "a\nb", "\0", "a\u{2066}b"] {
        let say = json!({"t":"run.start","room":"ops","command":"say","params":{"text":bad},"nonce":"n4"});
        ann.refused(say, "bad_request").await;
    }
    assert_eq!(ann.ask(json!({"t":"run.list","room":"ops"})).await["runs"].as_array().unwrap().len(), 1);
    // Nothing else may stand beside the name.
    for more in [
        json!({"cmd":"id"}),
        json!({"argv":["id"]}),
        json!({"host":"local"}),
        json!({"cwd":"/"}),
        json!({"env":{"A":"1"}}),
        json!({"timeout_s":1}),
        json!({"stdin":true}),
        json!({"tty":{"cols":80,"rows":24}}),
        json!({"merge":true}),
        json!({"detach":true}),
    ] {
        let mut ask = start("n5", &["4"]);
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ann.refused(ask, "bad_request").await;
    }
    ann.refused(json!({"t":"run.start","room":"ops","cmd":"id","args":["x"],"nonce":"n6"}), "bad_request").await;
    ann.refused(json!({"t":"run.start","room":"ops","cmd":"id","params":{"x":"y"},"nonce":"n6"}), "bad_request").await;
}

#[tokio::test]
async fn those_whom_a_command_is_for_run_it_and_no_others() {
    let (core, mut ann) = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut people = Vec::new();
    for user in ["adm", "ann", "bob", "mia", "vic"] {
        people.push((user, core.sign_in(user).await));
    }
    ann.ask(json!({"t":"room.join","room":"ops"})).await;
    for (allow, may) in [("member", &["ann", "bob", "mia"][..]), ("operator", &["ann", "bob"]), ("owner", &["ann"])] {
        let version = if allow == "member" { Value::Null } else { json!(if allow == "operator" { 1 } else { 2 }) };
        ann.ask(json!({"t":"command.add","room":"ops","command":deploy(json!({"allow":allow})),"replaces":version}))
            .await;
        for (user, client) in &mut people {
            let ask = start(&format!("{allow}-{user}"), &["1"]);
            let listed = client.ask(json!({"t":"command.list","room":"ops"})).await;
            assert_eq!(listed["commands"][0]["may"] == true, may.contains(user), "{allow} {user}");
            if may.contains(user) {
                client.ask(ask).await;
                assert_eq!(host.start().await["by"], *user);
            } else {
                let told = client.refused(ask, "forbidden").await;
                assert!(!told["msg"].as_str().unwrap().is_empty(), "{told}");
            }
        }
    }
    // One who only reads in the room, one who left it, and one who cannot see it.
    let mut mia = core.sign_in("mia").await;
    ann.ask(json!({"t":"command.add","room":"ops","command":deploy(json!({})),"replaces":3})).await;
    ann.ask(json!({"t":"room.role","room":"ops","user":"mia","role":"reader"})).await;
    mia.refused(start("r1", &["1"]), "forbidden").await;
    ann.ask(json!({"t":"room.role","room":"ops","user":"mia","role":"member"})).await;
    mia.ask(start("r2", &["1"])).await;
    ann.ask(json!({"t":"room.remove","room":"ops","user":"mia"})).await;
    mia.refused(start("r3", &["1"]), "forbidden").await;
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    ann.ask(json!({"t":"command.add","room":"secret","command":deploy(json!({}))})).await;
    mia.refused(json!({"t":"command.list","room":"secret"}), "not_found").await;
    mia.refused(json!({"t":"run.start","room":"secret","command":"deploy","args":["1"],"nonce":"s"}), "not_found")
        .await;
    ann.ask(json!({"t":"room.set","room":"ops","archived":true})).await;
    ann.refused(start("a1", &["1"]), "conflict").await;
}

#[tokio::test]
async fn owners_who_may_run_define_commands_and_nobody_else() {
    let (core, mut ann) = core().await;
    let _host = FakeHost::come(&core, "local", &[]).await;
    let mut mia = core.sign_in("mia").await;
    for user in ["bob", "mia", "vic"] {
        core.sign_in(user).await.refused(add(deploy(json!({}))), "forbidden").await;
    }
    // An owner who may run nothing cannot define what others run.
    ann.ask(json!({"t":"room.role","room":"ops","user":"mia","role":"owner"})).await;
    let told = mia.refused(add(deploy(json!({}))), "forbidden").await;
    assert!(told["msg"].as_str().unwrap().contains("operator"), "{told}");
    ann.ask(add(deploy(json!({})))).await;
    mia.ask(json!({"t":"command.remove","room":"ops","name":"deploy"})).await;
    let told = ann.refused(start("n1", &["1"]), "not_found").await;
    assert!(told["msg"].as_str().unwrap().contains("/deploy"), "{told}");
    mia.refused(json!({"t":"command.remove","room":"ops","name":"deploy"}), "not_found").await;
    // A name that is used again goes on counting: version 1 is one definition for ever.
    assert_eq!(ann.ask(add(deploy(json!({"cwd":"/opt"})))).await["version"], 2);
    ann.refused(add(deploy(json!({"cwd":"/usr"}))), "conflict").await;
    assert_eq!(ann.ask(add(deploy(json!({"cwd":"/opt"})))).await["version"], 2, "a retry changes nothing");
    for replaces in [1, 3] {
        let stale = json!({"t":"command.add","room":"ops","command":deploy(json!({"cwd":"/usr"})),"replaces":replaces});
        ann.refused(stale, "conflict").await;
    }
    core.sign_in("bob").await.refused(json!({"t":"command.remove","room":"ops","name":"deploy"}), "forbidden").await;
}

#[tokio::test]
async fn definitions_that_cannot_be_meant_are_refused() {
    let (core, mut ann) = core().await;
    let _host = FakeHost::come(&core, "local", &[]).await;
    let param = |pattern: &str| json!([{"name":"version","pattern":pattern}]);
    for (bad, code) in [
        (json!({"name":"run"}), "bad_request"),
        (json!({"name":"Deploy"}), "bad_request"),
        (json!({"name":"a b"}), "bad_request"),
        (json!({"argv":[]}), "bad_request"),
        (json!({"argv":["{version}","{to}"]}), "bad_request"),
        (json!({"argv":["sh","-c","./deploy {version} {to}"]}), "bad_request"),
        (json!({"argv":["./deploy","{version}"]}), "bad_request"),
        (json!({"argv":["./deploy","{version}","{to}","{other}"]}), "bad_request"),
        (json!({"argv":["./deploy","{version}","{to}","\0"]}), "bad_request"),
        (json!({"params":param("(")}), "bad_request"),
        (json!({"params":param(""),"argv":["x","{version}"]}), "bad_request"),
        (json!({"params":param("a{1000}{1000}"),"argv":["x","{version}"]}), "too_large"),
        (
            json!({"params":[{"name":"to","pattern":"."},{"name":"to","pattern":"."}],"argv":["x","{to}"]}),
            "bad_request",
        ),
        (json!({"params":[{"name":"to","pattern":"a","default":"b"}],"argv":["x","{to}"]}), "bad_request"),
        (json!({"allow":"nobody"}), "bad_request"),
        (json!({"allow":"everybody"}), "bad_request"),
        (json!({"host":"nowhere"}), "not_found"),
        (json!({"cwd":"srv"}), "bad_request"),
        (json!({"timeout_s":0}), "bad_request"),
        (json!({"env":{"1":"x"}}), "bad_request"),
        (json!({"about":"a\u{202e}b"}), "bad_request"),
        (json!({"about":"x".repeat(121)}), "bad_request"),
        (json!({"argv":["./deploy","{version}","{to}","x".repeat(8_192)]}), "too_large"),
    ] {
        ann.refused(add(deploy(bad)), code).await;
    }
    for n in 0..64 {
        ann.ask(add(deploy(json!({"name":format!("c{n}"),"about":"é".repeat(120)})))).await;
    }
    ann.refused(add(deploy(json!({"name":"c64"}))), "too_large").await;
    // The list comes in lines that any client can read.
    let (mut after, mut names) = (Value::Null, Vec::new());
    loop {
        let listed = ann.ask(json!({"t":"command.list","room":"ops","after":after})).await;
        names.extend(listed["commands"].as_array().unwrap().iter().map(|info| info["command"]["name"].clone()));
        after = names.last().unwrap().clone();
        if listed["more"] != true {
            break;
        }
    }
    assert_eq!(names.len(), 64);
}
