//! What programs post: their text is no Markdown and pings nobody, alerts change one message, a delivery counts once, and
//! a secret is asked for.

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};

use crate::hooks::{ALERTS, core, events, post, token};

/// Unread lines of the room that mention somebody.
async fn mentions(core: &crate::common::TestCore, user: &str) -> Value {
    let rooms = core.sign_in(user).await.ask(json!({"t":"room.list"})).await;
    let ops = rooms["rooms"].as_array().unwrap().iter().find(|room| room["room"] == "ops").unwrap().clone();
    ops["mentions"].clone()
}

#[tokio::test]
async fn text_of_programs_is_plain_and_pings_nobody_unless_the_webhook_may() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.invite","room":"ops","user":"ben"})).await;
    let quiet = token(&core, "alerts").await;
    let loud = json!({"t":"hook.add","room":"ops","bot":"pager","mentions":true});
    let loud = ann.ask(loud).await["token"].as_str().unwrap().to_owned();
    let listed = ann.ask(json!({"t":"hook.list","room":"ops"})).await;
    let may: Vec<&Value> = listed["hooks"].as_array().unwrap().iter().map(|hook| &hook["mentions"]).collect();
    assert_eq!(may, [&Value::Null, &json!(true)]);
    let alert = json!({"status":"firing","alerts":[{"status":"firing","labels":{"path":"/a_b/*c*"},
        "annotations":{"summary":"cpu_usage_high on __ni3__ <b>@here</b> @ben"}}]});
    for body in
        [alert.to_string().as_str(), "@here @ben", r#"{"text":"@ben"}"#, r#"{"text":"@ben","format":"markdown"}"#]
    {
        post(&core, json!({"token":quiet}), body.as_bytes()).await;
        assert_eq!(mentions(&core, "ben").await, 0, "{body}");
        assert_eq!(events(&core, 1).await[0]["silent"], true);
    }
    let [said, ..] = &events(&core, 4).await[..] else { panic!("four") };
    assert_eq!(said["text"], "FIRING alerts\n- cpu_usage_high on __ni3__ <b>@here</b> @ben (path=/a_b/*c*)");
    assert_eq!(said["format"], "plain");
    assert_eq!(events(&core, 1).await[0].get("format"), None, "Markdown, where it says so");
    post(&core, json!({"token":loud}), b"look, @ben").await;
    assert_eq!(mentions(&core, "ben").await, 1);
    post(&core, json!({"token":loud}), alert.to_string().as_bytes()).await;
    assert_eq!(mentions(&core, "ben").await, 2, "in plain text `@here` in brackets is one too");
    assert_eq!(events(&core, 1).await[0].get("silent"), None);
}

#[tokio::test]
async fn what_is_resolved_changes_the_message_that_fired() {
    let core = core().await;
    let ask = json!({"token":token(&core, "alerts").await,"content_type":"application/json"});
    let fires = post(&core, ask.clone(), ALERTS.as_bytes()).await["seq"].clone();
    let fired = events(&core, 1).await[0].clone();
    let alert = &fired["alert"];
    assert_eq!(
        (&alert["status"], &alert["firing"], &alert["severity"]),
        (&json!("firing"), &json!(2), &json!("critical"))
    );
    assert_eq!(alert["alerts"][0]["since"], 1_795_420_800_000_u64);
    assert_eq!(post(&core, ask.clone(), ALERTS.as_bytes()).await["seq"], fires);
    assert_eq!(events(&core, 1).await[0]["kind"], "repeat", "the same is counted");
    let one_over =
        ALERTS.replacen("\"status\": \"firing\",\n      \"labels\"", "\"status\": \"resolved\",\n      \"labels\"", 1);
    assert_ne!(one_over, ALERTS);
    assert_eq!(post(&core, ask.clone(), one_over.as_bytes()).await["seq"], fires);
    let edit = events(&core, 1).await[0].clone();
    assert_eq!((&edit["kind"], &edit["target"], &edit["count"]), (&json!("edit"), &fires, &json!(3)));
    assert_eq!((&edit["alert"]["firing"], &edit["alert"]["resolved"]), (&json!(1), &json!(1)));
    let over = ALERTS.replace("\"firing\"", "\"resolved\"");
    for _ in 0..2 {
        assert_eq!(post(&core, ask.clone(), over.as_bytes()).await["seq"], fires);
    }
    let [edit] = &events(&core, 1).await[..] else { panic!("one") };
    assert_eq!((&edit["kind"], &edit["alert"]["status"]), (&json!("edit"), &json!("resolved")));
    let mut ann = core.sign_in("ann").await;
    let page = ann.ask(json!({"t":"room.history","room":"ops","around":fires,"limit":2})).await;
    let said = page["events"].as_array().unwrap().iter().find(|event| event["seq"] == fires).unwrap().clone();
    assert!(said["text"].as_str().unwrap().starts_with("RESOLVED (2) HighLatency"), "{said}");
    assert_eq!((&said["count"], said.get("edited"), &said["silent"]), (&json!(3), None, &json!(true)));
    let again = post(&core, ask.clone(), ALERTS.as_bytes()).await["seq"].clone();
    assert_ne!(again, fires, "what ended and comes again is news");
    assert_eq!(post(&core, ask.clone(), ALERTS.as_bytes()).await["seq"], again);
    ann.ask(json!({"t":"room.delete","room":"ops","seq":again})).await;
    let anew = post(&core, ask, over.as_bytes()).await["seq"].clone();
    assert!(anew.as_u64() > again.as_u64(), "what was deleted is said anew");
    let of_it = |event: &&Value| event["seq"] == again || event["target"] == again;
    for event in events(&core, 50).await.iter().filter(of_it) {
        assert!(!event.to_string().contains("p99"), "nothing of a deleted alert is left: {event}");
    }
}

