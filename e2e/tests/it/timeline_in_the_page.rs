//! The timeline of the page as people use it: runs that are stopped, run again and copied; the divider of unread lines; what
//! can be done with runs and files; folded joins; days.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::in_the_page::{ENTER, ESCAPE, Ops, post};

/// A page of ann's in the room.
async fn page_in(ops: &Ops, width: u32, height: u32) -> Browser {
    let page = Browser::start(width, height).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    page.find("[data-testid=timeline][data-room=ops]").await;
    page
}

/// Starts a run that says what it is told; gives its id.
async fn echo(ops: &mut Ops, nonce: &str) -> Value {
    let start = json!({"t":"run.start","room":"ops","cmd":"cat","stdin":true,"nonce":nonce});
    ops.ann.ask(start).await["run"].clone()
}

async fn print(ops: &mut Ops, run: &Value, off: &mut usize, text: &str) {
    let input = json!({"t":"run.input","run":run,"gen":1,"off":off,"len":text.len()});
    ops.ann.send(&input, text.as_bytes()).await.unwrap();
    *off += text.len();
}

#[tokio::test]
async fn stop_stays_where_it_is_while_output_comes() {
    let mut ops = Ops::start().await;
    for nth in 0..30 {
        post(&mut ops.ben, &format!("f{nth}"), &format!("a line above {nth}"), None).await;
    }
    let page = page_in(&ops, 1440, 900).await;
    let (run, mut off) = (echo(&mut ops, "r1").await, 0);
    page.find("[data-testid=run-card][data-state=running] [data-testid=run-stop]").await;
    let place = "const r = document.querySelector('[data-testid=run-stop]').getBoundingClientRect(); return [r.x, r.y]";
    page.until_true("its box is there", "return !!document.querySelector('[data-testid=run-output]')").await;
    let before = page.page.execute(place, vec![]).await.unwrap();
    for nth in 1..=12 {
        print(&mut ops, &run, &mut off, &format!("output {nth}\n")).await;
        page.until(&format!("output {nth}")).await;
        let now = page.page.execute(place, vec![]).await.unwrap();
        assert_eq!(now, before, "it moved with line {nth}");
    }
    page.shoot("run-goes-on").await;
    page.click("run-stop").await;
    page.find("[data-testid=run-card][data-state=failed]").await;
    assert_eq!(
        page.page.execute("return document.querySelectorAll('[data-kind^=run]').length", vec![]).await.unwrap(),
        1
    );

    // The view of all output stops it too.
    echo(&mut ops, "r2").await;
    let opens = "[data-testid=run-card][data-state=running] [data-testid=run-open]";
    page.find(opens).await.click().await.unwrap();
    page.find(".output-view [data-testid=run-stop]").await.click().await.unwrap();
    page.find(".output-view .state--warning").await;
    page.end().await;
}

