//! Lighthouse looks at the first screen, before and after signing in, as a phone and as a desk have it.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::command::done;
use crate::house::House;

/// What each category reaches at least, of 100.
const SCORE_MIN: f64 = 95.0;
/// Chromium does not always say when a navigation began; Lighthouse then gives up, and is run again.
const ATTEMPTS: usize = 4;
const CATEGORIES: [&str; 4] = ["performance", "accessibility", "best-practices", "seo"];

/// The scores of a page, and what keeps each from the full one. The page is that of this browser, with its cookies.
async fn look(browser: &Browser, url: &str, is_desk: bool) -> (Vec<(String, f64)>, Vec<String>) {
    let path = std::env::var_os("WARDROOM_LIGHTHOUSE")
        .expect("WARDROOM_LIGHTHOUSE names lighthouse's cli/index.js; cargo xtask test e2e sets it");
    for _ in 0..ATTEMPTS {
        let mut lighthouse = tokio::process::Command::new("node");
        lighthouse.arg(PathBuf::from(&path)).args([url, "--quiet", "--output=json", "--disable-storage-reset"]);
        lighthouse.arg(format!("--port={}", browser.debug_port()));
        if is_desk {
            lighthouse.arg("--preset=desktop");
        }
        let ran = done(lighthouse).await;
        let Ok(report) = serde_json::from_slice::<Value>(&ran.out) else { continue };
        if report["runtimeError"]["code"].is_string() {
            continue;
        }
        let scores = CATEGORIES.map(|name| {
            let score = report["categories"][name]["score"].as_f64().unwrap_or(0.0) * 100.0;
            (name.to_owned(), score)
        });
        let audits = report["audits"].as_object().unwrap().values();
        let short = audits.filter(|audit| audit["score"].as_f64().is_some_and(|score| score < 0.9));
        let says = |audit: &Value| format!("{}: {} {}", audit["id"], audit["score"], audit["displayValue"]);
        return (scores.to_vec(), short.map(says).collect());
    }
    panic!("Lighthouse had no answer for {url} in {ATTEMPTS} runs");
}

#[tokio::test]
async fn the_first_screen_has_full_marks_before_and_after_signing_in() {
    let house = House::start();
    let ann = house.add_user("ann", "member").await;
    let mut ann = house.connect(&ann).await;
    for n in 0..20 {
        let text = format!("line {n} of a room that somebody reads");
        ann.ask(json!({"t":"room.post","room":"general","text":text,"nonce":format!("l{n}")})).await;
    }
    let page = Browser::start(1024, 768).await;
    let url = format!("{}r/general", page_of(&house));
    let mut faults = Vec::new();
    for when in ["before", "after"] {
        if when == "after" {
            page.sign_in(&url, "ann").await;
            page.page.goto("about:blank").await.unwrap();
        }
        for is_desk in [false, true] {
            let (scores, short) = look(&page, &url, is_desk).await;
            let where_ = if is_desk { "desk" } else { "phone" };
            println!("{when} signing in, {where_}: {scores:?}");
            let low = scores.iter().any(|(_, score)| *score < SCORE_MIN);
            faults.extend(low.then(|| format!("{when} signing in, {where_}: {scores:?}\n  {}", short.join("\n  "))));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    page.end().await;
}
