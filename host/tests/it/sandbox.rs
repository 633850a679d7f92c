//! What a run does without, on every level of isolation: the network, all writing, the machine's `/tmp`. Everything else
//! is as without a sandbox.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use wardroom_protocol::messages::{HostStart, SANDBOXES, Signal, TermSize, Tty};

use crate::fake_core::{FakeCore, Link, PATIENCE, Said, shell};
use crate::host_process::{HostProcess, Place, all, survivors};

/// A host of each level that this machine offers; the last ones belong to another user than root.
async fn each_level() -> Vec<(&'static str, Place, HostProcess, Link)> {
    let is_root = rustix::process::getuid().is_root();
    let mut hosts = Vec::new();
    for level in ["namespace", "landlock", "none", "nobody", "unprivileged namespace", "unprivileged landlock"] {
        if level == "nobody" && !is_root {
            continue;
        }
        let (place, core) = (Place::new(), FakeCore::tcp().await);
        place.open_to_all();
        let host = match level.strip_prefix("unprivileged ") {
            Some(level) => place.unprivileged(&core, level),
            None => place.isolated(&core, level),
        };
        let link = core.welcomed().await;
        assert_eq!(link.hello.sandbox, SANDBOXES, "{level}");
        hosts.push((level, place, host, link));
    }
    hosts
}

/// A command in a folder that is there in every sandbox.
fn boxed(sandbox: &[&str], script: &str) -> HostStart {
    let argv = ["bash", "-c", script].map(str::to_owned).to_vec();
    let sandbox = sandbox.iter().map(|&name| name.to_owned()).collect();
    HostStart { argv, sandbox, cwd: Some("/".to_owned()), ..shell("") }
}

