//! Starting and stopping a server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use crate::test_server::{Background, TestServer, done, lines_of, until, wardroom};

/// Processes whose arguments name this folder.
fn processes_of(test_server: &TestServer) -> usize {
    let folder = test_server.folder.path().to_str().unwrap().to_owned();
    let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    all.filter(|entry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&folder))
    })
    .count()
}

/// Host processes of this server.
fn hosts_of(test_server: &TestServer) -> usize {
    let folder = test_server.folder.path().to_str().unwrap().to_owned();
    let is_host = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        line.contains("\0host\0") && line.contains(&folder)
    };
    let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    all.filter(|entry| fs::read(entry.path().join("cmdline")).is_ok_and(|line| is_host(&line))).count()
}

/// Starts a command in the room, and waits until it runs.
fn begun(test_server: &TestServer, cmd: &str) -> std::process::Child {
    let mut run = test_server.client(&["run", "general", "--", "sh", "-c", cmd]);
    let run = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    assert!(until(|| test_server.run(&["runs", "--state", "running"]).text().contains("r1 ")));
    run
}

#[test]
fn a_server_that_is_asked_to_stops_its_runs() {
    let mut test_server = TestServer::new();
    let run = begun(&test_server, "echo $$; exec sleep 1000");
    assert_eq!(test_server.stop().code(), Some(0));
    test_server.start();
    let run = run.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(125), "its end is lost, which is not the command's own code");
    let pid = String::from_utf8(run.stdout).unwrap();
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists());
    assert!(test_server.run(&["log", "general"]).text().contains("the host was stopped"));
    assert_eq!(test_server.stop().code(), Some(0));
    assert!(until(|| processes_of(&test_server) == 0));
}

#[test]
fn a_host_ends_with_its_server_and_runs_go_on() {
    let mut test_server = TestServer::new();
    test_server.leaves_runs = true;
    let run = begun(&test_server, "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i; sleep 0.1; done; exit 7");
    test_server.kill();
    assert!(until(|| hosts_of(&test_server) == 0), "a host does not survive its server");
    test_server.start();
    assert_eq!(test_server.stop().code(), Some(0));
    assert!(until(|| hosts_of(&test_server) == 0));
    test_server.start();
    let run = run.wait_with_output().unwrap();
    let counted: String = (1..=60).map(|n| format!("{n}\n")).collect();
    assert_eq!((run.status.code(), String::from_utf8(run.stdout).unwrap()), (Some(7), counted));
}

#[test]
fn a_host_that_dies_is_replaced() {
    let test_server = TestServer::new();
    let pids: Vec<i32> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let line = String::from_utf8(fs::read(entry.path().join("cmdline")).ok()?).ok()?;
            let is_host = line.contains("\0host\0") && line.contains(test_server.folder.path().to_str()?);
            is_host.then(|| entry.file_name().to_str()?.parse().ok()).flatten()
        })
        .collect();
    assert_eq!(pids.len(), 1);
    let pid = rustix::process::Pid::from_raw(pids[0]).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert!(until(|| test_server.run(&["run", "general", "--", "true"]).code == 0));
}

#[test]
fn people_are_told_where_to_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = wardroom();
    command.args(["serve", "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--base-path", "ops/", "--log", "error"]);
    command.arg("--data").arg(folder.path().join("data")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Background(command.spawn().unwrap());
    let out = lines_of(server.0.stdout.take().unwrap());
    let err = lines_of(server.0.stderr.take().unwrap());
    let ready = out.recv_timeout(Duration::from_secs(60)).unwrap();
    let (tcp, http) = ready.strip_prefix("ready tcp=").unwrap().split_once(" http=").unwrap();
    let next = || err.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(next().contains(&format!(" http://{http}/ops/#invite=")));
    assert!(next().ends_with(&format!(" nc {}", tcp.replace(':', " "))));
    assert!(next().ends_with(&format!(" wardroom login tcp://{tcp} NAME")));
    crate::test_server::signal(&server.0, rustix::process::Signal::INT);
    assert!(until(|| server.0.try_wait().unwrap().is_some_and(|status| status.code() == Some(0))));
}

#[test]
fn a_start_that_cannot_be_says_why() {
    let test_server = TestServer::new();
    let folder = test_server.folder.path();
    fs::create_dir(folder.join("other")).unwrap();
    fs::write(folder.join("other/thesis.tex"), "…").unwrap();
    fs::create_dir(folder.join("locked")).unwrap();
    fs::set_permissions(folder.join("locked"), fs::Permissions::from_mode(0o500)).unwrap();
    let serve = |data: &str, tcp: &str, http: &str| {
        let mut command = wardroom();
        command.current_dir(folder).args(["serve", "--log", "error", "--data", data, "--tcp", tcp, "--http", http]);
        done(command, b"")
    };
    let free = "127.0.0.1:0";
    for (data, tcp, http, word) in [
        ("data", free, free, "in use"),
        ("other", free, free, "not a wardroom data folder"),
        ("new1", test_server.tcp.as_str(), free, "in use"),
        ("new2", free, test_server.http.as_str(), "in use"),
        ("new3", "192.0.2.1:0", free, "192.0.2.1"),
        ("/proc/none", free, free, "/proc/none"),
    ] {
        let start = serve(data, tcp, http);
        assert_ne!(start.code, 0, "{data}");
        assert!(start.err.contains(word) && start.err.lines().count() == 1, "{data}: {}", start.err);
    }
}
