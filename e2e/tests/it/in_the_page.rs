//! The page as people talk in it: everything that one does with messages, rooms and people, ten thousand lines, what is
//! pasted, and what axe says of it. Pictures of each state are kept in three widths and two themes.

use fantoccini::wd::TimeoutConfiguration;
use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::house::{DEADLINE, House};
use crate::wire::Wire;

/// Keys as WebDriver names them.
pub const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
pub const UP: &str = "\u{e013}";

const THEMES: [&str; 2] = ["light", "dark"];

/// A house with four people and a room that they are in.
pub struct Ops {
    pub house: House,
    pub ann: Wire,
    pub ben: Wire,
    chen: Wire,
}

impl Ops {
    pub async fn start() -> Self {
        let house = House::start();
        let ann = house.add_user("ann", "admin").await;
        let ben = house.add_user("ben", "operator").await;
        let chen = house.add_user("chen", "member").await;
        let mut ann = house.connect(&ann).await;
        let mut ben = house.connect(&ben).await;
        let mut chen = house.connect(&chen).await;
        ann.ask(json!({"t":"room.create","room":"ops","title":"Operations"})).await;
        ann.ask(json!({"t":"room.set","room":"ops","topic":"runbook: https://wiki.example/ops"})).await;
        ben.ask(json!({"t":"room.join","room":"ops"})).await;
        chen.ask(json!({"t":"room.join","room":"ops"})).await;
        Self { house, ann, ben, chen }
    }
}

pub async fn post(wire: &mut Wire, nonce: &str, text: &str, reply_to: Option<u64>) -> u64 {
    let mut post = json!({"t":"room.post","room":"ops","text":text,"nonce":nonce});
    if let Some(seq) = reply_to {
        post["reply_to"] = json!(seq);
    }
    wire.ask(post).await["seq"].as_u64().unwrap()
}

/// Some lines of every kind that people write.
async fn talk(ops: &mut Ops) -> u64 {
    let first = post(&mut ops.ann, "t1", "looking. 4.2 went out at 13:50, so that first", None).await;
    let text = "@ann 4.2 raised `pool_size` from 5 to 20 a worker. **All 240 slots** are taken, see #general :fire:";
    let reply = post(&mut ops.ben, "t2", text, Some(first)).await;
    ops.ann.ask(json!({"t":"room.react","room":"ops","seq":reply,"emoji":"👍","on":true})).await;
    post(&mut ops.chen, "t3", "1. roll back web1\n2. look\n3. then the *others*\n\n> carefully", None).await;
    post(&mut ops.ben, "t4", "```yaml\npool_size: 5  # as before\n```", None).await;
    let gone = post(&mut ops.chen, "t5", "wrong room", None).await;
    ops.chen.ask(json!({"t":"room.delete","room":"ops","seq":gone})).await;
    let edited = post(&mut ops.chen, "t6", "waiting fel to 3", None).await;
    ops.chen.ask(json!({"t":"room.edit","room":"ops","seq":edited,"text":"waiting fell from 214 to 3"})).await;
    reply
}

#[tokio::test]
async fn messages_are_answered_edited_and_taken_back() {
    let mut ops = Ops::start().await;
    let theirs = post(&mut ops.ben, "b1", "ready?", None).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.house), "ann").await;
    page.open_room("ops").await;
    page.until("ready?").await;

    page.hover(&format!("[data-seq='{theirs}'] .line__body")).await;
    page.click("reply").await;
    page.say("ready as ever").await;
    page.find("[data-testid=line] [data-testid=quote]").await;

    page.hover(&format!("[data-seq='{theirs}'] .line__body")).await;
    page.click("react").await;
    page.find("[data-testid=react-emoji][data-emoji='🎉']").await.click().await.unwrap();
    page.find("[data-testid=mark][data-emoji='🎉'][aria-pressed=true]").await.click().await.unwrap();
    page.until_true("the reaction is taken back", "return !document.querySelector('[data-testid=mark]')").await;

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
    page.click("ask-yes").await;
    page.until("deleted this message").await;
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
    page.sign_in(&page_of(&ops.house), "ann").await;
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
    page.sign_in(&page_of(&ops.house), "ann").await;
    page.open_room("ops").await;
    page.fill("composer", "with this:").await;
    let paste = "const text = '2026-11-23 ERROR a line of a log\\n'.repeat(320000); const data = new DataTransfer(); \
        data.setData('text/plain', text); document.querySelector('[data-testid=composer]') \
        .dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); return text.length > 1e7";
    assert_eq!(page.page.execute(paste, vec![]).await.unwrap(), json!(true));
    page.find("[data-testid=big]").await;
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
    page.sign_in(&page_of(&ops.house), "ann").await;
    page.open_room("ops").await;
    page.click("language").await;
    page.until_true("the page says so", "return document.documentElement.lang === 'zh-CN'").await;
    page.fill("composer", "/cre").await;
    let said = page.test_id("suggestion").await.text().await.unwrap();
    assert!(said.contains("建立房间"), "{said}");
    page.shoot("chinese").await;
    page.end().await;
}

