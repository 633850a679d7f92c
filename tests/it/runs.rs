//! Commands: their bytes, their exit codes, and what interrupts them.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::test_server::{Background, TestServer, done, finish, lines_of, signal};

#[test]
fn a_command_runs_as_if_it_ran_here() {
    let server = TestServer::new();
    let run = server.run(&["run", "general", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    assert_eq!((run.code, run.text().as_str(), run.err.as_str()), (3, "out\n", "err\n"));
    let argv = server.run(&[
        "run",
        "general",
        "--env",
        "A=b c",
        "--",
        "sh",
        "-c",
        "printf '%s|' \"$A\" \"$@\"",
        "x",
        "a b",
        "$HOME",
    ]);
    assert_eq!(argv.text(), "b c|a b|$HOME|", "no shell reads the arguments");
    let none = server.run(&["run", "general", "--", "no-such-command"]);
    assert_eq!(none.code, 127, "{none:?}");
    assert!(none.err.contains("not started"), "{}", none.err);
    let late = server.run(&["run", "general", "--timeout", "1", "--", "sleep", "60"]);
    assert_eq!(late.code, 124, "{late:?}");
    let json = server.run(&["run", "general", "--json", "--", "sh", "-c", "echo hi; printf '\\377'"]).text();
    let lines: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["t"], "started");
    assert_eq!(lines.last().unwrap()["exit"]["code"], 0);
}

#[test]
fn streams_are_merged_in_order() {
    let server = TestServer::new();
    let script = "for n in 1 2 3; do echo out $n; echo err $n >&2; done";
    let merged = server.run(&["run", "general", "--merge", "--", "sh", "-c", script]);
    assert_eq!((merged.text().as_str(), merged.err.as_str()), ("out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n", ""));
}

#[test]
fn a_terminal_is_given_on_request() {
    let server = TestServer::new();
    let tty = server.run(&["run", "general", "--tty", "--", "sh", "-c", "test -t 0 && test -t 1 && stty size; exit 4"]);
    assert_eq!((tty.code, tty.text().as_str()), (4, "24 80\r\n"), "{tty:?}");
    // Input of a pipe reaches it, and ends.
    let read =
        done(server.client(&["run", "general", "--tty", "--stdin", "--", "sh", "-c", "stty -echo; cat"]), b"one\ntwo");
    assert_eq!(read.code, 0, "{read:?}");
    assert!(read.text().ends_with("one\r\ntwo"), "{read:?}");
    let twice = server.run(&["run", "general", "--detach", "--", "sh", "-c", "(sleep 0.2; echo later) & echo now"]);
    assert_eq!((twice.code, twice.text().as_str()), (0, "now\nlater\n"), "{twice:?}");
    assert!(
        twice.err.starts_with("wardroom: the command has ended: exit 0; these go on:\nwardroom:   sh"),
        "{}",
        twice.err
    );
}

#[test]
fn every_byte_passes_both_ways() {
    let server = TestServer::new();
    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let cat = done(server.client(&["run", "general", "--stdin", "--", "cat"]), &bytes);
    assert_eq!(cat.code, 0, "{}", cat.err);
    assert!(cat.out == bytes, "{} of {} bytes", cat.out.len(), bytes.len());
}

#[test]
fn a_reader_that_goes_ends_it_quietly() {
    let server = TestServer::new();
    let mut run = server.client(&["run", "general", "--", "yes"]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0u8; 100];
    run.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let run = finish(run);
    assert_eq!((run.code, run.err.as_str()), (141, ""));
    // And the command with it.
    let mut log = server.client(&["log", "general", "--follow"]);
    let mut log = Background(log.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let lines = lines_of(log.0.stdout.take().unwrap());
    let stopped = std::iter::from_fn(|| lines.recv_timeout(Duration::from_secs(60)).ok())
        .find(|line| line.contains("stopped by ann"));
    assert!(stopped.is_some());
}

#[test]
fn an_interrupt_reaches_the_command() {
    let server = TestServer::new();
    let script = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done";
    let mut run = server.client(&["run", "general", "--", "sh", "-c", script]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(run.stdout.take().unwrap());
    assert_eq!(lines.recv_timeout(Duration::from_secs(60)).unwrap(), "ready");
    signal(&run, Signal::INT);
    assert_eq!(lines.recv_timeout(Duration::from_secs(60)).unwrap(), "caught");
    // It caught the signal, and ends with the code that it chose.
    assert_eq!(finish(run).code, 7);
    // One that does not catch it dies of it: 128 + SIGINT.
    let mut run = server.client(&["run", "general", "--", "sh", "-c", "echo ready; exec sleep 100"]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(run.stdout.take().unwrap());
    assert_eq!(lines.recv_timeout(Duration::from_secs(60)).unwrap(), "ready");
    signal(&run, Signal::INT);
    assert_eq!(finish(run).code, 130);
    // One that does not care is stopped by the second.
    let mut run = server.client(&["run", "general", "--", "sh", "-c", "trap '' INT; echo ready; sleep 100"]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(run.stdout.take().unwrap());
    assert_eq!(lines.recv_timeout(Duration::from_secs(60)).unwrap(), "ready");
    signal(&run, Signal::INT);
    signal(&run, Signal::TERM);
    assert_eq!(finish(run).code, 143);
}

#[test]
fn output_is_whole_though_the_server_is_killed() {
    let mut server = TestServer::new();
    let script = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.01; done; exit 5";
    let mut run = server.client(&["run", "general", "--", "sh", "-c", script]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(run.stdout.take().unwrap());
    let next = || lines.recv_timeout(Duration::from_secs(60)).ok();
    let mut seen: Vec<String> = (0..50).filter_map(|_| next()).collect();
    server.kill();
    server.start();
    seen.extend(std::iter::from_fn(next));
    assert_eq!(seen, (1..=300).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(finish(run).code, 5);
}

#[test]
fn what_waits_for_an_approval_is_listed() {
    let server = TestServer::new();
    let none = server.run(&["approve"]);
    assert_eq!((none.code, none.out.len(), none.err.as_str()), (0, 0, "-- no proposals wait for approval\n"));
    let chat = done(server.client(&["chat", "general"]), b"/approval on\n/run uptime\n");
    assert_eq!(chat.code, 0, "{chat:?}");
    let listed = server.run(&["approve"]).text();
    assert!(listed.starts_with("general  ") && listed.contains("ann proposed p1 on local: uptime"), "{listed}");
    let json = server.run(&["approve", "--json"]).text();
    let event: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&event["room"], &event["n"], &event["cmd"]), (&"general".into(), &1.into(), &"uptime".into()));
    assert_eq!(server.run(&["refuse", "p1"]).code, 0);
    assert_eq!(server.run(&["approve", "--json"]).out, b"");
}
