//! Commands from their request to their end.

use std::collections::BTreeMap;

use wardroom_protocol::messages::HostStart;

use crate::fake_core::{FakeCore, Said, shell};
use crate::host_process::{Place, all};

#[tokio::test]
async fn streams_are_told_apart_and_the_code_is_kept() {
    let (_place, _core, _host, mut link) = all().await;
    let whole = link.run(&shell("echo out; echo err >&2; exit 3")).await;
    assert_eq!((whole.text(1).as_str(), whole.text(2).as_str()), ("out\n", "err\n"));
    assert_eq!(whole.exit(), r#"{"code":3}"#);
    assert!(whole.pid.is_some());
    assert_eq!((whole.ended.bytes, whole.ended.truncated, whole.ended.left), (8, false, 0));
}

#[tokio::test]
async fn a_command_without_output_ends_too() {
    let (place, _core, _host, mut link) = all().await;
    let start = HostStart { argv: vec!["true".to_owned()], ..shell("") };
    let whole = link.run(&start).await;
    assert_eq!(whole.exit(), r#"{"code":0}"#);
    link.flush().await;
    // The forget was read before the ping; the folder goes on another thread, and with the next run it is gone.
    let next = link.run(&shell("true")).await;
    assert_eq!(next.exit(), r#"{"code":0}"#);
    assert!(!place.spool_of(start.run).exists());
}

#[tokio::test]
async fn a_signal_is_not_a_code() {
    let (_place, _core, _host, mut link) = all().await;
    assert_eq!(link.run(&shell("kill -SEGV $$")).await.exit(), r#"{"signal":"SEGV"}"#);
    assert_eq!(link.run(&shell("kill -KILL $$")).await.exit(), r#"{"signal":"KILL"}"#);
}

#[tokio::test]
async fn the_order_of_the_streams_is_kept() {
    let (_place, _core, _host, mut link) = all().await;
    // Each line is answered before the next one is written, so that the order in which they are read is certain.
    let cmd = "for i in 1 2 3; do echo o$i; read _; echo e$i >&2; read _; done";
    let start = HostStart { stdin: true, ..shell(cmd) };
    link.send(&start).await;
    for i in 1..=3 {
        for stream in ["o", "e"] {
            link.line(start.run, &format!("{stream}{i}\n")).await;
            link.input(start.run, b"\n").await;
        }
    }
    let whole = link.whole(start.run, 18).await;
    assert_eq!(whole.exit(), r#"{"code":0}"#);
    assert!(whole.pieces.is_empty());
}

#[tokio::test]
async fn bytes_come_as_they_were_written() {
    let (place, _core, _host, mut link) = all().await;
    let cmd = "head -c 3000000 /dev/urandom | tee copy; printf '\\000\\377\\n\\r{\"t\":\"x\",\"len\":5}\\n' >&2";
    let whole = link.run(&shell(cmd)).await;
    assert!(whole.of(1) == std::fs::read(place.path().join("copy")).unwrap(), "stdout is not what was written");
    assert_eq!(whole.of(2), b"\x00\xff\n\r{\"t\":\"x\",\"len\":5}\n");
}

#[tokio::test]
async fn the_environment_is_clean_and_names_the_run() {
    let (_place, _core, _host, mut link) = all().await;
    let env = BTreeMap::from([("CI", "1"), ("LANG", "de_DE.UTF-8")].map(|(k, v)| (k.to_owned(), v.to_owned())));
    let start = HostStart { env, argv: vec!["env".to_owned()], ..shell("") };
    let whole = link.run(&start).await;
    let text = whole.text(1);
    let run = format!("WARDROOM_RUN={}", start.run);
    for line in ["CI=1", "LANG=de_DE.UTF-8", "TERM=dumb", "WARDROOM_USER=ann", "WARDROOM_ROOM=ops", &run] {
        assert!(text.lines().any(|l| l == line), "{line} is not in {text}");
    }
    assert!(text.lines().any(|line| line.starts_with("PATH=/")));
    assert!(!text.contains("CARGO"), "the host's own environment was handed on: {text}");
}

#[tokio::test]
async fn a_command_has_a_session_of_its_own_and_nothing_of_the_host() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    // A careless parent: a descriptor left open, signals ignored, a wide umask.
    let _host = place.host_after("exec 7</dev/null; trap '' HUP INT QUIT USR1; umask 0", &core);
    let mut link = core.welcomed().await;
    let cmd = "umask; pwd; ls /proc/self/fd | tr '\\n' ' '; echo; grep -E '^Sig(Ign|Blk)' /proc/self/status; \
               readlink /proc/self/fd/0; cut -d' ' -f5,6 /proc/$$/stat; echo $$";
    let whole = link.run(&shell(cmd)).await;
    let text = whole.text(1);
    let lines: Vec<&str> = text.lines().collect();
    let pid = whole.pid.unwrap();
    assert_eq!(lines[0], "0022");
    assert_eq!(lines[1], place.path().to_str().unwrap());
    // 3 is the folder that ls reads.
    assert_eq!(lines[2], "0 1 2 3 ");
    assert_eq!(lines[3], "SigBlk:\t0000000000000000");
    // Signals 32 and 33 are the C library's own, and whoever started this test may have them ignored.
    let ignored = u64::from_str_radix(lines[4].strip_prefix("SigIgn:\t").unwrap(), 16).unwrap();
    assert_eq!(ignored & 0x7fff_ffff, 0, "signals are ignored: {ignored:x}");
    assert_eq!(lines[5], "/dev/null");
    assert_eq!(lines[6], format!("{pid} {pid}"), "process group and session are its own");
    assert_eq!(lines[7], pid.to_string());
}

#[tokio::test]
async fn what_cannot_be_started_is_said_in_words() {
    let (place, _core, _host, mut link) = all().await;
    let plain = place.path().join("plain");
    std::fs::write(&plain, "not a program").unwrap();
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let cases = [
        (HostStart { argv: argv(&["mak", "test"]), ..shell("") }, "no such file: mak".to_owned()),
        (HostStart { argv: argv(&["/nowhere/x"]), ..shell("") }, "no such file: /nowhere/x".to_owned()),
        (HostStart { argv: argv(&["./plain"]), ..shell("") }, "permission denied: ./plain".to_owned()),
        (HostStart { argv: argv(&[]), ..shell("") }, "no command was given".to_owned()),
        (HostStart { cwd: Some("/no/such".to_owned()), ..shell("true") }, "no such folder: /no/such".to_owned()),
        (
            HostStart { cwd: Some(plain.to_str().unwrap().to_owned()), ..shell("true") },
            format!("no such folder: {}", plain.display()),
        ),
        (HostStart { argv: argv(&["x\0y"]), ..shell("") }, "a NUL byte cannot be given to a command".to_owned()),
    ];
    for (start, failed) in cases {
        let whole = link.run(&start).await;
        assert_eq!(whole.exit(), serde_json::json!({ "failed": failed }).to_string());
        assert_eq!((whole.pid, whole.ended.bytes), (None, 0));
    }
}

#[tokio::test]
async fn the_largest_request_that_the_wire_allows_is_started() {
    let (_place, _core, _host, mut link) = all().await;
    let env: BTreeMap<String, String> = (0..10).map(|i| (format!("V{i}"), "x".repeat(4_000))).collect();
    let start = HostStart { env, ..shell(&format!("echo \"$V0$V9\" | wc -c #{}", "y".repeat(15_000))) };
    assert_eq!(link.run(&start).await.text(1).trim(), "8001");
}

#[tokio::test]
async fn a_start_that_comes_twice_runs_once() {
    let (place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("echo x >> count; echo up; read _") };
    let pid = link.started(&start).await;
    link.line(start.run, "up\n").await;
    assert_eq!(link.started(&start).await, pid, "the second start is answered with the first one's process");
    link.input(start.run, b"\n").await;
    assert!(matches!(link.next().await, Said::InputAck(_)));
    let Said::Ended(first) = link.next().await else { panic!("not ended") };
    link.send(&start).await;
    // It is over by now, and both are told again.
    assert!(matches!(link.next().await, Said::Started(again) if again.pid == pid));
    assert!(matches!(link.next().await, Said::Ended(again) if again == first));
    link.forget(start.run).await;
    assert_eq!(std::fs::read_to_string(place.path().join("count")).unwrap(), "x\n");
}

#[tokio::test]
async fn more_runs_than_allowed_are_refused_and_the_others_go_on() {
    let (_place, _core, _host, mut link) = all().await;
    let starts: Vec<HostStart> = (0..64).map(|_| HostStart { stdin: true, ..shell("exec cat") }).collect();
    for start in &starts {
        link.send(start).await;
    }
    let mut started = 0;
    while started < starts.len() {
        assert!(matches!(link.next().await, Said::Started(_)));
        started += 1;
    }
    let refused = link.run(&shell("true")).await;
    assert!(refused.exit().contains("runs 64 commands already"), "{}", refused.exit());
    for start in &starts {
        link.input(start.run, b"still here").await;
        link.eof(start.run).await;
    }
    let mut ended = 0;
    let mut bytes = 0;
    while ended < starts.len() {
        match link.next().await {
            Said::Output(output, _) => bytes += output.len,
            Said::InputAck(_) => {}
            Said::Ended(end) => {
                assert_eq!(serde_json::to_string(&end.exit).unwrap(), r#"{"code":0}"#);
                link.forget(end.run).await;
                ended += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bytes, 640);
}

#[tokio::test]
async fn a_run_waits_for_nothing_that_it_need_not_wait_for() {
    let (_place, _core, _host, mut link) = all().await;
    let mut fastest = std::time::Duration::MAX;
    for _ in 0..50 {
        let start = HostStart { argv: vec!["true".to_owned()], ..shell("") };
        let began = std::time::Instant::now();
        assert_eq!(link.run(&start).await.exit(), r#"{"code":0}"#);
        fastest = fastest.min(began.elapsed());
    }
    // The fastest of many, since the machine is shared; any interval or timer in the way would be in all of them.
    assert!(fastest < std::time::Duration::from_millis(10), "{fastest:?}");
}
