//! A tmux of a test's own, with one window: another terminal emulator than ours and xterm.js.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::test_server::DEADLINE;

/// A tmux server. It ends with the test.
pub struct Tmux {
    folder: TempDir,
}

impl Tmux {
    /// Starts a command of the shell in a window of this size. Its environment has these variables too.
    pub fn start(cols: u16, rows: u16, vars: &[(&str, &str)], script: &str) -> Tmux {
        Tmux::start_in(tempfile::tempdir().unwrap(), cols, rows, vars, script)
    }

    /// The same, with its socket in a folder that exists.
    pub fn start_in(folder: TempDir, cols: u16, rows: u16, vars: &[(&str, &str)], script: &str) -> Tmux {
        let tmux = Tmux { folder };
        let (cols, rows) = (cols.to_string(), rows.to_string());
        let vars: Vec<String> = vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut args = vec!["new-session", "-d", "-x", &cols, "-y", &rows];
        args.extend(vars.iter().flat_map(|var| ["-e", var]));
        args.push(script);
        tmux.run(&args);
        tmux.run(&["set-option", "-g", "status", "off"]);
        tmux.run(&["set-option", "-g", "escape-time", "0"]);
        tmux.run(&["set-option", "-g", "window-size", "manual"]);
        // The status line has taken a row.
        tmux.run(&["resize-window", "-x", &cols, "-y", &rows]);
        tmux
    }

    /// The folder with its socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives a command to it, and returns what that prints.
    pub fn run(&self, args: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.arg("-u").args(["-f", "/dev/null", "-S"]).arg(self.folder.path().join("socket")).args(args);
        let done = tmux.env_remove("TMUX").env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color").output().unwrap();
        assert!(done.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Types this text.
    pub fn type_text(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
    }

    /// Presses a key, by tmux's name.
    pub fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// The rows of the window as text, without spaces at their ends and without empty rows at the bottom.
    pub fn rows(&self) -> Vec<String> {
        trimmed(&plain(&self.run(&["capture-pane", "-p", "-e"])))
    }

    /// Waits until the window shows this.
    pub async fn until(&self, text: &str) {
        let start = Instant::now();
        while !self.rows().iter().any(|row| row.contains(text)) {
            assert!(
                start.elapsed() < DEADLINE,
                "{text:?} did not come up; the window shows:\n{}",
                self.rows().join("\n")
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // It is gone already if its command has ended.
        let _ = Command::new("tmux").arg("-S").arg(self.folder.path().join("socket")).arg("kill-server").output();
    }
}

/// What tmux has captured, without its styles, and with lines instead of the letters that stand for them between SO and SI.
fn plain(captured: &str) -> String {
    let (mut text, mut chars, mut has_lines) = (String::new(), captured.chars(), false);
    while let Some(ch) = chars.next() {
        match ch {
            '\x1b' => drop(chars.find(char::is_ascii_alphabetic)),
            '\x0e' => has_lines = true,
            '\x0f' => has_lines = false,
            _ if has_lines => text.push(line_of(ch)),
            _ => text.push(ch),
        }
    }
    text
}

/// The special graphics of a VT100, as far as programs draw frames with them.
pub fn line_of(letter: char) -> char {
    "ajklmnqtuvwx"
        .chars()
        .zip("▒┘┐┌└┼─├┤┴┬│".chars())
        .find(|(from, _)| *from == letter)
        .map_or(letter, |(_, line)| line)
}

/// The rows of a screen without spaces at their ends, and without empty ones at the bottom.
pub fn trimmed(screen: &str) -> Vec<String> {
    let mut rows: Vec<String> = screen.lines().map(|row| row.trim_end().to_owned()).collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}