#[tokio::test]
async fn ten_thousand_lines_are_scrolled_and_jumped_into() {
    const LINES: u64 = 10_000;
    let mut ops = Ops::start().await;
    let base = post(&mut ops.ben, "first", "the first of many", None).await;
    for from in (1..LINES).step_by(50) {
        for nth in from..(from + 50).min(LINES) {
            let more = if nth % 7 == 0 {
                " and it goes on for a while, so that it takes more than one line".repeat(3)
            } else {
                String::new()
            };
            let post = json!({"t":"room.post","room":"ops","text":format!("line {nth}{more}"),"nonce":format!("l{nth}"),"id":1_000_000 + nth});
            ops.ben.send(&post, &[]).await.unwrap();
        }
        // What was sent before this is answered before it.
        ops.ben.ask(json!({"t":"room.list"})).await;
    }
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.house), "ann").await;
    page.open_room("ops").await;
    page.until(&format!("line {}", LINES - 1)).await;
    let drawn = page.seqs().await.len();
    assert!(drawn < 300, "{drawn} lines are in the document");

    // Up until the first is there: what is in sight stays where it is while older lines come in above.
    let script = "const [first_seq, done] = arguments; const t = document.querySelector('[data-testid=timeline]'); let over = 0, last = performance.now(), worst = 0, \
        first = () => t.scrollTop === 0 && document.querySelector(`[data-seq='${first_seq}']`); \
        function step(now) { const took = now - last; last = now; if (took > 50) over++; worst = Math.max(worst, took); t.scrollBy(0, -700); \
        if (first()) done({over, worst, drawn: document.querySelectorAll('[data-seq]').length}); \
        else requestAnimationFrame(step); } requestAnimationFrame(step)";
    let patient = TimeoutConfiguration::new(Some(4 * DEADLINE), None, None);
    page.page.update_timeouts(patient).await.unwrap();
    let scrolled = page.page.execute_async(script, vec![json!(base)]).await.unwrap();
    println!("scrolled up through {LINES} lines: {scrolled}");
    page.until("the first of many").await;
    assert!(scrolled["drawn"].as_u64().unwrap() < 300, "{scrolled}");

    // Into the middle by the address of a line, which is marked and in sight; and back.
    let middle = base + LINES / 2;
    page.page.goto(&format!("{}r/ops/{middle}", page_of(&ops.house))).await.unwrap();
    page.find(&format!("[data-seq='{middle}'].line--target")).await;
    let in_sight = format!(
        "const line = document.querySelector('[data-seq=\"{middle}\"]').getBoundingClientRect(), \
        around = document.querySelector('[data-testid=timeline]').getBoundingClientRect(); return line.top >= around.top && line.bottom <= around.bottom"
    );
    page.until_true("the line is in sight", &in_sight).await;
    page.shoot("jumped").await;
    page.click("newest").await;
    page.until(&format!("line {}", LINES - 1)).await;
    page.end().await;
}

#[tokio::test]
async fn every_state_is_seen_in_three_widths_and_both_themes_and_axe_finds_nothing() {
    let mut ops = Ops::start().await;
    let reply = talk(&mut ops).await;
    ops.ann.ask(json!({"t":"room.create","room":"postmortem","title":"Postmortem","private":true})).await;
    ops.ben.ask(json!({"t":"dm.open","users":["ann"]})).await;
    let mut faults: Vec<String> = Vec::new();
    for (size, width, height) in [("wide", 1440, 900), ("middle", 1024, 768), ("phone", 390, 844)] {
        let page = Browser::start(width, height).await;
        let address = format!("{}r/ops", page_of(&ops.house));
        let mut look_at = async |state: &str, theme: &str| {
            page.shoot_at(&format!("{state}-{size}"), theme).await;
            let is_wider = "return document.documentElement.scrollWidth > innerWidth";
            if page.page.execute(is_wider, vec![]).await.unwrap() == json!(true) {
                faults.push(format!("{state}, {size}, {theme}: wider than the window"));
            }
            let found = page.faults().await;
            faults.extend(found.into_iter().map(|fault| format!("{state}, {size}, {theme}: {fault}")));
        };
        page.page.goto(&address).await.unwrap();
        page.find("[data-testid=password]").await;
        for theme in THEMES {
            look_at("sign", theme).await;
        }
        page.sign_in(&address, "ann").await;
        page.until("waiting fell from 214 to 3").await;
        for theme in THEMES {
            let mut look = async |state: &str| look_at(state, theme).await;
            look("room").await;
            page.hover(&format!("[data-seq='{reply}'] .line__body")).await;
            page.click("react").await;
            look("acts").await;
            page.fill("composer", "/").await;
            page.find("[data-testid=suggestions]").await;
            look("commands").await;
            page.fill("composer", "\u{e003}").await;
            let open = "dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], ctrlKey: arguments[1], bubbles: true}))";
            page.page.execute(open, vec![json!("k"), json!(true)]).await.unwrap();
            page.fill("jump-field", "pool").await;
            page.find("[data-testid=hit]").await;
            look("search").await;
            page.fill("jump-field", ESCAPE).await;
            page.click("room-settings-open").await;
            page.find("[data-testid=member]").await;
            look("settings").await;
            page.click("dialog-close").await;
            page.page.execute("document.activeElement.blur()", vec![]).await.unwrap();
            page.page.execute(open, vec![json!("?"), json!(false)]).await.unwrap();
            page.find(".keys").await;
            look("keys").await;
            page.click("dialog-close").await;
        }
        ops.house.core.kill_9();
        page.find("[data-testid=link-state]:not([data-state=live])").await;
        page.say(&format!("written without a link, {size}")).await;
        page.find("[data-testid=line][data-kind=pending]").await;
        for theme in THEMES {
            look_at("offline", theme).await;
        }
        ops.house.restart_core();
        page.state("live").await;
        page.end().await;
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
