//! How the page looks: pictures of each state, in three widths and both themes, for people to look at (`docs/screens/`). axe looks at
//! each of them here, and none is wider than its window.

use serde_json::json;

use crate::browser::{Browser, page_of};
use crate::in_the_page::{ENTER, ESCAPE, Ops, post};

/// Names, and the size of the window: a desk, a small notebook, a phone.
const SIZES: [(&str, u32, u32); 3] = [("wide", 1440, 900), ("middle", 1024, 768), ("phone", 390, 844)];
const THEMES: [&str; 2] = ["light", "dark"];

/// A browser that is looked at.
struct Looks {
    page: Browser,
    size: &'static str,
    faults: Vec<String>,
}

impl Looks {
    async fn start(size: &'static str, width: u32, height: u32) -> Self {
        Self { page: Browser::start(width, height).await, size, faults: Vec::new() }
    }

    /// Keeps a picture of what is shown in each theme, and notes what is wrong with it.
    async fn at(&mut self, state: &str) {
        for theme in THEMES {
            self.page.shoot_at(&format!("{state}-{}", self.size), theme).await;
            let mut found = self.page.faults().await;
            let is_wider = "return document.documentElement.scrollWidth > innerWidth";
            if self.page.page.execute(is_wider, vec![]).await.unwrap() == json!(true) {
                found.push("wider than the window".to_owned());
            }
            self.faults.extend(found.into_iter().map(|fault| format!("{state}, {}, {theme}: {fault}", self.size)));
        }
    }

    async fn key(&self, key: &str, is_ctrl: bool) {
        let press = "document.activeElement.blur(); dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], ctrlKey: arguments[1], bubbles: true}))";
        self.page.page.execute(press, vec![json!(key), json!(is_ctrl)]).await.unwrap();
    }

    /// Opens what stands beside the timeline; where there is no room for it, it is a drawer.
    async fn side(&self, tab: &str) {
        if self.size != "wide" && !self.is_there(".app--panel").await {
            self.page.click("panel-open").await;
            let has_come = "return document.querySelector('.panel').getBoundingClientRect().right <= innerWidth";
            self.page.until_true("the drawer is open", has_come).await;
        }
        self.page.click(tab).await;
    }

    async fn is_there(&self, selector: &str) -> bool {
        let script = "return !!document.querySelector(arguments[0])";
        self.page.page.execute(script, vec![json!(selector)]).await.unwrap() == json!(true)
    }

