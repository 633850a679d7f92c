//! The output of a run in the page: one that is far longer than a page can hold, and one that grows while it is read.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::in_the_page::Ops;
use crate::test_server::DEADLINE;

/// Two hundred megabytes, with an error in the middle.
const LONG: &str = "f='line %.0f of a build log, as long as the lines of such logs are on the average of all programs'; \
    seq -f \"$f\" 1 1000000; echo 'ERROR: disk full, see https://wiki.example/disk?a=b.' >&2; sleep 0.2; seq -f \"$f\" 1000001 2000000";

/// Runs a command in `ops` until it ends; returns the `seq` of its line.
async fn run_to_end(ops: &mut Ops, cmd: &str) -> u64 {
    ops.ben.ask(json!({"t":"room.open","room":"ops"})).await;
    let run = ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":cmd,"nonce":"long"})).await;
    let ended = async {
        loop {
            let event = ops.ben.next_of("event").await;
            if event["kind"] == "run.ended" && event["run"] == run["run"] {
                return;
            }
        }
    };
    tokio::time::timeout(5 * DEADLINE, ended).await.expect("the command ends");
    run["seq"].as_u64().unwrap()
}

/// The lines that are drawn: number and text.
async fn lines(page: &Browser) -> Vec<(u64, String)> {
    let script = "return [...document.querySelectorAll('[data-testid=output-log] .output__line')].map(line => \
        [line.querySelector('.output__number').textContent, line.querySelector('.output__text').textContent])";
    let lines = page.page.execute(script, vec![]).await.unwrap();
    let line = |line: &Value| (line[0].as_str().unwrap().parse().unwrap_or(0), line[1].as_str().unwrap().to_owned());
    lines.as_array().unwrap().iter().map(line).collect()
}

/// Waits until a line with this number and text is in sight.
async fn in_sight(page: &Browser, number: u64, text: &str) {
    let script = format!(
        "const log = document.querySelector('[data-testid=output-log]'), around = log?.getBoundingClientRect(); \
         return !!log && [...log.querySelectorAll('.output__line')].some(line => {{ const at = line.getBoundingClientRect(); \
         return line.querySelector('.output__number').textContent === '{number}' && line.textContent.includes({}) \
         && at.top >= around.top - 20 && at.bottom <= around.bottom + 20 }})",
        json!(text)
    );
    page.until_true(&format!("line {number}: {text}"), &script).await;
}

async fn drag_bar(page: &Browser, share: f64) {
    let script = "const bar = document.querySelector('[data-testid=output-bar]'); bar.value = Math.round(bar.max * arguments[0]); \
        bar.dispatchEvent(new InputEvent('input', {bubbles: true}))";
    page.page.execute(script, vec![json!(share)]).await.unwrap();
}

