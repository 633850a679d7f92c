//! Rooms as one makes, keeps and ends them in the page: its dialogs, held against what the core says.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of, retry};
use crate::command::done;
use crate::test_server::TestServer;
use crate::wire::Wire;

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

async fn room_of(wire: &mut Wire, room: &str) -> Option<Value> {
    let listed = wire.ask(json!({"t":"room.list"})).await;
    listed["rooms"].as_array().unwrap().iter().find(|info| info["room"] == room).cloned()
}

/// Waits until the core has it so.
async fn until(wire: &mut Wire, room: &str, is_so: impl Fn(&Value) -> bool) {
    let find = |listed: &Value| listed["rooms"].as_array()?.iter().find(|info| info["room"] == room).cloned();
    wire.ask_until(json!({"t":"room.list"}), |listed| is_so(&find(listed).unwrap_or_default())).await;
}

#[tokio::test]
async fn a_room_is_made_kept_and_ended() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "member").await;
    let ben = server.add_user("ben", "member").await;
    let (mut ann, mut ben) = (server.connect(&ann).await, server.connect(&ben).await);
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&server), "ann").await;

    page.click("room-new").await;
    page.fill("room-new-name", "Nacht-wache").await;
    page.fill("room-new-title", "The night").await;
    page.click("room-new-private").await;
    page.click("room-create").await;
    page.find("[data-testid=timeline][data-room='nacht-wache']").await;
    until(&mut ann, "nacht-wache", |info| {
        info["title"] == "The night" && info["private"] == true && info["role"] == "owner"
    })
    .await;
    assert_eq!(room_of(&mut ben, "nacht-wache").await, None, "nobody else knows of it");

    page.click("room-settings-open").await;
    page.fill("set-topic", "who wakes whom").await;
    page.fill("set-topic", ENTER).await;
    until(&mut ann, "nacht-wache", |info| info["topic"] == "who wakes whom").await;

    page.click("room-settings-open").await;
    page.click("settings-tab-members").await;
    page.fill("invite-name", "ben").await;
    page.click("invite-member").await;
    page.find("[data-testid=member][data-user=ben]").await;
    until(&mut ben, "nacht-wache", |info| info["role"] == "member").await;
    page.find("[data-testid=member][data-user=ben] option[value=reader]").await.click().await.unwrap();
    until(&mut ben, "nacht-wache", |info| info["role"] == "reader").await;

    page.click("settings-tab-hooks").await;
    page.fill("webhook-name", "alerts").await;
    page.fill("webhook-secret", "short").await;
    page.click("webhook-mentions").await;
    page.click("webhook-add").await;
    page.until_true("the rule is said", "return !!document.querySelector('[data-testid=dialog] [role=alert]')").await;
    page.test_id("webhook-secret").await.clear().await.unwrap();
    page.click("webhook-add").await;
    let in_view = "const a = document.querySelector('[data-testid=webhook-url]'); if (!a) return false; const r = a.getBoundingClientRect(); \
        return r.top >= 0 && r.bottom <= innerHeight && a.parentElement === document.activeElement";
    page.until_true("the address is in sight, with the focus", in_view).await;
    let address = page.find("[data-testid=webhook-url]").await.text().await.unwrap();
    assert!(address.contains("/hooks/"), "{address}");
    for _ in 0..2 {
        let mut curl = tokio::process::Command::new("curl");
        curl.args([
            "-sSf",
            "-H",
            "Content-Type: application/json",
            "-d",
            r#"{"text":"disk full on web1","key":"disk"}"#,
        ]);
        let posted = done({
            curl.arg(&address);
            curl
        })
        .await;
        assert_eq!(posted.code, Some(0), "{}", posted.err);
    }
    page.click("dialog-close").await;
    page.until("disk full on web1").await;
    page.until("×2").await;
    page.click("room-settings-open").await;
    page.click("settings-tab-hooks").await;
    let rights = "return document.querySelector('[data-testid=webhook]')?.innerText.includes('may mention people')";
    page.until_true("the list says what it may", rights).await;
    page.find("[data-testid=webhook] button").await.click().await.unwrap();
    page.click("confirm-yes").await;
    page.until_true("the webhook is gone", "return !document.querySelector('[data-testid=webhook]')").await;

    page.click("settings-tab-general").await;
    page.click("archive").await;
    page.click("confirm-no").await;
    page.click("archive").await;
    page.click("confirm-yes").await;
    until(&mut ann, "nacht-wache", |info| info["archived"] == true).await;
    page.click("dialog-close").await;
    page.until_true(
        "nothing can be said",
        "const f = document.querySelector('[data-testid=composer]'); return !f || f.disabled || f.readOnly",
    )
    .await;
    page.shoot("archived").await;
    page.click("room-settings-open").await;
    page.click("archive").await;
    until(&mut ann, "nacht-wache", |info| info["archived"] != true).await;
    page.end().await;
}

