//! Output: every byte once, in order, however slow or far away the core is.

use std::time::Instant;

use wardroom_protocol::messages::HostStart;

use crate::fake_core::{FakeCore, Link, PATIENCE, Said, WIDE, run_id, shell};
use crate::host_process::{Place, survivors};

/// Fifty megabytes that are the same each time, and different at each place.
const FIFTY_MB: &str = "seq 1 6400000 | head -c 50000000";

fn is_fifty_mb(bytes: &[u8]) -> bool {
    let numbers = (1u32..).flat_map(|n| format!("{n}\n").into_bytes());
    bytes.len() == 50_000_000 && numbers.zip(bytes).all(|(wanted, got)| wanted == *got)
}

/// Waits until the host has put the run's end into its spool; pings are the clock.
async fn until_over(place: &Place, run: wardroom_protocol::RunId, link: &mut Link) -> Vec<Said> {
    let deadline = Instant::now() + PATIENCE;
    let mut said = Vec::new();
    while !place.spool_of(run).join("end.json").exists() {
        assert!(Instant::now() < deadline, "the run does not end");
        said.extend(link.flush().await);
    }
    said.extend(link.flush().await);
    said
}

#[tokio::test]
async fn a_stalled_core_holds_up_no_command_and_gets_everything_in_the_end() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[], 100_000).await;
    let start = shell(FIFTY_MB);
    link.send(&start).await;
    let said = until_over(&place, start.run, &mut link).await;
    let mut bytes = Vec::new();
    for said in said {
        match said {
            Said::Started(_) => {}
            Said::Output(output, body) => {
                assert_eq!(output.off, bytes.len() as u64);
                bytes.extend_from_slice(&body);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bytes.len(), 100_000, "the window was used, and not overrun");
    let peak_kib = host.memory_peak_kib();
    assert!(peak_kib < 40_000, "a host that waits keeps nothing in memory: {peak_kib} KiB");
    link.ack(start.run, 100_000).await;
    let rest = link.whole(start.run, 100_000).await;
    bytes.extend(rest.of(1));
    assert!(is_fifty_mb(&bytes), "{} bytes", bytes.len());
    assert_eq!(rest.exit(), r#"{"code":0}"#);
}

#[tokio::test]
async fn the_window_is_never_overrun() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[], 1_000).await;
    let start = shell("head -c 5000 /dev/zero; head -c 5000 /dev/zero >&2");
    link.send(&start).await;
    let (mut acked, mut at) = (0, 0);
    let ended = 'over: loop {
        for said in link.flush().await {
            match said {
                Said::Output(output, _) => {
                    assert_eq!(output.off, at);
                    at += output.len;
                }
                Said::Ended(ended) => break 'over ended,
                _ => {}
            }
        }
        assert!(at <= acked + 1_000, "{at} bytes with {acked} acknowledged");
        if at == acked + 1_000 {
            // Half of it, so that the rest of the window is seen to count.
            acked = at - 500;
            link.ack(start.run, acked).await;
        }
    };
    assert_eq!((ended.bytes, at), (10_000, 10_000));
    link.forget(start.run).await;
}

#[tokio::test]
async fn a_lost_connection_loses_no_byte_and_doubles_none() {
    let place = Place::new();
    let core = FakeCore::unix(&place.path().join("core.sock"));
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[], WIDE).await;
    let start = shell(FIFTY_MB);
    link.send(&start).await;
    let mut bytes: Vec<u8> = Vec::new();
    for _ in 0..5 {
        let enough = bytes.len() + 5_000_000;
        while bytes.len() < enough {
            if let Said::Output(output, body) = link.next().await {
                assert_eq!(output.off, bytes.len() as u64);
                bytes.extend_from_slice(&body);
                link.ack(start.run, bytes.len() as u64).await;
            }
        }
        // As if the core had stored less than it read.
        bytes.truncate(bytes.len() - 12_345);
        drop(link);
        link = core.accept().await;
        let told = link.hello.runs.iter().find(|run| run.run == start.run).expect("the run is named in the hello");
        assert!(told.bytes >= bytes.len() as u64);
        link.welcome(&[(start.run, bytes.len() as u64)], WIDE).await;
    }
    let rest = link.whole(start.run, bytes.len() as u64).await;
    bytes.extend(rest.of(1));
    assert!(is_fifty_mb(&bytes), "{} bytes", bytes.len());
}

