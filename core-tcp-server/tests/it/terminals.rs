//! Terminals, with a host that is played: how they start, and what is known of them.

use serde_json::{Value, json};

use crate::common::TestCore;
use crate::fake_host::{FakeHost, rest};

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("bob", "operator"), ("vic", "viewer"), ("adm", "admin")]).await;
    core
}

#[tokio::test]
async fn a_terminal_is_ordered_and_described() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let tty = json!({"cols": 80, "rows": 24});
    let ask = json!({"t":"run.start","room":"general","tty":tty,"detach":true,"nonce":"n1"});
    let answer = ann.ask(ask.clone()).await;
    assert_eq!(answer["gen"], 1);
    let order = host.start().await;
    assert_eq!((&order["argv"], &order["tty"], &order["merge"]), (&json!([]), &tty, &json!(true)));
    assert_eq!(order["detach"], true);
    let again = ann.ask(ask).await;
    assert_eq!((&again["run"], &again["gen"]), (&answer["run"], &json!(1)), "a retry gets the same answer");
    let run = answer["run"].as_str().unwrap();
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!((&info["cmd"], &info["tty"]), (&json!("login shell"), &tty));
    ann.ask(json!({"t":"run.watch","run":run})).await;
    let ended = json!(["sleep 99", "x".repeat(500)]);
    let end = json!({"t":"host.ended","run":run,"exit":{"code":0},"bytes":0,"ms":12,"ended":ended});
    host.client.send(end, &[]).await;
    let kept = json!(["sleep 99", "x".repeat(200)]);
    assert_eq!(rest(&mut ann, run, 0).await.end.unwrap()["ended"], kept);
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!((&info["tty"], &info["ended"], &info["holder"]), (&tty, &kept, &Value::Null));
    ann.ask(json!({"t":"run.watch","run":run})).await;
    assert_eq!(rest(&mut ann, run, 0).await.end.unwrap()["ended"], kept, "also later");
    let reader = ann.ask(json!({"t":"run.start","room":"general","cmd":"cat","stdin":true,"nonce":"n2"})).await;
    assert_eq!(reader["gen"], 1);
    let info = ann.ask(json!({"t":"run.get","run":reader["run"]})).await;
    assert_eq!((&info["stdin"], &info["tty"]), (&json!(true), &Value::Null));
    let deaf = ann.ask(json!({"t":"run.start","room":"general","cmd":"true","nonce":"n3"})).await;
    assert_eq!(deaf["gen"], Value::Null);
}
