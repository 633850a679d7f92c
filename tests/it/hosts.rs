//! Hosts beside the local one, each a process with a token.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::test_server::{Background, TestServer, lines_of, signal, until, wait, wardroom};

/// Starts a host with the token in this file; returns once it is welcome.
fn host(server: &TestServer, core: &str, token: &str, spool: &str) -> Background {
    let mut command = wardroom();
    command.args(["host", "--core", core, "--token-file", token, "--spool", spool]);
    command.current_dir(server.folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut host = command.spawn().unwrap();
    let lines = lines_of(host.stdout.take().unwrap());
    let ready = lines.recv_timeout(Duration::from_secs(60)).expect("the host is welcome");
    assert_eq!(ready, "ready host=web1");
    Background(host)
}

fn listed(server: &TestServer, name: &str) -> Option<Value> {
    let text = server.run(&["hosts", "--json"]).text();
    let hosts = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    hosts.into_iter().find(|host| host["host"] == name)
}

#[test]
fn a_host_with_a_token_runs_commands_until_it_is_removed() {
    let mut server = TestServer::new();
    let file = server.folder.path().join("web1.token");
    // Without a server, on the data folder itself.
    server.stop();
    let added = server.admin(&["host", "add", "web1", "--label", "role=web", "--label", "os=debian"], b"");
    assert_eq!((added.code, added.text().len()), (0, 49), "{added:?}");
    std::fs::write(&file, added.text()).unwrap();
    server.start();
    let file = file.to_str().unwrap().to_owned();
    let again = server.admin(&["host", "add", "web1"], b"");
    assert!(again.code == 3 && again.err.contains("--replace"), "{again:?}");
    for core in [server.tcp.clone(), format!("http://{}/", server.http)] {
        let mut host = host(&server, &core, &file, "spool");
        let seen = listed(&server, "web1").unwrap();
        assert_eq!((&seen["connected"], &seen["labels"]["os"]), (&true.into(), &"debian".into()), "{seen}");
        assert!(seen["status"]["load"].is_f64() && seen["status"]["free_bytes"].is_u64(), "{seen}");
        let run = server.run(&["run", "general", "--host", "web1", "--", "sh", "-c", "seq 30000; exit 7"]);
        assert_eq!((run.code, run.text().lines().count()), (7, 30_000), "{}", run.err);
        signal(&host.0, rustix::process::Signal::TERM);
        wait(&mut host.0);
        assert!(until(|| listed(&server, "web1").unwrap()["seen"].is_u64()));
    }
    let mut host = host(&server, &server.tcp, &file, "spool");
    let removed = server.admin(&["host", "remove", "web1"], b"");
    assert_eq!((removed.code, removed.text().as_str()), (0, "web1: removed\n"));
    assert!(listed(&server, "web1").is_none());
    // It goes on asking, and stays refused.
    let refused = server.run(&["run", "general", "--host", "web1", "--", "true"]);
    assert!(refused.code == 125 && refused.err.contains("no host web1"), "{refused:?}");
    signal(&host.0, rustix::process::Signal::TERM);
    wait(&mut host.0);
}

#[test]
fn a_host_whose_name_is_in_use_says_so_once() {
    let server = TestServer::new();
    let file = add_web1(&server);
    let mut first = host(&server, &server.tcp, &file, "spool");
    let mut second = wardroom();
    second.args(["host", "--core", &server.tcp, "--token-file", &file, "--spool", "other", "--log", "debug"]);
    second.current_dir(server.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut second = Background(second.spawn().unwrap());
    let said = lines_of(second.0.stderr.take().unwrap());
    let next = |words: &str| {
        let mut before = Vec::new();
        loop {
            let line = said.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{words}: {before:?}"));
            let is_it = line.contains(words);
            before.push(line);
            if is_it {
                return before.iter().filter(|line| line.contains("WARN") && line.contains("no connection")).count();
            }
        }
    };
    assert_eq!(next("another process is connected as the host web1"), 1);
    assert_eq!(next("still no connection to the core") + next("still no connection to the core"), 0);
    signal(&first.0, rustix::process::Signal::TERM);
    wait(&mut first.0);
    assert_eq!(next("welcomed by the core"), 0);
}

/// Adds the host `web1`; returns the file with its token.
fn add_web1(server: &TestServer) -> String {
    let added = server.admin(&["host", "add", "web1"], b"");
    assert_eq!(added.code, 0, "{added:?}");
    let file = server.folder.path().join("web1.token");
    std::fs::write(&file, added.text()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Starts a command on `web1` that goes on until it is stopped; returns its pid.
fn begin_on_web1(server: &TestServer) -> (Background, u32) {
    let pid_file = server.folder.path().join("pid");
    let script = format!("echo so far; echo $$ > {}; while :; do sleep 1; done", pid_file.display());
    let mut run = server.client(&["run", "general", "--host", "web1", "--", "sh", "-c", &script]);
    let run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut pid = None;
    assert!(until(|| {
        pid = std::fs::read_to_string(&pid_file).ok().and_then(|text| text.trim().parse().ok());
        pid.is_some()
    }));
    (Background(run), pid.unwrap())
}

fn is_alive(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn a_host_that_returns_after_its_run_was_lost_stops_it() {
    let server = TestServer::new();
    let file = add_web1(&server);
    let mut first = host(&server, &server.tcp, &file, "spool");
    let (mut run, pid) = begin_on_web1(&server);
    let refused = server.run(&["stop", "r1", "--lost"]);
    assert!(refused.code == 3 && refused.err.contains("web1 is connected"), "{refused:?}");
    // Its machine is gone, as far as anybody can see.
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    assert!(until(|| !listed(&server, "web1").unwrap()["connected"].as_bool().unwrap()));
    let refused = server.run(&["stop", "r1"]);
    assert!(refused.code != 0 && refused.err.contains("stop --lost r1"), "{refused:?}");
    let lost = server.run(&["stop", "r1", "--lost"]);
    assert!(lost.code == 0 && lost.err.contains("lost: ann gave it up while web1 was away"), "{lost:?}");
    assert_eq!(wait(&mut run.0).code(), Some(125), "its end is unknown");
    assert!(is_alive(pid), "nobody could stop it");
    let _second = host(&server, &server.tcp, &file, "spool");
    assert!(until(|| !is_alive(pid)), "the host was told to stop it");
    let log = || server.run(&["log", "general"]).text();
    let is_told = || log().contains("[r1] was lost, but its host is back: stopped by system (TERM)");
    assert!(until(is_told), "{}", log());
    assert_eq!(server.run(&["output", "r1"]).text(), "so far\n");
}

#[test]
fn a_command_runs_on_several_hosts_and_failures_are_summed_up() {
    let server = TestServer::new();
    let file = add_web1(&server);
    let _web1 = host(&server, &server.tcp, &file, "spool");
    let script = "echo out; echo err >&2; test \"$(pwd)\" = nowhere; printf last; exit 3";
    let run = server.run(&["run", "general", "--host", "local", "--host", "web1", "--", "sh", "-c", script]);
    let mut lines: Vec<String> = run.text().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["local | last", "local | out", "web1  | last", "web1  | out"], "{}", run.err);
    assert!(run.err.contains("local | err\n") && run.err.contains("web1  | err\n"), "{}", run.err);
    assert!(run.err.ends_with("wardroom: 2 of 2 failed: local exit 3, web1 exit 3\n"), "{}", run.err);
    assert_eq!(run.code, 3);
    let good = server.run(&["run", "general", "--host", "local", "--host", "web1", "--json", "--", "true"]);
    let ended = good.text().lines().filter(|line| line.contains(r#""t":"ended""#)).count();
    assert_eq!((good.code, ended, good.err.as_str()), (0, 2, ""));
    // All or none.
    let refused = server.run(&["run", "general", "--host", "web1", "--host", "nowhere", "--", "true"]);
    assert!(refused.code == 125 && refused.err.contains("no host nowhere"), "{refused:?}");
    let refused = server.run(&["run", "general", "--label", "role=db", "--", "true"]);
    assert!(refused.code == 125 && refused.err.contains("no host has the label role=db"), "{refused:?}");
    assert_eq!(server.run(&["runs"]).text().lines().count(), 4);
    // In a chat, the hosts stand before the command.
    let chat =
        crate::test_server::done(server.client(&["chat", "general"]), b"/run --host web1 echo from $WARDROOM_USER\n");
    assert!(chat.code == 0 && chat.text().contains("| from ann"), "{chat:?}");
    assert!(server.run(&["runs", "--host", "web1"]).text().contains("on web1"));
}
