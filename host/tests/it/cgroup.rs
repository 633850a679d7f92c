//! The cgroup of a run: it is killed at once, whatever is in it, it cannot be left, and it is gone afterwards. Without one
//! all works as well.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wardroom_protocol::RunId;
use wardroom_protocol::messages::{HostStart, RunLimits, Signal};

use crate::fake_core::{FakeCore, Link, PATIENCE, WIDE, shell};
use crate::host_process::{HostProcess, Place, all, kill_other, parent_of, survivors};

/// The folder in which the hosts of these tests make cgroups; none if this machine does not let them: then
/// there is nothing to see.
fn parent() -> Option<PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts = mounts.lines().filter(|line| line.contains(" - cgroup2 "));
    let parent = mounts.map(|line| Path::new(line.split(' ').nth(4).unwrap()).join(path)).next()?;
    let probe = parent.join(format!("test.{}", std::process::id()));
    if std::fs::create_dir(&probe).is_err() {
        return None;
    }
    std::fs::remove_dir(&probe).unwrap();
    Some(parent)
}

/// The cgroups of the runs of this place, and of the shim that waits for the next one.
fn cgroups(parent: &Path, place: &Place) -> Vec<PathBuf> {
    let id = std::fs::read_to_string(place.spool().join("id")).unwrap();
    let paths = std::fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.to_str().unwrap().contains(&format!("wardroom.{id}."))).collect()
}

/// The cgroup of a run, as its record has it.
fn cgroup_of(place: &Place, run: RunId) -> PathBuf {
    let meta = std::fs::read_to_string(place.spool_of(run).join("meta.json")).unwrap();
    let meta: serde_json::Value = serde_json::from_str(&meta).unwrap();
    meta["cgroup"].as_str().expect("the record names a cgroup").into()
}

fn members(cgroup: &Path) -> usize {
    std::fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default().lines().count()
}

/// Waits for something that happens outside of this process.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn bash(script: &str) -> HostStart {
    HostStart { argv: ["bash", "-c", script].map(str::to_owned).to_vec(), ..shell("") }
}

/// Real fork bombs, which a limit of the user's processes keeps from taking the machine down; root has no such limit. In
/// the second one each process has a session of its own, and fills every gap at once.
const BOMBS: [&str; 2] = [
    "ulimit -u 300; exec 2>/dev/null; :(){ :|:& };:; echo lit; sleep 1000",
    "ulimit -u 300; perl -MPOSIX -e 'while (1) { my $pid = fork; setsid if defined $pid && !$pid }' & echo lit; wait",
];

/// A host that runs commands as another user, who may enter its folders.
async fn as_nobody(place: &Place, core: &FakeCore) -> (HostProcess, Link) {
    place.open_to_all();
    let host = place.isolated(core, "nobody");
    (host, core.welcomed().await)
}

#[tokio::test]
async fn each_run_has_a_cgroup_of_its_own_which_ends_with_it() {
    let Some(parent) = parent() else { return };
    let (place, _core, mut host, mut link) = all().await;
    let own = "grep ^0: /proc/self/cgroup";
    let whole = link.run(&bash(&format!("{own}; setsid {own}; grep -c wardroom /proc/$PPID/cgroup"))).await;
    let text = whole.text(1);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("/wardroom.") && lines[0] == lines[1], "{text}");
    assert_eq!(lines[2], "0", "the shim is not in it");
    let start = bash("sleep 1000; true");
    link.started(&start).await;
    let cgroup = cgroup_of(&place, start.run);
    assert!(!lines[0].ends_with(cgroup.file_name().unwrap().to_str().unwrap()), "each has another");
    until("all of the run is in it", || members(&cgroup) == 2).await;
    link.signal(start.run, Signal::Kill).await;
    link.whole(start.run, 0).await;
    until("it is gone", || !cgroup.exists()).await;
    host.term();
    host.wait();
    until("that of the shim that waited is gone", || cgroups(&parent, &place).is_empty()).await;
}

