//! Shared terminals at a terminal, with a core that is played: typing, watching, leaving, and what is left behind.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::json;

use crate::fake_core::FakeCore;
use crate::pty::Pty;
use crate::test_server::{TestServer, done, until};

/// A shell that is shown on a terminal of 80x24.
fn shell(core: &FakeCore) -> Pty {
    let pty = Pty::start(core.client(&["shell", "general"]), 80, 24);
    core.write(b"$ ");
    pty.until_seen("$ ");
    assert!(pty.is_raw());
    pty
}

#[test]
fn a_shell_is_typed_into_and_ends_with_its_code() {
    let core = FakeCore::start();
    let mut pty = shell(&core);
    pty.press("echo hi\r");
    pty.until_seen("echo hi\r");
    pty.press("\x03");
    core.until("Ctrl-C is a key", |state| state.input == b"echo hi\r\x03");
    let start = core.state().taken.iter().find(|frame| frame["t"] == "run.start").unwrap().clone();
    assert_eq!((&start["tty"], &start["argv"]), (&json!({ "cols": 80, "rows": 24 }), &json!(null)));
    // The server answers queries; this terminal must not.
    core.write(b"a\x1b[6nb\x1b]11;?\x07c\xff");
    pty.until_seen("abc");
    core.end(3);
    let ended = pty.ended();
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(pty.is_given_back());
    let text = pty.text();
    assert!(!text.contains("[6n") && !text.contains("]11;?"), "{text:?}");
    let begin = "wardroom: started r4; others join with: wardroom attach r4\r\n$ ";
    assert!(text.starts_with(begin), "a fresh shell begins where the cursor is: {text:?}");
}

#[test]
fn leaving_leaves_the_run_alone() {
    let core = FakeCore::start();
    let mut pty = shell(&core);
    // What a program has switched on does not stay on.
    core.write(b"\x1b[?1049h\x1b[?1000h\x1b[?25lvim");
    pty.until_seen("vim");
    pty.press("x\r~.");
    let left = pty.ended();
    assert_eq!(left.code, 0, "{left:?}");
    pty.until_seen("r4 goes on; wardroom attach r4 shows it again");
    assert!(pty.is_given_back());
    let text = pty.text();
    let after = text.split("vim").last().unwrap();
    for off in ["\x1b[?1049l", "\x1b[?1000l", "\x1b[?25h"] {
        assert!(after.contains(off), "{off:?} in {after:?}");
    }
    let state = core.state();
    assert_eq!((state.count("run.signal"), state.input.as_slice()), (0, &b"x\r"[..]));
}

#[test]
fn a_signal_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let core = FakeCore::start();
        let mut pty = shell(&core);
        core.write(b"\x1b[?1049h\x1b[?1003hhtop");
        pty.until_seen("htop");
        pty.signal(signal);
        assert_eq!(pty.ended().code, 255);
        assert!(pty.is_given_back());
        pty.until_seen("\x1b[?1049l");
        pty.until_seen("\x1b[?1003l");
        assert_eq!(core.state().count("run.signal"), 0);
    }
}

#[test]
fn a_watcher_sees_the_screen_and_types_once_the_keyboard_is_passed() {
    let core = FakeCore::start();
    (core.state().holder, core.state().size) = (Some("ben"), (200, 50));
    let mut pty = Pty::start(core.client(&["attach", "r4"]), 80, 24);
    pty.until_seen("the screen");
    pty.until_seen("watching r4: ben types");
    pty.until_seen("200x50 in your window of 80x24");
    pty.press("rm -rf /\r");
    pty.until_seen("you are watching; ~k asks for the keyboard");
    pty.resize(90, 30);
    pty.press("~k");
    core.until_taken("term.control");
    core.pass_to(Some("ben"), &["ann"]);
    pty.until_seen("asked ben for the keyboard");
    core.pass_to(Some("ann"), &[]);
    pty.until_seen("you have the keyboard");
    core.until("the size follows the holder", |state| {
        state.taken.iter().any(|frame| frame["t"] == "term.resize" && frame["cols"] == 90 && frame["gen"] == 2)
    });
    pty.press("ls\r");
    core.until("typed", |state| state.input == b"ls\r");
    core.pass_to(Some("ann"), &["ben"]);
    pty.until_seen("ben asks for the keyboard; ~K passes it on");
    pty.press("~K");
    pty.until_seen("nobody has the keyboard");
    pty.press("more");
    pty.press("\r~?");
    pty.until_seen("~.  leave; the run goes on");
    let before = core.state().count("term.resize");
    pty.resize(100, 40);
    pty.press("~.");
    assert_eq!(pty.ended().code, 0);
    let state = core.state();
    assert_eq!(
        (state.input.as_slice(), state.count("term.resize")),
        (&b"ls\r"[..], before),
        "a watcher changes nothing"
    );
}

