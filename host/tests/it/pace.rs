//! Terminals whose core follows slowly, or not at all.

use std::time::{Duration, Instant};

use wardroom_protocol::messages::{HostStart, TermSize, Tty};

use crate::fake_core::{Link, PATIENCE, Said, WIDE, shell};
use crate::host_process::{Place, all};

/// What a terminal is read ahead, and one read more.
const AHEAD: u64 = 5 * 65_536;
const PRINTED: u64 = 2_000_000;

/// Starts a program that prints [`PRINTED`] bytes after a line of input. Its shim knows that the core has followed so
/// far: it gets what the host is told in this order.
async fn printer(link: &mut Link, cmd: &str) -> (HostStart, u64) {
    let tty = Some(Tty { size: TermSize { cols: 80, rows: 24 }, fixed: false });
    let start = HostStart { tty, ..shell(&format!("stty -echo -onlcr; echo ready; read line; {cmd}")) };
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    link.input(start.run, b"go\r").await;
    (start, 6)
}

/// Reads output, without an ack, until an offset.
async fn read_until(link: &mut Link, mut at: u64, upto: u64) -> u64 {
    while at < upto {
        if let Said::Output(output, _) = link.next().await {
            at = output.off + output.len;
        }
    }
    at
}

fn spooled(place: &Place, start: &HostStart) -> u64 {
    std::fs::metadata(place.spool_of(start.run).join("output")).map_or(0, |meta| meta.len())
}

#[tokio::test]
async fn a_terminal_is_read_only_a_little_ahead_of_the_core() {
    let (place, _core, _host, mut link) = all().await;
    let (start, acked) = printer(&mut link, &format!("head -c {PRINTED} /dev/zero | tr '\\0' x")).await;
    let mut at = read_until(&mut link, acked, acked + 4 * 65_536).await;
    // Were the program not held up, it would have printed everything by now.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(spooled(&place, &start) < acked + AHEAD, "{} bytes after {acked}", spooled(&place, &start));
    for said in link.flush().await {
        if let Said::Output(output, _) = said {
            at = output.off + output.len;
        }
    }
    link.ack(start.run, at).await;
    let rest = link.whole(start.run, at).await;
    assert_eq!((rest.ended.bytes, rest.exit().as_str()), (acked + PRINTED, r#"{"code":0}"#));
}

#[tokio::test]
async fn without_a_core_a_terminal_is_not_held_up() {
    let (place, core, _host, mut link) = all().await;
    let (start, acked) = printer(&mut link, &format!("head -c {PRINTED} /dev/zero | tr '\\0' x")).await;
    read_until(&mut link, acked, acked + 65_536).await;
    drop(link);
    let waiting = core.accept().await;
    let deadline = Instant::now() + PATIENCE;
    while !place.spool_of(start.run).join("end.json").exists() {
        assert!(Instant::now() < deadline, "it is held up at {} bytes", spooled(&place, &start));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(waiting);
    let mut link = core.accept().await;
    link.welcome(&[(start.run, acked)], WIDE).await;
    assert_eq!(link.whole(start.run, acked).await.of(1).len() as u64, PRINTED);
}

#[tokio::test]
async fn a_core_that_hangs_holds_a_terminal_up_only_for_a_while() {
    let (place, _core, _host, mut link) = all().await;
    let (start, acked) = printer(&mut link, &format!("head -c {PRINTED} /dev/zero | tr '\\0' x")).await;
    let deadline = Instant::now() + PATIENCE;
    while spooled(&place, &start) < acked + PRINTED {
        assert!(Instant::now() < deadline, "it is held up at {} bytes", spooled(&place, &start));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let whole = link.whole(start.run, acked).await;
    assert_eq!(whole.of(1).len() as u64, PRINTED);
}
