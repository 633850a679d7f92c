//! The page without a link: what one writes and does is kept over a reload and done once, and one is still where one read.

use serde_json::json;
use wardroom_client_core::limits::CATCH_UP_MAX;

use crate::browser::{Browser, page_of};
use crate::cut::Wires;
use crate::in_the_page::{ENTER, Ops, UP, post};

#[tokio::test]
async fn what_is_written_without_a_link_survives_a_reload_and_is_sent_once() {
    let mut ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    ops.server.core.kill_9();
    page.find("[data-testid=connection]:not([data-state=live])").await;
    page.say("written in the dark").await;
    page.find("[data-testid=line][data-kind=pending]").await;
    page.page.refresh().await.unwrap();
    ops.server.restart_core();
    page.state("live").await;
    page.find("[data-testid=line][data-kind=message]").await;
    page.until("written in the dark").await;
    page.until_true("nothing is pending", "return !document.querySelector('[data-kind=pending]')").await;
    let times = page.timeline().await.matches("written in the dark").count();
    assert_eq!(times, 1);
    page.end().await;
}

/// Edits one's last message in the composer: types this behind it.
async fn edit_last(page: &Browser, more: &str) {
    page.fill("composer", UP).await;
    page.find("[data-testid=banner]").await;
    page.fill("composer", more).await;
    page.fill("composer", ENTER).await;
}

#[tokio::test]
async fn an_edit_without_a_link_survives_a_reload_and_is_done_once() {
    let mut ops = Ops::start().await;
    let own = post(&mut ops.ann, "o1", "waiting fel to 3", None).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.until("waiting fel to 3").await;
    ops.server.core.kill_9();
    page.find("[data-testid=connection]:not([data-state=live])").await;
    edit_last(&page, ", truly").await;
    page.until("waiting fel to 3, truly").await;
    page.find(&format!("[data-seq='{own}'] [data-testid=line-pending]")).await;
    page.shoot("edit-waits").await;
    page.page.refresh().await.unwrap();
    ops.server.restart_core();
    page.state("live").await;
    page.until("waiting fel to 3, truly").await;
    page.until_true("nothing waits", "return !document.querySelector('[data-testid=line-pending]')").await;
    let dora = ops.server.add_user("dora", "member").await;
    let mut dora = ops.server.connect(&dora).await;
    let found = dora.ask(json!({"t":"room.history","room":"ops","around":own,"limit":50})).await;
    let events = found["events"].as_array().unwrap();
    assert_eq!(events.iter().filter(|event| event["kind"] == "edit").count(), 1, "{found}");
    assert!(events.iter().any(|event| event["seq"] == own && event["text"] == "waiting fel to 3, truly"), "{found}");
    page.end().await;
}

#[tokio::test]
async fn a_reaction_and_a_deletion_without_a_link_survive_a_reload_and_are_done_once() {
    let mut ops = Ops::start().await;
    let good = post(&mut ops.ben, "b1", "deployed", None).await;
    let own = post(&mut ops.ann, "o1", "oops", None).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.until("oops").await;
    ops.server.core.kill_9();
    page.find("[data-testid=connection]:not([data-state=live])").await;
    page.hover(&format!("[data-seq='{good}'] .line__body")).await;
    page.click("react").await;
    page.find("[data-testid=react-emoji][data-emoji='🎉']").await.click().await.unwrap();
    page.find(&format!("[data-seq='{good}'] [data-testid=reaction][data-emoji='🎉']")).await;
    // The mark made the line above higher: the pointer goes to where the line is now.
    page.point(&format!("[data-seq='{own}'] .line__body")).await;
    page.click("delete").await;
    page.click("confirm-yes").await;
    page.find(&format!("[data-seq='{own}'] [data-testid=line-pending]")).await;
    assert!(!page.timeline().await.contains("oops"));
    page.shoot("acts-wait").await;
    page.page.refresh().await.unwrap();
    ops.server.restart_core();
    page.state("live").await;
    page.until("This message was deleted").await;
    page.find(&format!("[data-seq='{good}'] [data-testid=reaction][data-emoji='🎉']")).await;
    page.until_true("nothing waits", "return !document.querySelector('[data-testid=line-pending]')").await;
    let dora = ops.server.add_user("dora", "member").await;
    let mut dora = ops.server.connect(&dora).await;
    let found = dora.ask(json!({"t":"room.history","room":"ops","around":own,"limit":50})).await;
    let of = |kind: &str| found["events"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).count();
    assert_eq!((of("reaction"), of("delete")), (1, 1), "{found}");
    page.end().await;
}

#[tokio::test]
async fn an_edit_that_is_refused_keeps_its_words() {
    let mut ops = Ops::start().await;
    let wires = Wires::to(&ops.server.http).await;
    let own = post(&mut ops.ann, "o1", "4.2 went out", None).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&format!("http://{}/r/ops", wires.address), "ann").await;
    page.until("4.2 went out").await;
    wires.part();
    page.find("[data-testid=connection]:not([data-state=live])").await;
    edit_last(&page, " at 13:50").await;
    page.find(&format!("[data-seq='{own}'] [data-testid=line-pending]")).await;
    ops.ann.ask(json!({"t":"room.set","room":"ops","archived":true})).await;
    wires.mend();
    page.find(&format!("[data-seq='{own}'] [data-testid=line-retry]")).await;
    assert!(page.timeline().await.contains("4.2 went out at 13:50"));
    page.shoot("edit-refused").await;
    ops.ann.ask(json!({"t":"room.set","room":"ops","archived":false})).await;
    page.click("line-retry").await;
    page.until_true(
        "it is saved",
        "return !document.querySelector('[data-testid=line-retry], [data-testid=line-pending]')",
    )
    .await;
    assert!(page.timeline().await.contains("4.2 went out at 13:50"));
    page.until("edited").await;
    page.end().await;
}

#[tokio::test]
async fn after_a_long_break_one_is_still_where_one_read() {
    let mut ops = Ops::start().await;
    let wires = Wires::to(&ops.server.http).await;
    let mut first = 0;
    for nth in 0..200 {
        let seq = post(&mut ops.ben, &format!("a{nth}"), &format!("before {nth}"), None).await;
        first = if nth == 0 { seq } else { first };
    }
    let page = Browser::start(1440, 900).await;
    page.sign_in(&format!("http://{}/r/ops/{}", wires.address, first + 100), "ann").await;
    let read = format!("[data-seq='{}']", first + 100);
    page.find(&format!("{read}.line--target")).await;
    let place = format!("return Math.round(document.querySelector(\"{read}\")?.getBoundingClientRect().top)");
    let before = page.page.execute(&place, vec![]).await.unwrap();

    // More is missed than a page catches up with line by line.
    wires.part();
    page.find("[data-testid=connection]:not([data-state=live])").await;
    let missed = CATCH_UP_MAX + 100;
    for nth in 0..missed {
        post(&mut ops.ben, &format!("m{nth}"), &format!("missed {nth}"), None).await;
    }
    ops.ben.ask(json!({"t":"room.edit","room":"ops","seq":first + 100,"text":"by another word"})).await;
    wires.mend();
    page.state("live").await;
    page.until("by another word").await;
    // What was loaded anew is drawn first, and put in its place then.
    page.until_true("what one reads stands where it stood", &format!("{place} === {before}")).await;
    page.click("jump-to-latest").await;
    page.until(&format!("missed {}", missed - 1)).await;
    page.end().await;
}
