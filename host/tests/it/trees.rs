//! Process trees of many kinds, with other runs beside them: *Stop* leaves nothing of the one, and touches nothing of the
//! others.

use std::time::{Duration, Instant};

use wardroom_protocol::messages::{HostStart, Signal};

use crate::fake_core::{PATIENCE, Said, run_id, shell};
use crate::host_process::{all, survivors};

/// Commands of bash that try to keep `sleep N` alive, each in its own way; `N` is the number that finds it.
const KINDS: [&str; 25] = [
    // In front, and behind.
    "sleep N",
    "sleep N & wait",
    "sleep N | cat | cat",
    "(((((sleep N; true); true); true); true); true)",
    // Out of the group, out of the session, out of the tree.
    "set -m; sleep N & wait",
    "setsid sleep N & wait",
    "setsid setsid setsid sleep N & sleep N",
    "((sleep N &) &); sleep N",
    "(setsid bash -c '(setsid sleep N &)' &); sleep N",
    "nohup sleep N >/dev/null 2>&1 & sleep N",
    "sleep N & disown; sleep N",
    // Without markers and without descriptors.
    "env -i setsid sleep N & sleep N",
    "exec 0<&- 1>&- 2>&-; setsid sleep N & sleep N",
    "(exec -a innocent sleep N) & sleep N",
    // Deaf to signals.
    "trap '' TERM; sleep N & while :; do wait; done",
    "trap '' TERM HUP INT QUIT; setsid sleep N & setsid sleep N & while :; do sleep 1; done",
    "trap 'setsid sleep N & setsid sleep N &' TERM; while :; do sleep 0.1; done",
    "bash -c 'trap \"exec sleep N\" TERM; while :; do sleep 0.1; done' & sleep N",
    // Stopped.
    "sleep N & kill -STOP $!; sleep N",
    "trap '' TERM; (trap '' TERM; kill -STOP $BASHPID; sleep N) & sleep N",
    // Many, and never the same.
    "for i in {1..30}; do setsid sleep N & done; wait",
    "trap '' TERM; f() { sleep 0.02; f & }; f; sleep N",
    "while :; do (true &) ; sleep 0.01; done & sleep N",
    "c='sleep 0.02; setsid bash -c \"$c\" &'; export c; (trap '' TERM; setsid bash -c \"$c\" &); sleep N",
    // Zombies that nobody reaps.
    "bash -c 'for i in 1 2 3 4 5; do true & done; exec sleep N' & sleep N",
];

#[tokio::test]
async fn a_stop_leaves_nothing_of_any_kind_of_tree_and_touches_no_other() {
    let (_place, _core, _host, mut link) = all().await;
    let number = |kind: usize| format!("{}.{kind:02}", 85_000 + std::process::id() % 1_000);
    // As many as there are kinds, each like the tree beside it, and untouched at the end.
    let others: Vec<HostStart> = (0..4)
        .map(|n| HostStart {
            stdin: true,
            ..shell(&format!("setsid sleep 7{n}00 & read _; kill $! && echo untouched"))
        })
        .collect();
    for other in &others {
        link.started(other).await;
    }
    let trees: Vec<HostStart> = KINDS
        .iter()
        .enumerate()
        .map(|(kind, cmd)| {
            let script = cmd.replace('N', &number(kind));
            HostStart { argv: vec!["bash".to_owned(), "-c".to_owned(), script], ..shell("") }
        })
        .collect();
    for tree in &trees {
        link.send(tree).await;
    }
    // Each has its `sleep`, so that there is something to end.
    let start = Instant::now();
    for (kind, cmd) in KINDS.iter().enumerate() {
        // As an argument of its own: the script contains the number too. One kind begins only when it is stopped.
        let is_there = || !survivors(run_id(), &format!("\0{}\0", number(kind))).is_empty();
        while !cmd.starts_with("trap 'setsid") && !is_there() {
            assert!(start.elapsed() < PATIENCE, "{cmd} does not begin");
            link.flush().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    for tree in &trees {
        link.signal(tree.run, Signal::Term).await;
    }
    let mut ended = 0;
    while ended < trees.len() {
        if let Said::Ended(end) = link.next().await {
            let kind = trees.iter().position(|tree| tree.run == end.run).unwrap();
            assert_eq!(end.left, 0, "{}", KINDS[kind]);
            assert_eq!(survivors(end.run, &number(kind)), Vec::<String>::new(), "{}", KINDS[kind]);
            link.forget(end.run).await;
            ended += 1;
        }
    }
    for other in &others {
        link.input(other.run, b"\n").await;
        let whole = link.whole(other.run, 0).await;
        assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("untouched\n", r#"{"code":0}"#));
    }
}
