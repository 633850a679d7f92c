//! Terminals in the page. The programs are those of a scripted host, which prints what the test says and shows which bytes
//! arrive.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::in_the_page::Ops;
use crate::wire::Wire;

/// A host whose one run is the test's.
pub struct ScriptedHost {
    pub wire: Wire,
    pub run: Value,
    pub printed: usize,
    typed: Vec<u8>,
    told: VecDeque<Value>,
}

impl ScriptedHost {
    /// Connects as `web1`.
    pub async fn connect(ops: &Ops) -> Self {
        let key = std::fs::read_to_string(ops.server.data.join("keys/host.key")).unwrap();
        let mut wire = Wire::unix(&ops.server.data.join("core.sock")).await;
        wire.send(&json!({"t":"host.hello","v":1,"key":key.trim(),"host":"web1","runs":[]}), &[]).await.unwrap();
        wire.next_of("host.welcome").await;
        Self { wire, run: Value::Null, printed: 0, typed: Vec::new(), told: VecDeque::new() }
    }

    /// Waits for its run.
    pub async fn started(&mut self) -> Value {
        let start = self.wire.next_of("host.start").await;
        self.run = start["run"].clone();
        self.wire.send(&json!({"t":"host.started","run":self.run,"pid":4711}), &[]).await.unwrap();
        start
    }

    /// Prints, as a program would.
    pub async fn print(&mut self, bytes: &[u8]) {
        let output = json!({"t":"host.output","run":self.run,"fd":1,"off":self.printed,"len":bytes.len()});
        self.wire.send(&output, bytes).await.unwrap();
        self.printed += bytes.len();
    }

    /// Reads until so many bytes were typed; gives all of them.
    async fn typed(&mut self, len: usize) -> String {
        while self.typed.len() < len {
            let (value, frame) = self.wire.next().await.expect("the connection goes on");
            if value["t"] == "host.input" {
                let off = value["off"].as_u64().unwrap() as usize;
                self.typed.truncate(off);
                self.typed.extend_from_slice(&frame.body);
                let ack = json!({"t":"host.input_ack","run":self.run,"off":self.typed.len()});
                self.wire.send(&ack, &[]).await.unwrap();
            } else {
                self.told.push_back(value);
            }
        }
        String::from_utf8_lossy(&self.typed).into_owned()
    }

    /// Waits for a message that is not input.
    async fn told(&mut self, t: &str) -> Value {
        if let Some(at) = self.told.iter().position(|value| value["t"] == t) {
            return self.told.remove(at).unwrap();
        }
        self.wire.next_of(t).await
    }
}

/// What the terminal shows, for screen readers: whatever draws it.
pub const ROWS: &str =
    "[...document.querySelectorAll('.xterm-accessibility-tree > div')].map(row => row.textContent).join('\\n')";

/// Opens the page and a terminal on the scripted host.
async fn open_terminal(ops: &mut Ops, page: &Browser, has_webgl: bool) -> ScriptedHost {
    let mut host = ScriptedHost::connect(ops).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    watch_policy(page).await;
    if !has_webgl {
        // It is drawn with elements then, which have styles.
        let script = "const own = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = \
            function (kind, ...rest) { return kind === 'webgl2' ? null : own.call(this, kind, ...rest) }; return true";
        page.page.execute(script, vec![]).await.unwrap();
    }
    page.fill("composer", "$ vim notes").await;
    page.click("run-tty").await;
    page.find("[data-testid=run-host] option[value=web1]").await.click().await.unwrap();
    page.click("send").await;
    host.started().await;
    page.test_id("terminal-screen").await;
    read_rows(page).await;
    host
}

/// Notes what the content security policy refuses.
pub async fn watch_policy(page: &Browser) {
    let script = "window.refused = []; addEventListener('securitypolicyviolation', \
        event => window.refused.push(`${event.violatedDirective}: ${event.sourceFile}:${event.lineNumber}`)); return true";
    page.page.execute(script, vec![]).await.unwrap();
}

/// Turns the mode for screen readers on.
pub async fn read_rows(page: &Browser) {
    page.find(".xterm-screen").await;
    page.click("terminal-reader").await;
    page.find(".xterm-accessibility-tree").await;
}

async fn shows(page: &Browser, text: &str) {
    page.until_true(text, &format!("return {ROWS}.includes({})", json!(text))).await;
}

