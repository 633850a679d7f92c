//! Recordings in the page: what the player shows at a moment is what tmux shows of the output up to then.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::scripted_recording::{IDLE_MS, MS, Recorded};
use crate::terminal_in_the_page::{ROWS, read_rows, watch_policy};
use crate::test_server::DEADLINE;

/// Keys as WebDriver names them.
const SPACE: &str = "\u{e00d}";
const TAB: &str = "\u{e004}";
const END: &str = "\u{e010}";
const HOME: &str = "\u{e011}";
const RIGHT: &str = "\u{e014}";

/// The word that is red and bold is drawn so: bright, as bold colours are.
const RED: &str = "[...document.querySelectorAll('.xterm-rows span')].some(span => span.textContent === 'red' && \
    span.classList.contains('xterm-fg-9') && span.classList.contains('xterm-bold'))";
const IS_PAUSED: &str = "return document.querySelector('[data-testid=terminal-play-toggle]').textContent === 'Play'";

/// The rows of the page's terminal.
async fn rows(page: &Browser) -> Vec<String> {
    let text = page.page.execute(&format!("return {ROWS}"), vec![]).await.unwrap();
    text.as_str().unwrap_or_default().lines().map(|line| line.replace('\u{a0}', " ").trim_end().to_owned()).collect()
}

