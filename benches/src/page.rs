//! The page in a real Chromium: how soon a room of many is there, whether scrolling is smooth, and whether one can type while
//! others talk. The times are the browser's own: its clock since the navigation, its long animation frames, its event timing.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::big;
use crate::client::{self, PASSWORD, USER};
use crate::server::Server;

const FIRST_SCREENS: usize = 5;
const LINES: usize = 10_000;
const SCROLL: Duration = Duration::from_secs(10);
const TYPING: Duration = Duration::from_secs(10);
const MESSAGES_PER_S: u32 = 200;
const KEY_EVERY: Duration = Duration::from_millis(100);
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// All three.
pub async fn measure(binary: &str) -> Result<()> {
    first_screen(binary).await?;
    let server = Server::start(binary, "serve")?;
    let token = client::operator(&server).await?;
    let mut poster = client::connect(&server, &token).await?;
    for n in 0..LINES {
        poster
            .ask(post(&format!("line {n} of a long evening, with `code` and a link to https://example.org/{n}")))
            .await?;
    }
    let browser = Browser::start().await?;
    browser.sign_in(&server, "general").await?;
    scroll(&browser).await?;
    type_among_others(&browser, &server, &token).await
}

/// From the navigation to the first line of a room, with a million events in 200 rooms, signed in already.
async fn first_screen(binary: &str) -> Result<()> {
    let server = Server::start(binary, "core")?;
    client::operator(&server).await?;
    let folder = server.stop()?;
    big::fill(&folder.path().join("data/wardroom.db"))?;
    let server = Server::start_on(folder, binary, "serve")?;
    let browser = Browser::start().await?;
    browser.sign_in(&server, "room-0").await?;
    let address = browser.page.current_url().await?;
    let mut took = Vec::new();
    for _ in 0..FIRST_SCREENS {
        browser.page.goto("about:blank").await?;
        browser.page.goto(address.as_str()).await?;
        let ms = browser.page.execute_async(
            "const done = arguments[arguments.length - 1];
             const look = () => document.querySelector('[data-testid=timeline] [data-seq]')
                 ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
             look();",
            vec![],
        );
        took.push(ms.await?.as_f64().context("a time")?);
    }
    took.sort_by(f64::total_cmp);
    println!(
        "page, first screen of a room among 200 with a million events: {:.0} ms median, {:.0} ms at most, from the navigation to the \
         first line, in Chromium ({FIRST_SCREENS} times; wanted 1000)",
        took.get(FIRST_SCREENS / 2).copied().unwrap_or_default(),
        took.last().copied().unwrap_or_default()
    );
    Ok(())
}

