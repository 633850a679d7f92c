//! The first screen: what stands in the page before the program, an invite that outlives a reload and comes into an open tab,
//! what a screen reader hears of a countdown, folders that are dropped.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::command::done;
use crate::test_server::{PASSWORD, TestServer};

/// What curl gets.
async fn get(url: &str, args: &[&str]) -> String {
    let mut curl = tokio::process::Command::new("curl");
    curl.args(["-sS", "-i"]).args(args).arg(url);
    let got = done(curl).await;
    assert_eq!(got.code, Some(0), "{}", got.err);
    String::from_utf8_lossy(&got.out).into_owned()
}

#[tokio::test]
async fn the_page_begins_with_the_screen_that_the_cookie_promises() {
    let server = TestServer::start();
    let url = page_of(&server);
    let out = get(&url, &[]).await;
    assert!(
        out.contains("data-session=\"out\"") && out.contains("<style>") && out.contains("name=\"description\""),
        "{out}"
    );
    assert!(!out.contains("rel=\"stylesheet\""), "nothing to wait for: {out}");
    // The cookie bears a mark of its server in its name, which one learns by signing in.
    server.add_user("ann", "member").await;
    let credentials = json!({"user": "ann", "password": PASSWORD}).to_string();
    let origin = format!("Origin: {}", url.trim_end_matches('/'));
    let login = ["-H", &origin, "-H", "Content-Type: application/json", "-d", &credentials];
    let signed_in = get(&format!("{url}api/login"), &login).await;
    let set = signed_in.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    let name = set.split_once('=').unwrap().0;
    assert!(name.starts_with("wardroom-"), "{set}");
    let unknown = format!("Cookie: {name}=abc");
    let with_cookie = get(&url, &["-H", &unknown]).await;
    assert!(with_cookie.contains("data-session=\"in\""), "{with_cookie}");
    let of_another = get(&url, &["-H", "Cookie: wardroom-0=abc"]).await;
    assert!(of_another.contains("data-session=\"out\""), "another server's cookie promises nothing: {of_another}");
    let session = get(&format!("{url}api/session"), &["-H", &unknown]).await;
    assert!(
        session.starts_with("HTTP/1.1 200") && session.trim_end().ends_with("null"),
        "a question, not a fault: {session}"
    );
}

#[tokio::test]
async fn what_is_typed_before_the_program_is_there_is_kept_and_sent() {
    let server = TestServer::start();
    server.add_user("ann", "member").await;
    let page = Browser::start(1024, 768).await;
    page.devtools("Network.enable", json!({})).await;
    page.devtools("Network.setBlockedURLs", json!({"urls": ["*.wasm"]})).await;
    page.page.goto(&page_of(&server)).await.unwrap();
    // Without the program the form stands there, and is of use: it is filled before the program comes.
    page.find("#boot-user").await.send_keys("ann").await.unwrap();
    page.until_true("it is said that the program did not come", "return !document.getElementById('boot').hidden").await;
    page.devtools("Network.setBlockedURLs", json!({"urls": []})).await;
    let load = "const done = arguments[0]; const at = document.querySelector('link[rel=modulepreload]').href; \
        document.getElementById('boot-password').value = arguments[1] ?? ''; \
        document.getElementById('boot-form').requestSubmit(); \
        const { default: init } = await import(at); await init(at.replace(/\\.js$/, '_bg.wasm')); done(true)";
    let load = format!("(async (...arguments) => {{ {load} }})(arguments[1], arguments[0])");
    page.page.execute_async(&load, vec![json!(PASSWORD)]).await.unwrap();
    page.state("live").await;
    page.end().await;
}

/// What `index.html` shows of a room, as text: author, time and text of each line.
const FIRST_LINES: &str =
    "return [...document.querySelectorAll('.first-lines .line')].map(line => line.innerText).join('\\n')";

