//! What a late watcher sees of real programs, held against tmux: one tmux reads everything that the program wrote, another one
//! only the snapshot, and their screens must have the same characters, colours and cursor in every cell.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::retry;
use crate::terminal_garbage::garbage;
use crate::test_server::{DEADLINE, TestServer};
use crate::wire::Wire;

const COLS: u16 = 80;
const ROWS: u16 = 24;
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

/// A screen as tmux must read it: bytes, each part for its size.
struct Recording {
    parts: Vec<(u16, u16, Vec<u8>)>,
}

impl Recording {
    fn add(&mut self, told: &Value, body: &[u8]) {
        let size = |name: &str| told[name].as_u64().and_then(|size| u16::try_from(size).ok());
        match (size("cols"), size("rows")) {
            (Some(cols), Some(rows)) => self.parts.push((cols, rows, body.to_vec())),
            _ => match self.parts.last_mut() {
                Some((_, _, bytes)) => bytes.extend_from_slice(body),
                None => self.parts.push((COLS, ROWS, body.to_vec())),
            },
        }
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

/// A tmux of its own, with one pane that reads what is written into it.
struct Tmux {
    folder: TempDir,
}

impl Tmux {
    fn run(&self, args: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.arg("-u").args(["-f", "/dev/null", "-S"]).arg(self.folder.path().join("socket")).args(args);
        let done = tmux.env_remove("TMUX").env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color").output().unwrap();
        assert!(done.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Reads a recording, to its end.
    fn show(recording: &Recording) -> Tmux {
        let tmux = Tmux { folder: tempfile::tempdir().unwrap() };
        let (cols, rows, _) = recording.parts.first().expect("a part");
        let part = |nth: usize| -> PathBuf { tmux.folder.path().join(format!("part{nth}")) };
        for (nth, (_, _, bytes)) in recording.parts.iter().enumerate() {
            std::fs::write(part(nth), bytes).unwrap();
        }
        let folder = tmux.folder.path().display();
        // Each part once its size is in force, and a mark that it has been read: cat has ended, and the terminal has nothing left.
        let script = format!(
            "stty raw -echo; cd {folder}; n=0; while :; do until [ -e go$n ]; do sleep 0.02; done; cat part$n; touch read$n; n=$((n+1)); done"
        );
        tmux.run(&["new-session", "-d", "-x", &cols.to_string(), "-y", &rows.to_string(), &script]);
        tmux.run(&["set-option", "-g", "status", "off"]);
        tmux.run(&["set-option", "-g", "escape-time", "0"]);
        tmux.run(&["set-option", "-g", "window-size", "manual"]);
        for (nth, (cols, rows, _)) in recording.parts.iter().enumerate() {
            tmux.run(&["resize-window", "-x", &cols.to_string(), "-y", &rows.to_string()]);
            std::fs::write(tmux.folder.path().join(format!("go{nth}")), "").unwrap();
            let begin = Instant::now();
            while !tmux.folder.path().join(format!("read{nth}")).exists() {
                assert!(begin.elapsed() < DEADLINE * 4, "tmux does not read");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        tmux
    }

    /// The cells with their colours, and the cursor.
    fn screen(&self) -> Vec<String> {
        let mut lines = cells(&self.run(&["capture-pane", "-p", "-e", "-N"]));
        lines.push(self.run(&[
            "display-message",
            "-p",
            "cursor #{cursor_x},#{cursor_y} shown #{cursor_flag}, alternate #{alternate_on}, mouse #{mouse_any_flag}, keys #{keypad_cursor_flag}",
        ]));
        lines
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

/// The colours and attributes in force, from tmux's own sequences.
#[derive(Clone, Default, PartialEq)]
struct Style {
    front: String,
    back: String,
    others: Vec<String>,
}

impl Style {
    fn apply(&mut self, sequence: &str) {
        let mut codes = sequence.split(';');
        while let Some(code) = codes.next() {
            let number: u16 = code.split(':').next().unwrap_or_default().parse().unwrap_or(0);
            let colour = |codes: &mut std::str::Split<char>| {
                let rest = if codes.clone().next() == Some("2") { 4 } else { 2 };
                format!("{code};{}", codes.take(rest).collect::<Vec<_>>().join(";"))
            };
            match number {
                0 => *self = Style::default(),
                38 => self.front = colour(&mut codes),
                48 => self.back = colour(&mut codes),
                39 => self.front.clear(),
                49 => self.back.clear(),
                30..38 | 90..98 => self.front = code.to_owned(),
                40..48 | 100..108 => self.back = code.to_owned(),
                _ => self.others.push(code.to_owned()),
            }
        }
    }

    /// A blank cell shows neither the colour of its character nor how bold it is.
    fn reduce_to_visible(&mut self, sign: char) {
        const UNDERLINED: &str = "4";
        const REVERSED: &str = "7";
        if sign == ' ' {
            self.others.retain(|code| code == UNDERLINED || code == REVERSED);
            if self.others.is_empty() {
                self.front.clear();
            }
        }
        self.others.sort();
    }

    fn words(&self) -> String {
        let parts = [&self.front, &self.back].into_iter().chain(&self.others);
        format!("<{}>", parts.filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" "))
    }
}

/// The lines that tmux printed, with styles where they change, without the empty cells at their ends. Lines that came as DEC graphics
/// (between SO and SI) are said as they came; a snapshot has Unicode's characters for them.
fn cells(printed: &str) -> Vec<String> {
    const GRAPHICS: [(char, char); 12] = [
        ('q', '─'),
        ('x', '│'),
        ('l', '┌'),
        ('k', '┐'),
        ('m', '└'),
        ('j', '┘'),
        ('t', '├'),
        ('u', '┤'),
        ('v', '┴'),
        ('w', '┬'),
        ('n', '┼'),
        ('a', '▒'),
    ];
    let (mut style, mut is_graphics) = (Style::default(), false);
    let mut line_of = |line: &str| {
        let mut cells: Vec<(Style, char)> = Vec::new();
        let mut rest = line;
        while let Some(sign) = rest.chars().next() {
            rest = &rest[sign.len_utf8()..];
            match sign {
                '\u{1b}' => {
                    let end = rest.find('m').expect("only colours have sequences here");
                    style.apply(rest[..end].trim_start_matches('['));
                    rest = &rest[end + 1..];
                }
                '\u{e}' => is_graphics = true,
                '\u{f}' => is_graphics = false,
                _ if is_graphics => {
                    let drawn = GRAPHICS.iter().find(|(from, _)| *from == sign).map_or(sign, |(_, to)| *to);
                    cells.push((style.clone(), drawn));
                }
                _ => cells.push((style.clone(), sign)),
            }
        }
        for (style, sign) in &mut cells {
            style.reduce_to_visible(*sign);
        }
        // tmux does not print the background of cells that were erased up to the end of a line.
        while cells.last().is_some_and(|(style, sign)| *sign == ' ' && style.others.is_empty()) {
            cells.pop();
        }
        let (mut before, mut said) = (Style::default(), String::new());
        for (style, sign) in cells {
            if style != before {
                said.push_str(&style.words());
                before = style;
            }
            said.push(sign);
        }
        said
    };
    printed.lines().map(&mut line_of).collect()
}

/// Compares what both show, as soon as both have drawn it; says in which lines they differ.
fn difference(name: &str, snapshot: &Recording, whole: &Recording) -> Option<String> {
    let (late, early) = (Tmux::show(snapshot), Tmux::show(whole));
    let begin = Instant::now();
    loop {
        let (ours, theirs) = (late.screen(), early.screen());
        if ours == theirs {
            return None;
        }
        if begin.elapsed() > Duration::from_secs(5) {
            let lines = ours.iter().zip(&theirs).enumerate().filter(|(_, (ours, theirs))| ours != theirs);
            let lines: Vec<String> = lines
                .map(|(nth, (ours, theirs))| format!("  line {nth}:\n    late: {ours:?}\n    tmux: {theirs:?}"))
                .collect();
            return Some(format!("{name}: {} of {} lines\n{}", lines.len(), theirs.len(), lines.join("\n")));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
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
        if nth.is_multiple_of(10) {
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
