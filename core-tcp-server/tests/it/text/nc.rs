//! As people do it: the real `nc` of OpenBSD, and the real `ncat` of Nmap.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use super::core;
use crate::common::{DEADLINE, PASSWORD, TestCore};

/// Runs a client with this input to its end, and gives what it printed.
async fn run(program: &str, arguments: &[&str], core: &TestCore, input: &[u8]) -> Vec<u8> {
    let (host, port) = core.address.rsplit_once(':').unwrap();
    let child = Command::new(program)
        .args(arguments)
        .args([host, port])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.unwrap_or_else(|e| panic!("{program}: {e}: apt-get install netcat-openbsd ncat"));
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let writing = async {
        stdin.write_all(input).await.unwrap();
        drop(stdin);
    };
    let mut printed = Vec::new();
    let all = async { tokio::join!(writing, stdout.read_to_end(&mut printed), child.wait()) };
    let (_, read, status) =
        tokio::time::timeout(DEADLINE, all).await.unwrap_or_else(|_| panic!("{program} did not end"));
    read.unwrap();
    assert!(status.unwrap().success(), "{program}");
    printed
}

const CLIENTS: [(&str, &[&str]); 2] = [("nc.openbsd", &["-N"]), ("ncat", &[])];

#[tokio::test]
async fn a_script_is_answered_in_full() {
    let core = core().await;
    for (program, arguments) in CLIENTS {
        for round in 0..10 {
            let input = format!("login ann\n{PASSWORD}\nhello {round} of {program}\n/quit\n");
            let shown = String::from_utf8(run(program, arguments, &core, input.as_bytes()).await).unwrap();
            assert!(shown.starts_with("# Wardroom "), "{shown}");
            assert!(shown.contains(&format!("ann: hello {round} of {program}\n# bye\n")), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_script_needs_no_quit() {
    let core = core().await;
    for (program, arguments) in CLIENTS {
        let lines: String = (0..200).map(|n| format!("{program} {n}\n")).collect();
        let input = format!("login ann\n{PASSWORD}\n{lines}");
        let shown = String::from_utf8(run(program, arguments, &core, input.as_bytes()).await).unwrap();
        assert_eq!(shown.matches(&format!("ann: {program} ")).count(), 200, "{shown}");
    }
}

#[tokio::test]
async fn a_file_goes_through_a_pipe_and_back() {
    let core = core().await;
    let bytes: Vec<u8> = (0..1_500_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    for (program, arguments) in CLIENTS {
        let put = format!("login ann\n{PASSWORD}\n/put {program}.bin {}\n", bytes.len());
        let shown = run(program, arguments, &core, &[put.as_bytes(), &bytes].concat()).await;
        let shown = String::from_utf8(shown).unwrap();
        let digest = blake3::hash(&bytes).to_hex();
        assert!(shown.contains(&format!("# put {program}.bin 1500000 {digest}\n")), "{shown}");
        let get = format!("login ann\n{PASSWORD}\n/get {program}.bin\n");
        let shown = run(program, arguments, &core, get.as_bytes()).await;
        let head = format!("# get {program}.bin 1500000 {digest}\n");
        let at = shown.windows(head.len()).position(|part| part == head.as_bytes()).unwrap() + head.len();
        assert!(shown[at..at + bytes.len()] == bytes);
        assert_eq!(shown[at + bytes.len()..], *format!("\n# got {program}.bin (1.5 MB)\n").as_bytes());
    }
}

/// Somebody sits at a terminal: nothing is half closed, lines come as they are said.
#[tokio::test]
async fn a_terminal_shows_what_others_say_at_once() {
    let core = core().await;
    let (host, port) = core.address.rsplit_once(':').unwrap();
    let mut terminal = Command::new("nc.openbsd");
    terminal.args([host, port]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = terminal.spawn().unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(stdout).lines();
    let mut until = async |words: &str| loop {
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap().expect("a line");
        if line.contains(words) {
            break line;
        }
    };
    until("# Wardroom").await;
    stdin.write_all(format!("login ben\n{PASSWORD}\n").as_bytes()).await.unwrap();
    until("# This is general").await;
    let mut ann = super::Person::sign_in(&core, "ann").await;
    ann.send("hello ben\n").await;
    until("ann: hello ben").await;
    stdin.write_all(b"hello ann\n").await.unwrap();
    ann.until("ben: hello ann\n").await;
    // An account that is closed ends the program too.
    core.system().await.ask(serde_json::json!({"t":"user.disable","user":"ben","disabled":true})).await;
    until("# your sessions were ended: sign in again").await;
    drop(stdin);
    tokio::time::timeout(Duration::from_secs(5), child.wait()).await.unwrap().unwrap();
}
