//! The page as people talk in it: everything that one does with messages, rooms and people, ten thousand lines, and what is
//! pasted.

use fantoccini::wd::TimeoutConfiguration;
use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::test_server::{DEADLINE, TestServer};
use crate::wire::Wire;

/// Keys as WebDriver names them.
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";
pub const UP: &str = "\u{e013}";

/// A server with four people and a room that they are in.
pub struct Ops {
    pub server: TestServer,
    pub ann: Wire,
    pub ben: Wire,
    pub chen: Wire,
}

impl Ops {
    pub async fn start() -> Self {
        let server = TestServer::start();
        let ann = server.add_user("ann", "admin").await;
        let ben = server.add_user("ben", "operator").await;
        let chen = server.add_user("chen", "member").await;
        let mut ann = server.connect(&ann).await;
        let mut ben = server.connect(&ben).await;
        let mut chen = server.connect(&chen).await;
        ann.ask(json!({"t":"room.create","room":"ops","title":"Operations"})).await;
        ann.ask(json!({"t":"room.set","room":"ops","topic":"runbook: https://wiki.example/ops"})).await;
        ben.ask(json!({"t":"room.join","room":"ops"})).await;
        chen.ask(json!({"t":"room.join","room":"ops"})).await;
        Self { server, ann, ben, chen }
    }
}