/// Retention deletes: it is set when one saves it and has said so, not when one leaves its field, and what others change
/// meanwhile does not take away what is typed.
#[tokio::test]
async fn a_rooms_retention_is_set_only_when_one_says_so() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "member").await;
    let mut ann = server.connect(&ann).await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&format!("{}r/ops", page_of(&server)), "ann").await;
    let days = "return document.querySelector('[data-testid=set-retention]')?.value";
    page.click("room-settings-open").await;
    page.fill("set-retention", "30").await;
    // The room changes while one types: what is typed stays.
    ann.ask(json!({"t":"room.set","room":"ops","topic":"changed by another"})).await;
    page.until("changed by another").await;
    assert_eq!(page.page.execute(days, vec![]).await.unwrap(), "030", "typed behind the 0 that stood there");
    page.fill("set-retention", ESCAPE).await;
    page.until_true("the dialog is closed", "return !document.querySelector('[data-testid=dialog]')").await;
    assert_eq!(room_of(&mut ann, "ops").await.unwrap()["retention_days"], Value::Null, "nothing was saved");

    page.click("room-settings-open").await;
    page.fill("set-retention", "30").await;
    page.click("save").await;
    let asked = page.find("dialog dialog").await.text().await.unwrap();
    assert!(asked.contains("older than 30 days") && asked.contains("can't be undone"), "{asked}");
    page.click("confirm-no").await;
    assert_eq!(room_of(&mut ann, "ops").await.unwrap()["retention_days"], Value::Null, "it was not wanted");
    page.click("save").await;
    page.click("confirm-yes").await;
    until(&mut ann, "ops", |info| info["retention_days"] == 30).await;
    assert_eq!(room_of(&mut ann, "ops").await.unwrap()["topic"], "changed by another");

    page.until_true("the dialog is closed", "return !document.querySelector('[data-testid=dialog]')").await;
    page.click("room-settings-open").await;
    page.fill("set-retention", "x").await;
    page.click("save").await;
    let wrong = page.test_id("form-error").await.text().await.unwrap();
    assert!(wrong.contains("from 0 to 3650"), "{wrong}");
    page.end().await;
}

#[tokio::test]
async fn a_direct_message_is_begun_and_told_to_the_other() {
    let server = TestServer::start();
    server.add_user("ann", "member").await;
    let ben = server.add_user("ben", "member").await;
    server.add_user("chen", "member").await;
    let mut ben = server.connect(&ben).await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&page_of(&server), "ann").await;
    page.click("dm-new").await;
    page.fill("dm-find", "be").await;
    page.find("[data-testid=dm-person][data-user=ben] input").await.click().await.unwrap();
    page.click("dm-start").await;
    page.find("[data-testid=timeline][data-room^='@']").await;
    page.until_true(
        "it bears the name of whom it is with",
        "return document.body.innerText.includes('ben') && !/@[0-9a-z]{20}/.test(document.body.innerText)",
    )
    .await;
    page.say("a word, @ben").await;
    page.until("a word, @ben").await;
    let info = retry("the direct message", async || {
        let listed = Value::from(room_named_at(&server).await);
        (!listed.is_null()).then_some(listed)
    })
    .await;
    let told = loop {
        let told = ben.next_of("room.state").await;
        if told["room"] == info && told["mentions"] == 1 {
            break told;
        }
    };
    assert_eq!(told["unread"], 1);
    page.end().await;
}

/// The name of the one direct message that there is.
async fn room_named_at(server: &TestServer) -> Option<String> {
    let db = rusqlite::Connection::open(server.data.join("wardroom.db")).unwrap();
    db.query_row("SELECT name FROM rooms WHERE dm IS NOT NULL", [], |row| row.get(0)).ok()
}

#[tokio::test]
async fn a_room_that_another_creates_appears_and_a_status_is_shown() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "member").await;
    server.add_user("ben", "member").await;
    let mut ann = server.connect(&ann).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&server), "ben").await;
    page.open_room("general").await;
    ann.ask(json!({"t":"room.create","room":"incident","title":"Fire"})).await;
    page.find("[data-testid=room-link][data-room=incident]").await;
    // Going there by a command leaves no draft behind.
    page.say("/join incident").await;
    page.find("[data-testid=timeline][data-room=incident]").await;
    page.open_room("general").await;
    let is_empty = "return document.querySelector('[data-testid=composer]').value === ''";
    page.until_true("the command is no draft", is_empty).await;
    // A status, from the menu.
    page.click("user-menu").await;
    page.fill("status", "on call until 8\u{e007}").await;
    page.click("panel-open").await;
    page.click("tab-people").await;
    page.until_true("people see it", "return [...document.querySelectorAll('[data-testid=person]')].some(p => p.textContent.includes('on call until 8'))").await;
    page.shoot("status").await;
    assert_eq!(page.faults().await, [""; 0]);
    page.end().await;
}
