//! Rules and approvals with the real binary: what an admin types, what a refusal says, and that what was approved runs once,
//! whatever is killed between the approval and the start.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::retry;
use crate::command::{Done, done, wardroom};
use crate::terminal::Terminal;
use crate::test_server::{TestServer, binary};
use crate::wire::Wire;

async fn say(server: &TestServer, token: &str, line: &str) -> Done {
    let args: Vec<&str> = line.split_whitespace().collect();
    done(wardroom(server, token, &args)).await
}

#[tokio::test]
async fn an_admin_restricts_a_host_and_a_refusal_says_what_to_type() {
    let server = TestServer::start();
    let adm = server.add_user("adm", "admin").await;
    let ann = server.add_user("ann", "operator").await;
    let ben = server.add_user("ben", "operator").await;
    let mia = server.add_user("mia", "member").await;
    let told = say(&server, &ann, "rights").await;
    assert!(told.code == Some(0) && told.err.contains("no rules"), "{told:?}");
    let told = say(&server, &adm, "rights allow ann run --host local --yes").await;
    assert_eq!(told.text(), "only ann and admins may now run commands on local\n", "{told:?}");
    assert_eq!(say(&server, &ann, "run general -- echo hello").await.text(), "hello\n");
    let told = say(&server, &ben, "run general -- echo hello").await;
    assert!(told.code == Some(125) && told.out.is_empty(), "{told:?}");
    assert!(told.err.contains("you may not run commands on local in general: only ann and admins may"), "{told:?}");
    // What it says is what helps; somebody who may not make rules is told so.
    let start = told.err.find("wardroom rights allow").expect("the command that helps");
    let help = told.err[start..].lines().next().unwrap().trim_start_matches("wardroom ").to_owned();
    let refused = say(&server, &ben, &help).await;
    assert!(refused.code == Some(3) && refused.err.contains("only admins make rules"), "{refused:?}");
    assert_eq!(say(&server, &adm, &help).await.code, Some(0));
    assert_eq!(say(&server, &ben, "run general -- echo hello").await.text(), "hello\n");
    // A member, too.
    assert_eq!(say(&server, &mia, "run general -- true").await.code, Some(125));
    assert_eq!(say(&server, &adm, "rights allow mia run --room general --host local").await.code, Some(0));
    assert_eq!(say(&server, &mia, "run general -- echo hello").await.text(), "hello\n");
    // Lists, for people and for programs.
    let told = say(&server, &adm, "rights --host local").await.text();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(lines[0].starts_with("run        ann ") && lines[0].contains("on local"), "{told}");
    let told = say(&server, &adm, "rights --user mia --json").await.text();
    let rule: Value = serde_json::from_str(told.trim()).unwrap();
    let fields = ["right", "user", "room", "host", "by"].map(|name| rule[name].clone());
    assert_eq!(json!(fields), json!(["run", "mia", "general", "local", "adm"]));
    // The room knows.
    let told = say(&server, &ann, "log general").await.text();
    assert!(told.contains("made a rule: mia may run commands here on local"), "{told}");
    // The last one goes only if it is meant.
    let told = say(&server, &adm, "rights deny ann run --host local").await;
    assert!(told.code == Some(3) && told.err.contains("--open"), "{told:?}");
    let told = say(&server, &adm, "rights deny ann run --host local --open").await;
    assert_eq!(told.text(), "no rules on local: roles decide again who may run commands there\n", "{told:?}");
    let told = say(&server, &ann, "run general -- true").await;
    assert!(told.err.contains("only ben, mia and admins may"), "rules about local in general are left: {told:?}");
}

#[tokio::test]
async fn what_a_rule_takes_from_others_is_said_before_it_is_made() {
    let server = TestServer::start();
    let adm = server.add_user("adm", "admin").await;
    server.add_user("ann", "operator").await;
    server.add_user("ben", "operator").await;
    let warning = "after this, only ann and admins may run commands on local, in all rooms; 1 person loses that: ben";
    let told = say(&server, &adm, "rights allow ann run --host local").await;
    assert!(told.code == Some(255) && told.out.is_empty(), "{told:?}");
    assert!(told.err.contains(warning) && told.err.contains("if you want that, add --yes"), "{told:?}");
    // At a terminal, it is asked.
    let at_terminal =
        || Terminal::start(wardroom(&server, &adm, &["rights", "allow", "ann", "run", "--host", "local"]), 200, 24);
    let mut terminal = at_terminal();
    terminal.until_seen(warning).await;
    terminal.until_seen("[y/N]").await;
    terminal.press("\r");
    terminal.until_seen("nothing was changed").await;
    assert_eq!(terminal.child.wait().await.unwrap().code(), Some(1));
    assert!(say(&server, &adm, "rights").await.err.contains("no rules"));
    let mut terminal = at_terminal();
    terminal.until_seen("[y/N]").await;
    terminal.press("y\r");
    terminal.until_seen("only ann and admins may now run commands on local").await;
    assert_eq!(terminal.child.wait().await.unwrap().code(), Some(0));
    // One that takes nothing from anybody is made at once.
    assert_eq!(say(&server, &adm, "rights allow ben run --host local").await.code, Some(0));
    // In a chat, the same words.
    let chat = |lines: &'static str| {
        let mut command = tokio::process::Command::new("sh");
        command.args(["-c", &format!("printf '{lines}' | \"$0\" chat general --no-wait")]).arg(binary());
        let wardroom = wardroom(&server, &adm, &[]);
        command.envs(wardroom.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        done(command)
    };
    let told = chat("/rights allow ann approve\\n/rights allow ann approve --yes\\n/rights\\n").await;
    let shown = told.text() + &told.err;
    assert!(shown.contains("only ann and admins may approve runs in general; 1 person loses that: ben"), "{shown}");
    assert!(shown.contains("-- only ann and admins may now approve runs in general"), "{shown}");
    assert!(shown.contains("-- approve    ann                   in general"), "{shown}");
}

