//! What a run may use: each limit ends it in a state that says so, and nothing of it is left.

use wardroom_protocol::messages::{HostStart, RunLimits, TermSize, Tty};

use crate::fake_core::shell;
use crate::host_process::{all, survivors};

fn limited(limits: RunLimits, cmd: &str) -> HostStart {
    HostStart { limits, argv: ["bash", "-c", cmd].map(str::to_owned).to_vec(), ..shell("") }
}

const NONE: RunLimits = RunLimits {
    cpu_s: None,
    memory_bytes: None,
    processes: None,
    open_files: None,
    file_bytes: None,
    idle_s: None,
    output_bytes: None,
};

#[tokio::test]
async fn a_run_with_too_many_processes_is_ended() {
    let (_place, _core, _host, mut link) = all().await;
    // As many as this and no more, so that a fault here does not take the machine down; in two groups, and deaf to TERM.
    let many = "trap '' TERM; setsid bash -c 'for n in $(seq 40); do sleep 60 & done; wait' &
        for n in $(seq 40); do sleep 60 & done; wait";
    let start = limited(RunLimits { processes: Some(60), ..NONE }, many);
    let whole = link.run(&start).await;
    assert_eq!((whole.exit().as_str(), whole.ended.left), (r#"{"limit":"processes"}"#, 0));
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
    let some = "for n in 1 2 3 4 5; do sleep 0.3 & done; wait; exit 3";
    let some = limited(RunLimits { processes: Some(60), ..NONE }, some);
    assert_eq!(link.run(&some).await.exit(), r#"{"code":3}"#);
}

#[tokio::test]
async fn a_run_that_takes_too_much_memory_is_ended() {
    let (_place, _core, _host, mut link) = all().await;
    // In one process, and in several that are each below the limit.
    let one = "exec dd if=/dev/zero of=/dev/null bs=100000000";
    let several = "for n in 1 2 3 4; do dd if=/dev/zero of=/dev/null bs=20000000 & done; wait";
    for cmd in [one, several] {
        let start = limited(RunLimits { memory_bytes: Some(64 << 20), ..NONE }, cmd);
        let whole = link.run(&start).await;
        assert_eq!((whole.exit().as_str(), whole.ended.left), (r#"{"limit":"memory"}"#, 0), "{cmd}");
    }
    // Files that are read, and pages that are shared after a fork, count once at most.
    let shared =
        "x=$(head -c 5000000 /dev/zero | tr '\\0' x); for n in 1 2 3 4 5 6 7 8; do (sleep 1; true) & done; wait";
    let whole = link.run(&limited(RunLimits { memory_bytes: Some(32 << 20), ..NONE }, shared)).await;
    assert_eq!(whole.exit(), r#"{"code":0}"#);
}

#[tokio::test]
async fn a_run_that_computes_for_too_long_is_ended() {
    let (_place, _core, _host, mut link) = all().await;
    // The processes together, also those that have ended.
    let cmd = "while :; do timeout 0.2 bash -c 'while :; do :; done'; done";
    for cmd in ["while :; do :; done", cmd] {
        let whole = link.run(&limited(RunLimits { cpu_s: Some(1), ..NONE }, cmd)).await;
        assert_eq!(whole.exit(), r#"{"limit":"cpu"}"#, "{cmd}");
    }
    let whole = link.run(&limited(RunLimits { cpu_s: Some(1), ..NONE }, "sleep 1.5; exit 4")).await;
    assert_eq!(whole.exit(), r#"{"code":4}"#, "to wait is not to compute");
}

#[tokio::test]
async fn a_run_in_which_nothing_happens_is_ended() {
    let (_place, _core, _host, mut link) = all().await;
    let idle = |cmd: &str| limited(RunLimits { idle_s: Some(1), ..NONE }, cmd);
    assert_eq!(link.run(&idle("echo up; sleep 1000")).await.exit(), r#"{"limit":"idle"}"#);
    // A command of the shim's user may stop it, which does not help.
    assert_eq!(link.run(&idle("kill -STOP $PPID; exec sleep 1000")).await.exit(), r#"{"limit":"idle"}"#);
    let busy = idle("for n in 1 2 3 4 5 6 7 8; do sleep 0.25; echo $n; done; exit 5");
    assert_eq!(link.run(&busy).await.exit(), r#"{"code":5}"#);
    // Input keeps it alive, as somebody at a terminal does.
    let tty = Some(Tty { size: TermSize { cols: 80, rows: 24 }, fixed: false });
    let typed = HostStart { tty, ..idle("stty -echo; echo up; while read -r line; do :; done; exit 6") };
    link.send(&typed).await;
    link.line(typed.run, "up\r\n").await;
    for _ in 0..8 {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        link.input(typed.run, b"x\n").await;
    }
    link.input(typed.run, b"\x04").await;
    assert_eq!(link.whole(typed.run, 4).await.exit(), r#"{"code":6}"#);
}

#[tokio::test]
async fn the_kernel_holds_each_process_to_its_limits() {
    let (place, _core, _host, mut link) = all().await;
    let limits = RunLimits { file_bytes: Some(100_000), open_files: Some(32), ..NONE };
    let whole = link.run(&limited(limits, "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj")).await;
    assert_eq!(whole.text(1), "32\n32\n300\n");
    // A program that is ended by its signal, and a shell that says so.
    for cmd in ["exec head -c 200000 /dev/zero > big", "head -c 200000 /dev/zero > big; exit $?"] {
        let whole = link.run(&limited(limits, cmd)).await;
        assert_eq!(whole.exit(), r#"{"limit":"file-size"}"#, "{cmd}");
        assert_eq!(std::fs::metadata(place.path().join("big")).unwrap().len(), 100_000);
    }
    // What a run may not is allowed to the next one, and output is no file.
    let whole = link.run(&limited(limits, "head -c 200000 /dev/zero")).await;
    assert_eq!((whole.exit().as_str(), whole.ended.bytes), (r#"{"code":0}"#, 200_000));
}

#[tokio::test]
async fn a_run_that_writes_for_ever_is_ended() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { output_bytes_max: 1 << 20, ..limited(NONE, "head -c 10000000000 /dev/zero; exit 1") };
    let whole = link.run(&start).await;
    assert_eq!((whole.exit().as_str(), whole.ended.bytes), (r#"{"limit":"output"}"#, 1 << 20));
    assert!(whole.ended.truncated);
}
