//! A terminal over a network that fails fifty times: somebody types, somebody watches its screen, and somebody reads its
//! output, each with a client and a network of their own.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use crate::browser::retry;
use crate::command::wardroom;
use crate::cut::Wires;
use crate::dice::{Dice, seed};
use crate::test_server::{TestServer, binary};
use crate::tmux::Tmux;

const CUTS: u64 = 50;

/// A window of tmux with the shell, in which a command runs over this network.
fn window(wires: &Wires, token: &str, args: &str) -> Tmux {
    let server = format!("tcp://{}", wires.address);
    let vars = [("WARDROOM_TOKEN", token), ("WARDROOM_SERVER", server.as_str())];
    Tmux::start(100, 30, &vars, &format!("{} {args}; echo exit $?; sleep 1000", binary().display()))
}

#[tokio::test]
async fn no_key_and_no_byte_is_lost_or_doubled() {
    let mut dice = Dice(seed());
    let server = TestServer::start();
    let (ann, ben) = (server.add_user("ann", "operator").await, server.add_user("ben", "operator").await);
    let mut wire = server.connect(&ann).await;
    let typed_file = server.folder.path().join("typed");
    let (typing, watching, reading) =
        (Wires::to(&server.tcp).await, Wires::to(&server.tcp).await, Wires::to(&server.tcp).await);
    // What is typed is printed with the number of its line, until a line says that it was the last.
    let cmd = format!(
        "stty -echo; echo ready; while read -r line; do echo $line >>{}; echo \"[$line]\"; test $line != last || exit 7; done",
        typed_file.display()
    );
    let holder = window(&typing, &ann, &format!("shell general -- sh -c '{cmd}'"));
    holder.until("ready").await;
    let watcher = window(&watching, &ben, "attach r1");
    watcher.until("ready").await;
    let mut reader = wardroom(&server, &ben, &["output", "r1", "--follow"]);
    reader.env("WARDROOM_SERVER", format!("tcp://{}", reading.address));
    let reader = reader.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();

    let mut typed = String::new();
    for cut in 1..=CUTS {
        for _ in 0..1 + dice.below(4) {
            let line = format!("{cut}-{}", "x".repeat(usize::try_from(dice.below(60)).unwrap()));
            typed.push_str(&line);
            typed.push('\n');
            holder.type_text(&line);
            holder.press("Enter");
        }
        tokio::time::sleep(Duration::from_millis(dice.below(250))).await;
        match dice.below(4) {
            0 => typing.cut(),
            1 => watching.cut(),
            2 => reading.cut(),
            _ => [&typing, &watching, &reading].into_iter().for_each(Wires::cut),
        }
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
    let last: Vec<String> = typed.lines().rev().take(20).map(|line| format!("[{line}]")).collect();
    for (who, window) in [("holder", &holder), ("watcher", &watcher)] {
        let rows = window.rows();
        let end = rows.iter().rposition(|row| row == "[last]").unwrap_or_else(|| panic!("{who}: {rows:#?}"));
        let seen: Vec<String> = rows[..=end].iter().rev().take(20).cloned().collect();
        assert_eq!(seen, last, "{who}");
    }
    assert!([&typing, &watching, &reading].iter().all(|wires| wires.ended.load(std::sync::atomic::Ordering::Relaxed) > 5));
    let info = retry("its end", async || {
        let info = wire.ask(json!({"t":"run.list","room":"general"})).await["runs"][0].clone();
        (!info["exit"].is_null()).then_some(info)
    });
    assert_eq!(info.await["exit"], json!({"code":7}));
}