/// Stops a process, or lets it go on.
fn signal(pid: u32, name: &str) {
    let done = std::process::Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
    assert!(done.success());
}

/// Proposes a command that adds a line to a file. The number of the proposal.
async fn propose(wire: &mut Wire, file: &Path, round: u64) -> Value {
    let cmd = format!("echo {round} >> {}", file.display());
    let told = wire.ask(json!({"t":"run.start","room":"general","cmd":cmd,"nonce":format!("n{round}")})).await;
    told["proposal"].clone()
}

/// Approves until there is an answer, over new connections if need be: the number of the run.
async fn approved(server: &TestServer, token: &str, proposal: &Value) -> Value {
    retry("the approval", async || {
        let mut wire = Wire::try_signed_in(&server.tcp, token).await?;
        let answer = wire.try_ask(json!({"t":"run.approve","proposal":proposal})).await?;
        match answer["t"].as_str() {
            Some("ok") => Some(answer["n"].clone()),
            // The host is not there yet.
            _ if answer["code"] == "busy" => None,
            _ => panic!("{answer}"),
        }
    })
    .await
}

async fn ended(server: &TestServer, token: &str, count: u64) {
    retry("the end", async || {
        let mut wire = Wire::try_signed_in(&server.tcp, token).await?;
        let runs = wire.try_ask(json!({"t":"run.list","room":"general"})).await?["runs"].clone();
        let runs = runs.as_array().unwrap();
        assert!(runs.len() as u64 <= count, "each runs once: {runs:?}");
        let is_done = |run: &Value| run["exit"] == json!({"code": 0});
        (runs.len() as u64 == count && runs.iter().all(is_done)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_approved_runs_once_when_the_core_is_killed_between_the_approval_and_the_start() {
    let mut server = TestServer::start();
    let ann = server.add_user("ann", "operator").await;
    let ben = server.add_user("ben", "operator").await;
    let adm = server.add_user("adm", "admin").await;
    server.connect(&adm).await.ask(json!({"t":"room.set","room":"general","approve":true})).await;
    let file = server.folder.path().join("lines");
    // The approval is on disk, and the host has not read that it is to start it.
    let mut proposer = server.connect(&ann).await;
    retry("the host", async || {
        let hosts = proposer.ask(json!({"t":"host.list"})).await;
        (hosts["hosts"][0]["connected"] == true).then_some(())
    })
    .await;
    let proposal = propose(&mut proposer, &file, 1).await;
    signal(server.host.pid(), "-STOP");
    let n = approved(&server, &ben, &proposal).await;
    server.restart_core();
    signal(server.host.pid(), "-CONT");
    assert_eq!(approved(&server, &ben, &proposal).await, n, "a retry is the same run");
    ended(&server, &ann, 1).await;
    // Killed at any time around the approval, of which nobody knows whether it came through.
    for round in 2..=7 {
        let proposal = retry("the proposal", async || {
            let mut wire = Wire::try_signed_in(&server.tcp, &ann).await?;
            let hosts = wire.try_ask(json!({"t":"host.list"})).await?;
            if hosts["hosts"][0]["connected"] != true {
                return None;
            }
            Some(propose(&mut wire, &file, round).await)
        })
        .await;
        let mut wire = server.connect(&ben).await;
        wire.send(&json!({"t":"run.approve","id":9,"proposal":proposal}), b"").await.unwrap();
        tokio::time::sleep(Duration::from_micros(500 * (round - 2))).await;
        server.restart_core();
        approved(&server, &ben, &proposal).await;
        ended(&server, &ann, round).await;
    }
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines, "1\n2\n3\n4\n5\n6\n7\n", "each once");
}