    async fn end(self) {
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
        self.page.end().await;
    }
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
async fn talking_looks_well_in_three_widths_and_both_themes_and_axe_finds_nothing() {
    let mut ops = Ops::start().await;
    let reply = talk(&mut ops).await;
    ops.ann.ask(json!({"t":"room.create","room":"postmortem","title":"Postmortem","private":true})).await;
    ops.ben.ask(json!({"t":"dm.open","users":["ann"]})).await;
    for (size, width, height) in SIZES {
        let mut looks = Looks::start(size, width, height).await;
        let address = format!("{}r/ops", page_of(&ops.server));
        looks.page.page.goto(&address).await.unwrap();
        looks.page.find("[data-testid=password]").await;
        looks.at("sign").await;
        looks.page.sign_in(&address, "ann").await;
        looks.page.until("waiting fell from 214 to 3").await;
        looks.at("room").await;
        looks.page.point(&format!("[data-seq='{reply}'] .line__body")).await;
        let is_phone = looks.size == "phone";
        looks.page.click(if is_phone { "line-more" } else { "react" }).await;
        looks.at("acts").await;
        looks.page.click("react-more").await;
        looks.page.find("[data-testid=emoji-option]").await;
        looks.at("emoji").await;
        looks.page.click("dialog-close").await;
        looks.page.fill("composer", "/").await;
        looks.page.find("[data-testid=suggestions]").await;
        looks.at("commands").await;
        looks.page.fill("composer", "\u{e003}").await;
        looks.key("k", true).await;
        looks.page.fill("jump-field", "pool").await;
        looks.page.find("[data-testid=search-hit]").await;
        looks.at("search").await;
        looks.page.fill("jump-field", ESCAPE).await;
        looks.page.click("room-settings-open").await;
        looks.page.test_id("save").await;
        looks.at("settings").await;
        looks.page.click("settings-tab-members").await;
        looks.page.find("[data-testid=member]").await;
        looks.at("members").await;
        looks.page.click("settings-tab-rights").await;
        looks.page.find("[data-testid=rule-user] option").await;
        looks.at("rights").await;
        looks.page.click("dialog-close").await;
        if size != "phone" {
            looks.page.click("user-menu").await;
            looks.page.test_id("sign-out").await;
            looks.at("menu").await;
            looks.page.click("user-menu").await;
        }
        looks.key("?", false).await;
        looks.page.find(".shortcuts").await;
        looks.at("keys").await;
        looks.page.click("dialog-close").await;
        ops.server.core.kill_9();
        looks.page.find("[data-testid=connection]:not([data-state=live])").await;
        looks.page.say(&format!("written without a link, {size}")).await;
        looks.page.find("[data-testid=line][data-kind=pending]").await;
        looks.at("offline").await;
        ops.server.restart_core();
        looks.page.state("live").await;
        looks.end().await;
    }
}

/// An alert that comes again and again, a command that failed, one that goes on, and a file.
async fn work(ops: &mut Ops) {
    let hook = ops.ann.ask(json!({"t":"hook.add","room":"ops","bot":"alerts"})).await;
    let address = format!("http://{}/hooks/{}", ops.server.http, hook["token"].as_str().unwrap());
    for _ in 0..5 {
        let mut alert = tokio::process::Command::new("curl");
        alert.args([
            "-sSf",
            "-H",
            "Idempotency-Key: pool",
            "-d",
            "🔥 HighErrorRate web1: 5xx at 7.2 % for 5 min",
            &address,
        ]);
        assert_eq!(crate::command::done(alert).await.code, Some(0));
    }
    let failing = "echo 'migrations: 48 applied'; printf 'pool: 20 open, 20 busy, \\033[33m214 waiting\\033[0m\\n'; \
        printf '\\033[31mcheck-db: 10.4.1.74:5432: remaining connection slots are reserved\\033[0m\\n' >&2; exit 2";
    ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":failing,"nonce":"w1"})).await;
    post(&mut ops.chen, "w2", "回滚到 4.1，先看一台", None).await;
    let going_on = "for host in web1 web2; do echo \"$host draining: 112 requests in flight\"; done; sleep 300";
    ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":going_on,"nonce":"w3"})).await;
    let put = json!({"t":"file.put","in":"room:ops","path":"pg_stat_activity.csv","size":8,"nonce":"w4"});
    let upload = ops.chen.ask(put).await["upload"].clone();
    ops.chen.send(&json!({"t":"file.chunk","upload":upload,"off":0,"len":8}), b"pid,wait").await.unwrap();
    ops.chen
        .ask(json!({"t":"file.commit","upload":upload,"blake3":blake3::hash(b"pid,wait").to_hex().to_string()}))
        .await;
    ops.ben.ask(json!({"t":"room.post","room":"general","text":"@ann who has the keys?","nonce":"w5"})).await;
}

/// Pastes sixty lines into the composer.
const PASTE: &str = "const data = new DataTransfer(); data.setData('text/plain', '2026-11-23 ERROR a line of a log\\n'.repeat(60)); \
    document.querySelector('[data-testid=composer]').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))";

#[tokio::test]
async fn work_looks_well_in_three_widths_and_both_themes_and_axe_finds_nothing() {
    let mut ops = Ops::start().await;
    work(&mut ops).await;
    ops.ann.ask(json!({"t":"room.create","room":"quiet"})).await;
    ops.ann.ask(json!({"t":"room.create","room":"launch-2025","title":"The launch of 2025"})).await;
    ops.ann.ask(json!({"t":"room.set","room":"launch-2025","archived":true})).await;
    for (size, width, height) in SIZES {
        let mut looks = Looks::start(size, width, height).await;
        looks.page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
        looks.page.find("[data-testid=run-card][data-state=failed]").await;
        looks.page.find("[data-testid=file-card]").await;
        looks.page.until("requests in flight").await;
        looks.at("work").await;
        looks.key("k", true).await;
        looks.page.find("[data-testid=jump-destination]").await;
        looks.at("jump").await;
        looks.page.fill("jump-field", ESCAPE).await;
        looks.page.page.execute(PASTE, vec![]).await.unwrap();
        looks.page.find("[data-testid=paste]").await;
        looks.at("paste").await;
        looks.page.fill("composer", ESCAPE).await;
        // By its key: the card may be out of sight, and the driver's scrolling and its press are not one.
        looks.page.fill("run-open", ENTER).await;
        looks.page.find("[data-testid=output-log]").await;
        looks.at("output").await;
        looks.page.click("output-close").await;
        looks.side("tab-files").await;
        looks.page.find("[data-testid=file-entry]").await;
        looks.at("files").await;
        looks.side("tab-people").await;
        looks.page.find("[data-testid=person]").await;
        looks.at("people").await;
        for (room, state, sign) in
            [("quiet", "first-lines", "[data-testid=welcome]"), ("launch-2025", "archived", "[data-testid=timeline]")]
        {
            looks.page.page.goto(&format!("{}r/{room}", page_of(&ops.server))).await.unwrap();
            looks.page.find(sign).await;
            looks.page.state("live").await;
            looks.at(state).await;
        }
        looks.end().await;
    }
}
