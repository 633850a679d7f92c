//! Search and webhooks with the binary: found after it was killed while it indexed, and posted over HTTP.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::test_server::{TestServer, done, until};

fn hits(server: &TestServer, args: &[&str]) -> Vec<serde_json::Value> {
    let found = server.run(&[&["search", "--json"], args].concat());
    assert!(found.code == 0 || found.code == 1, "{found:?}");
    found.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_line_is_found_once_though_the_server_is_killed_while_it_indexes() {
    let mut server = TestServer::new();
    let per_round = 700;
    for round in 0..3 {
        let lines: String = (0..per_round).map(|n| format!("round {round} line {n:04} of many\n")).collect();
        let chat = server.client(&["chat", "general"]);
        let talking = std::thread::spawn(move || done(chat, lines.as_bytes()));
        // Some of it is indexed, and the rest is on its way.
        assert!(until(|| !hits(&server, &[&format!("round {round} line"), "--limit", "1"]).is_empty()));
        server.kill();
        server.start();
        let talked = talking.join().unwrap();
        assert_eq!(talked.code, 0, "{talked:?}");
    }
    let all = 3 * per_round;
    // Nothing on stderr: all is searched.
    assert!(until(|| server.run(&["search", "--limit", "10000", "of many"]).err.is_empty()));
    let found = hits(&server, &["--limit", "10000", "round", "line", "many"]);
    let texts: BTreeSet<&str> = found.iter().map(|hit| hit["text"].as_str().unwrap()).collect();
    let seqs: BTreeSet<u64> = found.iter().map(|hit| hit["seq"].as_u64().unwrap()).collect();
    assert_eq!((found.len(), texts.len(), seqs.len()), (all, all, all), "each once");
    assert!(hits(&server, &["line of many"]).is_empty(), "what the shell keeps together is one word");
    let shown = server.run(&["search", "round 1 line 0007"]);
    assert!(shown.code == 0 && shown.text().ends_with(" ann: round 1 line 0007 of many\n"), "{shown:?}");
    let nothing = server.run(&["search", "nobody said that"]);
    assert_eq!((nothing.code, nothing.text().as_str()), (1, ""), "{nothing:?}");
    assert_eq!(server.run(&["search", "x"]).code, 1, "one character is searched too");
}

#[test]
fn a_program_posts_over_http_and_repeats_are_counted() {
    let server = TestServer::new();
    let made = done(server.client(&["chat", "general"]), b"/hook alerts\n");
    let said = format!("{}{}", made.text(), made.err);
    let token = said.split("/hooks/").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let post = |token: &str, headers: &str, body: &str| {
        let mut stream = TcpStream::connect(&server.http).unwrap();
        let head = format!(
            "POST /hooks/{token} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse::<u16>().unwrap(), body.to_owned())
    };
    let (status, first) = post(&token, "Idempotency-Key: disk\r\n", "disk full on web1");
    assert_eq!(status, 200, "{first}");
    for _ in 0..2 {
        assert_eq!(post(&token, "Idempotency-Key: disk\r\n", "disk full on web1"), (200, first.clone()));
    }
    assert_eq!(post(&token, "Content-Type: application/json\r\n", "{\"text\":\"from json\"}").0, 200);
    assert_eq!(post(&token, "", &"x".repeat(70_000)).0, 200);
    assert_eq!(post(&token, "", &"x".repeat((1 << 20) + 1)).0, 413);
    assert_eq!(post("0123456789", "", "x").0, 404);
    let log = server.run(&["log", "general", "--after", "0", "--json"]).text();
    let events: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<_> = events.iter().filter(|event| event["by"] == "alerts" && event["kind"] == "message").collect();
    assert_eq!((said.len(), &said[0]["count"], &said[1]["text"]), (3, &3.into(), &"from json".into()), "{log}");
    let files = server.run(&["ls", "general"]).text();
    assert!(files.trim_start().starts_with("70.0 kB"), "what is too long for a message is a file: {files}");
}
