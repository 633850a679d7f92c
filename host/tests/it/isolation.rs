//! What commands cannot do, whatever the level: read the server's files, look into its processes, change another run.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use wardroom_protocol::messages::{HostStart, Signal};

use crate::fake_core::{FakeCore, shell};
use crate::host_process::{NOBODY, Place};

/// The user of `--run-as` in these tests: one that every system has.
const USER: &str = "nobody";

/// The levels that this machine offers, each with a host.
fn levels() -> Vec<&'static str> {
    // As another user only root can run commands.
    if rustix::process::getuid().is_root() {
        vec!["namespace", "landlock", USER]
    } else {
        vec!["namespace", "landlock"]
    }
}

/// A shell function that tells whether a file can be read.
fn tried(what: &str, path: &str) -> String {
    format!("if cat {path} >/dev/null 2>&1; then echo {what} is read; else echo {what} is not; fi\n")
}

#[tokio::test]
async fn no_level_lets_a_command_read_the_servers_files_or_processes() {
    for level in levels() {
        let place = Place::new();
        place.open_to_all();
        let core = FakeCore::tcp().await;
        // Root can get around everything but another user.
        let host = if level == USER { place.isolated(&core, level) } else { place.unprivileged(&core, level) };
        let mut link = core.welcomed().await;
        // A process of the host's user that nothing hides, such as a login.
        let mut other = std::process::Command::new("sleep");
        if rustix::process::getuid().is_root() && level != USER {
            other.uid(NOBODY).gid(NOBODY);
        }
        let mut other = other.arg("1000").spawn().unwrap();
        let key = place.hidden().join("keys/admin.key");
        let key = key.to_str().unwrap();
        let root = |pid: &str| format!("/proc/{pid}/root{key}");
        let test = other.id().to_string();
        let cmd = [
            tried("key", key),
            tried("spool", &format!("{}/*/meta.json", place.spool().display())),
            tried("shim_environment", "/proc/$PPID/environ"),
            tried("host_environment", &format!("/proc/{}/environ", host.pid())),
            tried("shim_root", &root("$PPID")),
            tried("host_root", &root(&host.pid().to_string())),
            tried("other_root", &root(&test)),
            // Changing mounts back, alone and in namespaces of its own.
            format!("umount {0} 2>/dev/null; umount -l {0} 2>/dev/null\n", place.hidden().display()),
            tried("key_after_umount", key),
            format!(
                "unshare -Urm sh -c 'umount -l {}; cat {key}' 2>/dev/null | grep -c secret\n",
                place.hidden().display()
            ),
            format!("nsenter -t {test} -m cat {key} 2>/dev/null | grep -c secret\n"),
            "id -un >/dev/null; echo made > made && cat made; rm made\n".to_owned(),
        ]
        .concat();
        let mut start = shell(&cmd);
        if level == "landlock" {
            // Nothing can be made in the folder that holds the hidden one.
            let beside = place.path().join("beside");
            std::fs::create_dir(&beside).unwrap();
            std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o777)).unwrap();
            start.cwd = Some(beside.to_str().unwrap().to_owned());
        }
        let whole = link.run(&start).await;
        other.kill().unwrap();
        other.wait().unwrap();
        let wanted = "key is not\nspool is not\nshim_environment is not\nhost_environment is not\nshim_root is not\n\
                      host_root is not\nother_root is not\nkey_after_umount is not\n0\n0\nmade\n";
        assert_eq!(whole.text(1), wanted, "{level}: {}", whole.text(2));
        assert_eq!(std::fs::read_to_string(key).unwrap(), "the secret\n");
    }
}

