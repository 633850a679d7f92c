//! Standard input.

use wardroom_protocol::Code;
use wardroom_protocol::limits::INPUT_WINDOW;
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
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("sleep 0.2; cat") };
    let bytes: Vec<u8> = (0..10_000_000u32).map(|i| (i / 7) as u8).collect();
    link.send(&start).await;
    let (mut sent, mut back) = (0, Vec::new());
    let mut acked = 0;
    while acked < bytes.len() as u64 {
        while sent < bytes.len() && sent as u64 - acked < INPUT_WINDOW {
            let chunk = &bytes[sent..bytes.len().min(sent + 50_000)];
            link.input(start.run, chunk).await;
            sent += chunk.len();
        }
        match link.next().await {
            Said::InputAck(ack) => {
                assert!(ack.off > acked && ack.off <= sent as u64, "{} after {acked}", ack.off);
                acked = ack.off;
            }
            Said::Output(output, bytes) => {
                back.extend_from_slice(&bytes);
                link.ack(start.run, output.off + output.len).await;
            }
            _ => {}
        }
    }
    link.eof(start.run).await;
    let whole = link.whole(start.run, back.len() as u64).await;
    back.extend(whole.of(1));
    assert!(back == bytes, "{} bytes came back", back.len());
}

#[tokio::test]
async fn input_that_comes_again_is_given_once() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("cat") };
    link.started(&start).await;
    link.input_at(start.run, 0, b"one\n").await;
    link.line(start.run, "one\n").await;
    link.input_at(start.run, 0, b"one\ntwo\n").await;
    link.line(start.run, "two\n").await;
    link.input_at(start.run, 4, b"two\n").await;
    link.input_at(start.run, 8, b"three\n").await;
    link.eof(start.run).await;
    let whole = link.whole(start.run, 8).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("three\n", r#"{"code":0}"#));
}

#[tokio::test]
async fn a_command_that_does_not_read_holds_up_nobody() {
    let (_place, _core, _host, mut link) = all().await;
    let deaf = HostStart { stdin: true, ..shell("sleep 1000") };
    link.started(&deaf).await;
    link.input(deaf.run, &vec![b'x'; INPUT_WINDOW as usize]).await;
    assert_eq!(link.run(&shell("echo other")).await.text(1), "other\n");
    link.signal(deaf.run, Signal::Term).await;
    assert_eq!(link.whole(deaf.run, 0).await.exit(), r#"{"stopped_by":"ann","signal":"TERM"}"#);
}

#[tokio::test]
async fn a_command_that_closes_its_input_is_not_disturbed() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("head -c 3; exec <&-; echo; sleep 0.2; echo done") };
    link.send(&start).await;
    link.input(start.run, &vec![b'x'; INPUT_WINDOW as usize]).await;
    let whole = link.whole(start.run, 0).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("xxx\ndone\n", r#"{"code":0}"#));
}

#[tokio::test]
async fn input_that_nobody_can_have_harms_nobody() {
    let (_place, _core, _host, mut link) = all().await;
    let without = shell("read _; sleep 1000");
    link.started(&without).await;
    let unknown = run_id();
    link.input(unknown, b"x").await;
    match link.next().await {
        Said::Err(refusal) => assert_eq!((refusal.run, refusal.code), (Some(unknown), Some(Code::NotFound))),
        other => panic!("{other:?}"),
    }
    link.eof(unknown).await;
    // Nobody reads it: it counts as given.
    link.input(without.run, b"x").await;
    assert!(matches!(link.next().await, Said::InputAck(ack) if ack.off == 1));
    link.signal(without.run, Signal::Kill).await;
    link.whole(without.run, 0).await;
}

#[tokio::test]
async fn without_input_a_command_reads_nothing() {
    let (_place, _core, _host, mut link) = all().await;
    let whole = link.run(&shell("cat; echo $?")).await;
    assert_eq!(whole.text(1), "0\n");
}
