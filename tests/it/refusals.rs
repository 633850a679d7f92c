//! What does not work says so in one sentence, with the code that the help promises.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::test_server::{Done, TestServer, done, wardroom};

fn is_one_sentence(done: &Done) -> bool {
    done.err.starts_with("wardroom: ") && done.err.lines().count() == 1
}

#[test]
fn clients_say_why() {
    let server = TestServer::new();
    for (args, code) in [
        (&["--server", "tcp://127.0.0.1:1", "ls"][..], 4),
        (&["--server", "unix:/nowhere/s", "ls"], 4),
        (&["--server", "ws://127.0.0.1:1", "ls"], 4),
        (&["--token", "wrong", "ls"], 3),
        (&["send", "nowhere", "hello"], 3),
        (&["log", "nowhere"], 3),
        (&["chat", "nowhere"], 3),
        (&["run", "nowhere", "--", "true"], 125),
        (&["run", "general", "--host", "nowhere", "--", "true"], 125),
        (&["--server", "tcp://127.0.0.1:1", "run", "general", "--", "true"], 255),
        (&["--token", "wrong", "run", "general", "--", "true"], 255),
        (&["get", "general:nothing"], 3),
        (&["put", "/nowhere/f", "general"], 1),
        (&["put", "/tmp", "general"], 1),
        (&["send", "general", ""], 2),
    ] {
        let done = server.run(args);
        assert_eq!(done.code, code, "{args:?}: {done:?}");
        assert!(is_one_sentence(&done), "{args:?}: {}", done.err);
    }
    // A viewer reads, and does nothing else.
    assert_eq!(
        server.admin(&["user", "add", "vic", "--role", "viewer", "--password-stdin"], b"a long password\n").code,
        0
    );
    let token = server.admin(&["token", "add", "vic"], b"").text();
    for (args, code) in [(&["send", "general", "x"][..], 3), (&["run", "general", "--", "true"], 125)] {
        let done = server.run(&[&["--token", token.trim()], args].concat());
        assert_eq!(done.code, code, "{args:?}: {done:?}");
    }
    assert_eq!(server.run(&["--token", token.trim(), "log", "general"]).code, 0);
}

#[test]
fn administration_is_of_this_machine() {
    let run = |args: &[&str]| {
        let mut command = wardroom();
        command.env("WARDROOM_SERVER", "tcp://127.0.0.1:1").current_dir("/").args(args);
        done(command, b"")
    };
    for args in [
        &["admin", "--data", "/nowhere", "user", "list", "--server", "tcp://127.0.0.1:1"][..],
        &["--token", "t", "admin", "user", "list"],
    ] {
        let told = run(args);
        assert_eq!(told.code, 2, "{told:?}");
        assert!(told.err.contains("wardroom admin works on the data folder of this machine"), "{}", told.err);
    }
    // What the environment says is for other commands.
    let told = run(&["admin", "--data", "/nowhere", "user", "list"]);
    assert!(told.code == 1 && is_one_sentence(&told), "{told:?}");
    assert!(told.err.contains("no data folder /nowhere") && told.err.contains("--data"), "{}", told.err);
}

#[test]
fn faults_of_ours_are_not_taken_for_those_of_a_run() {
    let code = |args: &[&str]| {
        let mut command = wardroom();
        command.env("XDG_CONFIG_HOME", "/nowhere").args(args);
        done(command, b"").code
    };
    assert_eq!(code(&["run", "general"]), 255, "no command");
    assert_eq!(code(&["--log", "warn", "run", "general", "--nonsense", "--", "true"]), 255);
    assert_eq!(code(&["run", "general", "--", "true"]), 255, "not signed in");
    assert_eq!(code(&["run", "--help"]), 0);
    assert_eq!(code(&["send", "run"]), 2);
}

#[test]
fn a_login_is_kept_and_given_up() {
    let server = TestServer::new();
    let config = server.folder.path().join("config");
    let as_me = |args: &[&str], input: &[u8]| {
        let mut command = wardroom();
        command.env("XDG_CONFIG_HOME", &config).args(args);
        done(command, input)
    };
    let url = format!("tcp://{}", server.tcp);
    assert_eq!(as_me(&["ls"], b"").code, 2, "nobody is signed in");
    assert_eq!(as_me(&["login", &url, "ann", "--password-stdin"], b"the wrong one\n").code, 3);
    let login = as_me(&["login", &url, "ann", "--password-stdin"], b"a long password\n");
    assert_eq!(login.code, 0, "{login:?}");
    let file = config.join("wardroom/login.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(as_me(&["ls"], b"").code, 0);
    let elsewhere = as_me(&["--server", "tcp://127.0.0.1:1", "ls"], b"");
    assert_eq!(elsewhere.code, 2, "the saved token is for its own server: {elsewhere:?}");
    let saved = fs::read_to_string(&file).unwrap();
    assert_eq!(as_me(&["logout"], b"").code, 0);
    assert!(!file.exists());
    let token = serde_json::from_str::<serde_json::Value>(&saved).unwrap()["token"].as_str().unwrap().to_owned();
    assert_eq!(server.run(&["--token", &token, "ls"]).code, 3, "the session has ended on the server too");
    let link = server.admin(&["invite", "--role", "operator"], b"").text();
    assert!(link.starts_with(&format!("http://{}/#invite=", server.http)), "{link}");
    let invited = as_me(&["login", link.trim(), "ben", "--password-stdin"], b"another password\n");
    assert_eq!(invited.code, 0, "{invited:?}");
    assert_eq!(as_me(&["run", "general", "--", "true"], b"").code, 0);
    assert_eq!(as_me(&["login", link.trim(), "eve", "--password-stdin"], b"another password\n").code, 3, "once only");
}

#[test]
fn accounts_are_managed_beside_a_server_and_without() {
    let mut server = TestServer::new();
    let listed = server.admin(&["user", "list", "--json"], b"").text();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&listed).unwrap()["user"], "ann");
    server.stop();
    assert_eq!(server.admin(&["user", "add", "ben", "--password-stdin"], b"a long password\n").code, 0);
    assert_eq!(server.admin(&["user", "add", "ben", "--password-stdin"], b"a long password\n").code, 3);
    assert_eq!(server.admin(&["user", "add", "cho", "--password-stdin"], b"short\n").code, 3);
    let token = server.admin(&["token", "add", "ben"], b"").text();
    server.start();
    assert_eq!(server.run(&["--token", token.trim(), "send", "general", "hello"]).code, 0);
    assert_eq!(server.admin(&["user", "disable", "ben"], b"").code, 0);
    assert_eq!(server.run(&["--token", token.trim(), "send", "general", "hello"]).code, 3);
}

#[test]
fn a_reader_that_goes_is_no_fault_of_any_command() {
    use std::process::Stdio;
    for args in [vec!["completions", "bash"], vec!["completions", "zsh"], vec!["--help"], vec!["run", "--help"]] {
        let mut command = crate::test_server::wardroom();
        let mut child = command.args(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let done = crate::test_server::finish(child);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{args:?}");
    }
}
