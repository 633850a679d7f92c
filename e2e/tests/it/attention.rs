//! What calls somebody who looks elsewhere, and what a finger does: the tab's title and icon, notifications, a long press.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::in_the_page::Ops;
use crate::test_server::TestServer;
use crate::wire::Wire;

/// Notes the browser's own notifications as they are made: nobody can see them without a desktop.
const NOTE: &str = "window.told = []; window.bodies = []; const Real = Notification;
        window.Notification = class extends Real { constructor(title, options) { super(title, options); told.push(title); bodies.push(options.body); } };
        return Notification.permission";

async fn say(wire: &mut Wire, nonce: &str, text: &str) -> u64 {
    let post = json!({"t":"room.post","room":"ops","text":text,"nonce":nonce});
    wire.ask(post).await["seq"].as_u64().unwrap()
}

/// ann and ben, both in ops.
async fn two_in_ops(server: &TestServer) -> (Wire, Wire) {
    let ann = server.add_user("ann", "member").await;
    let ben = server.add_user("ben", "member").await;
    let (mut ann, mut ben) = (server.connect(&ann).await, server.connect(&ben).await);
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    ben.ask(json!({"t":"room.join","room":"ops"})).await;
    (ann, ben)
}

#[tokio::test]
async fn title_icon_and_notifications_tell_of_another_room_as_one_wishes() {
    let server = TestServer::start();
    let (_ann, mut ben) = two_in_ops(&server).await;
    let page = Browser::start(1024, 768).await;
    let url = page_of(&server);
    page.devtools("Browser.grantPermissions", json!({"origin": url, "permissions": ["notifications"]})).await;
    page.sign_in(&url, "ann").await;
    page.open_room("general").await;
    assert_eq!(page.page.execute(NOTE, vec![]).await.unwrap(), "granted");

    say(&mut ben, "n1", "just talk").await;
    page.until_true("one is unread", "return document.title.startsWith('(1)')").await;
    let icon = "return document.querySelector('link[rel=icon]').href";
    assert!(page.page.execute(icon, vec![]).await.unwrap().as_str().unwrap().contains("unread"));
    say(&mut ben, "n2", "@ann, look").await;
    page.until_true("who is named is told", "return told.length === 1").await;
    // The room was never opened here: its message is asked for, and told as it stands.
    let body = page.page.execute("return bodies[0]", vec![]).await.unwrap();
    assert_eq!(body, "ben: @ann, look");
    page.until_true("and the icon says so", "return document.querySelector('link[rel=icon]').href.includes('named')")
        .await;

    // All of a room, then nothing of it.
    page.open_room("ops").await;
    page.until("@ann, look").await;
    page.until_true("all is read", "return !document.title.startsWith('(')").await;
    for (level, nonce, expected) in [("all", "n3", 2), ("nothing", "n4", 2)] {
        page.open_room("ops").await;
        page.click("room-settings-open").await;
        page.find(&format!("[data-testid=notify-level] option[value={level}]")).await.click().await.unwrap();
        page.click("dialog-close").await;
        page.open_room("general").await;
        say(&mut ben, nonce, "@ann, once more").await;
        page.until_true("it is unread", "return document.title.startsWith('(@1)')").await;
        let told = page.page.execute("return told.length", vec![]).await.unwrap();
        assert_eq!(told, Value::from(expected), "{level}");
        page.open_room("ops").await;
        page.until_true("it is read", "return !document.title.startsWith('(')").await;
    }
    page.end().await;
}

/// A browser that was never asked, and says yes when it is.
const ASKED_FOR_THE_FIRST_TIME: &str = "let permission = 'default'; \
    Object.defineProperty(Notification, 'permission', {get: () => permission}); \
    Notification.requestPermission = async () => { window.gesture = navigator.userActivation.isActive; return permission = 'granted'; }";

#[tokio::test]
async fn notifications_are_asked_for_at_a_press_and_their_state_is_said() {
    let server = TestServer::start();
    let (_ann, _ben) = two_in_ops(&server).await;
    let page = Browser::start(1024, 768).await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": ASKED_FOR_THE_FIRST_TIME})).await;
    page.sign_in(&page_of(&server), "ann").await;
    page.open_room("ops").await;
    page.click("room-settings-open").await;
    page.find("[data-testid=notify-state][data-state=default]").await;
    page.click("dialog-close").await;
    page.click("notify-enable").await;
    page.until_true("asked at a press", "return window.gesture === true").await;
    page.until_true("the offer is over", "return !document.querySelector('[data-testid=notify-enable]')").await;
    page.click("room-settings-open").await;
    page.find("[data-testid=notify-state][data-state=granted]").await;
    page.end().await;
}

#[tokio::test]
async fn a_long_press_offers_what_one_can_do_with_a_line() {
    let server = TestServer::start();
    let (_ann, mut ben) = two_in_ops(&server).await;
    let seq = say(&mut ben, "p1", "press here").await;
    let page = Browser::start(390, 844).await;
    page.sign_in(&page_of(&server), "ann").await;
    page.page.goto(&format!("{}r/ops", page_of(&server))).await.unwrap();
    page.until("press here").await;
    let place = "const r = arguments[0]; const b = document.querySelector(`[data-seq='${r}'] .line__body`).getBoundingClientRect();
        return [b.x + 20, b.y + b.height / 2]";
    let place = page.page.execute(place, vec![json!(seq)]).await.unwrap();
    let points = json!([{"x": place[0], "y": place[1]}]);
    assert_eq!(
        page.page.execute("return !document.querySelector('[data-testid=line-actions]')", vec![]).await.unwrap(),
        true
    );
    page.devtools("Input.dispatchTouchEvent", json!({"type": "touchStart", "touchPoints": points})).await;
    page.find("[data-testid=line-actions]").await;
    page.devtools("Input.dispatchTouchEvent", json!({"type": "touchEnd", "touchPoints": []})).await;
    page.click("reply").await;
    page.find("[data-testid=banner]").await;
    page.shoot("long-press-phone").await;
    page.end().await;
}

#[tokio::test]
async fn who_started_a_run_is_told_of_its_end_unless_they_look() {
    let mut ops = Ops::start().await;
    let page = Browser::start(1024, 768).await;
    let url = page_of(&ops.server);
    page.devtools("Browser.grantPermissions", json!({"origin": url, "permissions": ["notifications"]})).await;
    page.sign_in(&url, "ann").await;
    page.open_room("ops").await;
    assert_eq!(page.page.execute(NOTE, vec![]).await.unwrap(), "granted");
    page.say("$ echo looked at").await;
    page.until_true("it has ended", "return !!document.querySelector('[data-testid=run-card][data-state=ok]')").await;
    page.say("$ sleep 300 # read -r line").await;
    page.until("read -r line").await;
    // Somebody else's run concerns only them.
    ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":"exit 4","nonce":"b1"})).await;
    page.open_room("general").await;
    let runs = ops.ann.ask(json!({"t":"run.list","room":"ops"})).await;
    let own = runs["runs"].as_array().unwrap().iter().find(|run| run["n"] == 2).unwrap()["run"].clone();
    ops.ann.ask(json!({"t":"run.signal","run":own,"signal":"KILL"})).await;
    page.until_true(
        "the starter is told",
        "return bodies.some(body => body.includes('r2') && body.includes('read -r line'))",
    )
    .await;
    let told = page.page.execute("return told", vec![]).await.unwrap();
    assert_eq!(told, json!(["#ops"]), "of this and of nothing else");
    page.end().await;
}
