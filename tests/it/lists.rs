//! Runs that are listed, shown again and stopped, and who is in a room.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::test_server::{TestServer, done, finish, lines_of};

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn runs_are_listed_and_shown_again() {
    let server = TestServer::new();
    let script = "echo one; echo two >&2; echo three; exit 3";
    assert_eq!(server.run(&["run", "general", "--", "sh", "-c", script]).code, 3);
    assert_eq!(server.run(&["run", "general", "--", "true"]).code, 0);
    let failed = server.run(&["runs", "--state", "failed", "--json"]);
    let failed = json_lines(&failed.text());
    assert_eq!((failed.len(), &failed[0]["n"], &failed[0]["exit"]["code"]), (1, &1.into(), &3.into()));
    let all = server.run(&["runs", "general", "--user", "ann", "--host", "local"]).text();
    let words: Vec<&str> = all.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(words, ["r2", "r1"], "{all}");
    assert!(all.contains("exit 3 after") && all.contains("on local"), "{all}");
    let both = server.run(&["output", "r1"]);
    assert_eq!((both.code, both.text().as_str(), both.err.as_str()), (0, "one\nthree\n", "two\n"));
    assert_eq!(server.run(&["output", "r1", "--stdout"]).text(), "one\nthree\n");
    let err = server.run(&["output", failed[0]["run"].as_str().unwrap(), "--stderr"]);
    assert_eq!((err.text().as_str(), err.err.as_str()), ("", "two\n"));
    assert_eq!(server.run(&["run", "general", "--", "printf", "abcdef"]).code, 0);
    assert_eq!(server.run(&["output", "3", "--from", "3", "--follow"]).text(), "def");
    let json = json_lines(&server.run(&["output", "r1", "--json"]).text());
    assert_eq!((&json[0]["t"], &json.last().unwrap()["exit"]["code"]), (&"started".into(), &3.into()));
    let none = server.run(&["output", "r99"]);
    assert_eq!(none.code, 3, "{none:?}");
    assert!(none.err.contains("wardroom runs"), "{}", none.err);
    assert_eq!(server.run(&["output", "r1", "--from", "999"]).code, 3);
    let hosts = json_lines(&server.run(&["hosts", "--json"]).text());
    assert_eq!((&hosts[0]["host"], &hosts[0]["connected"]), (&"local".into(), &true.into()));
    let level = &hosts[0]["isolation"];
    assert!(["user", "namespace", "landlock"].iter().any(|known| level == *known), "{level}");
    assert_eq!(&failed[0]["isolation"], level);
}

#[test]
fn a_terminal_is_recorded() {
    let server = TestServer::new();
    let script = "printf 'one\\n'; sleep 0.3; printf '\\033[1mtwo\\n'; exit 3";
    assert_eq!(server.run(&["run", "general", "--tty", "--", "sh", "-c", script]).code, 3);
    let lines = json_lines(&server.run(&["output", "r1", "--cast"]).text());
    assert_eq!((&lines[0]["version"], &lines[0]["term"]["cols"]), (&3.into(), &80.into()));
    let text: String =
        lines[1..].iter().filter(|event| event[1] == "o").map(|event| event[2].as_str().unwrap()).collect();
    assert_eq!(text, "one\r\n\u{1b}[1mtwo\r\n");
    let last = lines.last().unwrap();
    assert_eq!((&last[1], &last[2]), (&"x".into(), &"3".into()));
    let seconds: f64 = lines[1..].iter().map(|event| event[0].as_f64().unwrap()).sum();
    assert!(seconds >= 0.3, "it takes as long as it took: {seconds}");
}

#[test]
fn a_run_is_stopped_from_elsewhere() {
    let server = TestServer::new();
    let script = "echo ready; sleep 99";
    let mut run = server.client(&["run", "general", "--", "sh", "-c", script]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(run.stdout.take().unwrap());
    assert_eq!(lines.recv_timeout(Duration::from_secs(60)).unwrap(), "ready");
    let listed = json_lines(&server.run(&["runs", "--state", "running", "--json"]).text());
    assert_eq!(listed.len(), 1);
    // What there is now, without waiting for the end.
    assert_eq!(server.run(&["output", "r1"]).text(), "ready\n");
    let stopped = server.run(&["stop", "r1", "--json"]);
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert_eq!(json_lines(&stopped.text())[0]["exit"]["stopped_by"], "ann");
    assert_eq!(finish(run).code, 143);
    let again = server.run(&["stop", "r1"]);
    assert_eq!(again.code, 0, "what has ended is stopped: {again:?}");
    assert!(again.err.contains("ended already: stopped by ann"), "{}", again.err);
}

#[test]
fn rooms_are_joined_and_left() {
    let server = TestServer::new();
    assert_eq!(server.admin(&["user", "add", "ben", "--password-stdin"], b"a long password\n").code, 0);
    let token = server.admin(&["token", "add", "ben"], b"").text();
    let ben = |args: &[&str]| {
        let mut command = server.client(args);
        command.env("WARDROOM_TOKEN", token.trim());
        done(command, b"")
    };
    assert_eq!(done(server.client(&["chat", "general"]), b"/create ops\n").code, 0);
    let names = || -> Vec<String> {
        let listed = json_lines(&server.run(&["who", "ops", "--json"]).text());
        listed.iter().map(|member| member["user"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ben(&["join", "ops", "--json"]).text(), "{\"joined\":true,\"room\":\"ops\"}\n");
    assert_eq!(ben(&["join", "ops"]).code, 0, "twice is no error");
    assert_eq!(names(), ["ann", "ben"]);
    assert!(server.run(&["who", "ops"]).text().contains("ben"));
    assert_eq!(ben(&["leave", "ops"]).code, 0);
    assert_eq!(names(), ["ann"]);
    assert_eq!(ben(&["join", "nowhere"]).code, 3);
}
