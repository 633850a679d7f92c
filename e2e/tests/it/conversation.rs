//! Two browsers, a chat and `nc` in one room over a network that fails all the time: each of ten thousand posts is there
//! once, and all see them in one order.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::command::{Talk, wardroom};
use crate::cut::Wires;
use crate::dice::{Dice, seed};
use crate::test_server::{DEADLINE, PASSWORD, TestServer};
use crate::wire::Wire;

const POSTS: usize = 10_000;
const BY_BROWSER: usize = 1_000;
const BY_NC: usize = 300;
const BY_CHAT: usize = POSTS - 2 * BY_BROWSER - BY_NC;
const CUTS: u32 = 50;
/// Every tenth cut the core is killed too.
const CUTS_PER_RESTART: u32 = 10;
/// Longer than the whole takes on a machine that does other things.
const LIMIT: Duration = Duration::from_secs(600);

#[tokio::test]
async fn ten_thousand_posts_are_each_there_once_over_a_network_that_fails() {
    let mut dice = Dice(seed());
    let mut server = TestServer::start();
    let ann = server.add_user("ann", "operator").await;
    server.add_user("chen", "member").await;
    let (web, tcp) = (Wires::to(&server.http).await, Wires::to(&server.tcp).await);

    let mut browsers = Vec::new();
    for user in ["ben", "dora"] {
        server.add_user(user, "member").await;
        let browser = Browser::start(1024, 768).await;
        browser.sign_in(&format!("http://{}/", web.address), user).await;
        browser.open_room("general").await;
        browsers.push((browser, user));
    }
    let mut command = wardroom(&server, &ann, &["chat", "general"]);
    command.env("WARDROOM_SERVER", format!("tcp://{}", tcp.address));
    let mut chat = Talk::start(command);
    // Here before the first post, so that it shows all of them.
    chat.until("dora joined").await;
    let chat = tokio::spawn(chat_all(chat));
    for (browser, user) in &browsers {
        post_from_the_composer(browser, user).await;
    }
    let by_nc = tokio::spawn(nc_all(tcp.address.clone(), server.tcp.clone(), ann.clone()));

    for cut in 1..=CUTS {
        tokio::time::sleep(Duration::from_millis(100 + dice.below(1_100))).await;
        if dice.below(2) == 0 {
            web.cut()
        } else {
            tcp.cut()
        }
        if cut % CUTS_PER_RESTART == 0 {
            server.restart_core();
        }
    }
    assert!(web.ended.load(Ordering::Relaxed) > 0 && tcp.ended.load(Ordering::Relaxed) > 0, "the cuts hit nobody");

    let said = tokio::time::timeout(LIMIT, chat).await.expect("the chat comes to its end in time").unwrap();
    let seen_by_nc = tokio::time::timeout(LIMIT, by_nc).await.expect("nc comes to its end in time").unwrap();
    let timeline = whole_timeline(&server.tcp, &ann).await;
    let order: HashMap<&str, usize> = timeline.values().enumerate().map(|(at, text)| (text.as_str(), at)).collect();
    assert_eq!((timeline.len(), order.len()), (POSTS, POSTS), "each post is there, and once");

    let shown: Vec<&str> = said.iter().filter_map(|line| text_in(line)).collect();
    assert!(
        shown.iter().copied().eq(timeline.values().map(String::as_str)),
        "the chat showed each once, in this order"
    );
    for seen in seen_by_nc {
        let places: Vec<usize> = seen.iter().filter_map(|line| order.get(text_in(line)?).copied()).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "nc saw another order: {places:?}");
    }
    let [(first, _), (second, _)] = browsers.as_slice() else { unreachable!("two browsers were started") };
    tokio::join!(shows(first, &timeline), shows(second, &timeline));
    for (browser, _) in browsers {
        browser.end().await;
    }
}

/// The page shows exactly this.
async fn shows(browser: &Browser, timeline: &BTreeMap<u64, String>) {
    browser.state("live").await;
    let found = all_lines(browser, timeline.len()).await;
    assert!(found == *timeline, "the page shows {} lines, or others, for {}", found.len(), timeline.len());
}

/// `ann-17` out of a line that ends with it.
fn text_in(line: &str) -> Option<&str> {
    let word = line.rsplit(' ').next()?;
    let (who, n) = word.split_once('-')?;
    (["ann", "ben", "chen", "dora"].contains(&who) && n.parse::<usize>().is_ok()).then_some(word)
}

/// Types into the composer, line after line, whatever the link does.
async fn post_from_the_composer(browser: &Browser, who: &str) {
    let script = r"
        const [who, count] = arguments;
        const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;
        const pause = ms => new Promise(done => setTimeout(done, ms));
        (async () => {
            for (let n = 0; n < count; n++) {
                const field = document.querySelector('[data-testid=composer]');
                set.call(field, `${who}-${n}`);
                field.dispatchEvent(new InputEvent('input', {bubbles: true}));
                await pause(20);
                field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}));
                await pause(20);
            }
        })();";
    browser.page.execute(script, vec![json!(who), json!(BY_BROWSER)]).await.unwrap();
}