#[tokio::test]
async fn a_command_runs_on_and_ends_while_the_core_is_away() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    let start = HostStart { stdin: true, ..shell("echo one; read _; echo two; echo three >&2; exit 9") };
    link.send(&start).await;
    link.line(start.run, "one\n").await;
    link.input(start.run, b"\n").await;
    link.flush().await;
    drop(link);
    // The host comes back, and is not welcomed until the run is over.
    let waiting = core.accept().await;
    let deadline = Instant::now() + PATIENCE;
    while !place.spool_of(start.run).join("end.json").exists() {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    drop(waiting);
    let mut link = core.accept().await;
    assert!(link.hello.runs[0].ended);
    link.welcome(&[(start.run, 4)], WIDE).await;
    let whole = link.whole(start.run, 4).await;
    assert_eq!((whole.text(1).as_str(), whole.text(2).as_str()), ("two\n", "three\n"));
    assert_eq!(whole.exit(), r#"{"code":9}"#);
}

#[tokio::test]
async fn the_end_is_told_again_until_it_is_forgotten() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    let start = shell("echo x");
    link.send(&start).await;
    let first = loop {
        if let Said::Ended(ended) = link.next().await {
            break ended;
        }
    };
    for _ in 0..2 {
        drop(link);
        link = core.accept().await;
        link.welcome(&[(start.run, 2)], WIDE).await;
        let again = loop {
            if let Said::Ended(ended) = link.next().await {
                break ended;
            }
        };
        assert_eq!(again, first);
    }
    link.forget(start.run).await;
    link.flush().await;
    drop(link);
    assert!(core.accept().await.hello.runs.is_empty());
}

#[tokio::test]
async fn a_run_that_the_core_does_not_know_is_stopped_and_forgotten() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    let start = shell("setsid sleep 1000 & sleep 1000");
    link.started(&start).await;
    drop(link);
    let mut link = core.accept().await;
    assert_eq!(link.hello.runs.len(), 1);
    link.welcome(&[], WIDE).await;
    let deadline = Instant::now() + PATIENCE;
    while place.spool_of(start.run).exists() {
        assert!(Instant::now() < deadline, "the spool is still there");
        assert!(link.flush().await.is_empty(), "nothing is told of it");
    }
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
}

#[tokio::test]
async fn many_runs_share_the_connection() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    let flood = shell("yes");
    link.send(&flood).await;
    // The flood is never acknowledged, and what the window allows of it does not hold up another run.
    let start = shell("echo through");
    let whole = link.run(&start).await;
    assert_eq!(whole.text(1), "through\n");
    link.signal(flood.run, wardroom_protocol::messages::Signal::Kill).await;
    let deadline = Instant::now() + PATIENCE;
    while !place.spool_of(flood.run).join("end.json").exists() {
        assert!(Instant::now() < deadline, "a flood cannot be stopped");
        link.flush().await;
    }
    link.forget(flood.run).await;
    let unknown = run_id();
    link.ack(unknown, 5).await;
    link.forget(unknown).await;
    link.flush().await;
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_ends_the_run_and_is_said() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    // A file may have 64 KiB: every write beyond that fails, as on a full disk.
    let _host = place.host_after("trap '' XFSZ; ulimit -f 128", &core);
    let mut link = core.welcomed().await;
    let start = shell("head -c 200000 /dev/zero; sleep 1000");
    let whole = link.run(&start).await;
    assert_eq!(whole.exit(), r#"{"lost":"the host could not keep the output: file too large"}"#);
    assert!(whole.ended.truncated);
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
    assert_eq!(link.run(&shell("echo small")).await.text(1), "small\n");
}
