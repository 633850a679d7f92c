//! Hosts that are killed or stopped while runs go on, and the hosts after them.

use wardroom_protocol::limits::INPUT_WINDOW;
use wardroom_protocol::messages::{HostStart, Signal};

use crate::fake_core::{FakeCore, Said, WIDE, shell};
use crate::host_process::{Place, all, survivors};

#[tokio::test]
async fn a_run_goes_on_over_a_kill_of_its_host() {
    let (place, core, mut host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("echo one; read a; echo $a; echo err >&2; exit 9") };
    let pid = link.started(&start).await;
    link.line(start.run, "one\n").await;
    for _ in 0..3 {
        host.kill();
        drop(link);
        host = place.host(&core);
        link = core.accept().await;
        let told = link.hello.runs[0];
        assert_eq!((told.run, told.bytes, told.ended, told.input), (start.run, 4, false, 0));
        link.welcome(&[(start.run, 4)], WIDE).await;
        assert!(matches!(link.next().await, Said::Started(again) if again.pid == pid));
    }
    link.input(start.run, b"two\n").await;
    let whole = link.whole(start.run, 4).await;
    assert_eq!((whole.text(1).as_str(), whole.text(2).as_str()), ("two\n", "err\n"));
    assert_eq!(whole.exit(), r#"{"code":9}"#);
}

#[tokio::test]
async fn no_byte_of_a_flood_is_lost_over_many_kills() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("seq 1 3000000; exit 5");
    link.send(&start).await;
    let (mut bytes, mut kills) = (Vec::new(), 0);
    let ended = loop {
        match link.next().await {
            Said::Output(output, piece) => {
                let known = bytes.len() as u64 - output.off;
                bytes.extend_from_slice(&piece[known as usize..]);
                link.ack(start.run, bytes.len() as u64).await;
                if bytes.len() > 2_000_000 * (kills + 1) && kills < 6 {
                    kills += 1;
                    if kills % 2 == 0 {
                        host.kill()
                    } else {
                        host.term()
                    };
                    host.wait();
                    host = place.host(&core);
                    link = core.accept().await;
                    link.welcome(&[(start.run, bytes.len() as u64)], WIDE).await;
                }
            }
            Said::Ended(ended) => break ended,
            _ => {}
        }
    };
    assert_eq!((kills, ended.bytes), (6, bytes.len() as u64));
    assert_eq!(serde_json::to_string(&ended.exit).unwrap(), r#"{"code":5}"#);
    let wanted: String = (1..=3_000_000).map(|n| format!("{n}\n")).collect();
    assert!(wanted.as_bytes() == bytes);
    link.forget(start.run).await;
}

#[tokio::test]
async fn input_is_given_once_over_kills() {
    let (place, core, mut host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("cat") };
    link.send(&start).await;
    let bytes: Vec<u8> = (0..600_000u32).map(|i| (i / 5) as u8).collect();
    let (mut acked, mut back, mut rounds) = (0, Vec::new(), 0);
    let mut sent = 0;
    while acked < bytes.len() {
        while sent < bytes.len() && sent.saturating_sub(acked) < INPUT_WINDOW as usize {
            let upto = bytes.len().min(sent + 7_000);
            link.input_at(start.run, sent as u64, &bytes[sent..upto]).await;
            sent = upto;
        }
        match link.next().await {
            Said::InputAck(ack) => acked = acked.max(ack.off as usize),
            Said::Output(output, piece) => {
                back.truncate(output.off as usize);
                back.extend_from_slice(&piece);
                link.ack(start.run, back.len() as u64).await;
                rounds += 1;
                if rounds % 4 == 0 && rounds < 24 {
                    host.kill();
                    host = place.host(&core);
                    link = core.accept().await;
                    let told = link.hello.runs[0];
                    assert!(told.input as usize >= acked, "what was acknowledged is never forgotten");
                    acked = told.input as usize;
                    link.welcome(&[(start.run, back.len() as u64)], WIDE).await;
                    // Some of it twice, as a core does that does not know what arrived.
                    sent = acked.saturating_sub(3_000);
                }
            }
            _ => {}
        }
    }
    link.input_at(start.run, bytes.len() as u64, b"").await;
    link.eof(start.run).await;
    let whole = link.whole(start.run, back.len() as u64).await;
    back.extend(whole.of(1));
    assert!(back == bytes, "{} of {} bytes came back", back.len(), bytes.len());
}

#[tokio::test]
async fn a_command_is_started_once_however_soon_its_host_is_killed() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    for round in 0..24u32 {
        let mut host = place.host(&core);
        let mut link = core.welcomed().await;
        let start = shell(&format!("echo x >> count{round}; sleep 0.05; exit 3"));
        link.send(&start).await;
        // From before the order until after the start.
        std::thread::sleep(std::time::Duration::from_micros(u64::from(round) * 400));
        host.kill();
        drop(link);
        let _host = place.host(&core);
        let mut link = core.accept().await;
        let is_known = link.hello.runs.iter().any(|run| run.run == start.run);
        let known: Vec<_> = link.hello.runs.iter().map(|run| (run.run, 0)).collect();
        link.welcome(&known, WIDE).await;
        if !is_known {
            // What the core does with a run that was not begun.
            link.send(&start).await;
        }
        assert_eq!(link.whole(start.run, 0).await.exit(), r#"{"code":3}"#);
        assert_eq!(std::fs::read_to_string(place.path().join(format!("count{round}"))).unwrap(), "x\n");
    }
}

#[tokio::test]
async fn an_end_without_a_host_is_told_by_the_next_one() {
    let (place, core, mut host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("echo up; read _; echo late; exit 6") };
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    link.input(start.run, b"\n").await;
    while !matches!(link.next().await, Said::InputAck(_)) {}
    host.kill();
    drop(link);
    let deadline = std::time::Instant::now() + crate::fake_core::PATIENCE;
    while !place.spool_of(start.run).join("end.json").exists() {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let _host = place.host(&core);
    let mut link = core.accept().await;
    assert!(link.hello.runs[0].ended);
    link.welcome(&[(start.run, 3)], WIDE).await;
    let whole = link.whole(start.run, 3).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("late\n", r#"{"code":6}"#));
}

#[tokio::test]
async fn an_index_that_was_cut_is_repaired_and_the_end_arrives() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("echo out; sleep 0.1; echo err >&2; exit 4");
    link.send(&start).await;
    while !matches!(link.next().await, Said::Ended(_)) {}
    host.kill();
    drop(link);
    let index = place.spool_of(start.run).join("index");
    let bytes = std::fs::read(&index).unwrap();
    std::fs::write(&index, &bytes[..bytes.len() - 5]).unwrap();
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    let whole = link.whole(start.run, 0).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("out\nerr\n", r#"{"code":4}"#));
}

#[tokio::test]
async fn a_spool_without_a_start_is_cleared_away() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let start = shell("true");
    std::fs::create_dir_all(place.spool_of(start.run)).unwrap();
    std::fs::write(place.spool_of(start.run).join("output"), b"").unwrap();
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    assert!(link.hello.runs.is_empty());
    assert_eq!(link.run(&start).await.exit(), r#"{"code":0}"#);
}

#[tokio::test]
async fn a_second_host_on_the_same_spool_refuses() {
    let (place, core, _host, mut link) = all().await;
    let mut second = place.host(&core);
    assert!(!second.wait().success());
    let complaint = second.complaint();
    assert!(complaint.contains("another host uses the spool folder"), "{complaint}");
    assert_eq!(link.run(&shell("echo first")).await.text(1), "first\n");
}

#[tokio::test]
async fn a_host_that_ends_leaves_its_runs_alone() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("setsid sleep 1000 & sleep 1000 & echo up; wait");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    host.term();
    assert!(host.wait().success());
    assert_eq!(survivors(start.run, "no such word").len(), 3);
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[(start.run, 3)], WIDE).await;
    link.signal(start.run, Signal::Kill).await;
    assert_eq!(link.whole(start.run, 3).await.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
}

#[tokio::test]
async fn a_host_that_is_to_stop_its_runs_stops_them_and_says_so() {
    let (place, _core, mut host, mut link) = all().await;
    let start = shell("echo up; setsid sleep 1000 & sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    host.stop_runs();
    let whole = link.whole(start.run, 3).await;
    assert_eq!(whole.exit(), r#"{"lost":"the host was stopped"}"#);
    assert!(host.wait().success());
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
    assert!(!place.spool_of(start.run).exists());
}

#[tokio::test]
async fn a_host_that_is_stopping_starts_nothing() {
    let (_place, _core, mut host, mut link) = all().await;
    let busy = HostStart { ..shell("exec 2>/dev/null; trap 'echo asked' TERM; echo up; while :; do sleep 0.1; done") };
    link.send(&busy).await;
    link.line(busy.run, "up\n").await;
    host.stop_runs();
    link.line(busy.run, "asked\n").await;
    let late = link.run(&shell("echo late")).await;
    assert_eq!(late.exit(), r#"{"failed":"the host is being stopped"}"#);
    assert_eq!(link.whole(busy.run, 9).await.exit(), r#"{"lost":"the host was stopped"}"#);
    assert!(host.wait().success());
}

#[tokio::test]
async fn a_host_that_stops_its_runs_while_the_core_is_away_keeps_everything() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("echo up; sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    let waiting = {
        drop(link);
        core.accept().await
    };
    host.stop_runs();
    assert!(host.wait().success());
    drop(waiting);
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[(start.run, 0)], WIDE).await;
    let whole = link.whole(start.run, 0).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("up\n", r#"{"lost":"the host was stopped"}"#));
}