/// Says all that the chat has to say, and reads until all of everybody has been shown.
async fn chat_all(mut chat: Talk) -> Vec<String> {
    for n in 0..BY_CHAT {
        chat.say(&format!("ann-{n}")).await;
        // Spread over the cuts.
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let mut shown = 0;
    while shown < POSTS {
        let line = chat.until("-").await;
        shown += usize::from(text_in(&line).is_some());
    }
    chat.said
}

/// A person with `nc`: says a line, sees it come back, says the next. When the connection ends they come again, and look first
/// whether their last line is there. Gives what each connection showed.
async fn nc_all(address: String, direct: String, token: String) -> Vec<Vec<String>> {
    let (host, port) = address.rsplit_once(':').unwrap();
    let mut connections = Vec::new();
    let mut n = 0;
    while n < BY_NC {
        let mut nc = tokio::process::Command::new("nc.openbsd");
        nc.args([host, port]);
        let mut person = Talk::start(nc);
        if sign_in(&mut person).await.is_some() {
            // The last line before the connection ended may have come.
            n += usize::from(is_there(&direct, &token, &format!("chen-{n}")).await);
            while n < BY_NC && say_and_see(&mut person, &format!("chen-{n}")).await.is_some() {
                n += 1;
            }
        }
        connections.push(person.said);
    }
    connections
}

async fn say_and_see(person: &mut Talk, text: &str) -> Option<()> {
    person.try_say(text).await?;
    person.try_until(&format!("chen: {text}")).await
}

async fn sign_in(person: &mut Talk) -> Option<()> {
    person.try_until("# Wardroom").await?;
    person.try_say("login chen").await?;
    person.try_say(PASSWORD).await?;
    person.try_until("general").await?;
    Some(())
}

/// Looks through the last lines of the room, by a connection that nothing cuts, as often as the core is killed meanwhile.
async fn is_there(direct: &str, token: &str, text: &str) -> bool {
    let start = Instant::now();
    loop {
        if let Some(found) = look_for(&mut Wire::signed_in(direct, token).await, text).await {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "nobody could look for {text}");
    }
}

async fn look_for(wire: &mut Wire, text: &str) -> Option<bool> {
    let mut before = None;
    // Far enough back: chat and pages say some hundred lines while a person signs in.
    for _ in 0..10 {
        let mut ask = json!({"t":"room.history","room":"general","limit":200});
        if before.is_some() {
            ask["before"] = Value::from(before);
        }
        let page = wire.try_ask(ask).await?;
        let events = page["events"].as_array()?;
        if events.iter().any(|event| event["text"] == text) {
            return Some(true);
        }
        let Some(first) = events.first() else { break };
        before = first["seq"].as_u64();
    }
    Some(false)
}

/// All that was said, once all of it is there.
async fn whole_timeline(address: &str, token: &str) -> BTreeMap<u64, String> {
    let start = Instant::now();
    loop {
        let mut wire = Wire::signed_in(address, token).await;
        wire.ask(json!({"t":"room.open","room":"general","after":0})).await;
        let mut said = BTreeMap::new();
        let mut place = 0;
        loop {
            let (told, _) = wire.next().await.unwrap();
            if told["t"] == "room.live" {
                break;
            }
            if told["t"] == "event" {
                place += 1;
                assert_eq!(told["seq"], place, "places are contiguous");
                if let Some(text) = told["text"].as_str().filter(|text| text_in(text).is_some()) {
                    said.insert(place, text.to_owned());
                }
            }
        }
        if said.len() >= POSTS {
            return said;
        }
        assert!(start.elapsed() < LIMIT, "only {} posts came", said.len());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Scrolls from the end of the page's timeline to its beginning, and gives all lines that were shown.
async fn all_lines(browser: &Browser, count: usize) -> BTreeMap<u64, String> {
    let script = r"
        const lines = [...document.querySelectorAll('[data-testid=timeline] [data-kind=message][data-seq]')]
            .map(line => [+line.dataset.seq, line.querySelector('[data-testid=text]')?.textContent ?? line.textContent]);
        const view = document.querySelector('[data-testid=timeline]');
        view.scrollTop -= view.clientHeight * 0.8;
        return lines;";
    let mut found = BTreeMap::new();
    let start = Instant::now();
    while found.len() < count && start.elapsed() < 3 * DEADLINE {
        let lines = browser.page.execute(script, vec![]).await.unwrap();
        for line in lines.as_array().unwrap() {
            if let (Some(seq), Some(text)) = (line[0].as_u64(), line[1].as_str().and_then(text_at_end)) {
                found.insert(seq, text.to_owned());
            }
        }
        // As long as a frame takes: what was scrolled to is drawn.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    found
}

fn text_at_end(shown: &str) -> Option<&str> {
    let at = ["ann-", "ben-", "chen-", "dora-"].iter().filter_map(|who| shown.rfind(who)).max()?;
    shown.get(at..).filter(|text| text_in(text).is_some())
}
