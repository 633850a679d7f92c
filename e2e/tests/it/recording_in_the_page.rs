//! Recordings in the page: what the player shows at a moment is what tmux shows of the output up to then. The program is
//! that of a scripted host; the times of its output are set afterwards, so that nobody has to wait for them.

use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::held_against_tmux::{Recording, rows_of};
use crate::in_the_page::Ops;
use crate::terminal_in_the_page::{ROWS, ScriptedHost, read_rows, watch_policy};
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
/// Milliseconds without output: more than a test waits, if they were not skipped.
const IDLE_MS: u64 = 600_000;
const MS: u64 = IDLE_MS + 65_000;

/// A piece of output: when it came, the size from it on, and its bytes.
type Piece = (u64, Option<(u16, u16)>, Vec<u8>);

/// What somebody did at a terminal of 80 by 24.
fn session() -> Vec<Piece> {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let flood: String = (0..30_000)
        .map(|n| format!("\x1b[3{}mline {n} of a flood, 你好 {}\x1b[m\r\n", n % 8, "=".repeat(n % 30)))
        .collect();
    vec![
        (1_000, None, bytes("\x1b[2J\x1b[H\x1b[1;31mred\x1b[m \x1b[38;2;10;200;30mtrue colour\x1b[m 中文\r\n")),
        // Questions, and a program that writes to the clipboard: in a recording they mean nothing.
        (2_000, None, bytes("$ \x1b[c\x1b[6n\x1b]11;?\x07\x1b]52;c;c2VjcmV0\x07second")),
        (
            2_000 + IDLE_MS,
            Some((100, 30)),
            bytes("\x1b[2J\x1b[Hafter the pause, on a larger screen\r\n\x1b[28;90Hcorner"),
        ),
        (10_000 + IDLE_MS, None, bytes("\x1b[H\x1b[2J").into_iter().chain(flood.into_bytes()).collect()),
        (20_000 + IDLE_MS, None, bytes("\x1b[?1049h\x1b[2J\x1b[5;5Hanother screen")),
        (30_000 + IDLE_MS, Some((80, 24)), bytes("\x1b[?1049l\x1b[2J\x1b[Hthe end\r\n")),
    ]
}

/// A room with the recording of [`session`].
struct Recorded {
    ops: Ops,
    run: String,
    pieces: Vec<Piece>,
}

impl Recorded {
    async fn start() -> Self {
        let mut ops = Ops::start().await;
        let mut host = ScriptedHost::connect(&ops).await;
        let tty = json!({"cols": 80, "rows": 24});
        let start = json!({"t":"run.start","room":"ops","cmd":"deploy by hand","host":"web1","tty":tty,"nonce":"r1"});
        let run = ops.ann.ask(start).await["run"].as_str().unwrap().to_owned();
        host.started().await;
        let pieces = session();
        let mut begins = Vec::new();
        for (_, size, bytes) in &pieces {
            begins.push(host.printed as u64);
            let mut size = *size;
            for part in bytes.chunks(60_000) {
                let mut output = json!({"t":"host.output","run":run,"fd":1,"off":host.printed,"len":part.len()});
                if let Some((cols, rows)) = size.take() {
                    (output["cols"], output["rows"]) = (json!(cols), json!(rows));
                }
                host.wire.send(&output, part).await.unwrap();
                host.printed += part.len();
                while host.wire.next_of("host.ack").await["off"] != json!(host.printed) {}
            }
        }
        let end = json!({"t":"host.ended","run":run,"exit":{"code":0},"bytes":host.printed,"ms":MS});
        host.wire.send(&end, &[]).await.unwrap();
        host.wire.next_of("host.forget").await;
        let at = ops.ann.ask(json!({"t":"run.get","run":run})).await["at"].as_u64().unwrap();
        set_times(&ops, &run, pieces.iter().zip(&begins).map(|((ms, _, _), off)| (*off, at + ms)));
        Self { ops, run, pieces }
    }

    /// What tmux shows of the output up to a moment.
    fn expected(&self, ms: u64) -> impl Fn() -> Vec<String> + use<> {
        let mut recording = Recording { parts: vec![(80, 24, Vec::new())] };
        for (_, size, bytes) in self.pieces.iter().take_while(|(at, _, _)| *at <= ms) {
            let size = size.map_or(json!({}), |(cols, rows)| json!({"cols": cols, "rows": rows}));
            recording.add(&size, bytes);
        }
        rows_of(&recording)
    }
}

