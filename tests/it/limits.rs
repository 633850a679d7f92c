//! Limits on the command line: asked for by who runs a command, and set by who runs a host.

use std::process::Stdio;
use std::time::Duration;

use crate::test_server::{Background, TestServer, lines_of, wardroom};

#[test]
fn the_end_says_which_limit_was_exceeded() {
    let server = TestServer::new();
    let limited = |limit: &str, cmd: &str| server.run(&["run", "general", "--limit", limit, "--", "bash", "-c", cmd]);
    let idle = limited("idle=1s", "echo up; sleep 1000");
    assert_eq!((idle.code, idle.text().as_str()), (125, "up\n"));
    assert!(idle.err.contains("no output and no input for too long"), "{}", idle.err);
    let memory = limited("memory=64M", "x=$(head -c 100000000 /dev/zero | tr '\\0' x); sleep 1000");
    assert!(memory.code == 125 && memory.err.contains("stopped at its memory limit"), "{memory:?}");
    assert_eq!(limited("wall=1s", "sleep 1000").code, 124);
    assert_eq!(limited("files=32", "ulimit -n").text(), "32\n");
    let wrong = limited("speed=9", "true");
    assert!(wrong.code == 255 && wrong.err.contains("there is no limit speed; the limits are wall"), "{wrong:?}");
    let wrong = limited("memory=1K", "true");
    assert!(wrong.code == 125 && wrong.err.contains("the limit memory is 4M or more"), "{wrong:?}");
    let listed = server.run(&["runs", "--state", "failed", "--json"]).text();
    assert!(listed.contains(r#""exit":{"limit":"idle"}"#), "{listed}");
}

#[test]
fn a_host_limits_all_its_runs() {
    let server = TestServer::new();
    let token = server.admin(&["host", "add", "web1"], b"").text();
    std::fs::write(server.folder.path().join("token"), token).unwrap();
    let mut command = wardroom();
    command.args(["host", "--core", &server.tcp, "--token-file", "token", "--spool", "spool"]);
    command.args(["--limit-max", "wall=2s", "--limit-max", "processes=20", "--stop-runs"]);
    command.current_dir(server.folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut host = Background(command.spawn().unwrap());
    let lines = lines_of(host.0.stdout.take().unwrap());
    assert_eq!(lines.recv_timeout(Duration::from_secs(60)).unwrap(), "ready host=web1");
    let on_host = |more: &[&str], cmd: &str| {
        server.run(&[&["run", "general", "--host", "web1"], more, &["--", "bash", "-c", cmd]].concat())
    };
    let many = on_host(&[], "for n in $(seq 100); do sleep 1000 & done; wait");
    assert!(many.code == 125 && many.err.contains("stopped at its process limit"), "{many:?}");
    let more = on_host(&["--limit", "processes=21"], "true");
    assert!(more.code == 127 && more.err.contains("this host allows at most 20"), "{more:?}");
    assert_eq!(on_host(&["--limit", "processes=5"], "exit 3").code, 3);
    assert_eq!(on_host(&["--timeout", "1000"], "sleep 1000").code, 124, "the host's time counts");
}