#[tokio::test]
async fn the_cgroup_of_a_shim_that_was_killed_before_it_had_a_run_is_removed() {
    let Some(parent) = parent() else { return };
    let (place, _core, mut host, mut link) = all().await;
    let waits = || cgroups(&parent, &place).into_iter().find(|cgroup| members(cgroup) == 1);
    let kill_spare = async || {
        until("a shim waits", || waits().is_some()).await;
        let cgroup = waits().unwrap();
        let stage = std::fs::read_to_string(cgroup.join("cgroup.procs")).unwrap();
        kill_other(parent_of(stage.trim().parse().unwrap()));
        until("the stage ends with it", || members(&cgroup) == 0).await;
        assert!(cgroup.exists());
        cgroup
    };
    let left = kill_spare().await;
    assert_eq!(link.run(&bash("echo on")).await.text(1), "on\n");
    assert!(!left.exists(), "by the next run");
    let left = kill_spare().await;
    host.term();
    host.wait();
    assert!(!left.exists(), "by the end of the host");
}

#[tokio::test]
async fn a_stop_ends_a_fork_bomb_and_nothing_beside_it() {
    let Some(_) = parent().filter(|_| rustix::process::getuid().is_root()) else { return };
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    let (_host, mut link) = as_nobody(&place, &core).await;
    let beside = HostStart { stdin: true, ..bash("setsid sleep 1000 & read _; kill $! && echo untouched") };
    link.started(&beside).await;
    for (signal, bomb) in [(Signal::Term, BOMBS[0]), (Signal::Kill, BOMBS[1])] {
        let start = bash(bomb);
        link.send(&start).await;
        link.line(start.run, "lit\n").await;
        let cgroup = cgroup_of(&place, start.run);
        until("it has grown", || members(&cgroup) > 100).await;
        link.signal(start.run, signal).await;
        let whole = link.whole(start.run, 4).await;
        assert_eq!(whole.exit(), format!(r#"{{"stopped_by":"ann","signal":"{}"}}"#, signal.as_str()));
        assert_eq!(whole.ended.left, 0);
        assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
        until("it is gone", || !cgroup.exists()).await;
    }
    link.input(beside.run, b"\n").await;
    assert_eq!(link.whole(beside.run, 0).await.text(1), "untouched\n");
}

#[tokio::test]
async fn a_fork_bomb_ends_at_its_limit_of_processes() {
    let Some(_) = parent().filter(|_| rustix::process::getuid().is_root()) else { return };
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    let (_host, mut link) = as_nobody(&place, &core).await;
    let start = HostStart { limits: RunLimits { processes: Some(60), ..RunLimits::default() }, ..bash(BOMBS[0]) };
    let whole = link.run(&start).await;
    assert_eq!((whole.exit().as_str(), whole.ended.left), (r#"{"limit":"processes"}"#, 0));
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
}

#[tokio::test]
async fn a_tree_that_left_its_session_and_is_stopped_is_killed() {
    let Some(_) = parent() else { return };
    let (place, _core, _host, mut link) = all().await;
    let n = format!("84{}.5", std::process::id());
    let start = bash(&format!(
        "trap '' TERM; for i in 1 2 3; do
           ( setsid bash -c 'trap \"\" TERM; (env -i setsid sleep {n} &) ; kill -STOP $$; sleep {n}' & )
         done; until [ $(ps -eo stat,args | grep '^T.*{n}' | grep -vc grep) = 3 ]; do sleep 0.01; done
         echo up; kill -STOP $$"
    ));
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    let cgroup = cgroup_of(&place, start.run);
    link.signal(start.run, Signal::Term).await;
    let whole = link.whole(start.run, 3).await;
    assert_eq!((whole.exit().as_str(), whole.ended.left), (r#"{"stopped_by":"ann","signal":"TERM"}"#, 0));
    assert_eq!(survivors(start.run, &n), Vec::<String>::new());
    until("it is gone", || !cgroup.exists()).await;
}

#[tokio::test]
async fn the_next_host_ends_what_is_in_the_cgroup_of_a_run_without_a_shim() {
    let Some(parent) = parent().filter(|_| rustix::process::getuid().is_root()) else { return };
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    let (mut host, mut link) = as_nobody(&place, &core).await;
    let start = bash(BOMBS[1]);
    let pid = link.started(&start).await;
    link.line(start.run, "lit\n").await;
    let cgroup = cgroup_of(&place, start.run);
    until("it has grown", || members(&cgroup) > 100).await;
    // A process without any marker, as of a program that cleans everything up before it goes on.
    let mut unmarked = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    std::fs::write(cgroup.join("cgroup.procs"), unmarked.id().to_string()).unwrap();
    host.kill();
    kill_other(parent_of(pid));
    // What an earlier host has left without a record, and what is another spool's.
    let id = std::fs::read_to_string(place.spool().join("id")).unwrap();
    let leftover = parent.join(format!("wardroom.{id}.0"));
    let foreign = parent.join(format!("wardroom.{}.{}", "0".repeat(32), std::process::id()));
    std::fs::create_dir(&leftover).unwrap();
    std::fs::create_dir(&foreign).unwrap();
    let (_host, mut link) = {
        let host = place.isolated(&core, "nobody");
        let mut link = core.accept().await;
        link.welcome(&[(start.run, 4)], WIDE).await;
        (host, link)
    };
    assert!(foreign.exists());
    std::fs::remove_dir(&foreign).unwrap();
    assert!(!leftover.exists());
    assert!(!cgroup.exists());
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
    assert!(unmarked.wait().unwrap().code().is_none(), "it was killed");
    assert_eq!(link.whole(start.run, 4).await.exit(), r#"{"lost":"its shim was killed"}"#);
}

#[tokio::test]
async fn a_run_cannot_leave_its_cgroup_and_one_without_isolation_is_ended_all_the_same() {
    let Some(parent) = parent() else { return };
    for level in ["namespace", "landlock", "nobody", "none"] {
        if level == "nobody" && !rustix::process::getuid().is_root() {
            continue;
        }
        let (place, core) = (Place::new(), FakeCore::tcp().await);
        place.open_to_all();
        let _host = place.isolated(&core, level);
        let mut link = core.welcomed().await;
        let procs = parent.join("cgroup.procs");
        let (at, procs) = (parent.display(), procs.display());
        let start = bash(&format!(
            "exec 2>/dev/null; mount -o remount,rw {at}; umount {at}; mkdir {at}/x.$$ && rmdir {at}/x.$$ && echo made
             echo $$ > {procs}; test -s {at}/cgroup.controllers; head -c 1 {procs} >/dev/null && echo read
             grep -q wardroom /proc/self/cgroup && echo in || echo out; sleep 1000"
        ));
        link.send(&start).await;
        let wanted = if level == "none" { "made\nread\nout\n" } else { "read\nin\n" };
        link.line(start.run, wanted).await;
        let cgroup = cgroup_of(&place, start.run);
        link.signal(start.run, Signal::Kill).await;
        assert_eq!(link.whole(start.run, wanted.len() as u64).await.ended.left, 0, "{level}");
        assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
        until("it is gone", || !cgroup.exists()).await;
    }
}

#[tokio::test]
async fn a_run_that_makes_cgroups_itself_leaves_none() {
    let Some(_) = parent() else { return };
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    let _host = place.isolated(&core, "none");
    let mut link = core.welcomed().await;
    let start = HostStart {
        stdin: true,
        ..bash("echo up; read own; mkdir -p $own/a/b && echo $$ > $own/a/b/cgroup.procs && echo moved; sleep 1000")
    };
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    let cgroup = cgroup_of(&place, start.run);
    link.input(start.run, format!("{}\n", cgroup.display()).as_bytes()).await;
    link.line(start.run, "moved\n").await;
    link.signal(start.run, Signal::Kill).await;
    assert_eq!(link.whole(start.run, 9).await.ended.left, 0);
    until("it is gone", || !cgroup.exists()).await;
}

#[tokio::test]
async fn processor_time_of_processes_that_nobody_waits_for_counts() {
    let Some(_) = parent() else { return };
    let (_place, _core, _host, mut link) = all().await;
    let script = "$SIG{CHLD} = 'IGNORE'; for (1..40) { unless (fork) { 1 while (times)[0] < 0.2; exit } select undef, undef, undef, 0.3 }";
    let argv = ["perl", "-e", script].map(str::to_owned).to_vec();
    let limits = RunLimits { cpu_s: Some(1), ..RunLimits::default() };
    let whole = link.run(&HostStart { limits, argv, ..shell("") }).await;
    assert_eq!(whole.exit(), r#"{"limit":"cpu"}"#);
}

#[tokio::test]
async fn a_host_that_can_make_no_cgroup_runs_commands_as_before() {
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    // Another user than root may make none, at least not where root runs the tests.
    let _host = place.unprivileged(&core, "auto");
    let mut link = core.welcomed().await;
    let start = bash("trap '' TERM; setsid sleep 1000 & echo up; sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    let meta = std::fs::read_to_string(place.spool_of(start.run).join("meta.json")).unwrap();
    if rustix::process::getuid().is_root() {
        assert!(meta.contains(r#""cgroup":null"#), "{meta}");
    }
    link.signal(start.run, Signal::Kill).await;
    assert_eq!(link.whole(start.run, 3).await.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
}

#[tokio::test]
async fn a_service_with_a_cgroup_for_itself_has_those_of_its_runs_beside_it() {
    let Some(parent) = parent() else { return };
    // As systemd does it for `Delegate=` with `DelegateSubgroup=host`.
    let service = parent.join(format!("test.{}.service", std::process::id()));
    std::fs::create_dir_all(service.join("host")).unwrap();
    rustix::fs::setxattr(&service, "user.delegate", b"1", rustix::fs::XattrFlags::empty()).unwrap();
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    let own = service.join("host/cgroup.procs");
    let mut host = place.host_after(&format!("echo $$ > {}", own.display()), &core);
    let mut link = core.welcomed().await;
    let start = bash("sleep 1000");
    link.started(&start).await;
    let cgroup = cgroup_of(&place, start.run);
    assert_eq!(cgroup.parent(), Some(service.as_path()));
    link.signal(start.run, Signal::Kill).await;
    link.whole(start.run, 0).await;
    host.term();
    host.wait();
    until("nothing is left", || std::fs::remove_dir(service.join("host")).is_ok()).await;
    until("no cgroup is left", || std::fs::remove_dir(&service).is_ok()).await;
}

/// A cgroup whose memory is limited, made outside of the run, as by an administrator. `None` if this machine lets nobody make one.
struct SmallMemory(PathBuf);

impl SmallMemory {
    fn of(bytes: u64) -> Option<SmallMemory> {
        let name = format!("test-memory.{}", std::process::id());
        let places = [(PathBuf::from("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (parent()?, "memory.max")];
        places.into_iter().find_map(|(place, limit)| {
            let folder = place.join(&name);
            std::fs::create_dir(&folder).ok()?;
            let small = SmallMemory(folder);
            std::fs::write(small.0.join(limit), bytes.to_string()).ok()?;
            Some(small)
        })
    }
}

impl Drop for SmallMemory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[tokio::test]
async fn what_the_kernel_kills_because_memory_ran_out_says_so() {
    let Some(small) = SmallMemory::of(64 << 20) else { return };
    let (_place, _core, _host, mut link) = all().await;
    let enter = format!("echo $$ > {}/cgroup.procs", small.0.display());
    // It keeps all of a last line that does not end.
    let hungry = "tail -n 1 <(head -c 300M /dev/zero)";
    let whole = link.run(&bash(&format!("{enter}; exec {hungry}"))).await;
    assert_eq!(whole.exit(), r#"{"limit":"oom"}"#);
    // A child of the first process, which goes on.
    let whole = link.run(&bash(&format!("{enter}; {hungry}; echo $?"))).await;
    assert_eq!((whole.exit().as_str(), whole.text(1).as_str()), (r#"{"code":0}"#, "137\n"));
}
