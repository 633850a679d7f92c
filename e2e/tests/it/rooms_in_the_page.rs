//! Rooms as one makes, keeps and ends them in the page: its dialogs, held against what the core says.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of, retry};
use crate::command::done;
use crate::house::House;
use crate::wire::Wire;

const ENTER: &str = "\u{e007}";

async fn room_of(wire: &mut Wire, room: &str) -> Option<Value> {
    let listed = wire.ask(json!({"t":"room.list"})).await;
    listed["rooms"].as_array().unwrap().iter().find(|info| info["room"] == room).cloned()
}

/// Waits until the core has it so.
async fn until(wire: &mut Wire, room: &str, what: &str, is_so: impl Fn(&Value) -> bool) {
    let start = std::time::Instant::now();
    loop {
        let info = room_of(wire, room).await.unwrap_or_default();
        if is_so(&info) {
            return;
        }
        assert!(start.elapsed() < crate::house::DEADLINE, "{what}: {info}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_room_is_made_kept_and_ended() {
    let house = House::start();
    let ann = house.add_user("ann", "member").await;
    let ben = house.add_user("ben", "member").await;
    let (mut ann, mut ben) = (house.connect(&ann).await, house.connect(&ben).await);
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&house), "ann").await;

    page.click("room-new").await;
    page.fill("room-new-name", "Nacht-wache").await;
    page.fill("room-new-title", "The night").await;
    page.click("room-new-private").await;
    page.click("room-make").await;
    page.find("[data-testid=timeline][data-room='nacht-wache']").await;
    until(&mut ann, "nacht-wache", "made", |info| {
        info["title"] == "The night" && info["private"] == true && info["role"] == "owner"
    })
    .await;
    assert_eq!(room_of(&mut ben, "nacht-wache").await, None, "nobody else knows of it");

    page.click("room-settings-open").await;
    page.fill("set-topic", "who wakes whom").await;
    page.fill("set-topic", ENTER).await;
    until(&mut ann, "nacht-wache", "the topic", |info| info["topic"] == "who wakes whom").await;
    page.fill("set-retention", "30").await;
    page.fill("set-retention", ENTER).await;
    // It stood at 0, and 30 was typed behind it.
    until(&mut ann, "nacht-wache", "the days", |info| info["retention_days"] == 30).await;

    page.fill("invite-name", "ben").await;
    page.click("invite-member").await;
    page.find("[data-testid=member][data-user=ben]").await;
    until(&mut ben, "nacht-wache", "invited", |info| info["role"] == "member").await;
    page.find("[data-testid=member][data-user=ben] option[value=reader]").await.click().await.unwrap();
    until(&mut ben, "nacht-wache", "a reader", |info| info["role"] == "reader").await;

    page.fill("hook-name", "alerts").await;
    page.click("hook-add").await;
    let address = page.find("[data-testid=hook-address]").await.text().await.unwrap();
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
    page.find("[data-testid=hook] button").await.click().await.unwrap();
    page.until_true("the webhook is gone", "return !document.querySelector('[data-testid=hook]')").await;

    page.click("archive").await;
    until(&mut ann, "nacht-wache", "archived", |info| info["archived"] == true).await;
    page.click("dialog-close").await;
    page.until_true(
        "nothing can be said",
        "const f = document.querySelector('[data-testid=composer]'); return !f || f.disabled || f.readOnly",
    )
    .await;
    page.shoot("archived").await;
    page.click("room-settings-open").await;
    page.click("archive").await;
    until(&mut ann, "nacht-wache", "goes on", |info| info["archived"] != true).await;
    page.end().await;
}

#[tokio::test]
async fn a_direct_message_is_begun_and_told_to_the_other() {
    let house = House::start();
    house.add_user("ann", "member").await;
    let ben = house.add_user("ben", "member").await;
    house.add_user("chen", "member").await;
    let mut ben = house.connect(&ben).await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&page_of(&house), "ann").await;
    page.click("dm-new").await;
    page.fill("dm-find", "be").await;
    page.find("[data-testid=dm-person][data-user=ben] input").await.click().await.unwrap();
    page.click("dm-go").await;
    page.find("[data-testid=timeline][data-room^='@']").await;
    page.say("a word, @ben").await;
    page.until("a word, @ben").await;
    let info = retry("the direct message", async || {
        let listed = Value::from(room_named_at(&house).await);
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
async fn room_named_at(house: &House) -> Option<String> {
    let db = rusqlite::Connection::open(house.data.join("wardroom.db")).unwrap();
    db.query_row("SELECT name FROM rooms WHERE dm IS NOT NULL", [], |row| row.get(0)).ok()
}
