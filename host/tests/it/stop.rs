//! How runs are ended: by members, by limits, and by ending; and that nothing of them is left then.

use std::time::{Duration, Instant};

use wardroom_protocol::messages::{HostStart, Signal};

use crate::fake_core::{Transcript, shell};
use crate::host_process::{all, parent_of, survivors, zombies_of};

/// A word for command lines by which even a process without environment is found.
fn word(n: u32) -> String {
    format!("{}.{n}", 86_000 + std::process::id() % 1_000)
}

#[track_caller]
fn assert_gone(start: &HostStart, word: &str, whole: &Transcript) {
    assert_eq!(whole.ended.left, 0);
    assert_eq!(survivors(start.run, word), Vec::<String>::new());
}

#[tokio::test]
async fn a_member_stops_a_run() {
    let (_place, _core, _host, mut link) = all().await;
    let start = shell("sleep 1000");
    link.started(&start).await;
    link.signal(start.run, Signal::Term).await;
    let whole = link.whole(start.run, 0).await;
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"TERM"}"#);
    assert!(whole.ended.ms < 2_500, "a command that takes TERM need not wait for the grace");
}

#[tokio::test]
async fn the_ladder_reaches_everything_that_tried_to_leave() {
    let (_place, _core, _host, mut link) = all().await;
    let n = word(1);
    let cmd = format!(
        "nohup sleep {n} >/dev/null 2>&1 &
         setsid sleep {n} &
         ( ( setsid sh -c 'sleep {n} & wait' & ) & )
         setsid sh -c 'trap \"\" TERM HUP INT; while :; do sleep {n}; done' >/dev/null 2>&1 </dev/null &
         env -i /usr/bin/setsid /bin/sleep {n} >/dev/null 2>&1 </dev/null &
         trap '' TERM
         echo ready
         while :; do sleep {n}; done"
    );
    let start = shell(&cmd);
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    link.signal(start.run, Signal::Term).await;
    let whole = link.whole(start.run, 6).await;
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"TERM"}"#);
    assert_gone(&start, &n, &whole);
}

#[tokio::test]
async fn a_kill_does_not_wait() {
    let (_place, _core, _host, mut link) = all().await;
    let n = word(2);
    let start = shell(&format!("trap '' TERM; setsid sleep {n} & echo ready; while :; do sleep {n}; done"));
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    let began = Instant::now();
    link.signal(start.run, Signal::Kill).await;
    let whole = link.whole(start.run, 6).await;
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
    assert!(began.elapsed() < Duration::from_millis(2_500), "the grace is for TERM");
    assert_gone(&start, &n, &whole);
}

#[tokio::test]
async fn a_kill_cuts_a_grace_short() {
    let (_place, _core, _host, mut link) = all().await;
    let start = shell("exec 2>/dev/null; trap 'echo asked' TERM; echo ready; while :; do sleep 0.1; done");
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    let began = Instant::now();
    link.signal(start.run, Signal::Term).await;
    link.line(start.run, "asked\n").await;
    link.signal(start.run, Signal::Kill).await;
    let whole = link.whole(start.run, 12).await;
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
    assert!(began.elapsed() < Duration::from_millis(2_500));
}

#[tokio::test]
async fn a_command_may_clean_up_within_the_grace() {
    let (_place, _core, _host, mut link) = all().await;
    let start = shell("exec 2>/dev/null; trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done");
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    link.signal(start.run, Signal::Term).await;
    let whole = link.whole(start.run, 6).await;
    assert_eq!(whole.text(1), "bye\n");
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"TERM"}"#);
}

#[tokio::test]
async fn an_interrupt_goes_to_the_process_group() {
    let (_place, _core, _host, mut link) = all().await;
    let start = shell("sh -c 'trap \"echo inner; exit\" INT; echo ready; while :; do sleep 0.1; done'; exit 7");
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    link.signal(start.run, Signal::Int).await;
    let whole = link.whole(start.run, 6).await;
    assert_eq!(whole.text(1), "inner\n");
    // The shell waits for its child, sees it exit by itself, and goes on or dies of the signal, as it likes.
    assert!(
        [r#"{"code":7}"#, r#"{"stopped_by":"ann","signal":"INT"}"#].contains(&whole.exit().as_str()),
        "{}",
        whole.exit()
    );
}

#[tokio::test]
async fn an_interrupt_that_is_ignored_ends_nothing() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("trap 'echo no' INT; echo ready; read _; read _; exit 4") };
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    link.signal(start.run, Signal::Int).await;
    link.line(start.run, "no\n").await;
    // It still takes input, so it still runs.
    link.signal(start.run, Signal::Kill).await;
    assert_eq!(link.whole(start.run, 9).await.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
}