#[tokio::test]
async fn two_hundred_megabytes_open_at_once_and_are_read_anywhere() {
    let mut ops = Ops::start().await;
    let seq = run_to_end(&mut ops, LONG).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.click("run-open").await;
    // At its end, whose number the server has counted.
    in_sight(&page, 2_000_001, "line 2000000 of").await;
    page.shoot("output-long").await;
    let fetched = "return performance.getEntriesByType('resource').filter(entry => entry.name.includes('/files/run/')) \
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0)";
    let fetched = page.page.execute(fetched, vec![]).await.unwrap().as_u64().unwrap();
    assert!((1..2_000_000).contains(&fetched), "{fetched} bytes were loaded");
    let drawn = lines(&page).await;
    assert!(drawn.len() < 250, "{} lines are drawn", drawn.len());

    // The error before it, a hundred megabytes away.
    page.click("output-error-back").await;
    page.find(".output__line--target").await;
    let link = page.find(".output__line--target a").await;
    assert_eq!(link.attr("href").await.unwrap().as_deref(), Some("https://wiki.example/disk?a=b"));
    assert_eq!(link.attr("rel").await.unwrap().as_deref(), Some("noopener noreferrer nofollow"));
    let number = "return +(document.querySelector('.output__line--target .output__number')?.textContent ?? 0)";
    page.until_true(
        "its number is counted",
        "return +(document.querySelector('.output__line--target .output__number')?.textContent ?? 0) > 900000",
    )
    .await;
    let number = page.page.execute(number, vec![]).await.unwrap().as_u64().unwrap();
    in_sight(&page, number, "ERROR: disk full").await;
    page.shoot("output-error").await;
    // There is no other: the search comes around to it.
    page.click("output-error").await;
    in_sight(&page, number, "ERROR: disk full").await;
    page.fill("output-find", "line 1234567 of\u{e007}").await;
    page.until_true(
        "the text is found",
        "return !!document.querySelector('.output__line--target')?.textContent.includes('line 1234567 of')",
    )
    .await;
    page.page.execute("document.querySelector('[data-testid=output-find]').value = ''", vec![]).await.unwrap();
    page.fill("output-find", "there is no such text\u{e007}").await;
    page.until_true(
        "it says so",
        "return document.querySelector('[data-testid=output-finding]').textContent === 'Not found'",
    )
    .await;

    // A line has an address, which leads there again.
    page.find(".output__line--target .output__number").await.click().await.unwrap();
    let address = page.page.current_url().await.unwrap().to_string();
    assert!(address.contains(&format!("/r/ops/{seq}/")), "{address}");
    page.page.refresh().await.unwrap();
    in_sight(&page, 1_234_568, "line 1234567 of").await;

    // The bar covers all of it.
    drag_bar(&page, 0.0).await;
    in_sight(&page, 1, "line 1 of").await;
    // Down by many windows: no line is missing.
    let mut last = 0;
    for _ in 0..40 {
        let drawn = lines(&page).await;
        for ((number, text), next) in drawn.iter().zip(drawn.iter().skip(1)) {
            assert_eq!(number + 1, next.0, "after {text}");
            assert!(text.starts_with(&format!("line {number} of")), "{number}: {text}");
        }
        last = drawn.last().unwrap().0;
        let down = "const log = document.querySelector('[data-testid=output-log]'); log.scrollTop += 1500";
        page.page.execute(down, vec![]).await.unwrap();
        page.until_true(
            "it is drawn",
            "const log = document.querySelector('[data-testid=output-log]'), place = log.getBoundingClientRect(); \
             return !!document.elementFromPoint(place.x + 300, place.bottom - 30)?.closest('.output__line')",
        )
        .await;
    }
    assert!(last > 2_000, "only line {last} was reached");
    drag_bar(&page, 0.25).await;
    page.until_true(
        "a quarter of it is above",
        "const at = +(document.querySelector('[data-testid=output-log] .output__number')?.textContent ?? 0); return at > 400000 && at < 600000",
    )
    .await;

    // One stream: a single line.
    let choose = "const streams = document.querySelector('[data-testid=output-streams]'); streams.value = '2'; \
        streams.dispatchEvent(new Event('change', {bubbles: true}))";
    page.page.execute(choose, vec![]).await.unwrap();
    page.until_true(
        "only stderr is shown",
        "const lines = [...document.querySelectorAll('[data-testid=output-log] .output__line')]; \
         return lines.length === 1 && lines[0].textContent.includes('ERROR: disk full')",
    )
    .await;
    page.click("output-times").await;
    page.until_true(
        "it has a time",
        "return /^\\d\\d:\\d\\d:\\d\\d\\.\\d{3}$/.test(document.querySelector('.output__time')?.textContent)",
    )
    .await;
    page.shoot("output-stderr").await;
    page.end().await;
}

#[tokio::test]
async fn long_lines_are_wrapped_and_stay_where_they_are() {
    let mut ops = Ops::start().await;
    let cmd = "for n in $(seq 1 3000); do printf 'entry %s: ' $n; printf '%0200d' 7; echo; done";
    run_to_end(&mut ops, cmd).await;
    let page = Browser::start(360, 780).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.click("run-open").await;
    in_sight(&page, 3_000, "entry 3000:").await;
    page.click("output-wrap").await;
    page.find(".output--wrap").await;
    page.fill("output-find", "entry 1500:\u{e007}").await;
    page.find(".output__line--target").await;
    let fits = "const log = document.querySelector('[data-testid=output-log]'), line = document.querySelector('.output__line--target'); \
        const at = line.getBoundingClientRect(), around = log.getBoundingClientRect(); \
        return line.textContent.includes('entry 1500:') && at.height > 60 && at.top >= around.top && at.bottom <= around.bottom \
        && log.scrollWidth <= log.clientWidth";
    page.until_true("the line is wrapped and in sight", fits).await;
    for theme in ["light", "dark"] {
        page.shoot_at("output-wrap-phone", theme).await;
    }
    // It is kept.
    page.page.refresh().await.unwrap();
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.click("run-open").await;
    page.find(".output--wrap").await;
    page.end().await;
}

#[tokio::test]
async fn it_follows_until_one_scrolls_up_and_again_when_asked() {
    let mut ops = Ops::start().await;
    let sign = ops.server.data.parent().unwrap().join("go-on");
    let wait = format!("while ! [ -e {} ]; do sleep 0.05; done", sign.display());
    let cmd = format!("seq -f 'first %.0f' 1 500; {wait}; seq -f 'second %.0f' 1 500; cat");
    ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":cmd,"stdin":true,"nonce":"f1"})).await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    page.click("run-open").await;
    in_sight(&page, 500, "first 500").await;
    page.find("[data-testid=output-log][data-following=true]").await;
    let up = "const log = document.querySelector('[data-testid=output-log]'); log.scrollTop = 2000; return true";
    page.page.execute(up, vec![]).await.unwrap();
    page.find("[data-testid=output-log][data-following=false]").await;
    in_sight(&page, 110, "first 110").await;
    std::fs::write(&sign, "").unwrap();
    let grown = "return +document.querySelector('[data-testid=output-log]').dataset.bytes > 8000";
    page.until_true("more was written", grown).await;
    in_sight(&page, 110, "first 110").await;
    page.shoot("output-follow").await;
    page.click("output-follow").await;
    in_sight(&page, 1_000, "second 500").await;
    page.find("[data-testid=output-log][data-following=true]").await;
    page.end().await;
}
