//! Two recordings of a terminal, each read by a tmux of its own, and what their screens have in common.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::recorded_sessions::{COLS, ROWS};
use crate::test_server::DEADLINE;
use crate::tmux::{Tmux, line_of};

/// A screen as tmux must read it: bytes, each part for its size.
pub struct Recording {
    pub parts: Vec<(u16, u16, Vec<u8>)>,
}

impl Recording {
    /// Output, or a snapshot, with the message that came with it.
    pub fn add(&mut self, told: &Value, body: &[u8]) {
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

/// Lets a tmux read a recording, to its end.
fn show(recording: &Recording) -> Tmux {
    let folder = tempfile::tempdir().unwrap();
    let (cols, rows, _) = recording.parts.first().expect("a part");
    for (nth, (_, _, bytes)) in recording.parts.iter().enumerate() {
        std::fs::write(folder.path().join(format!("part{nth}")), bytes).unwrap();
    }
    // Each part once its size is in force, and a mark that it has been read: cat has ended, and the terminal has nothing left.
    let script = format!(
        "stty raw -echo; cd {}; n=0; while :; do until [ -e go$n ]; do sleep 0.02; done; cat part$n; touch read$n; n=$((n+1)); done",
        folder.path().display()
    );
    let tmux = Tmux::start_in(folder, *cols, *rows, &[], &script);
    for (nth, (cols, rows, _)) in recording.parts.iter().enumerate() {
        tmux.run(&["resize-window", "-x", &cols.to_string(), "-y", &rows.to_string()]);
        std::fs::write(tmux.folder().join(format!("go{nth}")), "").unwrap();
        let begin = Instant::now();
        while !tmux.folder().join(format!("read{nth}")).exists() {
            assert!(begin.elapsed() < DEADLINE * 4, "tmux does not read");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    tmux
}

/// The cells with their colours, and the cursor.
fn screen(tmux: &Tmux) -> Vec<String> {
    let mut lines = cells(&tmux.run(&["capture-pane", "-p", "-e", "-N"]));
    lines.push(tmux.run(&[
        "display-message",
        "-p",
        "cursor #{cursor_x},#{cursor_y} shown #{cursor_flag}, alternate #{alternate_on}, mouse #{mouse_any_flag}, keys #{keypad_cursor_flag}",
    ]));
    lines
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
                    cells.push((style.clone(), line_of(sign)));
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

/// Has a tmux read a recording; what it returns are the rows, at the moment at which it is called.
pub fn rows_of(recording: &Recording) -> impl Fn() -> Vec<String> + use<> {
    let tmux = show(recording);
    move || tmux.run(&["capture-pane", "-p"]).lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Compares what both show, as soon as both have drawn it; says in which lines they differ.
pub fn difference(name: &str, snapshot: &Recording, whole: &Recording) -> Option<String> {
    let (late, early) = (show(snapshot), show(whole));
    let begin = Instant::now();
    loop {
        let (ours, theirs) = (screen(&late), screen(&early));
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
