//! What people meant is done once, now, or not at all: commands typed offline, drafts, duplicated tabs, a sign-out that
//! does not reach the server, many files at once.

use serde_json::json;

use crate::browser::{Browser, page_of};
use crate::in_the_page::{ESCAPE, Ops, post};

/// The page in the room `ops`, without a connection.
async fn offline_page(ops: &mut Ops) -> Browser {
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ben").await;
    page.open_room("ops").await;
    ops.server.core.kill_9();
    page.find("[data-testid=connection]:not([data-state=live])").await;
    page
}

fn composer_is(text: &str) -> String {
    format!("return document.querySelector('[data-testid=composer]').value === {}", json!(text))
}

#[tokio::test]
async fn a_command_typed_offline_starts_only_when_its_author_says_so() {
    let mut ops = Ops::start().await;
    let page = offline_page(&mut ops).await;
    page.say("before the command").await;
    page.say("$ echo typed offline").await;
    page.until("Not sent").await;
    page.shoot("command-not-sent").await;
    ops.server.restart_core();
    page.state("live").await;
    page.until_true("the message was sent", "return !!document.querySelector('[data-testid=line][data-kind=message]')")
        .await;
    let mut ann = ops.server.connect(&ops.server.add_user("eve", "admin").await).await;
    ann.ask(json!({"t":"room.join","room":"ops"})).await;
    let runs = async |wire: &mut crate::wire::Wire| {
        let listed = wire.ask(json!({"t":"run.list","room":"ops"})).await;
        listed["runs"].as_array().unwrap().len()
    };
    assert_eq!(runs(&mut ann).await, 0, "it did not start by itself");
    page.find("[data-testid=line-retry]").await;
    // A reload keeps the line, and still starts nothing.
    page.page.refresh().await.unwrap();
    page.state("live").await;
    page.until("Not sent").await;
    assert_eq!(runs(&mut ann).await, 0, "nor after a reload");
    page.click("line-retry").await;
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.until_true("nothing waits", "return !document.querySelector('[data-testid=line-retry]')").await;
    assert_eq!(runs(&mut ann).await, 1);
    page.end().await;
}

#[tokio::test]
async fn a_draft_outlives_a_reply_a_reload_and_another_room() {
    let mut ops = Ops::start().await;
    post(&mut ops.ann, "q1", "is it done?", None).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ben").await;
    page.open_room("ops").await;
    page.until("is it done?").await;
    page.fill("composer", "half a thought").await;
    page.hover("[data-testid=line][data-kind=message] .line__body").await;
    page.click("reply").await;
    page.test_id("banner").await;
    page.fill("composer", ESCAPE).await;
    page.until_true("a cancelled reply keeps the draft", &composer_is("half a thought")).await;
    page.open_room("general").await;
    page.until_true("the draft is of its room", &composer_is("")).await;
    page.open_room("ops").await;
    page.until_true("it is back", &composer_is("half a thought")).await;
    page.page.refresh().await.unwrap();
    page.state("live").await;
    page.until_true("a reload keeps it", &composer_is("half a thought")).await;
    page.end().await;
}

/// Browsers copy a tab's storage into its duplicate: both would send what waits in the one outbox.
#[tokio::test]
async fn a_duplicated_tab_sends_nothing_twice() {
    let mut ops = Ops::start().await;
    let page = offline_page(&mut ops).await;
    page.say("from the first tab").await;
    page.find("[data-testid=line][data-kind=pending]").await;
    let network = async |is_offline: bool| {
        page.devtools("Network.enable", json!({})).await;
        let conditions = json!({"offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        page.devtools("Network.emulateNetworkConditions", conditions).await;
    };
    // Only this tab stays offline.
    network(true).await;
    ops.server.restart_core();
    // `window.open` copies the storage of the tab, as "Duplicate tab" does.
    page.page.execute("window.open(location.href)", vec![]).await.unwrap();
    let first = page.page.window().await.unwrap();
    let windows = page.page.windows().await.unwrap();
    let second = windows.into_iter().find(|window| *window != first).unwrap();
    page.page.switch_to_window(second).await.unwrap();
    page.state("live").await;
    page.say("from the second tab").await;
    page.until("from the second tab").await;
    page.until_true("nothing waits here", "return !document.querySelector('[data-kind=pending]')").await;
    page.page.switch_to_window(first).await.unwrap();
    network(false).await;
    page.state("live").await;
    page.until("from the second tab").await;
    page.until_true("nothing waits", "return !document.querySelector('[data-kind=pending]')").await;
    let timeline = page.timeline().await;
    for text in ["from the first tab", "from the second tab"] {
        assert_eq!(timeline.matches(text).count(), 1, "{timeline}");
    }
    page.end().await;
}

#[tokio::test]
async fn signing_out_offline_says_that_it_failed() {
    let mut ops = Ops::start().await;
    let page = offline_page(&mut ops).await;
    page.click("user-menu").await;
    page.click("sign-out").await;
    page.until_true("it is said", "return document.body.innerText.includes(\"Couldn't sign out\")").await;
    ops.server.restart_core();
    page.state("live").await;
    page.end().await;
}

#[tokio::test]
async fn a_thousand_and_ten_files_are_all_stored() {
    const FILES: usize = 1_010;
    let mut ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ben").await;
    page.open_room("ops").await;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("many");
    std::fs::create_dir_all(&folder).unwrap();
    for n in 0..FILES {
        std::fs::write(folder.join(format!("{n:04}.txt")), n.to_string()).unwrap();
    }
    ops.ann.ask(json!({"t":"room.open","room":"ops"})).await;
    for kind in ["dragEnter", "dragOver", "drop"] {
        let data = json!({"items": [], "files": [folder], "dragOperationsMask": 1});
        page.devtools("Input.dispatchDragEvent", json!({"type": kind, "x": 500, "y": 300, "data": data})).await;
    }
    for _ in 0..FILES {
        while ops.ann.next_of("event").await["kind"] != "file.added" {}
        // A connection that says nothing for a minute is closed.
        ops.ann.send(&json!({"t":"ping","n":1}), &[]).await.unwrap();
    }
    page.end().await;
}
