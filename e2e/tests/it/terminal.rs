//! A terminal: a pseudo-terminal with a program on it, and what a person would see on its screen.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use tokio::process::{Child, Command};

use crate::test_server::DEADLINE;

/// A terminal, and what runs on it.
pub struct Terminal {
    master: File,
    /// The program's side, for its modes.
    slave: File,
    pub child: Child,
    screen: Arc<Mutex<Screen>>,
    /// The modes before the program came.
    before: Termios,
}

impl Terminal {
    /// Starts a program on a new terminal of this size.
    pub fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&master, size(columns, rows)).unwrap();
        let before = tcgetattr(&slave).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm-256color");
        if !command.as_std().get_envs().any(|(name, _)| name == "LC_ALL") {
            command.env("LC_ALL", "C.UTF-8");
        }
        let child = command.kill_on_drop(true).spawn().unwrap();
        let master = File::from(master);
        let screen = Arc::new(Mutex::new(Screen::new(columns.into(), rows.into())));
        let (mut from, shown) = (master.try_clone().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(len @ 1..) = from.read(&mut bytes) {
                shown.lock().unwrap().take(&bytes[..len]);
            }
        });
        Self { master, slave, child, screen, before }
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) {
        (&self.master).write_all(keys.as_bytes()).unwrap();
    }

    /// Pastes, as a terminal does that was asked to say so: line feeds become carriage returns. On a thread, for a terminal takes only so
    /// much at a time.
    pub fn paste(&self, text: &str) {
        let pasted = format!("\x1b[200~{}\x1b[201~", text.replace('\n', "\r"));
        let mut master = self.master.try_clone().unwrap();
        std::thread::spawn(move || master.write_all(pasted.as_bytes()));
    }

    /// Another size, as the program is told of it.
    pub fn resize(&self, columns: u16, rows: u16) {
        tcsetwinsize(&self.master, size(columns, rows)).unwrap();
        self.screen.lock().unwrap().columns = columns.into();
        self.signal(rustix::process::Signal::WINCH);
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap()
    }

    /// Waits until the screen is so.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Screen) -> bool) {
        let start = Instant::now();
        while !is_so(&self.screen()) {
            assert!(start.elapsed() < DEADLINE, "{what}: not in time; there is\n{}", self.screen().text());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until this is to be read on it.
    pub async fn until_seen(&self, words: &str) {
        self.until(words, |screen| screen.text().contains(words)).await;
    }

    /// Waits until the line that is edited is this one, and everything before it has been drawn.
    pub async fn until_edited(&self, line: &str) {
        self.until(line, |screen| screen.row(screen.row) == line).await;
    }

    /// Waits for its end: the code.
    pub async fn ended(&mut self) -> Option<i32> {
        let status = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        let Ok(status) = status else { panic!("it did not end; there is\n{}", self.screen().text()) };
        status.unwrap().code()
    }

    /// The terminal is as it was before the program came.
    pub fn is_given_back(&self) -> bool {
        let now = tcgetattr(&self.slave).unwrap();
        let same = |modes: &Termios| (modes.input_modes, modes.output_modes, modes.local_modes, modes.control_modes);
        same(&now) == same(&self.before)
    }
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }
}

/// What is on the screen and above it. It knows as much of ECMA-48 as the program uses; what it does not know fails the test.
pub struct Screen {
    columns: usize,
    rows: usize,
    /// All lines since the start; the last `rows` of them are in sight.
    lines: Vec<Vec<char>>,
    /// Where the cursor is: a line since the start, and a column.
    pub row: usize,
    pub column: usize,
    held: Vec<u8>,
    /// Pastes are told as such.
    pub tells_pastes: bool,
    /// The window's title.
    pub title: String,
    pub bells: usize,
    /// How often a style was asked for.
    pub styles: usize,
}

impl Screen {
    fn new(columns: usize, rows: usize) -> Self {
        let (lines, held) = (vec![Vec::new()], Vec::new());
        Self {
            columns,
            rows,
            lines,
            row: 0,
            column: 0,
            held,
            tells_pastes: false,
            title: String::new(),
            bells: 0,
            styles: 0,
        }
    }

    /// One line, without the blanks at its end.
    pub fn row(&self, row: usize) -> String {
        self.lines.get(row).map(|line| line.iter().collect::<String>()).unwrap_or_default().trim_end().to_owned()
    }

    /// All lines since the start.
    pub fn text(&self) -> String {
        (0..self.lines.len()).map(|row| self.row(row)).collect::<Vec<_>>().join("\n")
    }

    /// How often this line is there.
    pub fn count(&self, words: &str) -> usize {
        self.text().matches(words).count()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        let valid = match std::str::from_utf8(&self.held) {
            Ok(all) => all.len(),
            Err(e) => e.valid_up_to(),
        };
        let rest = self.held.split_off(valid);
        let text = String::from_utf8(std::mem::replace(&mut self.held, rest)).unwrap();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            let eaten = match c {
                '\x1b' => match self.sequence(rest) {
                    Some(eaten) => eaten,
                    // It goes on.
                    None => break,
                },
                c => {
                    self.put(c);
                    c.len_utf8()
                }
            };
            rest = &rest[eaten..];
        }
        self.held.splice(0..0, rest.bytes());
    }

    fn put(&mut self, c: char) {
        match c {
            '\r' => self.column = 0,
            '\n' => self.down(),
            '\x07' => self.bells += 1,
            c if c < ' ' => panic!("the control {c:?} reached the terminal"),
            c => {
                if self.column == self.columns {
                    self.column = 0;
                    self.down();
                }
                let line = &mut self.lines[self.row];
                line.resize(line.len().max(self.column + 1), ' ');
                line[self.column] = c;
                self.column += 1;
            }
        }
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(Vec::new());
        }
    }

    fn sequence(&mut self, text: &str) -> Option<usize> {
        if let Some(title) = text.strip_prefix("\x1b]2;") {
            let end = title.find('\x07')?;
            self.title = title[..end].to_owned();
            return Some(4 + end + 1);
        }
        if text.len() < 2 {
            return None;
        }
        let inner = text.strip_prefix("\x1b[").unwrap_or_else(|| panic!("no sequence of ours: {text:?}"));
        let end = inner.find(|c: char| c.is_ascii_alphabetic())?;
        let parameters = &inner[..end];
        let number = parameters.parse().unwrap_or(1);
        match (&inner[end..end + 1], parameters) {
            ("A", _) => {
                let top = self.lines.len().saturating_sub(self.rows);
                self.row = self.row.saturating_sub(number).max(top);
            }
            ("C", _) => self.column = (self.column + number).min(self.columns - 1),
            ("J", "") => {
                self.lines.truncate(self.row + 1);
                self.lines[self.row].truncate(self.column);
            }
            ("J", "2") => self.lines.iter_mut().rev().take(self.rows).for_each(Vec::clear),
            ("H", "") => (self.row, self.column) = (self.lines.len().saturating_sub(self.rows), 0),
            ("m", _) => self.styles += 1,
            ("h" | "l", "?2004") => self.tells_pastes = inner[end..].starts_with('h'),
            (last, _) => panic!("no sequence of ours: {parameters}{last}"),
        }
        Some(2 + end + 1)
    }
}
