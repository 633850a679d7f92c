//! Secrets on the command line: from the environment, from a file, never from the arguments, and in no file of the
//! server.

use std::path::{Path, PathBuf};

use crate::pty::Pty;
use crate::test_server::{Done, TestServer, done};

const SECRET: &str = "hunter2-correct-horse";

/// The files below a folder that contain this text.
fn found_in(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(found_in(&path, text));
        } else if kind.is_file()
            && std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
        {
            found.push(path);
        }
    }
    found
}

/// Runs a command with this in its environment.
fn with_token(server: &TestServer, args: &[&str], token: &str) -> Done {
    let mut client = server.client(args);
    client.env("TOKEN", token);
    done(client, b"")
}

#[test]
fn a_secret_comes_from_the_environment_or_a_file_and_stays_out_of_the_record() {
    let mut server = TestServer::new();
    std::fs::write(server.folder.path().join("key"), "the-key-of-everything\n").unwrap();
    let script = "test ${#TOKEN} = 21 && test ${#KEY} = 21 && echo right; echo \"$TOKEN $KEY\"; echo \"$KEY\" >&2";
    let args = ["run", "general", "--secret", "TOKEN", "--secret", "KEY=@key", "--env", "CI=value-of-ci", "--"];
    let run = with_token(&server, &[&args[..], &["sh", "-c", script]].concat(), SECRET);
    assert_eq!((run.code, run.text().as_str(), run.err.as_str()), (0, "right\n*** ***\n", "***\n"));
    assert_eq!(server.run(&["output", "r1"]).text(), "right\n*** ***\n");
    // The same in a terminal, in the room, and in a file of it.
    let args = ["run", "general", "--tty", "--secret", "TOKEN", "--", "sh", "-c", "echo \"$TOKEN\""];
    assert_eq!(with_token(&server, &args, SECRET).text(), "***\r\n");
    assert!(server.run(&["output", "r2", "--cast"]).text().contains("***"));
    server.stop();
    std::fs::remove_file(server.folder.path().join("key")).unwrap();
    for text in [SECRET, "the-key-of-everything", "value-of-ci"] {
        assert_eq!(found_in(server.folder.path(), text), Vec::<PathBuf>::new());
    }
}

#[test]
fn what_is_no_secret_is_refused() {
    let server = TestServer::new();
    let args = |secret: &'static str, cmd: &'static str| ["run", "general", "--secret", secret, "--", "echo", cmd];
    let in_words = server.run(&args("TOKEN=hunter2-correct-horse", "x"));
    assert_eq!(in_words.code, 255, "{in_words:?}");
    assert!(in_words.err.contains("NAME=@FILE"), "{}", in_words.err);
    let missing = server.run(&args("NO_SUCH_VARIABLE", "x"));
    assert_eq!(missing.code, 255, "{missing:?}");
    assert!(missing.err.contains("NO_SUCH_VARIABLE is not set here"), "{}", missing.err);
    let short = with_token(&server, &args("TOKEN", "x"), "short");
    assert_eq!(short.code, 125, "{short:?}");
    assert!(short.err.contains("shorter than 8 bytes"), "{}", short.err);
    let shown = with_token(&server, &args("TOKEN", SECRET), SECRET);
    assert_eq!(shown.code, 125, "{shown:?}");
    assert!(shown.err.contains("contains the value of the secret TOKEN"), "{}", shown.err);
    assert!(!shown.err.contains(SECRET));
}

#[test]
fn what_is_typed_while_echo_is_off_is_recorded_nowhere() {
    let mut server = TestServer::new();
    let script = "stty -echo; echo ready; read -r first; stty echo; echo \"${#first} characters\"; read -r second";
    let mut pty = Pty::start(server.client(&["shell", "general", "--", "sh", "-c", script]), 80, 24);
    pty.until_seen("ready");
    pty.press("correct-horse-battery\r");
    pty.until_seen("21 characters");
    // What is echoed is output, and stays.
    pty.press("shown-as-it-is-typed\r");
    let ended = pty.ended();
    assert_eq!(ended.code, 0, "{ended:?} {:?}", pty.text());
    let cast = server.run(&["output", "r1", "--cast"]).text();
    assert!(cast.contains("shown-as-it-is-typed") && !cast.contains("correct-horse"), "{cast}");
    let kinds: Vec<String> = cast.lines().skip(1).map(|line| line.split('"').nth(1).unwrap().to_owned()).collect();
    assert!(kinds.iter().all(|kind| kind != "i"), "a recording has no input: {kinds:?}");
    server.stop();
    assert_ne!(found_in(&server.data(), "shown-as-it-is-typed"), Vec::<PathBuf>::new());
    assert_eq!(found_in(server.folder.path(), "correct-horse"), Vec::<PathBuf>::new());
}