#[tokio::test]
async fn a_delivery_that_comes_twice_is_one_line() {
    let core = core().await;
    let token = token(&core, "github").await;
    let ask =
        |delivery: &str| json!({"token":token,"github":"ping","delivery":delivery,"content_type":"application/json"});
    let body = br#"{"zen":"Keep it simple.","repository":{"full_name":"acme/shop"}}"#;
    let first = post(&core, ask("72d3162e-cc78-11e3-81ab-4c9367dc0958"), body).await["seq"].clone();
    let before = events(&core, 50).await.len();
    assert_eq!(post(&core, ask("72d3162e-cc78-11e3-81ab-4c9367dc0958"), body).await["seq"], first);
    assert_eq!(events(&core, 50).await.len(), before, "not even counted");
    assert_ne!(post(&core, ask("another"), body).await["seq"], first);
    // With a key too: counted once for each delivery.
    let keyed = |delivery: &str| json!({"token":token,"key":"k","delivery":delivery});
    let said = post(&core, keyed("a"), b"x").await["seq"].clone();
    for delivery in ["b", "b", "a"] {
        assert_eq!(post(&core, keyed(delivery), b"x").await["seq"], said);
    }
    let last = events(&core, 1).await[0].clone();
    assert_eq!((&last["kind"], &last["count"]), (&json!("repeat"), &json!(2)));
}

#[tokio::test]
async fn forms_marks_packed_bodies_and_slacks_parts_are_taken() {
    let core = core().await;
    let token = token(&core, "ci").await;
    let form = json!({"token":token,"content_type":"application/x-www-form-urlencoded"});
    let mut github = form.clone();
    github["github"] = "ping".into();
    let packed = {
        use std::io::Write as _;
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(br#"{"text":"packed"}"#).unwrap();
        out.finish().unwrap()
    };
    let mut gzip = json!({"token":token,"content_type":"application/json"});
    let json_type = gzip.clone();
    gzip["encoding"] = "gzip".into();
    for (ask, body, said) in [
        (&form, &b"payload=%7B%22text%22%3A%22from+a+form%22%7D"[..], "from a form"),
        (&github, b"payload=%7B%22zen%22%3A%22z%22%7D", "the webhook of  is connected. GitHub says: z"),
        (&json_type, b"\xef\xbb\xbf{\"text\":\"behind a mark\"}", "behind a mark"),
        (&gzip, &packed, "packed"),
        (&json_type, br#"{"attachments":[{"title":"red","text":"main"}]}"#, "red\nmain"),
        (&json_type, br#"{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a"}}]}"#, "a"),
    ] {
        let answer = post(&core, ask.clone(), body).await;
        assert_eq!(answer["t"], "ok", "{answer}");
        assert_eq!(events(&core, 1).await[0]["text"], said);
    }
    assert_eq!(post(&core, gzip, b"{\"text\":\"x\"}").await["code"], "bad_request");
}

#[tokio::test]
async fn a_secret_is_asked_for() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let add = |secret: &str| json!({"t":"hook.add","room":"ops","bot":"github","secret":secret});
    ann.refused(add("short"), "bad_request").await;
    ann.refused(add(&"x".repeat(257)), "bad_request").await;
    let added = ann.ask(add("a secret to everybody")).await;
    let listed = ann.ask(json!({"t":"hook.list","room":"ops"})).await;
    assert_eq!(listed["hooks"][0]["signed"], true);
    assert!(!listed.to_string().contains("everybody"), "it is not told again");
    let ask = |signature: Option<String>| json!({"token":added["token"],"signature":signature});
    let sign = |body: &[u8]| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"a secret to everybody").unwrap();
        mac.update(body);
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let right = format!("sha256={}", sign(b"disk full"));
    for (signature, body) in
        [(None, &b"disk full"[..]), (Some(right.clone()), b"disk fine"), (Some("sha256=00".into()), b"x")]
    {
        assert_eq!(post(&core, ask(signature), body).await["code"], "forbidden");
    }
    assert_eq!(post(&core, ask(Some(right)), b"disk full").await["t"], "ok");
    let core = crate::common::TestCore::on(core.stop().await).await;
    assert_eq!(post(&core, ask(None), b"disk full").await["code"], "forbidden", "nor after a restart");
}

#[tokio::test]
async fn who_is_not_here_is_told_to_the_author() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let said = |text: &str, nonce: &str| json!({"t":"room.post","room":"ops","text":text,"nonce":nonce});
    let answer = ann.ask(said("@ben, @root. @ben @nobody @ann `@ben`", "n1")).await;
    assert_eq!(answer["not_here"], json!(["ben", "root"]));
    assert_eq!(ann.ask(said("@ben, @root. @ben @nobody @ann `@ben`", "n1")).await["not_here"], answer["not_here"]);
    ann.ask(json!({"t":"room.invite","room":"ops","user":"ben"})).await;
    for (nonce, text) in [("n2", "@ben"), ("n3", "`@root` https://x.example/@root"), ("n4", "hello")] {
        assert_eq!(ann.ask(said(text, nonce)).await.get("not_here"), None, "{text}");
    }
    // What is no prose counts for nobody.
    assert_eq!(mentions(&core, "ben").await, 1);
    for text in ["`@ben`", "```\n@ben\n```", "npm i @ben/pkg", "[x](https://h/@ben)", "`@here`", "\\@ben"] {
        ann.ask(said(text, &format!("m{}", text.len()))).await;
    }
    assert_eq!(mentions(&core, "ben").await, 1);
}
