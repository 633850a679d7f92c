//! Standard input.

use wardroom_protocol::Code;
use wardroom_protocol::messages::{HostStart, Signal};

use crate::fake_core::{Said, run_id, shell};
use crate::host_process::all;

#[tokio::test]
async fn input_comes_back_from_cat_and_ends_it() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("cat") };
    link.send(&start).await;
    // Sent before the process is there.
    link.input(start.run, b"hello\n").await;
    link.line(start.run, "hello\n").await;
    link.input(start.run, b"again\n").await;
    link.line(start.run, "again\n").await;
    link.eof(start.run).await;
    let whole = link.whole(start.run, 12).await;
    assert_eq!((whole.exit().as_str(), whole.ended.bytes), (r#"{"code":0}"#, 12));
}

#[tokio::test]
async fn a_large_input_is_whole() {
    let (_place, _core, host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("sleep 0.2; cat") };
    let bytes: Vec<u8> = (0..10_000_000u32).map(|i| (i / 7) as u8).collect();
    link.send(&start).await;
    link.input(start.run, &bytes).await;
    link.eof(start.run).await;
    let whole = link.whole(start.run, 0).await;
    assert!(whole.of(1) == bytes, "{} bytes came back", whole.of(1).len());
    let peak_kib = host.memory_peak_kib();
    assert!(peak_kib < 40_000, "input waits on disk: {peak_kib} KiB");
}

#[tokio::test]
async fn a_command_that_does_not_read_holds_up_nobody() {
    let (_place, _core, _host, mut link) = all().await;
    let deaf = HostStart { stdin: true, ..shell("sleep 1000") };
    link.started(&deaf).await;
    link.input(deaf.run, &vec![b'x'; 5_000_000]).await;
    assert_eq!(link.run(&shell("echo other")).await.text(1), "other\n");
    link.signal(deaf.run, Signal::Term).await;
    assert_eq!(link.whole(deaf.run, 0).await.exit(), r#"{"stopped_by":"ann","signal":"TERM"}"#);
}

#[tokio::test]
async fn a_command_that_closes_its_input_is_not_disturbed() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("head -c 3; exec <&-; echo; sleep 0.2; echo done") };
    link.send(&start).await;
    link.input(start.run, &vec![b'x'; 3_000_000]).await;
    let whole = link.whole(start.run, 0).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("xxx\ndone\n", r#"{"code":0}"#));
}

#[tokio::test]
async fn input_that_nobody_can_have_is_refused() {
    let (_place, _core, _host, mut link) = all().await;
    let without = shell("sleep 1000");
    link.started(&without).await;
    let unknown = run_id();
    let with = HostStart { stdin: true, ..shell("sleep 1000") };
    link.started(&with).await;
    link.eof(with.run).await;
    for (run, code) in [(without.run, Code::Conflict), (unknown, Code::NotFound), (with.run, Code::Conflict)] {
        link.input(run, b"x").await;
        match link.next().await {
            Said::Err(refusal) => assert_eq!((refusal.run, refusal.code), (Some(run), Some(code)), "{}", refusal.msg),
            other => panic!("{other:?}"),
        }
    }
    link.eof(unknown).await;
    for run in [without.run, with.run] {
        link.signal(run, Signal::Kill).await;
        link.whole(run, 0).await;
    }
}

#[tokio::test]
async fn without_input_a_command_reads_nothing() {
    let (_place, _core, _host, mut link) = all().await;
    let whole = link.run(&shell("cat; echo $?")).await;
    assert_eq!(whole.text(1), "0\n");
}
