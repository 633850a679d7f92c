//! Terminals over a network that fails, fifty times in all: of each somebody types, somebody watches its screen, and
//! somebody reads its output, with a client and a network of their own.

use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::command::wardroom;
use crate::cut::Wires;
use crate::dice::{Dice, seed};
use crate::test_server::{TestServer, binary};
use crate::tmux::Tmux;

/// Cuts of each client; a client that loses one connection after the other waits longer each time.
const CUTS: u64 = 5;
/// Terminals at once.
const TERMINALS: u64 = 10;

/// A window of tmux with the shell, in which a command runs over this network.
fn window(wires: &Wires, token: &str, args: &str) -> Tmux {
    let server = format!("tcp://{}", wires.address);
    let vars = [("WARDROOM_TOKEN", token), ("WARDROOM_SERVER", server.as_str())];
    Tmux::start(100, 30, &vars, &format!("{} {args}; echo exit $?; sleep 1000", binary().display()))
}

/// One terminal, and the clients of those who use it.
async fn one_terminal(server: &TestServer, (ann, ben): (&str, &str), nth: u64, mut dice: Dice) {
    let typed_file = server.folder.path().join(format!("typed{nth}"));
    let (typing, watching, reading) =
        (Wires::to(&server.tcp).await, Wires::to(&server.tcp).await, Wires::to(&server.tcp).await);
    // What is typed is printed in brackets, until a line says that it was the last.
    let cmd = format!(
        "stty -echo; echo ready; while read -r line; do echo $line >>{}; echo \"[$line]\"; test $line != last || exit 7; done",
        typed_file.display()
    );
    let holder = window(&typing, ann, &format!("shell general -- sh -c '{cmd}'"));
    holder.until("ready").await;
    let mut wire = server.connect(ann).await;
    let runs = wire.ask(json!({"t":"run.list","room":"general","text":format!("typed{nth};")})).await;
    let run = format!("r{}", runs["runs"][0]["n"]);
    let watcher = window(&watching, ben, &format!("attach {run}"));
    watcher.until("ready").await;
    let mut reader = wardroom(server, ben, &["output", &run, "--follow"]);
    reader.env("WARDROOM_SERVER", format!("tcp://{}", reading.address));
    let reader = reader.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();

    let mut typed = String::new();
    for cut in 1..=CUTS {
        for _ in 0..1 + dice.below(9) {
            let line = format!("{cut}-{}", "x".repeat(usize::try_from(dice.below(60)).unwrap()));
            typed.push_str(&line);
            typed.push('\n');
            holder.type_text(&line);
            holder.press("Enter");
        }
        // At any moment, mostly after the clients have signed in: those that are cut before wait longer each time.
        let mut moment = || Duration::from_millis(50 + dice.below(400));
        tokio::join!(typing.cut_connected(moment()), watching.cut_connected(moment()), reading.cut_connected(moment()));
    }
    typed.push_str("last\n");
    holder.type_text("last");
    holder.press("Enter");
    holder.until("exit 7").await;
    watcher.until("exit 7").await;
    assert_eq!(std::fs::read_to_string(typed_file).unwrap(), typed, "every key once, in order");

    let read = reader.wait_with_output().await.unwrap();
    let printed: String = typed.lines().map(|line| format!("[{line}]\r\n")).collect();
    assert_eq!(String::from_utf8_lossy(&read.stdout), format!("ready\r\n{printed}"), "every byte once, in order");
    let last: Vec<String> = typed.lines().rev().take(5).map(|line| format!("[{line}]")).collect();
    for (who, window) in [("holder", &holder), ("watcher", &watcher)] {
        // Notes about the connection are between the lines.
        let rows = window.rows().into_iter().rev().filter(|row| row.starts_with('['));
        let seen: Vec<String> = rows.take(5).collect();
        assert_eq!(seen, last, "{who}");
    }
    for wires in [typing, watching, reading] {
        assert!(wires.ended.load(Ordering::Relaxed) >= CUTS);
    }
    let ended = wire.ask(json!({"t":"run.list","room":"general","text":format!("typed{nth};")})).await;
    assert_eq!(ended["runs"][0]["exit"], json!({"code":7}));
}

#[tokio::test]
async fn no_key_and_no_byte_is_lost_or_doubled() {
    let mut dice = Dice(seed());
    let server = TestServer::start();
    let (ann, ben) = (server.add_user("ann", "operator").await, server.add_user("ben", "operator").await);
    let each = (1..=TERMINALS).map(|nth| one_terminal(&server, (&ann, &ben), nth, Dice(dice.below(u64::MAX))));
    futures_util::future::join_all(each).await;
}
