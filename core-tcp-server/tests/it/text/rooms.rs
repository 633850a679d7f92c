//! Talking: lines in, lines out, in one order for all.

use serde_json::json;

use super::{Person, core};
use crate::common::PASSWORD;

/// What was said, without the times and our own words.
fn said(shown: &str) -> Vec<&str> {
    shown
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(_, said)| said)
        .collect()
}

#[tokio::test]
async fn people_and_programs_in_one_room_see_one_order() {
    let core = core().await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    let mut program = core.sign_in("ann").await;
    program.ask(json!({"t":"room.open","room":"general"})).await;
    for round in 0..20 {
        ann.send(&format!("a{round}\n")).await;
        ben.send(&format!("b{round}\n")).await;
        let post = json!({"t":"room.post","room":"general","text":format!("p{round}"),"nonce":format!("n{round}")});
        program.ask(post).await;
    }
    // All of it is stored when the last of each has come to each.
    let mut order = Vec::new();
    while order.len() < 60 {
        let event = program.next_of("event").await;
        if event["kind"] == "message" {
            order.push(format!("{}: {}", event["by"].as_str().unwrap(), event["text"].as_str().unwrap()));
        }
    }
    for person in [&mut ann, &mut ben] {
        let mut shown = String::new();
        while shown.matches(": ").count() < 60 {
            shown += &person.until("\n").await;
        }
        let lines: Vec<&str> = said(&shown).into_iter().filter(|line| line.contains(": ")).collect();
        assert_eq!(lines, order);
    }
}

#[tokio::test]
async fn the_last_lines_come_first_and_the_log_has_more() {
    let core = core().await;
    let mut program = core.sign_in("ben").await;
    for n in 0..30 {
        program.ask(json!({"t":"room.post","room":"general","text":format!("line {n}"),"nonce":format!("n{n}")})).await;
    }
    let mut ann = Person::sign_in(&core, "ann").await;
    ann.send("/log 25\n/log 0\nnew\n").await;
    let shown = ann.until("ann: new\n").await;
    let (last, log) = shown.split_once("# The last 25 lines of general:\n").unwrap();
    assert_eq!(said(last), (20..30).map(|n| format!("ben: line {n}")).collect::<Vec<_>>());
    assert_eq!(said(log).len(), 26, "{log}");
    assert!(log.contains("# the number of messages is 1 to 200\n"), "{log}");
    assert!(log.lines().next().unwrap().ends_with("ben: line 5"), "{log}");
}

#[tokio::test]
async fn rooms_are_made_joined_left_and_counted() {
    let core = core().await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/create ops\nin ops\n").await;
    ann.until("ann: in ops\n").await;
    ben.send("hello general\n/rooms\n/join nowhere\n/join ops\n/rooms\n/who\n").await;
    let shown = ben.until("of 2 in ops are here:\n").await;
    assert!(shown.contains("# * general                           Company-wide room\n"), "{shown}");
    assert!(shown.contains("#   ops                  not joined\n"), "{shown}");
    assert!(shown.contains("# there is no room nowhere\n"), "{shown}");
    assert!(shown.contains("# This is ops. Everything so far:\n"), "{shown}");
    assert!(
        shown.contains("ann joined\n") && shown.contains("ann: in ops\n") && shown.contains("ben joined\n"),
        "{shown}"
    );
    ben.until("#   ben                  member    here\n").await;
    // Only the open room is shown; the others are counted.
    ann.send("/rooms\n").await;
    ann.until("#   general              1 unread     Company-wide room\n").await;
    ben.send("/leave\n/who\n/leave\n").await;
    let shown = ben.until("# everybody is in general, always\n").await;
    assert!(shown.contains("# you left ops\n# This is general (Company-wide room)."), "{shown}");
    ann.until("ben left\n").await;
    ann.send("/join general\n").await;
    let shown = ann.until("ben: hello general\n").await;
    assert!(!shown.contains("ann: in ops"), "{shown}");
}

#[tokio::test]
async fn nothing_raw_reaches_another_terminal() {
    let core = core().await;
    let mut ben = Person::sign_in(&core, "ben").await;
    let mut program = core.sign_in("ann").await;
    let text = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}evil\n14:03 ben: I quit\r\n\tend";
    program.ask(json!({"t":"room.post","room":"general","text":text,"nonce":"n"})).await;
    ben.until("ann: ").await;
    let shown = ben.until("end\n").await;
    assert_eq!(shown, "␛]0;owned␇<U+009B>2J<U+202E>evil\n      14:03 ben: I quit\n      \tend\n");
}