#[test]
fn a_broken_connection_neither_loses_nor_repeats_a_key() {
    let core = FakeCore::start();
    let mut pty = shell(&core);
    let mut typed = String::new();
    for round in 0..3 {
        let keys = format!("round {round}\r");
        pty.press(&keys);
        typed.push_str(&keys);
        core.cut();
        pty.press("offline\r");
        typed.push_str("offline\r");
        core.until("typed", |state| state.input == typed.as_bytes());
        pty.until_seen("reconnecting");
    }
    core.end(0);
    assert_eq!(pty.ended().code, 0);
    let shown = pty.text();
    for round in 0..3 {
        assert_eq!(shown.matches(&format!("round {round}\r")).count(), 1, "{shown:?}");
    }
}

#[test]
fn a_run_is_stopped_from_its_terminal() {
    let core = FakeCore::start();
    let mut pty = shell(&core);
    pty.press("~s");
    core.until_taken("run.signal");
    core.end(143);
    assert_eq!(pty.ended().code, 143);
}

#[test]
fn what_cannot_be_shown_says_why() {
    let core = FakeCore::start();
    let piped = done(core.client(&["attach", "r4"]), b"");
    assert_eq!(piped.code, 255, "{piped:?}");
    assert!(piped.err.contains("needs a terminal"), "{}", piped.err);
    core.state().exit = Some(json!({ "code": 1 }));
    let mut pty = Pty::start(core.client(&["attach", "r4"]), 80, 24);
    assert_eq!(pty.ended().code, 125);
    pty.until_seen("r4 has ended: exit 1; wardroom output r4");
    let mut nowhere = core.client(&["--server", "tcp://127.0.0.1:1", "shell", "general"]);
    nowhere.stderr(Stdio::null());
    assert_eq!(Pty::start(nowhere, 80, 24).ended().code, 255);
}

#[test]
fn a_real_shell_is_shared() {
    let server = TestServer::new();
    let mut ann = Pty::start(server.client(&["shell", "general", "--", "sh"]), 100, 30);
    assert!(until(|| ann.is_raw()), "{}", ann.text());
    ann.press("stty size; PS1='$ '; echo re''ady\r");
    ann.until_seen("30 100");
    ann.until_seen("ready");
    let mut late = Pty::start(server.client(&["attach", "r1", "--control"]), 60, 20);
    late.until_seen("watching r1: ann types");
    late.press("~k");
    late.until_seen("you have the keyboard");
    ann.until_seen("you type in another window");
    late.press("stty size; echo from the l''ate one\r");
    ann.until_seen("from the late one");
    late.until_seen("20 60");
    late.press("exit 5\r");
    assert_eq!((late.ended().code, ann.ended().code), (5, 5));
    assert!(late.is_given_back() && ann.is_given_back());
    let info = server.run(&["runs", "--json"]).text();
    assert!(info.contains("\"code\":5"), "{info}");
}

#[test]
fn a_command_is_typed_into_where_it_is_started() {
    let server = TestServer::new();
    let mut pty = Pty::start(server.client(&["run", "general", "--tty", "--stdin", "--", "cat"]), 80, 24);
    assert!(until(|| pty.is_raw()), "{}", pty.text());
    pty.press("typed\r\x04");
    assert_eq!(pty.ended().code, 0);
    assert!(pty.text().contains("typed\r\ntyped\r\n"), "{:?}", pty.text());
    assert!(pty.is_given_back());
}

#[test]
fn a_person_is_told_the_number_of_a_run_and_a_program_is_not() {
    let server = TestServer::new();
    let run = |n: u32| {
        let mut pty = Pty::start(server.client(&["run", "general", "--", "echo", "the output"]), 80, 24);
        assert_eq!(pty.ended().code, 0);
        pty.until_seen("the output\r\n");
        assert_eq!(pty.text(), format!("wardroom: started r{n}\r\nthe output\r\n"));
    };
    run(1);
    run(2);
    let piped = server.run(&["run", "general", "--", "true"]);
    assert_eq!((piped.code, piped.err.as_str()), (0, ""));
    let mut json = Pty::start(server.client(&["run", "general", "--json", "--", "true"]), 200, 24);
    assert_eq!(json.ended().code, 0);
    json.until_seen("\"ended\"");
    assert!(!json.text().contains("wardroom: started"), "{}", json.text());
}
