//! A host that is killed, and the one after it; a host that is stopped in order.

use wardroom_protocol::messages::HostStart;

use crate::fake_core::{FakeCore, Said, WIDE, shell};
use crate::host_process::{Place, all, survivors};

#[tokio::test]
async fn after_a_kill_nothing_of_a_run_is_left_but_its_output() {
    let (place, core, mut host, mut link) = all().await;
    let n = format!("87{}.1", std::process::id());
    let cmd = format!(
        "( env -i /usr/bin/setsid /bin/sleep {n} >/dev/null 2>&1 & )
         setsid sleep {n} & ( setsid sh -c 'trap \"\" TERM; while :; do sleep {n}; done' >/dev/null 2>&1 & )
         echo out; echo err >&2; while :; do sleep {n}; done"
    );
    let start = shell(&cmd);
    link.send(&start).await;
    let mut said = 0;
    while said < 8 {
        if let Said::Output(output, _) = link.next().await {
            said += output.len;
        }
    }
    host.kill();
    assert!(!survivors(start.run, &n).is_empty(), "a kill of the host does not reach the run");
    drop(link);

    let _host = place.host(&core);
    let mut link = core.accept().await;
    let told = link.hello.runs.iter().find(|run| run.run == start.run).expect("the run is not forgotten");
    assert_eq!((told.bytes, told.ended), (8, true));
    assert_eq!(survivors(start.run, &n), Vec::<String>::new());
    link.welcome(&[(start.run, 0)], WIDE).await;
    let whole = link.whole(start.run, 0).await;
    assert_eq!((whole.text(1).as_str(), whole.text(2).as_str()), ("out\n", "err\n"));
    assert_eq!(whole.exit(), r#"{"lost":"the host was restarted"}"#);
    assert_eq!(whole.ended.left, 0);
}

#[tokio::test]
async fn what_was_written_before_a_kill_is_kept() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("seq 1 100000000");
    link.send(&start).await;
    let mut acked = 0;
    while acked < 20_000_000 {
        if let Said::Output(output, _) = link.next().await {
            acked = output.off + output.len;
            link.ack(start.run, acked).await;
        }
    }
    host.kill();
    drop(link);
    let _host = place.host(&core);
    let mut link = core.accept().await;
    let told = link.hello.runs[0];
    assert!(told.bytes >= acked && told.ended);
    link.welcome(&[(start.run, 0)], WIDE).await;
    let bytes = link.whole(start.run, 0).await.of(1);
    assert_eq!(bytes.len() as u64, told.bytes);
    let mut wanted = String::new();
    for n in 1.. {
        wanted.push_str(&format!("{n}\n"));
        if wanted.len() >= bytes.len() {
            break;
        }
    }
    assert!(wanted.as_bytes()[..bytes.len()] == bytes, "what was kept is not what was written");
}

#[tokio::test]
async fn an_end_that_was_not_delivered_is_delivered_by_the_next_host() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("echo done; exit 6");
    link.send(&start).await;
    while !matches!(link.next().await, Said::Ended(_)) {}
    host.kill();
    drop(link);
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[(start.run, 2)], WIDE).await;
    let whole = link.whole(start.run, 2).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("ne\n", r#"{"code":6}"#));
}

#[tokio::test]
async fn a_pid_of_another_time_is_not_signalled() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("echo up; sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    host.kill();
    drop(link);
    // The spool names a process of this test, as if the pid had been given away since; and the run's own marked
    // processes are found all the same.
    let meta = place.spool_of(start.run).join("meta.json");
    let text = std::fs::read_to_string(&meta).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
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
    link.whole(start.run, 0).await;
}

#[tokio::test]
async fn a_spool_of_another_boot_has_no_processes() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("echo up; exec sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    host.kill();
    drop(link);
    let meta = place.spool_of(start.run).join("meta.json");
    let mut value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&meta).unwrap()).unwrap();
    value["boot"] = "another".into();
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
async fn a_host_that_is_stopped_stops_its_runs_and_says_so() {
    let (place, _core, mut host, mut link) = all().await;
    let start = shell("echo up; setsid sleep 1000 & sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    host.term();
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
    host.term();
    link.line(busy.run, "asked\n").await;
    let late = link.run(&shell("echo late")).await;
    assert_eq!(late.exit(), r#"{"failed":"the host is being stopped"}"#);
    assert_eq!(link.whole(busy.run, 9).await.exit(), r#"{"lost":"the host was stopped"}"#);
    assert!(host.wait().success());
}

#[tokio::test]
async fn a_host_that_is_stopped_while_the_core_is_away_keeps_everything() {
    let (place, core, mut host, mut link) = all().await;
    let start = shell("echo up; sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    let waiting = {
        drop(link);
        core.accept().await
    };
    host.term();
    assert!(host.wait().success());
    drop(waiting);
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[(start.run, 0)], WIDE).await;
    let whole = link.whole(start.run, 0).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("up\n", r#"{"lost":"the host was stopped"}"#));
}