async fn paste(page: &Browser, text: &str) {
    let script = "const data = new DataTransfer(); data.setData('text/plain', arguments[0]); \
        document.querySelector('.xterm-helper-textarea').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))";
    page.page.execute(script, vec![json!(text)]).await.unwrap();
}

#[tokio::test]
async fn a_terminal_is_drawn_without_a_hole_in_the_policy() {
    let mut ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    let mut host = open_terminal(&mut ops, &page, false).await;
    host.print(
        "\x1b[2J\x1b[H\x1b[1;31mred\x1b[0m \x1b[38;2;10;200;30mtrue colour\x1b[0m 中文 👍🏽 https://wiki.example/ops\r\n"
            .as_bytes(),
    )
    .await;
    shows(&page, "true colour").await;
    let seen = "const span = [...document.querySelectorAll('.xterm-rows span')].find(s => s.textContent.includes('true')); \
        return span ? getComputedStyle(span).color : 'none'";
    let colour = page.page.execute(seen, vec![]).await.unwrap();
    assert!(colour != "none" && colour != "rgb(28, 29, 31)", "its own colour: {colour}");
    let refused = page.page.execute("return window.refused", vec![]).await.unwrap();
    assert_eq!(refused, json!([]));
    let policy =
        "const done = arguments[0]; fetch(document.baseURI).then(r => done(r.headers.get('content-security-policy')))";
    let policy = page.page.execute_async(policy, vec![]).await.unwrap();
    let policy = policy.as_str().unwrap().replace("'wasm-unsafe-eval'", "");
    assert!(policy.contains("style-src") && !policy.contains("unsafe"), "{policy}");
    for theme in ["light", "dark"] {
        page.shoot_at("terminal-wide", theme).await;
        assert_eq!(page.faults().await, Vec::<String>::new(), "{theme}");
    }
    page.end().await;
}

#[tokio::test]
async fn keys_and_pastes_arrive_as_they_should() {
    let mut ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    let mut host = open_terminal(&mut ops, &page, true).await;
    // The size follows the panel, since ann holds the keyboard.
    let size = host.told("host.resize").await;
    assert!(size["cols"].as_u64().unwrap() > 40 && size["rows"].as_u64().unwrap() > 20, "{size}");

    // Questions of the program are the server's to answer: the page types nothing by itself.
    host.print(b"\x1b[c\x1b[6n\x1b]11;?\x07\x1b[?2004h$ ").await;
    shows(&page, "$").await;
    page.find(".xterm-helper-textarea").await.send_keys("ls").await.unwrap();
    assert_eq!(host.typed(2).await, "ls");

    // One line is pasted at once; more lines after a question, and nothing in them ends the bracket.
    paste(&page, "one").await;
    assert_eq!(host.typed(2 + 15).await, "ls\x1b[200~one\x1b[201~");
    paste(&page, "a\x1b[201~\nrm -rf /\n").await;
    page.test_id("terminal-paste-guard").await;
    page.test_id("terminal-paste-controls").await;
    page.shoot_at("terminal-paste", "dark").await;
    page.click("terminal-paste-guard-no").await;
    paste(&page, "a\x1b[201~\nb").await;
    page.click("terminal-paste-guard-yes").await;
    let all = host.typed(17 + 20).await;
    assert_eq!(all, "ls\x1b[200~one\x1b[201~\x1b[200~a[201~\rb\x1b[201~");

    // A program that writes to the clipboard asks first.
    host.print(b"\x1b]52;c;c2VjcmV0\x07").await;
    page.test_id("terminal-clipboard-guard").await;
    page.click("terminal-clipboard-guard-no").await;
    page.until_true("the question is gone", "return !document.querySelector('[data-testid=terminal-clipboard-guard]')")
        .await;
    page.end().await;
}

