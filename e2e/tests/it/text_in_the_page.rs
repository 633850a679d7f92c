//! A message's text in the page: Markdown as elements, mentions of people that there are, what programs say, and the keys of an
//! input method.

use serde_json::json;

use crate::browser::{Browser, page_of};
use crate::in_the_page::{Ops, post};

#[tokio::test]
async fn markdown_becomes_elements_and_only_people_are_mentioned() {
    let mut ops = Ops::start().await;
    let markdown = "1. one\n   ```sh\n   ls -la\n   ```\n2. two\n\n| host | state |\n|---|--:|\n| web1 | **down** |\n\n* * *\n\n\
                    ```one line``` and \\*no\\* <b>raw</b>\n\n- [x] done";
    let seq = post(&mut ops.ben, "m1", markdown, None).await;
    let people = "请@ann看#ops，@nobody, `@ann`: 见https://x.example/a，然后 **@chen**";
    let named = post(&mut ops.ben, "m2", people, None).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.until("web1").await;
    let has = async |seq: u64, what: &str, selector: &str| {
        let script = format!("return !!document.querySelector(\"[data-seq='{seq}'] .markdown {selector}\")");
        page.until_true(what, &script).await;
    };
    has(seq, "code in an item", "ol > li:first-child pre").await;
    has(seq, "a second item", "ol > li:nth-child(2)").await;
    has(seq, "a table", "table tbody td.markdown__cell--right strong").await;
    has(seq, "a rule", "hr").await;
    has(seq, "a task", "li.markdown__task .markdown__box").await;
    let text =
        "return document.querySelector(\"[data-seq='SEQ'] .markdown\").textContent".replace("SEQ", &seq.to_string());
    page.until_true("the rest is as it was written", &format!("{} .includes('one line and *no* <b>raw</b>')", text))
        .await;
    page.until_true(
        "people are marked, others are not",
        &format!(
            "return [...document.querySelectorAll(\"[data-seq='{named}'] .mention\")].map(e => e.textContent).join() == '@ann,@chen'"
        ),
    )
    .await;
    page.until_true(
        "a room and an address end where they end",
        &format!(
            "return [...document.querySelectorAll(\"[data-seq='{named}'] a.link\")].map(e => e.textContent).join(' ') == '#ops https://x.example/a'"
        ),
    )
    .await;
    assert_eq!(page.faults().await, [""; 0]);
    page.end().await;
}

#[tokio::test]
async fn what_programs_say_is_shown_byte_for_byte() {
    let mut ops = Ops::start().await;
    let hook = ops.ann.ask(json!({"t":"hook.add","room":"ops","bot":"alerts"})).await;
    let address = format!("http://{}/hooks/{}", ops.server.http, hook["token"].as_str().unwrap());
    let body = json!({"status":"firing","truncatedAlerts":37,"alerts":[{"status":"firing","labels":{"path":"/a_b/*c*"},
        "annotations":{"summary":"cpu_usage_high on __ni3__ <b>@here</b>"}}]});
    let output = std::process::Command::new("curl")
        .args(["-sS", "--fail-with-body", "-H", "Content-Type: application/json", "-d", &body.to_string(), &address])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ben").await;
    page.open_room("ops").await;
    for part in ["cpu_usage_high on __ni3__ <b>@here</b>", "/a_b/*c*", "37"] {
        page.until(part).await;
    }
    page.until_true("nobody is mentioned", "return !document.querySelector('.mention, .line--mention')").await;
    assert_eq!(page.faults().await, [""; 0]);
    page.end().await;
}

#[tokio::test]
async fn enter_of_an_input_method_sends_nothing_and_who_is_not_here_is_told() {
    let mut ops = Ops::start().await;
    ops.server.add_user("dora", "member").await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.fill("composer", "请看").await;
    // Safari tells of the key after the composition has ended.
    let enter = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}))";
    for _ in 0..2 {
        page.page.execute(enter, vec![]).await.unwrap();
    }
    let text = "return document.querySelector('[data-testid=composer]').value";
    let kept = page.page.execute(text, vec![]).await.unwrap();
    assert_eq!(kept, json!("请看"));
    // By its button: Enter may meet the suggestions, which go away with the next frame.
    page.say(" @dora ok").await;
    page.until("请看 @dora ok").await;
    page.until_true(
        "the author is told",
        "return document.querySelector('[data-testid=notice]')?.textContent.includes('@dora')",
    )
    .await;
    let said = ops.ben.ask(json!({"t":"room.history","room":"ops","limit":50})).await.to_string();
    assert_eq!(said.matches("请看").count(), 1, "{said}");
    assert_eq!(page.faults().await, [""; 0]);
    page.end().await;
}