pub async fn post(wire: &mut Wire, nonce: &str, text: &str, reply_to: Option<u64>) -> u64 {
    let mut post = json!({"t":"room.post","room":"ops","text":text,"nonce":nonce});
    if let Some(seq) = reply_to {
        post["reply_to"] = json!(seq);
    }
    wire.ask(post).await["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn messages_are_answered_edited_and_taken_back() {
    let mut ops = Ops::start().await;
    let theirs = post(&mut ops.ben, "b1", "ready?", None).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.until("ready?").await;

    page.hover(&format!("[data-seq='{theirs}'] .line__body")).await;
    page.click("reply").await;
    page.say("ready as ever").await;
    page.find("[data-testid=line] [data-testid=quote]").await;

    page.hover(&format!("[data-seq='{theirs}'] .line__body")).await;
    page.click("react").await;
    page.find("[data-testid=react-emoji][data-emoji='🎉']").await.click().await.unwrap();
    page.find("[data-testid=reaction][data-emoji='🎉'][aria-pressed=true]").await.click().await.unwrap();
    page.until_true("the reaction is taken back", "return !document.querySelector('[data-testid=reaction]')").await;

    // The arrow up says the last one otherwise.
    page.fill("composer", UP).await;
    page.find("[data-testid=banner]").await;
    page.fill("composer", ", truly").await;
    page.fill("composer", ENTER).await;
    page.until("ready as ever, truly").await;
    page.until("edited").await;

    let own = *page.seqs().await.last().unwrap();
    page.hover(&format!("[data-seq='{own}'] .line__body")).await;
    page.click("delete").await;
    page.click("confirm-yes").await;
    page.until("This message was deleted").await;
    assert!(!page.timeline().await.contains("ready as ever"));
    page.end().await;
}

#[tokio::test]
async fn hostile_texts_are_shown_and_do_nothing() {
    let mut ops = Ops::start().await;
    let marks = "\u{301}".repeat(5_000);
    let texts = [
        "<script>window.evil = 1</script><img src=x onerror='window.evil = 1'>",
        "[press](javascript:window.evil=1) javascript:alert(1) [x](data:text/html,evil)",
        "name\u{202e}gpj.exe and \u{7}\u{1b}]0;title\u{7}",
        &format!("pile{marks}"),
    ];
    for (nth, text) in texts.iter().enumerate() {
        post(&mut ops.ben, &format!("h{nth}"), text, None).await;
    }
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.until("<script>window.evil = 1</script>").await;
    page.until("<U+202E>").await;
    let look = "const log = document.querySelector('[data-testid=timeline]'); \
        return {evil: window.evil ?? null, foreign: log.querySelectorAll('script, img, iframe, [onerror], [style]:not(.timeline__lines > div)').length, \
        links: [...log.querySelectorAll('a')].map(a => a.protocol), \
        tall: Math.max(...[...log.querySelectorAll('[data-seq]')].map(l => l.offsetHeight))}";
    let seen: Value = page.page.execute(look, vec![]).await.unwrap();
    assert_eq!(seen["evil"], Value::Null);
    assert_eq!(seen["foreign"], 0, "{seen}");
    assert_eq!(seen["links"], json!([]), "{seen}");
    assert!(seen["tall"].as_u64().unwrap() < 200, "{seen}");
    page.end().await;
}

#[tokio::test]
async fn ten_megabytes_that_are_pasted_become_a_file_by_one_key() {
    let ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.fill("composer", "with this:").await;
    let paste = "const text = '2026-11-23 ERROR a line of a log\\n'.repeat(320000); const data = new DataTransfer(); \
        data.setData('text/plain', text); document.querySelector('[data-testid=composer]') \
        .dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); return text.length > 1e7";
    assert_eq!(page.page.execute(paste, vec![]).await.unwrap(), json!(true));
    page.find("[data-testid=paste]").await;
    page.fill("composer", ENTER).await;
    page.find("[data-testid=file-card]").await;
    // What was written stays, and survives a reload.
    page.page.refresh().await.unwrap();
    page.state("live").await;
    page.until_true(
        "the draft is there",
        "return document.querySelector('[data-testid=composer]')?.value === 'with this:'",
    )
    .await;
    page.end().await;
}

#[tokio::test]
async fn the_page_speaks_chinese() {
    let ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.click("user-menu").await;
    page.click("language").await;
    page.until_true("the page says so", "return document.documentElement.lang === 'zh-CN'").await;
    page.fill("composer", "/cre").await;
    let said = page.test_id("suggestion").await.text().await.unwrap();
    assert!(said.contains("新建房间"), "{said}");
    page.shoot("chinese").await;
    page.end().await;
}

#[tokio::test]
async fn ten_thousand_lines_are_scrolled_and_jumped_into() {
    const LINES: u64 = 10_000;
    let mut ops = Ops::start().await;
    let base = post(&mut ops.ben, "first", "the first of many", None).await;
    // By three, because one user may not write as many at once.
    for (batch, from) in (1..LINES).step_by(50).enumerate() {
        let writer = match batch % 3 {
            0 => &mut ops.ann,
            1 => &mut ops.ben,
            _ => &mut ops.chen,
        };
        for nth in from..(from + 50).min(LINES) {
            let more = if nth % 7 == 0 {
                " and it goes on for a while, so that it takes more than one line".repeat(3)
            } else {
                String::new()
            };
            let post = json!({"t":"room.post","room":"ops","text":format!("line {nth}{more}"),"nonce":format!("l{nth}"),"id":1_000_000 + nth});
            writer.send(&post, &[]).await.unwrap();
        }
        // What was sent before this is answered before it.
        writer.ask(json!({"t":"room.list"})).await;
    }
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.until(&format!("line {}", LINES - 1)).await;
    let drawn = page.seqs().await.len();
    assert!(drawn < 300, "{drawn} lines are in the document");

    // Up until the first is there: what is in sight stays where it is while older lines come in above.
    let script = "const [first_seq, done] = arguments; const t = document.querySelector('[data-testid=timeline]'); let over = 0, last = performance.now(), worst = 0, moved = last, frames = 0, \
        seqs = () => [...document.querySelectorAll('[data-seq]')].map((line) => Number(line.dataset.seq)), \
        state = () => { const drawn = seqs(); return {over, worst, drawn: drawn.length, from: drawn[0], top: t.scrollTop, height: t.scrollHeight}; }, before = ''; \
        function step(now) { const took = now - last; last = now; if (took > 50) over++; worst = Math.max(worst, took); t.scrollBy(0, -700); \
        frames++; if (t.scrollTop === 0 && document.querySelector(`[data-seq='${first_seq}']`)) done(state()); \
        else requestAnimationFrame(step); } requestAnimationFrame(step); \
        setInterval(() => { const here = `${t.scrollTop} ${seqs()[0]}`; if (here !== before) { before = here; moved = performance.now(); } \
        else if (performance.now() - moved > 30000) done({stuck: true, frames, visible: document.visibilityState, ...state()}); }, 1000)";
    let patient = TimeoutConfiguration::new(Some(4 * DEADLINE), None, None);
    page.page.update_timeouts(patient).await.unwrap();
    let scrolled = page.page.execute_async(script, vec![json!(base)]).await.unwrap();
    println!("scrolled up through {LINES} lines: {scrolled}");
    if scrolled["stuck"] == true {
        page.shoot("stuck").await;
        panic!("the timeline does not move: {scrolled}");
    }
    page.until("the first of many").await;
    assert!(scrolled["drawn"].as_u64().unwrap() < 300, "{scrolled}");

    // Into the middle by the address of a line, which is marked and in sight; and back.
    let middle = base + LINES / 2;
    page.page.goto(&format!("{}r/ops/{middle}", page_of(&ops.server))).await.unwrap();
    page.find(&format!("[data-seq='{middle}'].line--target")).await;
    let in_sight = format!(
        "const line = document.querySelector('[data-seq=\"{middle}\"]').getBoundingClientRect(), \
        around = document.querySelector('[data-testid=timeline]').getBoundingClientRect(); return line.top >= around.top && line.bottom <= around.bottom"
    );
    page.until_true("the line is in sight", &in_sight).await;
    page.shoot("jumped").await;
    page.click("jump-to-latest").await;
    page.until(&format!("line {}", LINES - 1)).await;
    page.end().await;
}

#[tokio::test]
async fn a_reader_who_scrolls_faster_than_the_page_draws_sees_every_line() {
    let mut ops = Ops::start().await;
    let base = post(&mut ops.ben, "first", "the first of many", None).await;
    for nth in 1..1_500_u32 {
        let writer = if nth % 100 < 50 { &mut ops.ben } else { &mut ops.chen };
        post(writer, &format!("l{nth}"), &format!("line {nth}"), None).await;
    }
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.until("line 1499").await;
    // The page has no time to draw between two moves.
    let script = "const [first_seq, done] = arguments; const t = document.querySelector('[data-testid=timeline]'); let n = 0, before = '', moved = performance.now(); \
        function step() { const until = performance.now() + 15 * (n++ % 5); while (performance.now() < until); t.scrollBy(0, -(500 + 900 * (n % 4))); \
        const drawn = [...document.querySelectorAll('[data-seq]')].map((line) => Number(line.dataset.seq)), here = `${t.scrollTop} ${drawn[0]}`; \
        if (here !== before) { before = here; moved = performance.now(); } \
        if (t.scrollTop === 0 && drawn.includes(first_seq)) done('top'); \
        else if (performance.now() - moved > 10000) done({from: drawn[0], top: t.scrollTop, height: t.scrollHeight}); \
        else setTimeout(step, n % 3 * 7); } step()";
    let end = page.page.execute_async(script, vec![json!(base)]).await.unwrap();
    assert_eq!(end, json!("top"), "the timeline does not move");
    page.until("the first of many").await;
    page.end().await;
}
