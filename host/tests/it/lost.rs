//! Runs whose shim was killed or stopped: nothing of them is left but their output.

use wardroom_protocol::messages::{HostStart, Signal};

use crate::fake_core::{FakeCore, PATIENCE, Said, WIDE, shell};
use crate::host_process::{Place, all, kill_other, parent_of, survivors};

#[tokio::test]
async fn after_a_kill_of_its_shim_nothing_of_a_run_is_left_but_its_output() {
    let (_place, _core, _host, mut link) = all().await;
    let n = format!("87{}.1", std::process::id());
    let cmd = format!(
        "( env -i /usr/bin/setsid /bin/sleep {n} >/dev/null 2>&1 & )
         setsid sleep {n} & ( setsid sh -c 'trap \"\" TERM; while :; do sleep {n}; done' >/dev/null 2>&1 & )
         echo out; echo err >&2; while :; do sleep {n}; done"
    );
    let start = shell(&cmd);
    let pid = link.started(&start).await;
    let mut said = 0;
    while said < 8 {
        if let Said::Output(output, _) = link.next().await {
            said += output.len;
        }
    }
    kill_other(parent_of(pid));
    let whole = link.whole(start.run, 8).await;
    assert_eq!(whole.exit(), r#"{"lost":"its shim was killed"}"#);
    assert_eq!((whole.ended.left, whole.ended.bytes), (0, 8));
    assert_eq!(survivors(start.run, &n), Vec::<String>::new());
}

#[tokio::test]
async fn a_command_that_stops_its_shim_is_stopped_all_the_same() {
    let (place, _core, _host, mut link) = all().await;
    let start = shell("echo up; kill -STOP $PPID; sleep 1000");
    link.send(&start).await;
    // The shim may be stopped before it has said that the command runs.
    let began = std::time::Instant::now();
    let pid = loop {
        assert!(began.elapsed() < PATIENCE, "there is no record");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let meta = std::fs::read(place.spool_of(start.run).join("meta.json")).unwrap_or_default();
        if let Ok(meta) = serde_json::from_slice::<serde_json::Value>(&meta) {
            break u32::try_from(meta["pid"].as_u64().unwrap()).unwrap();
        }
    };
    let stat = format!("/proc/{}/stat", parent_of(pid));
    let is_stopped = || std::fs::read_to_string(&stat).unwrap().rsplit_once(") ").unwrap().1.starts_with('T');
    while !is_stopped() {
        assert!(began.elapsed() < PATIENCE, "the shim is not stopped");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // What it printed is read now, or once the shim runs again.
    let said = link.flush().await;
    let before = said.iter().map(|said| if let Said::Output(output, _) = said { output.len } else { 0 }).sum();
    link.signal(start.run, Signal::Kill).await;
    let whole = link.whole(start.run, before).await;
    assert_eq!((whole.ended.bytes, whole.ended.left), (3, 0));
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

/// Starts `sleep`, and kills host and shim.
async fn orphaned() -> (Place, FakeCore, HostStart) {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("echo up; exec sleep 1000");
    let pid = link.started(&start).await;
    link.line(start.run, "up\n").await;
    host.kill();
    kill_other(parent_of(pid));
    (place, core, start)
}

#[tokio::test]
async fn a_shim_whose_spool_was_removed_ends_with_its_command() {
    let (place, _core, mut host, mut link) = all().await;
    let start = shell("echo up; exec sleep 1000");
    let pid = link.started(&start).await;
    link.line(start.run, "up\n").await;
    host.kill();
    let shim = parent_of(pid);
    std::fs::remove_dir_all(place.spool_of(start.run)).unwrap();
    kill_other(pid);
    let stat = || std::fs::read_to_string(format!("/proc/{shim}/stat")).unwrap_or_default();
    let begin = std::time::Instant::now();
    while stat().rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])) {
        assert!(begin.elapsed() < PATIENCE, "the shim stays for ever");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_pid_of_another_time_is_not_signalled() {
    let (place, core, start) = orphaned().await;
    // The spool names a process of this test, as if the pid had been given away since; and the run's own marked
    // processes are found all the same.
    let meta = place.spool_of(start.run).join("meta.json");
    let mut value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&meta).unwrap()).unwrap();
    let mut bystander = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    value["pid"] = bystander.id().into();
    std::fs::write(&meta, value.to_string()).unwrap();
    let _host = place.host(&core);
    let mut link = core.accept().await;
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
    assert!(bystander.try_wait().unwrap().is_none(), "a process that has nothing to do with it was ended");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    link.welcome(&[(start.run, 0)], WIDE).await;
    assert_eq!(link.whole(start.run, 0).await.exit(), r#"{"lost":"its shim was killed"}"#);
}

#[tokio::test]
async fn a_spool_of_another_boot_has_no_processes() {
    let (place, core, start) = orphaned().await;
    let meta = place.spool_of(start.run).join("meta.json");
    let mut value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&meta).unwrap()).unwrap();
    value["boot"] = "another".into();
    // No cgroup outlives its boot.
    if let Some(cgroup) = value["cgroup"].as_str().map(std::path::Path::new) {
        std::fs::write(cgroup.parent().unwrap().join("cgroup.procs"), value["pid"].to_string()).unwrap();
    }
    std::fs::write(&meta, value.to_string()).unwrap();
    let mut host = place.host(&core);
    drop(core.accept().await);
    assert_eq!(survivors(start.run, "no such word").len(), 1, "what this boot runs is none of its business");
    // Once more with the right boot, so that nothing is left of this test.
    host.kill();
    value["boot"] = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().into();
    std::fs::write(&meta, value.to_string()).unwrap();
    std::fs::remove_file(place.spool_of(start.run).join("end.json")).unwrap();
    let _host = place.host(&core);
    let mut link = core.accept().await;
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
    link.welcome(&[(start.run, 3)], WIDE).await;
    link.whole(start.run, 3).await;
}