#[tokio::test]
async fn the_last_lines_are_shown_before_the_program_is_there() {
    let server = TestServer::start();
    let token = server.add_user("ann", "member").await;
    server.add_user("ben", "member").await;
    let mut ann = server.connect(&token).await;
    ann.ask(json!({"t":"room.create","room":"vault","private":true,"nonce":"vault"})).await;
    for (room, text) in
        [("vault", "the combination"), ("general", "<b>bold</b> & \u{202e}turned"), ("general", "second")]
    {
        ann.ask(json!({"t":"room.post","room":room,"text":text,"nonce":format!("{room}-{}", text.len())})).await;
    }
    let page = Browser::start(1024, 768).await;
    let url = page_of(&server);
    page.sign_in(&url, "ben").await;
    page.until("second").await;
    page.devtools("Network.enable", json!({})).await;
    page.devtools("Network.setBlockedURLs", json!({"urls": ["*.wasm"]})).await;
    page.page.refresh().await.unwrap();
    page.until_true("the lines are shown", "return document.querySelectorAll('.first-lines .line').length === 2").await;
    let shown = page.page.execute(FIRST_LINES, vec![]).await.unwrap();
    let shown = shown.as_str().unwrap();
    assert!(shown.starts_with("ann\n") && shown.ends_with("second"), "{shown:?}");
    assert!(shown.contains("<b>bold</b> & ") && !shown.contains('\u{202e}'), "{shown:?}");
    page.until_true("it is said that the program did not come", "return !document.getElementById('boot').hidden").await;
    for theme in ["light", "dark"] {
        page.shoot_at("before-the-program", theme).await;
        assert_eq!(page.faults().await, [""; 0]);
    }
    // A room that one may not read shows nothing, and the session is there all the same.
    page.page.goto(&format!("{url}r/vault")).await.unwrap();
    page.until_true(
        "the answer came",
        "return window.wardroomSession.then(text => text.includes('ben') && !text.includes('combination'))",
    )
    .await;
    let shown = page.page.execute(FIRST_LINES, vec![]).await.unwrap();
    assert_eq!(shown, Value::from(""));
    // The program draws the room in their place.
    page.devtools("Network.setBlockedURLs", json!({"urls": []})).await;
    page.page.goto(&format!("{url}r/general")).await.unwrap();
    page.state("live").await;
    page.until("second").await;
    page.until_true("the first lines are gone", "return document.querySelectorAll('.first-lines').length === 0").await;
    page.end().await;
}

#[tokio::test]
async fn an_invite_outlives_a_reload_and_is_taken_by_an_open_tab() {
    let server = TestServer::start();
    let page = Browser::start(1024, 768).await;
    let url = page_of(&server);
    page.page.goto(&url).await.unwrap();
    page.test_id("login-form").await;
    page.page.execute("location.hash = 'invite=abc'", vec![]).await.unwrap();
    page.test_id("invite-form").await;
    let hash = page.page.execute("return location.hash", vec![]).await.unwrap();
    assert_eq!(hash, Value::from(""), "a secret is not left in the address bar");
    page.page.refresh().await.unwrap();
    page.test_id("invite-form").await;
    page.end().await;
}

#[tokio::test]
async fn a_countdown_is_read_out_once() {
    let mut server = TestServer::start();
    server.add_user("ann", "member").await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&page_of(&server), "ann").await;
    let note = "window.heard = []; const state = document.querySelector('[data-testid=connection] [role=status]'); \
        new MutationObserver(() => heard.push(state.textContent)).observe(state, {characterData: true, childList: true, subtree: true})";
    page.page.execute(note, vec![]).await.unwrap();
    server.core.kill_9();
    page.state("reconnecting").await;
    let words = "const w = document.querySelector('.connection__text').textContent; window.shown = (window.shown || new Set()).add(w); return shown.size >= 3";
    page.until_true("the countdown counts", words).await;
    let heard = page.page.execute("return heard", vec![]).await.unwrap();
    let heard = heard.as_array().unwrap();
    assert!(heard.iter().all(|said| !said.as_str().unwrap().contains(char::is_numeric)), "{heard:?}");
    let again = heard.windows(2).any(|pair| pair[0] == pair[1]);
    assert!(!again, "{heard:?}");
    page.end().await;
}

#[tokio::test]
async fn a_folder_is_taken_with_its_files() {
    let server = TestServer::start();
    server.add_user("ann", "member").await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&page_of(&server), "ann").await;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("logs");
    std::fs::create_dir_all(folder.join("old")).unwrap();
    std::fs::write(folder.join("app.log"), "now").unwrap();
    std::fs::write(folder.join("old/a.log"), "then").unwrap();
    for kind in ["dragEnter", "dragOver", "drop"] {
        let data = json!({"items": [], "files": [folder], "dragOperationsMask": 1});
        page.devtools("Input.dispatchDragEvent", json!({"type": kind, "x": 500, "y": 300, "data": data})).await;
    }
    page.find("[data-testid=file-card][data-path='logs/app.log']").await;
    page.find("[data-testid=file-card][data-path='logs/old/a.log']").await;
    page.end().await;
}

#[tokio::test]
async fn help_lists_the_commands() {
    let server = TestServer::start();
    server.add_user("ann", "member").await;
    let page = Browser::start(1024, 768).await;
    page.sign_in(&page_of(&server), "ann").await;
    page.say("/help").await;
    let commands = page.test_id("commands").await.text().await.unwrap();
    assert!(commands.contains("/retention") && commands.contains("/invite"), "{commands}");
    page.end().await;
}
