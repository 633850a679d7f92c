//! Conversation with `nc`: answers, edits, reactions, direct messages, who may do what, and search.

use serde_json::json;

use super::{Person, core};
use crate::common::PASSWORD;

#[tokio::test]
async fn what_was_said_is_edited_answered_and_taken_back() {
    let core = core().await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/create ops The ops\nhelo\n/edit hello\n").await;
    let shown = ann.until("ann edited 2: hello\n").await;
    assert!(shown.contains("# This is ops (The ops). Everything so far:\n"), "{shown}");
    ben.send("/join ops\n/reply 2 hello to you\n/react 2 👍\n/react 2 👍\n/unreact 2 👍\n/edit 2 mine\n").await;
    let shown = ben.until("# one edits one's own messages").await;
    assert!(shown.contains(" ann: hello\n      (edited)\n"), "as it is by now: {shown}");
    assert!(shown.contains(" ben (2 ann: \"hello\"): hello to you\n"), "{shown}");
    assert!(
        shown.contains(" ben reacted to 2: 👍\n") && shown.contains("# you already reacted with this\n"),
        "{shown}"
    );
    assert!(shown.contains(" ben removed a reaction from 2: 👍\n"), "{shown}");
    ben.send("/delete\n/delete\n/react 2 no\n/delete 2\n/reply 99 x\n/edit x\n").await;
    let shown = ben.until("# you said nothing here lately: say which line, as /log shows them\n").await;
    assert!(shown.contains(" ben deleted 5\n"), "{shown}");
    let shown = ben.until("# you said nothing here lately: say which line, as /log shows them\n").await;
    for words in [
        "# a reaction is one emoji\n",
        "# one deletes one's own messages; owners of the room delete all\n",
        "# ops has no such line to answer\n",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    ann.send("/log 2 before 6\n").await;
    let shown = ann.until("# End of history.\n").await;
    assert!(shown.contains("# The 2 lines of ops before 6:\n4 "), "{shown}");
    assert!(shown.contains("\n5 ") && shown.contains(" ben (2): (deleted)\n"), "{shown}");
}

#[tokio::test]
async fn people_talk_alone_and_look_after_their_rooms() {
    let core = core().await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/dm @ben\npsst @ben\n/invite vic\n").await;
    let shown = ann.until("# a direct message stays what it is: make a room for more\n").await;
    assert!(shown.contains("# This is a direct message: ben. Nothing was said here yet.\n"), "{shown}");
    ben.send("/rooms\n/dm ann\n").await;
    let shown = ben.until("ann: psst @ben\n").await;
    let listed = shown.lines().find(|line| line.contains("@ann")).unwrap_or_default();
    assert!(listed.ends_with(" 1 unread, 1 to you direct message"), "{shown}");
    ann.send("/create ops private\n/invite ben reader\n/topic a\\b\n/role ben owner\n/role ben owner\n/who\n").await;
    let shown = ann.until("here  owner\n").await;
    for words in [
        "ann added ben as reader\n",
        "ann set the topic: a\\b\n",
        "ann made ben an owner\n",
        "# ben is an owner here already\n",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    ben.send("/join ops\n/title Ours\n/retention 30\n/retention 9999\n/archive\nlate\n/unarchive\n/remove ann\n").await;
    let shown = ben.until("ben removed ann\n").await;
    for words in [
        "# Topic: a\\b\n",
        "ben renamed the room to Ours\n",
        "ben set message expiry to 30 days\n",
        "# retention_days is 0 to 3650",
        "ben archived the room\n",
        "# ops is archived: it can be read, and nothing is added\n",
        "ben unarchived the room\n",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    ann.until("# ben removed you from ops\n").await;
    ann.send("am I here?\n").await;
    ann.until("# you are not in ops any more: /rooms lists rooms, /join ROOM goes to one\n").await;
}

#[tokio::test]
async fn who_is_named_or_talked_to_alone_is_told_wherever_they_are() {
    let core = core().await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/create ops\n/invite ben\nto nobody\n@ben look\n").await;
    ben.until("# 1 unread line in ops names you: /join ops\n").await;
    ann.send("/dm ben\npsst\n").await;
    let shown = ben.until("# 1 unread line to you from ann: /dm ann\n").await;
    assert!(!shown.contains("psst"), "{shown}");
    let mut later = Person::connect(&core).await;
    later.send(&format!("login ben\n{PASSWORD}\n")).await;
    later.until("# 1 unread line to you from ann: /dm ann\n").await;
    later.until("# 1 unread line in ops names you: /join ops\n").await;
    later.send("/dm ann\n").await;
    later.until("ann: psst\n").await;
}

#[tokio::test]
async fn webhooks_are_made_listed_and_ended() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    ann.send("/hook alerts\n/create ops\n/hooks\n/hook alerts\n/hooks\n/unhook 1\n/unhook 1\n").await;
    let shown = ann.until("# ops has no webhook 1\n").await;
    for words in [
        "# only owners of general do this, and admins\n",
        "# no webhooks; /hook BOT creates one\n",
        "# Webhook 1 posts here as alerts. Copy its URL now; it won't be shown again:\n#   http://web.example/hooks/",
        " alerts joined\n",
        "#    1  alerts               by ann on ",
        ", never used\n",
        "# webhook 1 deleted\n",
        " alerts left\n",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
}

#[tokio::test]
async fn words_are_found_with_their_place() {
    let core = core().await;
    let mut program = core.sign_in("ben").await;
    let post = json!({"t":"room.post","room":"general","text":"web-1 is at 10.4.1.74\u{1b}[2J","nonce":"n"});
    let seq = program.ask(post).await["seq"].clone();
    let mut ann = Person::sign_in(&core, "ann").await;
    let shown = loop {
        ann.send("/search 4.1.7\n").await;
        let shown = ann.until("\n").await;
        if shown.contains("general") {
            break shown;
        }
    };
    assert!(shown.ends_with(&format!("  general {seq}  ben: web-1 is at 10.4.1.74␛[2J\n")), "{shown}");
    ann.send("/search x\n").await;
    ann.until("# ").await;
    let narrowed = [
        ("in:general by:ben kind:message since:2020-01-01 10.4.1.74", "ben: web-1"),
        ("by:ann 10.4.1.74", "No results"),
        ("until:2020-01-01 10.4.1.74", "No results"),
        ("kind:output 10.4.1.74", "No results"),
        ("\"by:ann\"", "No results"),
        ("since:yesterday 10.4.1.74", "a day is written as 2026-11-23"),
        ("in:general", "say what to search for"),
    ];
    for (asked, told) in narrowed {
        ann.send(&format!("/search {asked}\n")).await;
        ann.until(told).await;
    }
}