#[tokio::test]
async fn an_interrupt_that_comes_before_the_process_is_not_lost() {
    let (_place, _core, _host, mut link) = all().await;
    // No shell: one that is interrupted before it has set itself up may go on.
    let start = HostStart { argv: vec!["sleep".to_owned(), "1000".to_owned()], ..shell("") };
    link.send(&start).await;
    link.signal(start.run, Signal::Int).await;
    assert_eq!(link.whole(start.run, 0).await.exit(), r#"{"stopped_by":"ann","signal":"INT"}"#);
}

#[tokio::test]
async fn a_run_has_a_time_limit() {
    let (_place, _core, _host, mut link) = all().await;
    let n = word(3);
    let start = HostStart { timeout_s: 1, ..shell(&format!("setsid sleep {n} & echo up; sleep {n}")) };
    let whole = link.run(&start).await;
    assert_eq!(whole.exit(), r#"{"timeout":true}"#);
    assert_eq!(whole.text(1), "up\n");
    assert!((1_000..5_000).contains(&whole.ended.ms), "{}", whole.ended.ms);
    assert_gone(&start, &n, &whole);
}

#[tokio::test]
async fn a_run_has_an_output_limit() {
    let (_place, _core, _host, mut link) = all().await;
    let exact = link.run(&HostStart { output_bytes_max: 10_000, ..shell("head -c 10000 /dev/zero") }).await;
    assert_eq!((exact.exit().as_str(), exact.ended.bytes, exact.ended.truncated), (r#"{"code":0}"#, 10_000, false));
    let over = link.run(&HostStart { output_bytes_max: 10_000, ..shell("head -c 10001 /dev/zero") }).await;
    assert_eq!((over.exit().as_str(), over.ended.bytes, over.ended.truncated), (r#"{"limit":"output"}"#, 10_000, true));
    let endless = link.run(&HostStart { output_bytes_max: 1_000_000, ..shell("yes; yes; yes") }).await;
    assert_eq!((endless.exit().as_str(), endless.ended.bytes), (r#"{"limit":"output"}"#, 1_000_000));
    assert_eq!(endless.of(1), b"y\n".repeat(500_000));
}

#[tokio::test]
async fn a_background_child_cannot_hold_a_run_open() {
    let (_place, _core, _host, mut link) = all().await;
    let n = word(4);
    let start = shell(&format!("sleep {n} & echo started"));
    let whole = link.run(&start).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("started\n", r#"{"code":0}"#));
    assert_eq!(whole.ended.ended, [format!("sleep {n}")], "what was left behind is named");
    assert!((2_000..9_000).contains(&whole.ended.ms), "{}", whole.ended.ms);
    assert_gone(&start, &n, &whole);
}

#[tokio::test]
async fn what_background_children_still_write_is_kept() {
    let (_place, _core, _host, mut link) = all().await;
    let whole = link.run(&shell("(sleep 0.3; echo late) & echo early")).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("early\nlate\n", r#"{"code":0}"#));
    assert!(whole.ended.ms < 2_000, "the pipes were closed, and nobody was waited for");
}

#[tokio::test]
async fn daemons_are_swept_up_after_a_run_that_ended_well() {
    let (_place, _core, _host, mut link) = all().await;
    let n = word(5);
    let hidden = "</dev/null >/dev/null 2>&1";
    let cmd = format!(
        "( setsid sleep {n} {hidden} & )
         ( env -i /usr/bin/setsid /bin/sh -c 'sleep {n} & sleep {n}' {hidden} & )
         exit 5"
    );
    let start = shell(&cmd);
    let whole = link.run(&start).await;
    assert_eq!(whole.exit(), r#"{"code":5}"#);
    assert_gone(&start, &n, &whole);
}

#[tokio::test]
async fn a_chain_that_is_never_twice_the_same_process_is_ended() {
    let (_place, _core, _host, mut link) = all().await;
    // Each process forks the next one and ends: whoever reads /proc comes too late.
    let start = shell("trap '' TERM; f() { f & }; echo ready; f");
    link.send(&start).await;
    link.line(start.run, "ready\n").await;
    link.signal(start.run, Signal::Kill).await;
    let whole = link.whole(start.run, 6).await;
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
    assert_gone(&start, "no such word", &whole);
}

#[tokio::test]
async fn the_end_of_one_run_leaves_the_others_alone() {
    let (_place, _core, _host, mut link) = all().await;
    let n = word(6);
    let other = HostStart { stdin: true, ..shell(&format!("setsid sleep {n} & read _; kill $!; echo alive")) };
    link.started(&other).await;
    // Hidden as well as can be, while an older run goes on.
    let hidden = word(7);
    let cmd = format!("setsid sleep 1000 >/dev/null 2>&1 & (env -i setsid sleep {hidden} >/dev/null 2>&1 &) ; exit 0");
    let start = shell(&cmd);
    let whole = link.run(&start).await;
    assert_gone(&start, &hidden, &whole);
    link.input(other.run, b"\n").await;
    let whole = link.whole(other.run, 0).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("alive\n", r#"{"code":0}"#));
}

#[tokio::test]
async fn orphans_are_reaped_while_a_run_goes_on() {
    let (_place, _core, _host, mut link) = all().await;
    let cmd = "for i in 1 2 3 4 5 6 7 8; do ( ( true & ) & ); done; echo made; read _";
    let start = HostStart { stdin: true, ..shell(cmd) };
    let shim = parent_of(link.started(&start).await);
    link.line(start.run, "made\n").await;
    // Each ping is a moment in which the shim can reap; the bound is that of the test.
    let deadline = Instant::now() + crate::fake_core::PATIENCE;
    while zombies_of(shim) > 0 {
        assert!(Instant::now() < deadline, "zombies are left");
        link.flush().await;
    }
    link.input(start.run, b"\n").await;
    assert_eq!(link.whole(start.run, 5).await.exit(), r#"{"code":0}"#);
}