#[tokio::test]
async fn run_again_fills_the_composer_and_copy_says_what_it_took() {
    let mut ops = Ops::start().await;
    let cmd = "yes 0123456789abcde | head -c 6000000";
    ops.ann.ask(json!({"t":"run.start","room":"ops","cmd":cmd,"nonce":"r1"})).await;
    let page = page_in(&ops, 1440, 900).await;
    page.devtools(
        "Browser.grantPermissions",
        json!({"origin": page_of(&ops.server), "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}),
    )
    .await;
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.click("run-copy").await;
    page.until("Copied the last 4.2 MB of 6.0 MB").await;
    let read =
        "const done = arguments[0]; navigator.clipboard.readText().then(t => done(t.length), e => done(String(e)))";
    assert_eq!(page.page.execute_async(read, vec![]).await.unwrap(), 4 << 20);
    let link = "return document.querySelector('[data-testid=run-download]').href";
    let link = page.page.execute(link, vec![]).await.unwrap();
    let size = "const [at, done] = arguments; fetch(at).then(r => r.text()).then(t => done(t.length))";
    assert_eq!(page.page.execute_async(size, vec![link]).await.unwrap(), 6_000_000);

    page.fill("composer", "half a sentence").await;
    page.click("run-again").await;
    let is = |text: &str| format!("return document.querySelector('[data-testid=composer]').value === {}", json!(text));
    let command = format!("$ {cmd}");
    page.until_true("the command is in the composer", &is(&command)).await;
    let banner = page.test_id("banner").await.text().await.unwrap();
    assert!(banner.contains("Running r1 again on local"), "{banner}");
    page.fill("composer", ESCAPE).await;
    page.until_true("the draft is back", &is("half a sentence")).await;
    page.click("run-again").await;
    page.until_true("the command is there again", &is(&command)).await;
    let runs = ops.ann.ask(json!({"t":"run.list","room":"ops"})).await;
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "nothing ran: {runs}");
    page.end().await;
}

#[tokio::test]
async fn what_is_new_is_marked_on_each_of_eight_loads() {
    let mut ops = Ops::start().await;
    let first = post(&mut ops.ben, "n0", "read already", None).await;
    ops.ann.ask(json!({"t":"room.read","room":"ops","seq":first})).await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    for load in 1..=8 {
        page.page.goto("about:blank").await.unwrap();
        let new = post(&mut ops.ben, &format!("n{load}"), &format!("new in load {load}"), None).await;
        page.page.goto(&format!("{}r/ops", page_of(&ops.server))).await.unwrap();
        page.until(&format!("new in load {load}")).await;
        let marked = format!(
            "return document.querySelector('[data-testid=unread-divider]')?.nextElementSibling?.dataset.seq === '{new}'"
        );
        page.until_true("the new line is marked", &marked).await;
        // It is read before the page goes.
        let is_read = |listed: &Value| {
            let rooms = listed["rooms"].as_array().unwrap();
            rooms.iter().any(|room| room["room"] == "ops" && room["read"] == new)
        };
        ops.ann.ask_until(json!({"t":"room.list"}), is_read).await;
    }
    page.end().await;
}

#[tokio::test]
async fn runs_are_answered_and_reacted_to_with_any_emoji() {
    let mut ops = Ops::start().await;
    let run = ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":"echo done","nonce":"r1"})).await;
    let line = format!("[data-seq='{}']", run["seq"]);
    let page = page_in(&ops, 1440, 900).await;
    page.find(&format!("{line} [data-testid=run-card][data-state=ok]")).await;
    page.hover(&format!("{line} .line__body")).await;
    page.click("react").await;
    page.click("react-more").await;
    page.fill("emoji-field", "crab").await;
    page.find("[data-testid=emoji-option][data-emoji='🦀']").await;
    page.fill("emoji-field", ENTER).await;
    page.find(&format!("{line} [data-testid=reaction][data-emoji='🦀'][aria-pressed=true]")).await;
    let asked = json!({"t":"room.history","room":"ops","around":run["seq"],"limit":1});
    let crab = json!([{"emoji":"🦀","by":["ann"]}]);
    ops.ben.ask_until(asked, |kept| kept["events"][0]["reactions"] == crab).await;

    page.hover(&format!("{line} .line__body")).await;
    page.click("reply").await;
    page.say("well done").await;
    page.until("well done").await;
    let quote = page.test_id("quote").await.text().await.unwrap();
    assert!(quote.contains("$ echo done"), "{quote}");
    page.end().await;
}

#[tokio::test]
async fn a_short_room_begins_at_the_top_and_joins_are_one_line() {
    let mut ops = Ops::start().await;
    let said = post(&mut ops.ben, "s1", "hello", None).await;
    let page = page_in(&ops, 1440, 900).await;
    page.until("hello").await;
    let top = "const t = document.querySelector('[data-testid=timeline]').getBoundingClientRect().top; \
        return document.querySelector('[data-testid=fold]').getBoundingClientRect().top - t < 200";
    page.until_true("the first line is near the top", top).await;
    page.until("and chen joined").await;
    page.click("fold").await;
    page.until("set the topic: runbook").await;
    page.click("fold").await;
    page.until_true("it is folded again", "return !document.querySelector('[data-kind=join]')").await;
    // Its day leads to other days.
    page.find("[data-testid=day] button").await.click().await.unwrap();
    page.click("day-submit").await;
    page.find(".line--target").await;
    assert!(page.seqs().await.contains(&said));
    page.end().await;
}

#[tokio::test]
async fn today_is_yesterday_after_midnight() {
    let mut ops = Ops::start().await;
    post(&mut ops.ben, "s1", "said today", None).await;
    let page = Browser::start(1024, 768).await;
    // Five seconds before the reader's midnight, when the page first asks for the time.
    let source = "{ const real = Date.now.bind(Date); const end = new Date(); end.setHours(24, 0, 0, 0); \
        const ahead = end.getTime() - 5000 - real(); Date.now = () => real() + ahead; }";
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": source})).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    page.until("said today").await;
    let is =
        |word: &str| format!("return document.querySelector('[data-testid=day]').textContent.startsWith('{word}')");
    page.until_true("the day is called yesterday", &is("Yesterday")).await;
    let role = "return document.querySelector('[data-testid=day]').getAttribute('role')";
    assert_eq!(page.page.execute(role, vec![]).await.unwrap(), "heading");
    page.end().await;
}

#[tokio::test]
async fn on_a_phone_the_first_press_on_a_card_counts_and_actions_are_a_sheet() {
    let mut ops = Ops::start().await;
    ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":"seq 3","nonce":"r1"})).await;
    let last = post(&mut ops.ben, "s1", "the last message", None).await;
    let page = page_in(&ops, 390, 844).await;
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.click("run-open").await;
    page.find("[data-testid=output-log]").await;
    page.click("output-close").await;
    page.hover(&format!("[data-seq='{last}'] .line__body")).await;
    page.click("line-more").await;
    let in_sight = "const b = document.querySelector('[data-testid=line-actions]').getBoundingClientRect(); \
        const top = document.elementFromPoint(b.x + 20, b.bottom - 20); \
        return b.bottom <= innerHeight && document.querySelector('[data-testid=line-actions]').contains(top)";
    page.until_true("the actions lie over everything", in_sight).await;
    page.shoot("sheet-phone").await;
    page.click("reply").await;
    page.find("[data-testid=banner]").await;
    page.end().await;
}

#[tokio::test]
async fn alerts_are_one_card_from_firing_to_resolved_and_plain_text_is_shown_as_it_is() {
    let mut ops = Ops::start().await;
    let hook = ops.ann.ask(json!({"t":"hook.add","room":"ops","bot":"alerts"})).await;
    let address = format!("http://{}/hooks/{}", ops.server.http, hook["token"].as_str().unwrap());
    let tell = async |body: Value| {
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["-sSf", "-H", "Content-Type: application/json", "-d", &body.to_string(), &address]);
        let got = crate::command::done(curl).await;
        assert_eq!(got.code, Some(0), "{}", got.err);
    };
    let of = |status: &str| {
        json!({"version":"4","groupKey":"{}:{alertname=\"HighErrorRate\"}","status":status,
            "commonLabels":{"alertname":"HighErrorRate","severity":"critical"},
            "alerts":[{"status":status,"fingerprint":"a1","labels":{"alertname":"HighErrorRate","severity":"critical","host":"web1"},
                "annotations":{"summary":"5xx at *7.2* %","runbook_url":"https://runbooks.example/5xx"},
                "startsAt":"2026-11-26T03:00:00Z"}]})
    };
    tell(of("firing")).await;
    // What a program says is plain text.
    tell(json!({"text":"*no* _markup_ `here` https://x.example"})).await;
    let page = page_in(&ops, 1440, 900).await;
    let card = "[data-testid=alert][data-state=firing]";
    let said = page.find(card).await.text().await.unwrap();
    for part in ["HighErrorRate", "critical", "5xx at *7.2* %", "host=web1"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    page.find(&format!("{card}.alert--critical a[href='https://runbooks.example/5xx']")).await;
    page.shoot("alert-firing").await;
    let plain = "const said = [...document.querySelectorAll('.markdown')].find(said => said.textContent.includes('*no* _markup_ `here` https://x.example')); \
        return !!said && !said.querySelector('em, strong, code')";
    page.until_true("plain text is shown byte for byte", plain).await;
    // The search, too.
    page.page
        .execute("dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true}))", vec![])
        .await
        .unwrap();
    page.fill("jump-field", "x.example").await;
    let hit = "const hit = document.querySelector('.jump__text'); \
        return hit?.textContent === '*no* _markup_ `here` https://x.example' && !hit.querySelector('em, strong, code')";
    page.until_true("a hit is shown byte for byte", hit).await;
    page.page.execute("document.querySelector('[data-testid=jump-field]').dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))", vec![]).await.unwrap();

    tell(of("resolved")).await;
    page.find("[data-testid=alert][data-state=resolved]").await;
    let cards = "return document.querySelectorAll('[data-testid=alert]').length";
    assert_eq!(page.page.execute(cards, vec![]).await.unwrap(), 1, "resolved is folded into firing");
    page.shoot("alert-resolved").await;
    assert_eq!(page.faults().await, [""; 0]);
    page.end().await;
}