/// Loads all lines by scrolling up to the first, then scrolls through them, and looks at how long frames took.
async fn scroll(browser: &Browser) -> Result<()> {
    let start = Instant::now();
    while browser.number("return +document.querySelector('[data-testid=timeline] [data-seq]').dataset.seq").await? > 3.0
    {
        anyhow::ensure!(start.elapsed() < 2 * PATIENCE, "the first line does not come");
        browser.page.execute("document.querySelector('[data-testid=timeline]').scrollTop = 0", vec![]).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let script = "
        const [ms, done] = [arguments[0], arguments[arguments.length - 1]];
        const view = document.querySelector('[data-testid=timeline]');
        const long = [];
        new PerformanceObserver(list => list.getEntries().forEach(e => long.push(e.duration)))
            .observe({type: 'long-animation-frame'});
        let [start, last, most, frames, step] = [performance.now(), 0, 0, 0, 400];
        const next = now => {
            if (last) { most = Math.max(most, now - last); frames++; }
            last = now;
            view.scrollTop += step;
            if (view.scrollTop <= 0 || view.scrollTop >= view.scrollHeight - view.clientHeight - 1) step = -step;
            if (now - start < ms) requestAnimationFrame(next);
            else setTimeout(() => done({most, frames, long: long.length, longest: Math.max(0, ...long)}), 100);
        };
        requestAnimationFrame(next);";
    let found = browser.page.execute_async(script, vec![json!(SCROLL.as_millis() as u64)]).await?;
    println!(
        "page, scrolling through {LINES} lines for {} s: {} frames, the longest between two {:.0} ms; frames over 50 ms: {}, the longest \
         {:.0} ms",
        SCROLL.as_secs(),
        found["frames"],
        found["most"].as_f64().unwrap_or_default(),
        found["long"],
        found["longest"].as_f64().unwrap_or_default()
    );
    Ok(())
}

/// Types into the composer while others say 200 messages a second, and looks at the time from a key to what it painted.
async fn type_among_others(browser: &Browser, server: &Server, token: &str) -> Result<()> {
    browser.page.refresh().await?;
    browser.find("[data-testid=timeline] [data-seq]").await?;
    let watch = "
        window.keys = [];
        new PerformanceObserver(list => list.getEntries().forEach(e => {
            if (e.name === 'keydown' || e.name === 'input') keys.push([e.interactionId, e.duration]);
        })).observe({type: 'event', durationThreshold: 16});";
    browser.page.execute(watch, vec![]).await?;
    let mut poster = client::connect(server, token).await?;
    let posting = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / MESSAGES_PER_S);
        let until = Instant::now() + TYPING;
        let mut said = 0u32;
        while Instant::now() < until {
            ticks.tick().await;
            poster.ask(post(&format!("message {said} of many"))).await?;
            said += 1;
        }
        anyhow::Ok(said)
    });
    let composer = browser.find("[data-testid=composer]").await?;
    let (mut typed, mut ticks) = (0usize, tokio::time::interval(KEY_EVERY));
    while !posting.is_finished() {
        ticks.tick().await;
        composer.send_keys("a").await?;
        typed += 1;
    }
    let said = posting.await??;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let slow = browser.page.execute("return keys.map(key => key[1])", vec![]).await?;
    let mut took: Vec<f64> = slow.as_array().context("durations")?.iter().filter_map(Value::as_f64).collect();
    // What is not told of was painted within the least that the browser tells.
    took.resize(took.len().max(typed), 16.0);
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default();
    println!(
        "page, typing while {said} messages came in {} s: {:.0} ms median, {:.0} ms p95 from key to paint ({typed} keys; wanted p95 50)",
        TYPING.as_secs(),
        at(50),
        at(95)
    );
    Ok(())
}

fn post(text: &str) -> Value {
    json!({"t":"room.post","room":"general","text":text,"nonce":client::nonce()})
}

/// A Chromium on all cores: it shares none with nobody on a real desk either.
struct Browser {
    page: Client,
    driver: Child,
    profile: TempDir,
}

impl Browser {
    async fn start() -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cores = format!("0-{}", std::thread::available_parallelism()?.get());
        let driver = Command::new("taskset")
            .args(["-c", &cores, "chromedriver", &format!("--port={port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver is needed: apt-get install chromium chromium-driver")?;
        let profile = tempfile::tempdir()?;
        let args = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=1440,900".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let options =
            json!({"goog:chromeOptions": {"args": args}, "timeouts": {"script": PATIENCE.as_millis() as u64}});
        let capabilities = options.as_object().context("options")?.clone();
        let start = Instant::now();
        loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities.clone());
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(page) => return Ok(Self { page, driver, profile }),
                Err(e) if start.elapsed() > PATIENCE => bail!("no browser: {e}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Signs in, and opens a room.
    async fn sign_in(&self, server: &Server, room: &str) -> Result<()> {
        let http = server.http.as_deref().context("a server with a page")?;
        self.page.goto(&format!("http://{http}/")).await?;
        self.find("[data-testid=user]").await?.send_keys(USER).await?;
        self.find("[data-testid=password]").await?.send_keys(PASSWORD).await?;
        self.find("[data-testid=sign-in-submit]").await?.click().await?;
        let link = format!("[data-testid=room-link][data-room=\"{room}\"]");
        let script = format!("document.querySelector('{link}').click()");
        self.find(&link).await?;
        self.page.execute(&script, vec![]).await?;
        self.find(&format!("[data-testid=timeline][data-room=\"{room}\"] [data-seq]")).await?;
        Ok(())
    }

    async fn find(&self, selector: &str) -> Result<fantoccini::elements::Element> {
        let start = Instant::now();
        loop {
            match self.page.find(Locator::Css(selector)).await {
                Ok(element) => return Ok(element),
                Err(e) if start.elapsed() > PATIENCE => bail!("{selector} does not come up: {e}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn number(&self, script: &str) -> Result<f64> {
        Ok(self.page.execute(script, vec![]).await?.as_f64().unwrap_or(f64::MAX))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // A driver that is killed leaves its browser, which is known by its profile.
        let profile = self.profile.path().display().to_string();
        let _ = Command::new("pkill").args(["-9", "-f", &format!("user-data-dir={profile}")]).status();
    }
}
