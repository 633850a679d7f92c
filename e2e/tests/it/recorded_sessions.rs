//! What a late watcher sees of real programs, held against tmux: one tmux reads everything that the program wrote, another one
//! only the snapshot, and their screens must have the same characters, colours and cursor in every cell.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::retry;
use crate::held_against_tmux::{Recording, difference};
use crate::terminal_garbage::garbage;
use crate::test_server::{DEADLINE, TestServer};
use crate::wire::Wire;

pub const COLS: u16 = 80;
pub const ROWS: u16 = 24;
/// Silence after which a program is taken to have drawn its screen.
const QUIET: Duration = Duration::from_millis(250);
/// Programs that never stop drawing are looked at after this time.
const BUSY: Duration = Duration::from_secs(3);
/// What one screen must have survived before somebody watches: alternate screen, wide characters, scroll regions, resizes.
const GARBAGE_BYTES: usize = 100_000_000;

/// What somebody does at a terminal.
enum Do {
    Type(&'static str),
    Resize(u16, u16),
}
use Do::{Resize, Type};

/// Programs, the name first, and what is done in them.
const SESSIONS: [(&str, &str, &[Do]); 35] = [
    ("vim", "vim -u NONE -N -n text", &[Type("5j"), Type("dd"), Type("ohello 你好 e\u{301}\u{1b}"), Type(":set nu\r")]),
    ("vim with colours", "vim -u NONE -N -n -c 'syntax on' code.c", &[Type("/int\r"), Type(":set hlsearch\r")]),
    ("vim in two windows", "vim -u NONE -N -n text", &[Type(":vsplit code.c\r"), Type(":split\r"), Type("\u{17}j")]),
    ("vim selects", "vim -u NONE -N -n text", &[Type("V3j"), Type("\u{16}4l")]),
    ("vim compares", "vim -u NONE -N -n -d text other", &[Type("]c")]),
    ("vim has ended", "echo before; vim -u NONE -N -n text; echo after", &[Type("dd"), Type(":q!\r")]),
    ("vim is resized", "vim -u NONE -N -n text", &[Resize(100, 30), Type("3j"), Resize(60, 12), Type("k")]),
    ("less", "less text", &[Type(" "), Type("k")]),
    ("less finds", "less text", &[Type("/line 7\r"), Type("n")]),
    ("less with numbers", "less -N -S text", &[Type("G"), Type("\u{1b}[C")]),
    ("less has ended", "echo before; less text; echo after", &[Type(" "), Type("q")]),
    ("less with colours", "ls --color=always -la / | less -R", &[Type("j")]),
    ("more", "more text", &[Type(" ")]),
    ("htop", "htop -d 2", &[Type("t")]),
    ("htop with its settings", "htop -d 2", &[Type("S")]),
    ("htop has ended", "echo before; htop -d 2; echo after", &[Type("q")]),
    ("top", "top -d 0.3", &[Type("z"), Type("x")]),
    ("dialog: a menu", "dialog --menu 'Which one?' 15 50 5 a Alpha b Beta c 丙", &[Type("\u{1b}[B")]),
    ("dialog: a checklist", "dialog --checklist Some 15 40 5 a A on b B off c C on", &[Type("\u{1b}[B"), Type(" ")]),
    ("dialog: a gauge", "for n in 10 40 70; do echo $n; sleep 0.1; done | dialog --gauge Working 8 50", &[]),
    ("dialog: an input box", "dialog --inputbox 'Your name' 10 40", &[Type("ann 安")]),
    ("dialog has ended", "dialog --yesno Sure 8 40; echo $?", &[Type("\r")]),
    ("tmux", "tmux -f /dev/null -S ./inner$$ new-session 'bash --norc'", &[Type("echo $((6*7))\r")]),
    (
        "tmux in three panes",
        "tmux -f /dev/null -S ./inner$$ new-session 'bash --norc'",
        &[Type("\u{2}%"), Type("seq 40\r"), Type("\u{2}\""), Type("ls -la / | head\r")],
    ),
    (
        "tmux looks back",
        "tmux -f /dev/null -S ./inner$$ new-session 'bash --norc'",
        &[Type("seq 200\r"), Type("\u{2}["), Type("\u{1b}[5~")],
    ),
    ("bash edits a line", "bash --norc", &[Type("echo one two three"), Type("\u{1b}b\u{1b}d"), Type("2\u{1}#")]),
    (
        "bash wraps a line",
        "PS1='\\[\\e[1;32m\\]ann\\[\\e[m\\]$ ' bash --norc",
        &[
            Type("echo 0123456789012345678901234567890123456789012345678901234567890123456789 你好你好你好"),
            Type("\u{1}"),
        ],
    ),
    ("bash completes", "bash --norc", &[Type("ls /etc/host\t\t")]),
    ("bash searches its history", "bash --norc", &[Type("echo one\r"), Type("echo two\r"), Type("\u{12}on")]),
    ("git", "git --no-pager -c color.ui=always diff --no-index --word-diff text other", &[]),
    ("watch", "watch -n 0.3 --color 'ls --color=always -la /; date +%N'", &[]),
    ("a long flood", "seq 200000; ls --color=always /etc", &[]),
    (
        "wide characters at the edge",
        "for n in 1 2 3; do printf 'x%.0s' $(seq 79); printf '你好'; done; printf '\\e[5;80H界\\e[5;79H界'",
        &[],
    ),
    (
        "a true colour picture",
        "for y in $(seq 20); do for x in $(seq 70); do printf '\\e[48;2;%d;%d;90m ' $((x*3)) $((y*12)); done; printf '\\e[m\\n'; done",
        &[],
    ),
    (
        "regions, insertion and deletion",
        "seq 30; printf '\\e[5;15r\\e[?6h\\e[2;1Hin\\e[3L\\e[?6l\\e[20;3H\\e[4@\\e[2P\\e[8;1H\\e[2M\\e[r\\e[10;10H\\e[1J\\e[44mblue\\e[K\\e[m'",
        &[],
    ),
];

/// Files that the programs show.
fn files(folder: &Path) {
    let line = |n: u32| {
        format!("line {n}: the quick brown fox jumps over the lazy dog, 你好 {}\n", "=".repeat(n as usize % 30))
    };
    let text: String = (1..200).map(line).collect();
    std::fs::write(folder.join("other"), text.replace("line 7", "LINE 7").replace("fox", "cat")).unwrap();
    std::fs::write(folder.join("text"), text).unwrap();
    let code: String = (0..40).map(|n| format!("int f{n}(char *s) {{ return \"a\\n\"[{n}]; /* why */ }}\n")).collect();
    std::fs::write(folder.join("code.c"), code).unwrap();
}

/// The keyboard of a run.
struct Keyboard {
    r#gen: u64,
    off: usize,
}

/// Starts a command in a terminal and takes its keyboard.
async fn start(wire: &mut Wire, folder: &Path, name: &str, cmd: &str) -> (Value, Keyboard) {
    let asked = json!({"t":"run.start","room":"general","tty":{"cols":COLS,"rows":ROWS},"cmd":cmd,"cwd":folder,"nonce":name.replace(' ', "-"),
        "env":{"LC_ALL":"C.UTF-8","TMUX":"","HISTFILE":"","LESSHISTFILE":"-"}});
    let started =
        retry("the host", async || wire.try_ask(asked.clone()).await.filter(|answer| answer["t"] == "ok")).await;
    let run = started["run"].clone();
    let state = wire.ask(json!({"t":"term.control","run":run,"op":"ask"})).await;
    (run, Keyboard { r#gen: state["gen"].as_u64().unwrap(), off: 0 })
}

/// Waits until the screen has not changed for a while.
async fn settle(wire: &mut Wire, run: &Value) {
    let begin = Instant::now();
    let mut seen = (Value::Null, Instant::now());
    while begin.elapsed() < BUSY && seen.1.elapsed() < QUIET {
        let off = wire.ask(json!({"t":"term.text","run":run})).await["off"].clone();
        if off != seen.0 || off == 0 {
            seen = (off, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The snapshot that a late watcher gets, and everything that the program wrote until then.
async fn recordings(wire: &mut Wire, run: &Value) -> (Recording, Recording) {
    let window = 4 << 20;
    wire.send(&json!({"t":"run.watch","id":1_000_001,"run":run,"from":0,"window":window,"screen":true}), &[])
        .await
        .unwrap();
    let mut snapshot = Recording { parts: Vec::new() };
    let mut end = None;
    while end.is_none() {
        let (told, frame) = wire.next().await.unwrap();
        assert_ne!(told["t"], "err", "{told}");
        if told["t"] == "run.snapshot" {
            match snapshot.parts.last_mut() {
                Some((_, _, bytes)) => bytes.extend_from_slice(&frame.body),
                None => snapshot.add(&told, &frame.body),
            }
            end = (told["more"] != true).then(|| told["off"].as_u64().unwrap());
        }
    }
    wire.ask(json!({"t":"run.unwatch","run":run})).await;
    let end = end.unwrap();
    wire.send(&json!({"t":"run.watch","id":1_000_002,"run":run,"from":0,"window":window}), &[]).await.unwrap();
    let mut whole = Recording { parts: Vec::new() };
    let mut at = 0;
    while at < end {
        let (told, frame) = wire.next().await.unwrap();
        assert_ne!(told["t"], "err", "{told}");
        if told["t"] == "run.output" && told["off"].as_u64() == Some(at) {
            let part = frame.body.len().min(usize::try_from(end - at).unwrap());
            whole.add(&told, &frame.body[..part]);
            at += part as u64;
            wire.send(&json!({"t":"run.ack","run":run,"off":at}), &[]).await.unwrap();
        }
    }
    wire.ask(json!({"t":"run.unwatch","run":run})).await;
    (snapshot, whole)
}

#[tokio::test]
async fn a_late_watcher_sees_what_tmux_shows() {
    let server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let mut wire = server.connect(&token).await;
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let only = std::env::var("WARDROOM_SESSION").unwrap_or_default();
    let mut differences = Vec::new();
    for (name, cmd, steps) in SESSIONS.iter().filter(|(name, ..)| name.contains(&only)) {
        // The program's screen stays when it has ended: then the shell sleeps.
        let (run, mut keyboard) = start(&mut wire, folder.path(), name, &format!("{cmd}\nsleep 1000")).await;
        settle(&mut wire, &run).await;
        for step in *steps {
            match step {
                Type(keys) => {
                    let input =
                        json!({"t":"run.input","run":run,"gen":keyboard.r#gen,"off":keyboard.off,"len":keys.len()});
                    wire.send(&input, keys.as_bytes()).await.unwrap();
                    keyboard.off += keys.len();
                }
                Resize(cols, rows) => {
                    wire.ask(json!({"t":"term.resize","run":run,"gen":keyboard.r#gen,"cols":cols,"rows":rows})).await;
                }
            }
            settle(&mut wire, &run).await;
        }
        let (snapshot, whole) = recordings(&mut wire, &run).await;
        let bytes: usize = whole.parts.iter().map(|(_, _, bytes)| bytes.len()).sum();
        println!("{name}: {bytes} bytes, {} sizes", whole.parts.len());
        assert!(bytes > 50, "{name} drew nothing");
        differences.extend(difference(name, &snapshot, &whole));
        wire.ask(json!({"t":"run.signal","run":run,"signal":"KILL"})).await;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn after_a_hundred_megabytes_the_next_page_is_right() {
    let server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let mut wire = server.connect(&token).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("garbage"), garbage(GARBAGE_BYTES)).unwrap();
    let (run, keyboard) = start(&mut wire, folder.path(), "garbage", "stty -echo; cat garbage; sleep 1000").await;
    // Resized while it goes on.
    let mut nth: u16 = 0;
    let begin = Instant::now();
    loop {
        let off = wire.ask(json!({"t":"term.text","run":run})).await["off"].as_u64().unwrap();
        if off >= GARBAGE_BYTES as u64 {
            break;
        }
        assert!(begin.elapsed() < DEADLINE * 10, "{off} bytes were read in time");
        nth += 1;
        if nth.is_multiple_of(2) {
            let (cols, rows) = (60 + nth % 70, 16 + nth % 31);
            wire.ask(json!({"t":"term.resize","run":run,"gen":keyboard.r#gen,"cols":cols,"rows":rows})).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    settle(&mut wire, &run).await;
    let (snapshot, whole) = recordings(&mut wire, &run).await;
    println!("{} sizes", whole.parts.len());
    if let Some(difference) = difference("garbage", &snapshot, &whole) {
        panic!("{difference}");
    }
}