/// Writes the index of a run's output again, with these offsets and times: 16 bytes each, little endian, the descriptor in
/// the upper bits of the offset.
fn set_times(ops: &Ops, run: &str, times: impl Iterator<Item = (u64, u64)>) {
    let path = ops.server.data.join("runs").join(run).join("index");
    let index = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    index.set_len(0).unwrap();
    for (nth, (off, at)) in times.enumerate() {
        let record = [(1 << 56 | off).to_le_bytes(), at.to_le_bytes()].concat();
        index.write_all_at(&record, nth as u64 * 16).unwrap();
    }
}

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

/// The commands of a cast file's events, after a look at each line: the format has one object, then arrays of an interval in
/// seconds, a code and text (docs.asciinema.org/manual/asciicast/v3).
fn checked(cast: &str) -> Vec<String> {
    let mut lines = cast.lines();
    let header: Value = serde_json::from_str(lines.next().expect("a header")).unwrap();
    assert_eq!(
        (&header["version"], &header["term"]["cols"], &header["term"]["rows"]),
        (&json!(3), &json!(80), &json!(24))
    );
    assert!(header["timestamp"].is_u64() && header["title"].is_string() && header["command"].is_string(), "{header}");
    let mut codes = Vec::new();
    for line in lines {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let fields = event.as_array().unwrap_or_else(|| panic!("no event: {line}"));
        assert_eq!(fields.len(), 3, "{line}");
        assert!(fields[0].as_f64().is_some_and(|interval| interval >= 0.0), "{line}");
        let (code, data) = (fields[1].as_str().unwrap(), fields[2].as_str().unwrap());
        let is_size =
            || data.split_once('x').is_some_and(|(cols, rows)| cols.parse::<u16>().and(rows.parse::<u16>()).is_ok());
        match code {
            "o" => {}
            "r" => assert!(is_size(), "{line}"),
            "x" => assert!(data.parse::<i32>().is_ok(), "{line}"),
            _ => panic!("what is this? {line}"),
        }
        codes.push(code.to_owned());
    }
    assert!(cast.ends_with('\n'));
    codes
}

#[tokio::test]
async fn a_cast_file_is_played_by_the_player_of_asciinema() {
    let recorded = Recorded::start().await;
    let token = recorded.ops.server.add_user("dora", "admin").await;
    let mut ask = recorded.ops.server.connect(&token).await;
    ask.ask(json!({"t":"room.join","room":"ops"})).await;
    let export = crate::command::wardroom(&recorded.ops.server, &token, &["output", "r1", "--cast"]);
    let done = crate::command::done(export).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    let cast = done.text();
    let mut codes = checked(&cast);
    codes.dedup();
    assert_eq!(codes, ["o", "r", "o", "r", "o", "x"]);

    let path = std::env::var_os("WARDROOM_ASCIINEMA")
        .expect("WARDROOM_ASCIINEMA names asciinema-player.min.js; cargo xtask test e2e sets it");
    let player = std::fs::read_to_string(path).unwrap();
    let page = Browser::start(1440, 900).await;
    page.page.goto("about:blank").await.unwrap();
    let begin = "; document.body.innerHTML = '<div id=place></div>'; \
        window.player = AsciinemaPlayer.create({data: arguments[0]}, document.getElementById('place'), {preload: true}); return true";
    page.page.execute(&format!("{player}{begin}"), vec![json!(cast)]).await.unwrap();
    page.until_true(
        "it has the whole recording",
        &format!("return Math.abs(window.player.getDuration() - {}) < 1", MS / 1_000),
    )
    .await;
    for (ms, text) in [
        (1_500, "true colour"),
        (IDLE_MS + 3_000, "on a larger screen"),
        (IDLE_MS + 25_000, "another screen"),
        (IDLE_MS + 60_000, "the end"),
        (2_500, "second"),
    ] {
        let seek =
            "const done = arguments[1]; window.player.seek(arguments[0]).then(() => done(true), e => done(String(e)))";
        let sought = page.page.execute_async(seek, vec![json!(ms as f64 / 1_000.0)]).await.unwrap();
        assert_eq!(sought, json!(true));
        let has = format!("return document.querySelector('.ap-term-text').textContent.includes({})", json!(text));
        page.until_true(text, &has).await;
    }
    page.end().await;
}