#[tokio::test]
async fn a_working_folder_is_no_way_in() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.isolated(&core, "namespace");
    let mut link = core.welcomed().await;
    let mut start = shell("cat admin.key");
    start.cwd = Some(place.hidden().join("keys").to_str().unwrap().to_owned());
    let whole = link.run(&start).await;
    assert!(whole.exit().starts_with(r#"{"failed":"no such folder"#), "{}", whole.exit());
    start = shell("cat admin.key 2>&1; cat keys/admin.key 2>&1; exit 0");
    start.cwd = Some(place.hidden().to_str().unwrap().to_owned());
    assert!(!link.run(&start).await.text(1).contains("secret"));
}

#[tokio::test]
async fn a_command_of_another_user_has_its_login() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let place = Place::new();
    place.open_to_all();
    let core = FakeCore::tcp().await;
    let _host = place.isolated(&core, USER);
    let mut link = core.welcomed().await;
    let whole = link.run(&shell("id -un; id -Gn; echo $USER $LOGNAME $HOME; umask; ulimit -Sn")).await;
    assert_eq!(whole.text(1), "nobody\nnogroup\nnobody nobody /nonexistent\n0022\n1024\n");
    // A stop reaches it, although it belongs to another user.
    let start = shell("trap '' TERM; setsid sleep 1000 & echo up; sleep 1000");
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    link.signal(start.run, Signal::Kill).await;
    assert_eq!(link.whole(start.run, 3).await.exit(), r#"{"stopped_by":"ann","signal":"KILL"}"#);
}

#[tokio::test]
async fn a_host_says_its_level_and_starts_no_run_on_record_with_another() {
    for level in ["namespace", "landlock", "none"] {
        let place = Place::new();
        let core = FakeCore::tcp().await;
        let _host = place.isolated(&core, level);
        let mut link = core.welcomed().await;
        assert_eq!(link.hello.isolation.as_deref(), Some(level));
        let mut start = shell("echo x");
        start.isolation = Some(level.to_owned());
        assert_eq!(link.run(&start).await.exit(), r#"{"code":0}"#);
        let mut start = shell("echo x > made");
        start.isolation = Some("user".to_owned());
        let exit = link.run(&start).await.exit();
        assert!(exit.contains(&format!("isolates commands by {level} now, not by user")), "{exit}");
        assert!(!place.path().join("made").exists());
    }
}

#[tokio::test]
async fn a_host_that_can_hide_nothing_runs_nothing() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let _host = place.isolated(&core, "no-such-user");
    let mut link = core.welcomed().await;
    assert_eq!(link.hello.isolation, None);
    let whole = link.run(&shell("echo x > made")).await;
    assert!(whole.exit().contains("cannot keep commands from the server's files"), "{}", whole.exit());
    assert!(!Path::new(&place.path().join("made")).exists());
}

#[tokio::test]
async fn without_isolation_a_command_may_do_what_the_host_may() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let host = place.isolated(&core, "none");
    let mut link = core.welcomed().await;
    let cmd =
        format!("cat {}; cat /proc/{}/environ >/dev/null", place.hidden().join("keys/admin.key").display(), host.pid());
    let start = shell(&cmd);
    let whole = link.run(&start).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("the secret\n", r#"{"code":0}"#));
}

/// What a command of root tries, to undo the isolation that it has: each line that it prints is a way out. None of them
/// changes anything outside, even where it succeeds.
fn ways_out(key: &str, host: u32, other: u32) -> HostStart {
    let hidden = Path::new(key).ancestors().nth(2).unwrap().display();
    // open_tree(2) of `/`: OPEN_TREE_CLONE without what is mounted on it, and with AT_RECURSIVE.
    let clone = format!(
        r#"for $flags (1, 0x8001) {{
            $root = "/";
            $fd = syscall(428, -100, $root, $flags);
            open(F, "<", "/proc/self/fd/$fd{key}") and print <F>;
        }}"#
    );
    let inside = format!(r#"umount -l {hidden}; cat {key}; perl -e "$CLONE""#);
    let ways = [
        inside.clone(),
        format!("unshare -m --propagation unchanged sh -c '{inside}'"),
        format!("unshare -Urm --propagation unchanged sh -c '{inside}'"),
        format!("chroot /proc/{other}/root cat {key}; cat /proc/{host}/root{key} /proc/$PPID/root{key}"),
        format!("nsenter -t 1 -m cat {key}; nsenter -t {host} -m cat {key}; nsenter -t {other} -m cat {key}"),
        format!("grep -hz . /proc/{host}/environ /proc/{other}/environ /proc/$PPID/environ | tr '\\0' '\\n'"),
        format!("head -c 1 /proc/{host}/mem /proc/{other}/mem /proc/kcore /dev/mem"),
        "mknod device b 7 0 && echo a device".to_owned(),
    ];
    let script = ways.map(|way| format!("( {way} ) 2>/dev/null\n")).concat();
    HostStart { env: [("CLONE".to_owned(), clone)].into(), ..shell(&format!("{script}echo done")) }
}

#[tokio::test]
async fn root_without_another_user_cannot_undo_its_isolation() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    for level in ["namespace", "landlock"] {
        let (place, core) = (Place::new(), FakeCore::tcp().await);
        let host = place.isolated(&core, level);
        let mut link = core.welcomed().await;
        let mut other = std::process::Command::new("sleep").arg("1000").env("WORD", "of another").spawn().unwrap();
        let key = place.hidden().join("keys/admin.key");
        let whole = link.run(&ways_out(key.to_str().unwrap(), host.pid(), other.id())).await;
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(whole.text(1), "done\n", "{level}: {}", whole.text(2));
        // What administers files, users and processes is as for root. In a folder of its own, since with Landlock alone
        // nothing can be made beside the hidden one.
        let folder = place.path().join("beside");
        std::fs::create_dir(&folder).unwrap();
        let kept = "touch file && chown 65534:65534 file && chmod 000 file && stat -c %u file && cat file
                    setpriv --reuid 65534 --clear-groups sleep 1000 & kill $! && echo killed
                    sleep 1000 & grep -qz . /proc/$!/environ && echo its own; kill $!";
        let whole = link.run(&HostStart { cwd: Some(folder.to_str().unwrap().to_owned()), ..shell(kept) }).await;
        assert_eq!(whole.text(1), "65534\nkilled\nits own\n", "{level}: {}", whole.text(2));
    }
}

#[tokio::test]
async fn what_the_host_inherits_is_not_a_way_around_that() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    let _host = place.host_after(r#"exec setpriv --inh-caps +sys_admin,+mknod "$0" "$@""#, &core);
    let mut link = core.welcomed().await;
    let caps = "grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | cut -f2";
    for sandbox in [Vec::new(), vec!["read-only".to_owned()]] {
        let said = link.run(&HostStart { sandbox, ..shell(caps) }).await.text(1);
        let sets: Vec<u64> = said.lines().map(|line| u64::from_str_radix(line, 16).unwrap()).collect();
        // CAP_SYS_ADMIN and CAP_MKNOD.
        assert!(sets.len() == 5 && sets.iter().all(|set| set & (1 << 21 | 1 << 27) == 0), "{said}");
    }
}

#[tokio::test]
async fn without_isolation_root_keeps_everything() {
    let (place, core) = (Place::new(), FakeCore::tcp().await);
    let host = place.isolated(&core, "none");
    let mut link = core.welcomed().await;
    let caps = |pid: &str| format!("grep ^CapBnd /proc/{pid}/status\n");
    let whole = link.run(&shell(&(caps("self") + &caps(&host.pid().to_string())))).await;
    let said = whole.text(1);
    let (own, of_host) = said.split_once('\n').unwrap();
    assert_eq!(own, of_host.trim_end());
}
