//! What commands cannot do, whatever the level: read the server's files, look into its processes, change another run.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use wardroom_protocol::messages::Signal;

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
