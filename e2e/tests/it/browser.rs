//! A real Chromium, driven through its own driver. Screenshots are kept in `target/screenshots`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::test_server::{DEADLINE, PASSWORD, TestServer};

/// Pixels below which Chromium makes no window.
const NARROWEST_WINDOW: u32 = 500;

/// A browser with one window.
pub struct Browser {
    /// The page.
    pub page: Client,
    driver: Child,
    /// The driver's address.
    address: String,
    profile: TempDir,
}

impl Browser {
    /// Starts one of this size.
    pub async fn start(width: u32, height: u32) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: cargo xtask test says how");
        let profile = tempfile::tempdir().unwrap();
        let args = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let mut chrome = json!({"args": args});
        if width < NARROWEST_WINDOW {
            // A window of a desktop is never that narrow; a phone has no window.
            chrome["mobileEmulation"] =
                json!({"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1, "touch": true}});
        }
        let options = json!({"goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}});
        let capabilities = options.as_object().unwrap().clone();
        let address = format!("http://127.0.0.1:{port}");
        let page = retry("a browser", async || {
            ClientBuilder::new(HttpConnector::new()).capabilities(capabilities.clone()).connect(&address).await.ok()
        })
        .await;
        if width >= NARROWEST_WINDOW {
            page.set_window_size(width, height).await.unwrap();
        }
        Self { page, driver, address, profile }
    }

    /// Gives the browser a command of its DevTools protocol, which WebDriver has no words for.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        let session = self.page.session_id().await.unwrap().unwrap();
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["-sSf", "-H", "Content-Type: application/json", "-d"]);
        curl.arg(json!({"cmd": command, "params": params}).to_string());
        curl.arg(format!("{}/session/{session}/goog/cdp/execute", self.address));
        let done = crate::command::done(curl).await;
        assert_eq!(done.code, Some(0), "{command}: {}", done.err);
        serde_json::from_slice(&done.out).unwrap()
    }

    /// The port of its DevTools, for programs that drive it beside the driver.
    pub fn devtools_port(&self) -> String {
        let path = self.profile.path().join("DevToolsActivePort");
        let said = std::fs::read_to_string(path).expect("a browser with DevTools writes their port into its profile");
        said.lines().next().unwrap_or_default().to_owned()
    }

    /// Opens the gateway's page and signs in.
    pub async fn sign_in(&self, url: &str, user: &str) {
        self.page.goto(url).await.unwrap();
        self.fill("user", user).await;
        self.fill("password", PASSWORD).await;
        self.click("sign-in-submit").await;
        self.state("live").await;
    }

    /// Waits until the link is in this state.
    pub async fn state(&self, state: &str) {
        let selector = format!("[data-testid=connection][data-state={state}]");
        self.find(&selector).await;
    }

    /// The element with this test id, as soon as there is one.
    pub async fn test_id(&self, id: &str) -> Element {
        self.find(&format!("[data-testid={id}]")).await
    }

    /// The first element that fits, as soon as there is one.
    pub async fn find(&self, selector: &str) -> Element {
        let found = tokio::time::timeout(DEADLINE, async {
            loop {
                if let Ok(element) = self.page.find(Locator::Css(selector)).await {
                    return element;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        match found.await {
            Ok(element) => element,
            Err(_) => {
                self.shoot("missing").await;
                panic!("{selector} did not come up; see target/screenshots/missing.png")
            }
        }
    }

    /// Types into the field with this test id.
    pub async fn fill(&self, id: &str, text: &str) {
        self.act(&format!("[data-testid={id}]"), async |element| element.send_keys(text).await).await;
    }

    /// Clicks what has this test id.
    pub async fn click(&self, id: &str) {
        self.act(&format!("[data-testid={id}]"), async |element| element.click().await).await;
    }

    /// Opens a room by its link.
    pub async fn open_room(&self, room: &str) {
        let link = format!("[data-testid=room-link][data-room=\"{room}\"]");
        self.act(&link, async |element| element.click().await).await;
        self.find(&format!("[data-testid=timeline][data-room=\"{room}\"]")).await;
    }

    /// Does something with an element. One that the page drew anew between the look and the deed is looked for again, and
    /// one that is not shown yet, as in a drawer that opens, is tried again: the driver then did nothing.
    async fn act(&self, selector: &str, act: impl AsyncFn(Element) -> Result<(), CmdError>) {
        let start = Instant::now();
        loop {
            match act(self.find(selector).await).await {
                Ok(()) => return,
                Err(e) if e.is_stale_element_reference() && start.elapsed() < DEADLINE => {}
                Err(e) if e.is_element_not_interactable() && start.elapsed() < DEADLINE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(e) => panic!("{selector}: {e}"),
            }
        }
    }

    /// Says something in the room that is open.
    pub async fn say(&self, text: &str) {
        self.fill("composer", text).await;
        self.click("send").await;
    }

    /// The text of the timeline.
    pub async fn timeline(&self) -> String {
        self.test_id("timeline").await.text().await.unwrap_or_default()
    }

    /// Waits until the timeline has this in it.
    pub async fn until(&self, what: &str) {
        let start = Instant::now();
        loop {
            let text = self.timeline().await;
            if text.contains(what) {
                return;
            }
            if start.elapsed() > DEADLINE {
                self.shoot("missing").await;
                panic!("{what:?} did not come up; the timeline says:\n{text}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The places of the lines that are shown, from top to bottom.
    pub async fn seqs(&self) -> Vec<u64> {
        let script =
            "return [...document.querySelectorAll('[data-testid=timeline] [data-seq]')].map(e => +e.dataset.seq)";
        let seqs = self.page.execute(script, vec![]).await.unwrap();
        seqs.as_array().unwrap().iter().filter_map(|seq| seq.as_u64()).collect()
    }

    /// Moves the pointer onto the first element that fits.
    pub async fn hover(&self, selector: &str) {
        let script = "document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))";
        self.find(selector).await;
        self.page.execute(script, vec![json!(selector)]).await.unwrap();
    }

    /// Moves the real pointer onto the first element that fits, as it stands now.
    pub async fn point(&self, selector: &str) {
        self.find(selector).await;
        let script = "const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.x + 20, b.y + b.height / 2]";
        let place = self.page.execute(script, vec![json!(selector)]).await.unwrap();
        self.devtools("Input.dispatchMouseEvent", json!({"type": "mouseMoved", "x": place[0], "y": place[1]})).await;
    }

    /// Waits until this script, which gives a truth, is true.
    pub async fn until_true(&self, what: &str, script: &str) {
        let start = Instant::now();
        while self.page.execute(script, vec![]).await.unwrap() != json!(true) {
            if start.elapsed() > DEADLINE {
                self.shoot("missing").await;
                panic!("{what} did not come about");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Chooses a theme, as the page keeps it.
    pub async fn theme(&self, theme: &str) {
        let script = "localStorage.setItem('wardroom.theme', arguments[0]); document.documentElement.dataset.theme = arguments[0]";
        self.page.execute(script, vec![json!(theme)]).await.unwrap();
    }

    /// What axe finds wrong with what is shown, as sentences; none is well.
    pub async fn faults(&self) -> Vec<String> {
        let path =
            std::env::var_os("WARDROOM_AXE").expect("WARDROOM_AXE names axe.min.js; cargo xtask test e2e sets it");
        let axe = std::fs::read_to_string(path).unwrap();
        self.page.execute(&format!("{axe}; return true"), vec![]).await.unwrap();
        let script = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.flatMap(v => \
            v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`))), e => done([String(e)]))";
        let found = self.page.execute_async(script, vec![]).await.unwrap();
        found.as_array().unwrap().iter().map(|fault| fault.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Keeps a picture in this theme.
    pub async fn shoot_at(&self, name: &str, theme: &str) -> PathBuf {
        self.theme(theme).await;
        self.shoot(&format!("{name}-{theme}")).await
    }

    /// Keeps a picture under this name.
    pub async fn shoot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, self.page.screenshot().await.unwrap()).unwrap();
        path
    }

    /// Ends it.
    pub async fn end(self) {
        self.page.clone().close().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // A driver that is killed leaves its browser, which is known by its profile.
        let profile = self.profile.path().display().to_string();
        let _ = Command::new("pkill").args(["-9", "-f", &format!("user-data-dir={profile}")]).status();
    }
}

/// The page's address.
pub fn page_of(server: &TestServer) -> String {
    format!("http://{}/", server.http)
}

/// Tries until it works.
pub async fn retry<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(made) = attempt().await {
            return made;
        }
        assert!(start.elapsed() < DEADLINE, "{what} was not to be had in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