#[tokio::test]
async fn the_keyboard_is_asked_for_and_given() {
    let mut ops = Ops::start().await;
    let ann = Browser::start(1440, 900).await;
    let mut host = open_terminal(&mut ops, &ann, true).await;
    host.print(b"shared").await;
    shows(&ann, "shared").await;

    let ben = Browser::start(1024, 768).await;
    ben.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ben").await;
    ben.find("[data-testid=terminal-preview]").await;
    ben.until("shared").await;
    ben.shoot("terminal-card").await;
    ben.click("terminal-open").await;
    read_rows(&ben).await;
    shows(&ben, "shared").await;
    ben.until_true(
        "who holds it",
        "return document.querySelector('[data-testid=terminal-holder]').textContent.includes('ann')",
    )
    .await;
    ben.find(".xterm-helper-textarea").await.send_keys("x").await.unwrap();
    for theme in ["light", "dark"] {
        ben.shoot_at("terminal-middle", theme).await;
        assert_eq!(ben.faults().await, Vec::<String>::new(), "{theme}");
    }
    ben.click("terminal-ask").await;
    ann.click("terminal-give").await;
    ben.until_true("ben has it", "return document.querySelector('.tty').dataset.mine === 'true'").await;
    ben.find(".xterm-helper-textarea").await.send_keys("hi").await.unwrap();
    assert_eq!(host.typed(2).await, "hi", "nothing that was typed before counts");
    ann.end().await;
    ben.end().await;
}

#[tokio::test]
async fn a_phone_has_a_key_bar() {
    let mut ops = Ops::start().await;
    let page = Browser::start(390, 844).await;
    let mut host = open_terminal(&mut ops, &page, true).await;
    host.print(b"$ ").await;
    shows(&page, "$").await;
    for theme in ["light", "dark"] {
        page.shoot_at("terminal-phone", theme).await;
        assert_eq!(page.faults().await, Vec::<String>::new(), "{theme}");
    }
    page.click("terminal-key-esc").await;
    page.click("terminal-key-up").await;
    page.click("terminal-key-ctrl").await;
    page.find(".xterm-helper-textarea").await.send_keys("rx").await.unwrap();
    assert_eq!(host.typed(6).await, "\x1b\x1b[A\x12x", "Ctrl holds for one key");
    page.end().await;
}

#[tokio::test]
async fn less_and_vim_are_used_and_left() {
    let ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    watch_policy(&page).await;
    page.fill("composer", "$ seq 1000 | less").await;
    page.click("run-tty").await;
    page.click("send").await;
    read_rows(&page).await;
    shows(&page, "10").await;
    page.find(".xterm-helper-textarea").await.send_keys("G").await.unwrap();
    shows(&page, "1000").await;
    page.shoot("terminal-less").await;
    page.find(".xterm-helper-textarea").await.send_keys("q").await.unwrap();
    page.find("[data-testid=run-card][data-state=ok]").await;
    page.click("terminal-close").await;

    page.fill("composer", "$ vim -u NONE").await;
    page.click("run-tty").await;
    page.click("send").await;
    read_rows(&page).await;
    shows(&page, "~").await;
    page.find(".xterm-helper-textarea").await.send_keys("ihello").await.unwrap();
    shows(&page, "hello").await;
    page.shoot("terminal-vim").await;
    page.find(".xterm-helper-textarea").await.send_keys("\u{e00c}:cquit 3\n").await.unwrap();
    page.find("[data-testid=run-card][data-state=failed]").await;
    assert_eq!(page.page.execute("return window.refused", vec![]).await.unwrap(), json!([]));
    page.end().await;
}

#[tokio::test]
async fn a_command_on_several_hosts_is_one_card() {
    let mut ops = Ops::start().await;
    let mut web1 = ScriptedHost::connect(&ops).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.say("/run --host local --host web1 echo from the local host").await;
    web1.started().await;
    page.until("from the local host").await;
    let lanes = |states: &str| {
        format!(
            "return [...document.querySelectorAll('[data-testid=run-lane]')].map(lane => lane.dataset.state).join() === '{states}'"
        )
    };
    page.until_true("one has ended", &lanes("ok,running")).await;
    web1.print(b"printed by web1\n").await;
    page.find("[data-testid=run-lane]:last-child").await.click().await.unwrap();
    page.until("printed by web1").await;
    let end = json!({"t":"host.ended","run":web1.run,"exit":{"code":3},"bytes":web1.printed,"ms":5,"left":0});
    web1.wire.send(&end, &[]).await.unwrap();
    page.until_true("the other has failed", &lanes("ok,failed")).await;
    let cards = page.page.find_all(fantoccini::Locator::Css("[data-testid=run-card]")).await.unwrap();
    assert_eq!(cards.len(), 1, "one card for both");
    let listed = ops.ben.ask(json!({"t":"run.list","room":"ops"})).await;
    assert_eq!(listed["runs"].as_array().unwrap().len(), 2);
    page.shoot("lanes").await;
    page.shoot_at("lanes-dark", "dark").await;
    page.end().await;
}