#[tokio::test]
async fn a_line_that_cannot_be_sent_is_answered_with_a_sentence() {
    let core = core().await;
    let mut ben = Person::sign_in(&core, "ben").await;
    ben.send(&format!("{}\n", "x".repeat(1_100_000))).await;
    ben.send(&format!("/topic {}\n", "y".repeat(100_000))).await;
    ben.send_bytes(b"gr\xfc\xdfe\n").await;
    ben.send("/nope\n/dm\n//etc/hosts is a path\n   \n\nstill here\n").await;
    let shown = ben.until("ben: still here\n").await;
    for words in [
        "# a line has at most 1,048,576 bytes: this one was skipped; /put takes files of any size\n",
        "# this line is not UTF-8: it was skipped; send it as a file\n",
        "# unknown command /nope; /help and /commands list what there is, // sends text that starts with a slash\n",
        "# usage: /dm NAME…\n",
        "ben: /etc/hosts is a path\n",
    ] {
        assert_eq!(shown.matches(words).count(), 1, "{words} in {shown}");
    }
    assert_eq!(shown.matches("ben: ").count(), 2, "nothing else was said: {shown}");
}

#[tokio::test]
async fn a_text_that_is_too_long_for_a_message_becomes_a_file() {
    let core = core().await;
    let mut ben = Person::sign_in(&core, "ben").await;
    let texts = ["é".repeat(8_193), format!("// {}", "x".repeat(1_000_000))];
    for text in &texts {
        ben.send(&format!("before\n{text}\nbehind\n")).await;
        let shown = ben.until("ben: behind\n").await;
        let told = format!(
            "{} bytes, the whole of it is the file text-",
            text.trim_start_matches('/').len() + usize::from(text.starts_with('/'))
        );
        let (before, told) = (shown.find("ben: before\n"), shown.find(&told));
        assert!(before < told && told.is_some(), "{shown}");
        assert!(shown.len() < 4_000, "only its beginning is a message: {}", shown.len());
    }
    let mut program = core.sign_in("ben").await;
    let listed = program.ask(json!({"t":"file.list","in":"room:general"})).await;
    let sizes: Vec<u64> =
        listed["entries"].as_array().unwrap().iter().map(|entry| entry["size"].as_u64().unwrap()).collect();
    // The second slash is no part of the text.
    assert_eq!(sizes.iter().sum::<u64>(), 16_386 + 1_000_002, "{listed}");
    assert_eq!(sizes.len(), 2, "two within one second have two names: {listed}");
}

#[tokio::test]
async fn a_viewer_reads_and_is_told_why_not_more() {
    let core = core().await;
    let mut vic = Person::sign_in(&core, "vic").await;
    vic.send("hello\n/run make\n/create ops\n/put a.txt 6\nhello\n/who\n").await;
    let shown = vic.until("in general are here:\n").await;
    assert_eq!(shown.matches("# a viewer only reads: ask an admin for the role member\n").count(), 3, "{shown}");
    assert_eq!(shown.matches("# only operators run commands").count(), 1, "{shown}");
    let mut ben = Person::sign_in(&core, "ben").await;
    ben.send("hello vic\n").await;
    vic.until("ben: hello vic\n").await;
}

#[tokio::test]
async fn what_was_shown_counts_as_read() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    ann.send("one\ntwo\n/quit\n").await;
    ann.until("# bye\n").await;
    assert_eq!(ann.rest().await, "");
    let mut program = core.connect().await;
    let welcome = program.hello(json!({"user":"ann","password":PASSWORD})).await;
    let room = &welcome["rooms"][0];
    assert_eq!(room["read"], room["head"], "{room}");
}

#[tokio::test]
async fn what_was_said_before_a_half_close_is_stored_and_shown() {
    let core = core().await;
    let mut ann = Person::connect(&core).await;
    let lines: String = (0..500).map(|n| format!("line {n}\n")).collect();
    ann.send(&format!("login ann\n{PASSWORD}\n{lines}the last one has no end")).await;
    ann.half_close().await;
    let shown = ann.rest().await;
    let said: Vec<&str> = said(&shown).into_iter().filter(|line| line.starts_with("ann: ")).collect();
    assert_eq!(said.len(), 501);
    assert_eq!((said[0], said[499], said[500]), ("ann: line 0", "ann: line 499", "ann: the last one has no end"));
}

#[tokio::test]
async fn a_command_that_was_cut_off_is_not_carried_out() {
    let core = core().await;
    for line in ["/run rm -rf /tmp/", "$ rm -rf /tmp/"] {
        let mut ann = Person::sign_in(&core, "ann").await;
        ann.send(line).await;
        ann.half_close().await;
        assert_eq!(ann.rest().await.lines().last(), Some("# the last line has no line end, so it was not executed"));
    }
}

#[tokio::test]
async fn a_person_who_does_not_read_holds_nobody_up() {
    let core = core().await;
    let _ann = Person::sign_in(&core, "ann").await;
    let mut program = core.sign_in("ben").await;
    program.ask(json!({"t":"room.open","room":"general"})).await;
    let text = "x".repeat(16_000);
    for n in 0..600 {
        program.ask(json!({"t":"room.post","room":"general","text":text,"nonce":format!("n{n}")})).await;
    }
    let mut late = Person::sign_in(&core, "ann").await;
    late.send("/quit\n").await;
    assert!(late.rest().await.ends_with("# bye\n"));
}