/// Waits until the page shows what tmux shows at a moment.
async fn shows(page: &Browser, recorded: &Recorded, ms: u64) {
    let (expected, begin) = (recorded.expected(ms), Instant::now());
    loop {
        let (mut ours, mut theirs) = (rows(page).await, expected());
        for rows in [&mut ours, &mut theirs] {
            while rows.last().is_some_and(String::is_empty) {
                rows.pop();
            }
        }
        if ours == theirs {
            return;
        }
        if begin.elapsed() > DEADLINE / 2 {
            page.shoot("missing").await;
            panic!("at {ms} ms the page shows\n{}\nand tmux\n{}", ours.join("\n"), theirs.join("\n"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Drags the slider to a moment.
async fn jump(page: &Browser, ms: u64) {
    let script = "const slider = document.querySelector('[data-testid=terminal-slider]'); slider.value = arguments[0]; \
        for (const kind of ['input', 'change']) slider.dispatchEvent(new Event(kind, {bubbles: true})); return true";
    page.page.execute(script, vec![json!(ms)]).await.unwrap();
}

async fn value(page: &Browser, script: &str) -> Value {
    page.page.execute(&format!("return {script}"), vec![]).await.unwrap()
}

/// Notes what the page sends, and what it puts on the clipboard. It is drawn with elements, whose classes are the colours.
async fn listen(page: &Browser) {
    let script = "const drawing = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = \
        function (kind, ...rest) { return kind === 'webgl2' ? null : drawing.call(this, kind, ...rest) }; \
        window.sent = []; window.copied = []; const own = WebSocket.prototype.send; \
        WebSocket.prototype.send = function (data) { window.sent.push(typeof data === 'string' ? data : new TextDecoder().decode(data)); return own.call(this, data) }; \
        Object.defineProperty(navigator, 'clipboard', {value: {writeText: async text => window.copied.push(text)}}); return true";
    page.page.execute(script, vec![]).await.unwrap();
}

async fn open_player(recorded: &Recorded, page: &Browser) {
    page.sign_in(&format!("{}r/ops", page_of(&recorded.ops.server)), "ben").await;
    page.find("[data-testid=run-card][data-state=ok]").await;
    watch_policy(page).await;
    listen(page).await;
    page.click("run-play").await;
    page.test_id("terminal-player").await;
}

/// The slider says where it is.
async fn says(page: &Browser, time: &str) {
    let script = "return document.querySelector('[data-testid=terminal-slider]').getAttribute('aria-valuetext') === ";
    page.until_true(time, &format!("{script}{}", json!(time))).await;
}

#[tokio::test]
async fn a_recording_is_played_and_any_moment_is_what_tmux_shows() {
    let recorded = Recorded::start().await;
    let page = Browser::start(1440, 900).await;
    open_player(&recorded, &page).await;
    read_rows(&page).await;
    // It plays to its end, which takes minutes even at this speed if it waits through the pauses.
    page.find("[data-testid=terminal-speed] option[value='4']").await.click().await.unwrap();
    page.until_true("it has ended", IS_PAUSED).await;
    says(&page, "11:05 / 11:05").await;
    shows(&page, &recorded, MS).await;
    for ms in [
        IDLE_MS + 9_000,
        1_000,
        IDLE_MS + 60_000,
        2_000,
        IDLE_MS + 15_000,
        IDLE_MS + 25_000,
        IDLE_MS + 12_000,
        IDLE_MS + 3_000,
        500_000,
        0,
    ] {
        jump(&page, ms).await;
        shows(&page, &recorded, ms).await;
        let is_red = [1_000, 2_000, 500_000].contains(&ms);
        page.until_true("its colour", &format!("return ({RED}) === {is_red}")).await;
    }
    says(&page, "0:00 / 11:05").await;
    // What is typed and pasted reaches nobody.
    page.find(".xterm-helper-textarea").await.send_keys("rm\n").await.unwrap();
    let paste = "const data = new DataTransfer(); data.setData('text/plain', 'reboot\\n'); \
        document.querySelector('.xterm-helper-textarea').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); return true";
    page.page.execute(paste, vec![]).await.unwrap();
    jump(&page, IDLE_MS + 2_500).await;
    shows(&page, &recorded, IDLE_MS + 2_500).await;
    let sent = value(
        &page,
        "window.sent.filter(line => line.startsWith('{')).map(line => JSON.parse(line.split('\\n')[0]).t)",
    )
    .await;
    let acts =
        ["run.start", "run.input", "run.eof", "run.signal", "run.lose", "term.control", "term.resize", "room.post"];
    for kind in sent.as_array().unwrap() {
        assert!(acts.iter().all(|act| kind != *act), "the page sent {kind}");
    }
    assert!(sent.as_array().unwrap().iter().any(|kind| kind == "run.times"), "{sent}");
    assert_eq!(value(&page, "window.copied").await, json!([]));
    assert_eq!(value(&page, "!!document.querySelector('dialog[open]')").await, json!(false));
    assert_eq!(value(&page, "window.refused").await, json!([]));
    page.click("terminal-reader").await;
    for theme in ["light", "dark"] {
        page.shoot_at("recording-wide", theme).await;
        assert_eq!(page.faults().await, Vec::<String>::new(), "{theme}");
    }
    assert_eq!(value(&page, "document.querySelector('[data-testid=terminal]').dataset.run").await, json!(recorded.run));
    page.end().await;
}

#[tokio::test]
async fn a_recording_is_played_with_the_keyboard_alone() {
    let recorded = Recorded::start().await;
    let page = Browser::start(1440, 900).await;
    open_player(&recorded, &page).await;
    let press = async |keys: &str| page.page.active_element().await.unwrap().send_keys(keys).await.unwrap();
    let focused = "return document.activeElement.dataset.testid === ";
    page.until_true("the focus is on the button", &format!("{focused}'terminal-play-toggle'")).await;
    press(SPACE).await;
    page.until_true("it is paused", IS_PAUSED).await;
    press(TAB).await;
    page.until_true("then the slider", &format!("{focused}'terminal-slider'")).await;
    press(END).await;
    says(&page, "11:05 / 11:05").await;
    press(HOME).await;
    says(&page, "0:00 / 11:05").await;
    press(RIGHT).await;
    says(&page, "0:01 / 11:05").await;
    press(TAB).await;
    page.until_true("the speed", &format!("{focused}'terminal-speed'")).await;
    press(TAB).await;
    page.until_true("the idle time", &format!("{focused}'terminal-skip-idle'")).await;
    press(SPACE).await;
    assert_eq!(value(&page, "document.querySelector('[data-testid=terminal-skip-idle]').checked").await, json!(false));
    // On the screen itself the same keys work; nothing is typed.
    read_rows(&page).await;
    shows(&page, &recorded, 1_000).await;
    page.find(".xterm-helper-textarea").await.send_keys(RIGHT).await.unwrap();
    says(&page, "0:06 / 11:05").await;
    shows(&page, &recorded, 6_000).await;
    page.find(".xterm-helper-textarea").await.send_keys(SPACE).await.unwrap();
    let plays = "return document.querySelector('[data-testid=terminal-play-toggle]').textContent === 'Pause'";
    page.until_true("it plays", plays).await;
    page.end().await;
}

#[tokio::test]
async fn a_recording_is_played_on_a_phone_and_from_the_panel() {
    let recorded = Recorded::start().await;
    let page = Browser::start(390, 844).await;
    page.sign_in(&format!("{}r/ops", page_of(&recorded.ops.server)), "ben").await;
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.click("terminal-open").await;
    page.click("terminal-play").await;
    page.click("terminal-play-toggle").await;
    jump(&page, IDLE_MS + 2_500).await;
    read_rows(&page).await;
    shows(&page, &recorded, IDLE_MS + 2_500).await;
    page.click("terminal-reader").await;
    for theme in ["light", "dark"] {
        page.shoot_at("recording-phone", theme).await;
        assert_eq!(page.faults().await, Vec::<String>::new(), "{theme}");
    }
    let is_wider = value(&page, "document.documentElement.scrollWidth > innerWidth").await;
    assert_eq!(is_wider, json!(false));
    page.end().await;
}
