//! Search in the page: what a command printed is found, and gone to at its byte, also by its address; and by days.

use serde_json::json;

use crate::browser::{Browser, page_of};
use crate::test_server::{DEADLINE, TestServer};
use crate::wire::Wire;

/// More output than the full view keeps, the line that is looked for in its middle.
const PRINTS: &str = "seq 1000000 1300000; echo connect to 10.4.1.74 failed; seq 2000000 2300000";

/// Runs a command in `general`, and waits until all that it printed can be found.
async fn print(ben: &mut Wire) -> u64 {
    ben.ask(json!({"t":"room.open","room":"general"})).await;
    let run = ben.ask(json!({"t":"run.start","room":"general","cmd":PRINTS,"nonce":"p1"})).await["run"].clone();
    let start = loop {
        let event = ben.next_of("event").await;
        if event["kind"] == "run.started" {
            break event["seq"].as_u64().unwrap();
        }
    };
    loop {
        let event = ben.next_of("event").await;
        if event["kind"] == "run.ended" && event["run"] == run {
            break;
        }
    }
    let found = async {
        while ben.ask(json!({"t":"search","q":"2300000","kind":"output"})).await["hits"] == json!([]) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, found).await.expect("the output is searched");
    start
}

#[tokio::test]
async fn a_line_of_output_is_found_and_gone_to() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "member").await;
    let ben = server.add_user("ben", "operator").await;
    server.connect(&ann).await;
    let mut ben = server.connect(&ben).await;
    let start = print(&mut ben).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&server), "ann").await;
    page.open_room("general").await;
    let look = async |page: &Browser| {
        page.find(".output__line--target").await;
        let shown = "const line = document.querySelector('.output__line--target'), seen = line?.getBoundingClientRect(), \
            around = document.querySelector('[data-testid=output-log]').getBoundingClientRect(); \
            return !!line && line.textContent.includes('connect to 10.4.1.74 failed') && seen.top >= around.top && seen.bottom <= around.bottom";
        page.until_true("the line is in sight", shown).await;
    };
    let open = "dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true}))";
    page.page.execute(open, vec![]).await.unwrap();
    page.fill("jump-field", "to 10.4.1.74 failed").await;
    let kind = "const kind = document.querySelector('[data-testid=filter-kind]'); kind.value = 'output'; kind.dispatchEvent(new Event('change', {bubbles: true}))";
    page.find("[data-testid=filter-kind]").await;
    page.page.execute(kind, vec![]).await.unwrap();
    page.find("[data-testid=search-hit]").await;
    page.click("search-hit").await;
    look(&page).await;
    page.shoot("output-hit").await;
    // The address names the byte: it leads there again.
    let address = page.page.current_url().await.unwrap().to_string();
    let offset = 300_001 * 8;
    assert!(address.ends_with(&format!("/r/general/{start}/{offset}")), "{address}");
    page.page.refresh().await.unwrap();
    look(&page).await;
    page.page.execute("document.querySelector('.output-view__foot button').click()", vec![]).await.unwrap();
    page.until_true(
        "the end is shown",
        "return document.querySelector('[data-testid=output-log]').textContent.includes('2300000')",
    )
    .await;
    page.click("output-close").await;
    let address = page.page.current_url().await.unwrap().to_string();
    assert!(address.ends_with(&format!("/r/general/{start}")), "{address}");
    page.end().await;
}

#[tokio::test]
async fn a_search_is_narrowed_to_days() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "member").await;
    let mut ann = server.connect(&ann).await;
    ann.ask(json!({"t":"room.post","room":"general","text":"OPS-4711 is back","nonce":"n1"})).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&server), "ann").await;
    page.page
        .execute("dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true}))", vec![])
        .await
        .unwrap();
    page.fill("jump-field", "OPS-4711").await;
    page.find("[data-testid=search-hit]").await;
    page.page
        .execute(
            "const when = document.querySelector('[data-testid=filter-when]'); when.value = 'span'; when.dispatchEvent(new Event('change', {bubbles: true}))",
            vec![],
        )
        .await
        .unwrap();
    page.find("[data-testid=filter-to]").await;
    // Days from now, in the browser's zone: from, to, and whether it is found.
    let spans: [(Option<i64>, Option<i64>, bool); 6] = [
        (Some(0), Some(0), true),
        (Some(1), None, false),
        (None, Some(-1), false),
        (None, Some(0), true),
        (Some(-7), Some(-1), false),
        (Some(-7), None, true),
    ];
    let set = "const [from, to] = arguments; for (const [id, days] of [['filter-from', from], ['filter-to', to]]) { \
        const day = new Date(), two = n => String(n).padStart(2, '0'); day.setDate(day.getDate() + (days ?? 0)); \
        const field = document.querySelector(`[data-testid=${id}]`); \
        field.value = days === null ? '' : `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`; \
        field.dispatchEvent(new InputEvent('input', {bubbles: true})); }";
    for (from, to, is_found) in spans {
        page.page.execute(set, vec![json!(from), json!(to)]).await.unwrap();
        let says: &str = if is_found {
            "return !!document.querySelector('[data-testid=search-hit]')"
        } else {
            "return !document.querySelector('[data-testid=search-hit]')"
        };
        page.until_true(&format!("{from:?} to {to:?}: {is_found}"), says).await;
    }
    page.shoot("search-days").await;
    page.end().await;
}
