//! A person's own account in the page and on the command line: a new password, and sessions that end.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::command::{done, wardroom};
use crate::test_server::{PASSWORD, TestServer};

const NEW: &str = "battery staple";

/// Opens a dialog of the user menu.
async fn open(page: &Browser, item: &str) {
    page.click("user-menu").await;
    page.click(item).await;
}

/// Replaces what is in a field.
async fn refill(page: &Browser, id: &str, text: &str) {
    page.test_id(id).await.clear().await.unwrap();
    page.fill(id, text).await;
}

/// A picture in each theme.
async fn shoot(page: &Browser, name: &str) {
    for theme in ["dark", "light"] {
        page.shoot_at(name, theme).await;
    }
}

#[tokio::test]
async fn a_password_is_changed_in_the_page_and_the_other_browser_is_signed_out() {
    let server = TestServer::start();
    server.add_user("ann", "member").await;
    let (page, phone) = (Browser::start(1440, 900).await, Browser::start(390, 844).await);
    page.sign_in(&page_of(&server), "ann").await;
    phone.sign_in(&page_of(&server), "ann").await;
    open(&page, "password-open").await;
    shoot(&page, "password-wide").await;
    for (current, new, says) in [
        ("", NEW, "Enter your current password."),
        (PASSWORD, "short", "At least 8 characters"),
        (PASSWORD, PASSWORD, "The new password is the same"),
        ("wrong horse", NEW, "The current password is wrong."),
    ] {
        refill(&page, "password-current", current).await;
        refill(&page, "password-new", new).await;
        page.click("password-change").await;
        let says = format!(
            "return (document.querySelector('[data-testid=password-error]')?.textContent ?? '').includes({})",
            json!(says)
        );
        page.until_true("it says what is wrong", &says).await;
    }
    refill(&page, "password-current", PASSWORD).await;
    refill(&page, "password-new", NEW).await;
    page.click("password-change").await;
    page.test_id("password-changed").await;
    phone.test_id("login-form").await;
    phone
        .until_true("it says why", "return !!document.querySelector('[data-testid=sign-in-error]')?.textContent")
        .await;
    page.page.refresh().await.unwrap();
    page.state("live").await;
    page.end().await;
    phone.end().await;
}

#[tokio::test]
async fn a_session_is_ended_in_the_page() {
    let server = TestServer::start();
    server.add_user("ann", "member").await;
    let (page, phone) = (Browser::start(1440, 900).await, Browser::start(390, 844).await);
    page.sign_in(&page_of(&server), "ann").await;
    phone.sign_in(&page_of(&server), "ann").await;
    open(&page, "sessions-open").await;
    let count = "return document.querySelectorAll('[data-testid=session]').length";
    // Two browsers, and the token that the fixture made.
    page.until_true("all are listed", &format!("{count} === 3")).await;
    let text = "return [...document.querySelectorAll('[data-testid=session]')].map(s => s.innerText)";
    let listed = page.page.execute(text, vec![]).await.unwrap().to_string();
    assert!(
        listed.contains("Chrome on Linux") && listed.contains("This session") && listed.contains("Token"),
        "{listed}"
    );
    shoot(&page, "sessions-wide").await;
    page.click("session-end").await;
    page.click("confirm-yes").await;
    phone.test_id("login-form").await;
    page.until_true("it is gone from the list", &format!("{count} === 2")).await;
    page.state("live").await;
    phone.sign_in(&page_of(&server), "ann").await;
    phone.click("sidebar-open").await;
    let is_open = "return getComputedStyle(document.querySelector('[data-testid=user-menu]')).visibility === 'visible'";
    phone.until_true("the sidebar is open", is_open).await;
    open(&phone, "sessions-open").await;
    phone.until_true("all are listed", &format!("{count} === 3")).await;
    shoot(&phone, "sessions-phone").await;
    phone.click("sessions-end-others").await;
    phone.click("confirm-yes").await;
    page.test_id("login-form").await;
    phone.until_true("the token stays", &format!("{count} === 2")).await;
    page.end().await;
    phone.end().await;
}

#[tokio::test]
async fn the_command_line_does_the_same() {
    let server = TestServer::start();
    let token = server.add_user("ann", "member").await;
    let run = async |args: &[&str], input: &str| {
        let mut command = wardroom(&server, &token, args);
        let file = server.folder.path().join("input");
        std::fs::write(&file, input).unwrap();
        command.stdin(std::fs::File::open(&file).unwrap());
        let output = command.output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let wrong = run(&["password", "--password-stdin"], &format!("wrong horse\n{NEW}\n")).await;
    assert!(wrong.0 == Some(3) && wrong.2.contains("the current password is wrong"), "{wrong:?}");
    let empty = run(&["password", "--password-stdin"], "only one line\n").await;
    assert!(empty.0 == Some(2) && empty.2.contains("two lines"), "{empty:?}");
    let done_ = run(&["password", "--password-stdin"], &format!("{PASSWORD}\n{NEW}\n")).await;
    assert!(done_.0 == Some(0) && done_.2.contains("password changed"), "{done_:?}");

    let listed = done(wardroom(&server, &token, &["sessions", "--json"])).await;
    let only: Value = serde_json::from_slice(&listed.out).unwrap();
    assert_eq!((&only["this"], &only["label"]), (&json!(true), &json!("token")), "{only}");
    let gone = done(wardroom(&server, &token, &["sessions", "--end", "9000"])).await;
    assert!(gone.code == Some(3) && gone.err.contains("no such session"), "{}", gone.err);
    let others = done(wardroom(&server, &token, &["sessions", "--end-others"])).await;
    assert_eq!(others.code, Some(0), "{}", others.err);
    let shown = done(wardroom(&server, &token, &["sessions"])).await;
    assert!(String::from_utf8_lossy(&shown.out).contains("(this session)"), "{}", String::from_utf8_lossy(&shown.out));
}
