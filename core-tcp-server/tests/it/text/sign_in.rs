//! The greeting, signing in, and who is sent away.

use serde_json::json;
use tokio::net::TcpStream;

use super::{GREETED, Person, core};
use crate::common::{Client, PASSWORD, TestCore};

#[tokio::test]
async fn silence_is_greeted() {
    let core = TestCore::start().await;
    let mut person = Person::connect(&core).await;
    let greeting = person.until(GREETED).await;
    let version = env!("CARGO_PKG_VERSION");
    let words = format!("# Wardroom {version} at test. Type  login NAME  or  invite CODE.  {GREETED}");
    assert_eq!(greeting, words);
}

#[tokio::test]
async fn a_slow_program_is_not_harmed_by_the_greeting() {
    let core = core().await;
    let mut person = Person::connect(&core).await;
    person.until(GREETED).await;
    // Frames after an empty line, the first one in two parts.
    let hello = json!({"t":"hello","v":1,"auth":{"user":"ann","password":PASSWORD}}).to_string();
    let (first, second) = hello.split_at(9);
    person.send(&format!("\r\n{first}")).await;
    person.send(second).await;
    person.send("\n{\"t\":\"room.list\",\"id\":1}\n").await;
    let answers = person.until("\"re\":1").await;
    assert!(answers.starts_with("{\"t\":\"welcome\""), "{answers}");
}

#[tokio::test]
async fn a_program_that_skips_comments_reads_the_greeting_as_one() {
    let core = core().await;
    let stream = TcpStream::connect(&core.address).await.unwrap();
    // Greeted, because 250 ms pass before its first byte.
    stream.readable().await.unwrap();
    let mut program = Client::over(stream);
    program.hello(json!({"user":"ann","password":PASSWORD})).await;
    program.ask(json!({"t":"room.list"})).await;
}

#[tokio::test]
async fn one_signs_in_with_a_password_on_a_line_of_its_own() {
    let core = core().await;
    let mut ann = Person::connect(&core).await;
    ann.send(&format!("login ann {PASSWORD}\nhelp\nlogin ann\r\n{PASSWORD}\r\n")).await;
    let shown = ann.until("# This is general").await;
    assert!(shown.contains("# login takes one name; the password goes on the next line"), "{shown}");
    assert!(shown.contains("#   /run "), "{shown}");
    assert!(shown.contains("# password (it shows as you type):\n"), "{shown}");
    assert!(shown.contains("# You are ann (operator)."), "{shown}");
}

#[tokio::test]
async fn three_wrong_passwords_are_the_end() {
    let core = core().await;
    let mut person = Person::connect(&core).await;
    person
        .send(&format!("hello\n/who\nlogin ann\nwrong\nlogin nobody\n{PASSWORD}\nlogin ann\nwrong\nlogin ann\n"))
        .await;
    let shown = person.rest().await;
    assert_eq!(shown.matches("# type  login NAME").count(), 2, "{shown}");
    assert_eq!(shown.matches("# wrong name or password\n").count(), 3, "the same words for all: {shown}");
    assert!(!shown.contains("You are"), "{shown}");
}

#[tokio::test]
async fn an_address_that_fails_too_often_has_to_wait() {
    let core = core().await;
    for _ in 0..4 {
        let mut person = Person::connect(&core).await;
        person.send("login ann\nwrong\nlogin ann\nwrong\nlogin ann\nwrong\n").await;
        person.rest().await;
    }
    let mut person = Person::connect(&core).await;
    person.send(&format!("login ann\n{PASSWORD}\n/quit\n")).await;
    let shown = person.rest().await;
    assert!(shown.contains("# too many attempts: try again in"), "{shown}");
}

#[tokio::test]
async fn an_invite_makes_an_account_once() {
    let core = TestCore::start().await;
    let invite = core.first_invite.clone().unwrap();
    let mut ann = Person::connect(&core).await;
    ann.send(&format!("invite {invite}\nAnn\ninvite {invite}\nann\nshort\ninvite {invite}\nann\n{PASSWORD}\nhello\n"))
        .await;
    let shown = ann.until("ann: hello\n").await;
    assert!(shown.contains("# a user's name is 1 to 32"), "{shown}");
    assert!(shown.contains("# a password has at least 8 characters\n"), "{shown}");
    assert!(shown.contains("# You are ann (admin)."), "{shown}");
    let mut eve = Person::connect(&core).await;
    eve.send(&format!("invite {invite}\neve\n{PASSWORD}\nquit\n")).await;
    assert!(eve.rest().await.contains("# this invite is used up"), "once");
    Person::sign_in(&core, "ann").await;
}

#[tokio::test]
async fn garbage_is_the_end_and_harms_nobody() {
    let core = core().await;
    let mut garbage = Person::connect(&core).await;
    let bytes: Vec<u8> = (0..64_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80).collect();
    let lines: Vec<u8> = bytes.chunks(50).flat_map(|chunk| chunk.iter().copied().chain([b'\n'])).collect();
    garbage.send_bytes(&lines).await;
    let shown = garbage.rest().await;
    assert!(shown.lines().count() <= 10, "{shown}");
    assert!(shown.contains("this line is not UTF-8"), "{shown}");
    // One endless line.
    let mut endless = Person::connect(&core).await;
    endless.send_bytes(&vec![b'x'; 20_000]).await;
    assert!(endless.rest().await.contains("at most 8,192 bytes"), "before one is signed in");
    Person::sign_in(&core, "ann").await;
}

#[tokio::test]
async fn telnet_is_understood() {
    let core = core().await;
    let mut ann = Person::connect(&core).await;
    ann.send_bytes(b"\xff\xfd\x03\xff\xfb\x18").await;
    ann.send_bytes(format!("login ann\r\n{PASSWORD}\r\n").as_bytes()).await;
    ann.send_bytes(b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0hello\r\n").await;
    ann.until("ann: hello\n").await;
}

#[tokio::test]
async fn a_closed_account_is_told_and_cut_off() {
    let core = core().await;
    let mut ben = Person::sign_in(&core, "ben").await;
    let mut admin = core.system().await;
    admin.ask(json!({"t":"user.disable","user":"ann","disabled":true})).await;
    admin.ask(json!({"t":"user.disable","user":"ben","disabled":true})).await;
    let begun = std::time::Instant::now();
    let shown = ben.rest().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(shown.ends_with("# your sessions were ended: sign in again\n"), "{shown}");
    let mut ann = Person::connect(&core).await;
    ann.send(&format!("login ann\n{PASSWORD}\nquit\n")).await;
    assert!(ann.rest().await.contains("# wrong name or password\n"));
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    let stopping = core.stop();
    let (_, shown) = tokio::join!(stopping, ann.rest());
    assert!(shown.ends_with("# the server is stopping\n"), "{shown}");
}
