//! One room at once: a browser, `wardroom chat` and `nc`. What the issue of the first version asks to be shown.

use std::path::Path;

use serde_json::json;

use crate::browser::{Browser, page_of};
use crate::command::{Talk, done, wardroom};
use crate::test_server::{DEADLINE, PASSWORD, TestServer};

/// `nc` to the core's port.
fn nc(server: &TestServer) -> Talk {
    let (host, port) = server.tcp.rsplit_once(':').unwrap();
    let mut nc = tokio::process::Command::new("nc.openbsd");
    nc.args([host, port]);
    Talk::start(nc)
}

#[tokio::test]
async fn a_browser_a_chat_and_nc_share_one_room() {
    let server = TestServer::start();
    let ann = server.add_user("ann", "operator").await;
    server.add_user("ben", "operator").await;
    server.add_user("chen", "member").await;
    let mut maker = server.connect(&ann).await;
    maker.ask(json!({"t":"room.create","room":"ops","title":"Operations"})).await;

    let browser = Browser::start(1440, 900).await;
    browser.sign_in(&page_of(&server), "ben").await;
    let mut join = server.connect(&token_of(&server, "ben").await).await;
    join.ask(json!({"t":"room.join","room":"ops"})).await;
    browser.open_room("ops").await;

    let mut chat = Talk::start(wardroom(&server, &ann, &["chat", "ops"]));
    let mut person = nc(&server);
    person.until("# Wardroom").await;
    person.say("login chen").await;
    person.say(PASSWORD).await;
    person.say("/join ops").await;
    person.until("ops").await;

    chat.say("from the chat").await;
    person.until("ann: from the chat").await;
    browser.until("from the chat").await;
    person.say("from nc").await;
    chat.until("chen: from nc").await;
    browser.until("from nc").await;
    browser.say("from the browser").await;
    chat.until("ben: from the browser").await;
    person.until("ben: from the browser").await;
    browser.until("from the browser").await;
    for said in [&chat.said, &person.said] {
        let order: Vec<_> = said.iter().filter(|line| line.contains(": from ")).map(|l| last_words(l)).collect();
        assert_eq!(order, ["from the chat", "from nc", "from the browser"]);
    }
    let timeline = browser.timeline().await;
    let places: Vec<_> = ["from the chat", "from nc", "from the browser"].map(|text| timeline.find(text)).into();
    assert!(places.is_sorted() && places[0].is_some(), "{timeline}");

    let run = wardroom(&server, &ann, &["run", "ops", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    let run = done(run).await;
    assert_eq!((run.code, run.text().as_str(), run.err.trim()), (Some(3), "out\n", "err"));
    for person in [&mut chat, &mut person] {
        person.until("exit 3").await;
        assert!(person.said.iter().any(|line| line.contains("out")), "{:?}", person.said);
        assert!(person.said.iter().any(|line| line.contains("err")), "{:?}", person.said);
    }
    browser.until("exit 3").await;
    browser.find("[data-testid=run-card][data-state=failed]").await;
    browser.until("err").await;
    browser.shoot("together-light").await;
    browser.end().await;
}

#[tokio::test]
async fn two_hundred_megabytes_go_up_from_the_browser_and_come_down_the_same() {
    const SIZE: usize = 200_000_000;
    let server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("core.bin");
    let digest = write_noise(&source, SIZE);

    let browser = Browser::start(1440, 900).await;
    browser.sign_in(&page_of(&server), "ann").await;
    browser.open_room("general").await;
    browser.find("[data-testid=file-input]").await.send_keys(&source.to_string_lossy()).await.unwrap();
    browser.find("[data-testid=transfer]").await;
    browser.shoot("upload-light").await;
    tokio::time::timeout(4 * DEADLINE, async {
        let card = "[data-testid=file-card][data-path=\"core.bin\"]";
        while browser.page.find(fantoccini::Locator::Css(card)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    })
    .await
    .expect("the upload ends in time");
    browser.end().await;

    let back = folder.path().join("back.bin");
    let get = done(wardroom(&server, &token, &["get", "general:core.bin", "-o", &back.to_string_lossy()])).await;
    assert_eq!(get.code, Some(0), "{}", get.err);
    assert_eq!(digest_of(&back), digest);

    let url = format!("http://{}/files/room/general/core.bin", server.http);
    let bearer = format!("Authorization: Bearer {token}");
    let mut joined = Vec::new();
    for range in ["0-99999999", "100000000-"] {
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["-sSf", "-r", range, "-H", &bearer, &url]);
        let part = done(curl).await;
        assert_eq!(part.code, Some(0), "{}", part.err);
        joined.extend(part.out);
    }
    assert_eq!(joined.len(), SIZE);
    assert_eq!(blake3::hash(&joined), digest);
}

#[tokio::test]
async fn the_printed_link_makes_the_first_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut serve = tokio::process::Command::new(crate::test_server::binary());
    serve.args(["serve", "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"]).arg(&data);
    serve.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).kill_on_drop(true);
    let mut serve = serve.spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(serve.stderr.take().unwrap()));
    let link = tokio::time::timeout(DEADLINE, async {
        loop {
            let line = lines.next_line().await.unwrap().expect("a link before the end");
            if let Some(link) = line.split_whitespace().find(|word| word.contains("#invite=")) {
                return link.to_owned();
            }
        }
    });
    let link = link.await.expect("a link in time");
    for (name, width, height) in [("first-visit", 1440, 900), ("first-visit-phone", 390, 844)] {
        let browser = Browser::start(width, height).await;
        browser.page.goto(&link).await.unwrap();
        if name == "first-visit-phone" {
            // The invite is used up: the page says so, and what to do.
            browser.fill("user", "eve").await;
            browser.fill("password", PASSWORD).await;
            browser.click("sign-in-submit").await;
            let wrong = browser.test_id("sign-in-error").await.text().await.unwrap();
            assert!(wrong.contains("invite"), "{wrong}");
            browser.shoot("invite-used-phone").await;
            continue;
        }
        browser.find("[data-testid=invite-form]").await;
        let address = browser.page.current_url().await.unwrap();
        assert!(!address.as_str().contains("invite="), "the secret stays in the address bar: {address}");
        browser.shoot(name).await;
        browser.fill("user", "ann").await;
        browser.fill("password", PASSWORD).await;
        browser.click("sign-in-submit").await;
        browser.state("live").await;
        browser.find("[data-testid=welcome]").await;
        browser.shoot("first-room").await;
        browser.say("hello, house").await;
        browser.until("hello, house").await;
        browser.end().await;
    }
    // In order, so that its host goes with it.
    let pid = serve.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
    assert!(serve.wait().await.unwrap().success());
}

fn last_words(line: &str) -> String {
    line.split_once(": ").map_or(line, |(_, words)| words).to_owned()
}

async fn token_of(server: &TestServer, user: &str) -> String {
    let key = std::fs::read_to_string(server.data.join("keys/admin.key")).unwrap();
    let mut admin = crate::wire::Wire::unix(&server.data.join("core.sock")).await;
    admin.hello(json!({"token": key.trim()})).await;
    admin.ask(json!({"t":"token.add","user":user})).await["token"].as_str().unwrap().to_owned()
}

/// A file that no compression makes smaller, and its digest.
fn write_noise(path: &Path, size: usize) -> blake3::Hash {
    let mut noise = vec![0u8; size];
    blake3::Hasher::new().update(b"noise").finalize_xof().fill(&mut noise);
    std::fs::write(path, &noise).unwrap();
    blake3::hash(&noise)
}

fn digest_of(path: &Path) -> blake3::Hash {
    blake3::hash(&std::fs::read(path).unwrap())
}