#[tokio::test]
async fn without_the_network_nothing_outside_is_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        "export LC_ALL=C
         (exec 3<>/dev/tcp/127.0.0.1/{port}) && echo connected
         (exec 3<>/dev/tcp/192.0.2.1/9) && echo connected
         tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '"
    );
    for (level, _place, _host, mut link) in each_level().await {
        let whole = link.run(&boxed(&[], "true")).await;
        assert_eq!(whole.exit(), r#"{"code":0}"#, "{level}");
        let whole = link.run(&boxed(&["no-network"], &script)).await;
        let (said, why) = (whole.text(1), whole.text(2));
        assert_eq!(said, "lo\n", "{level}: {why}");
        // Its own loopback is up, with nobody behind that port.
        assert!(why.contains("Connection refused") && why.contains("Network is unreachable"), "{level}: {why}");
        let free = boxed(&["read-only"], &format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected"));
        assert_eq!(link.run(&free).await.text(1), "connected\n", "{level}");
    }
}

#[tokio::test]
async fn a_read_only_run_writes_nowhere() {
    let script = "exec 2>/dev/null
        for folder in / /var/tmp /dev/shm /tmp ~ $WORK; do
            if touch $folder/sandbox.$$; then echo \"$folder is written\"; rm $folder/sandbox.$$; fi
        done
        mount -o remount,rw / ; mount -o remount,rw,bind / ; umount /tmp
        unshare -Urm sh -c 'mount -o remount,rw,bind /; touch /var/tmp/sandbox.$$' && echo escaped
        touch /var/tmp/sandbox.$$ && echo changed back
        for pid in /proc/[0-9]*; do touch $pid/root/var/tmp/sandbox.$$ && echo \"by $pid\"; done
        echo > /dev/null && cat /etc/hostname > /dev/null && echo done";
    for (level, place, _host, mut link) in each_level().await {
        let start = |names: &[&str]| {
            let env = [("WORK".to_owned(), place.path().to_str().unwrap().to_owned())].into();
            HostStart { env, ..boxed(names, script) }
        };
        assert_eq!(link.run(&start(&["read-only"])).await.text(1), "done\n", "{level}");
        let whole = link.run(&start(&["private-tmp", "read-only"])).await;
        assert_eq!(whole.text(1), "/tmp is written\ndone\n", "{level}");
        let free = boxed(&["no-network"], "touch /var/tmp/sandbox.$$ && rm /var/tmp/sandbox.$$ && echo written");
        assert_eq!(link.run(&free).await.text(1), "written\n", "{level}");
    }
}

#[tokio::test]
async fn a_private_tmp_is_seen_by_nobody_else() {
    for (level, _place, _host, mut link) in each_level().await {
        let outside = tempfile::NamedTempFile::new_in("/tmp").unwrap();
        let name = format!("/tmp/sandbox.{}", std::process::id());
        let script = format!("ls -A /tmp; cat {}; echo x > {name} && cat {name}; sleep 1000", outside.path().display());
        let start = HostStart { stdin: true, ..boxed(&["private-tmp"], &format!("exec 2>/dev/null; {script}")) };
        link.send(&start).await;
        link.line(start.run, "x\n").await;
        assert!(!PathBuf::from(&name).exists(), "{level}");
        assert_eq!(link.run(&boxed(&["private-tmp"], "ls -A /tmp")).await.ended.bytes, 0, "{level}");
        link.signal(start.run, Signal::Kill).await;
        link.whole(start.run, 2).await;
        let inside =
            HostStart { cwd: Some(outside.path().to_str().unwrap().to_owned()), ..boxed(&["private-tmp"], "pwd") };
        let exit = link.run(&inside).await.exit();
        assert!(exit.contains("/tmp is its own"), "{level}: {exit}");
    }
}

#[tokio::test]
async fn a_sandbox_takes_nothing_from_the_isolation_and_nothing_else_from_the_run() {
    for (level, place, host, mut link) in each_level().await {
        if level != "none" {
            let (key, spool) = (place.hidden().join("keys/admin.key"), place.spool());
            let others = format!("/proc/{}/environ /proc/$PPID/environ", host.pid());
            let script =
                format!("cat {} {}/*/meta.json {others} 2>/dev/null; echo done", key.display(), spool.display());
            for names in [&["no-network"][..], &["read-only"], &["no-network", "read-only"]] {
                assert_eq!(link.run(&boxed(names, &script)).await.text(1), "done\n", "{level}");
            }
        }
        let everything = |script: &str| boxed(&SANDBOXES, script);
        assert_eq!(link.run(&everything("exit 7")).await.exit(), r#"{"code":7}"#, "{level}");
        assert_eq!(link.run(&everything("kill -SEGV $$")).await.exit(), r#"{"signal":"SEGV"}"#, "{level}");
        let start = everything(
            "trap '' TERM; (setsid setsid sleep 1000 &); setsid bash -c 'kill -STOP $$' & echo up; sleep 1000",
        );
        link.send(&start).await;
        link.line(start.run, "up\n").await;
        link.signal(start.run, Signal::Kill).await;
        let whole = link.whole(start.run, 3).await;
        assert_eq!((whole.exit().as_str(), whole.ended.left), (r#"{"stopped_by":"ann","signal":"KILL"}"#, 0));
        assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new(), "{level}");
    }
}

#[tokio::test]
async fn a_terminal_in_a_sandbox_has_job_control_and_can_make_terminals() {
    for (level, _place, _host, mut link) in each_level().await {
        let tty = Some(Tty { size: TermSize { cols: 80, rows: 24 }, fixed: false });
        let argv = ["bash", "--norc", "--noprofile", "-i"].map(str::to_owned).to_vec();
        let start = HostStart { tty, argv, ..boxed(&SANDBOXES, "") };
        link.send(&start).await;
        let input = "PS1=; stty -echo; set +o history\nsleep 1000 & jobs\nfg\n";
        link.input(start.run, input.as_bytes()).await;
        wait_for(&mut link, &start, "sleep 1000\r\n").await;
        // Until `sleep` is in front, the key does nothing.
        let (mut got, begin) = (String::new(), Instant::now());
        while !got.contains("Stopped") {
            assert!(begin.elapsed() < PATIENCE, "{level}: {got}");
            link.input(start.run, b"\x1a").await;
            // The key discards what was printed and is not read yet (NOFLSH in termios(3)): the next one waits for silence.
            while let Ok(said) = timeout(Duration::from_millis(300), link.next()).await {
                let Said::Output(output, bytes) = said else { continue };
                got += &String::from_utf8_lossy(&bytes);
                link.ack(start.run, output.off + output.len).await;
            }
        }
        link.input(start.run, b"kill %1; tty; script -qec 'tty' /dev/null; exit 5\n").await;
        let whole = wait_for(&mut link, &start, "/dev/pts/").await;
        assert!(!whole.contains("no job control"), "{level}: {whole}");
        loop {
            if let Said::Ended(ended) = link.next().await {
                assert_eq!(serde_json::to_string(&ended.exit).unwrap(), r#"{"code":5}"#, "{level}");
                link.forget(ended.run).await;
                break;
            }
        }
    }
}

/// Reads until the run has written this, and returns what it wrote.
async fn wait_for(link: &mut Link, start: &HostStart, wanted: &str) -> String {
    let mut got = String::new();
    while !got.contains(wanted) {
        match link.next().await {
            Said::Output(output, bytes) if output.run == start.run => {
                got += &String::from_utf8_lossy(&bytes);
                link.ack(start.run, output.off + output.len).await;
            }
            Said::Ended(ended) => panic!("wanted {wanted:?}: {ended:?} after {got:?}"),
            _ => {}
        }
    }
    got
}

#[tokio::test]
async fn what_a_host_does_not_know_it_does_not_leave_out() {
    let (place, _core, _host, mut link) = all().await;
    let start = HostStart { cwd: None, ..boxed(&["read-only", "offline"], "touch made") };
    let exit = link.run(&start).await.exit();
    assert!(exit.contains("this host cannot set up the sandbox offline"), "{exit}");
    assert!(!place.path().join("made").exists());
}

#[tokio::test]
async fn root_in_a_sandbox_cannot_change_it_back() {
    for (level, _place, _host, mut link) in each_level().await {
        let whole = link.run(&boxed(&["read-only"], "grep ^CapBnd: /proc/self/status | cut -f2; id -u")).await;
        let said = whole.text(1);
        let (bounds, user) = said.trim().split_once('\n').expect(level);
        // CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_MKNOD, CAP_PERFMON: capabilities(7).
        let too_much = [2, 12, 19, 21, 27, 38].iter().map(|bit| 1_u64 << bit).sum::<u64>();
        let bounds = u64::from_str_radix(bounds, 16).unwrap();
        // Others than root have none of those that they are bounded by, or only those of their own namespace.
        assert!(user != "0" || bounds & too_much == 0, "{level}: {bounds:x}");
    }
}
