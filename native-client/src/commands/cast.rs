//! `wardroom output RUN --cast`: a run as a recording that the players of asciinema show (asciicast v3,
//! docs.asciinema.org/manual/asciicast/v3). The output is what the run has printed; input is not recorded.

use wardroom_client_core::{Command, Effect, Operation, WatchFrom};
use wardroom_protocol::RunId;
use wardroom_protocol::messages::{RunInfo, RunTimes, RunTimesOk};

use super::Out;
use super::ls::other_version;
use super::runs::{RunName, find};
use super::{ReconnectDeadline, refused};
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};

/// The size of a recording of a run without a terminal.
const COLS: u16 = 80;
/// See [`COLS`].
const ROWS: u16 = 24;

/// Prints a recording of all that a run has printed so far.
///
/// # Errors
/// See [`Failure`].
pub async fn cast(target: Target, name: RunName) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let info = find(&mut runner, name).await?;
    let mut out = Out::new();
    let mut recording = Recording::new(&info, times(&mut runner, info.run).await?);
    out.line(&recording.header(&info))?;
    let mut patience = ReconnectDeadline::default();
    let until = if info.exit.is_some() { u64::MAX } else { info.bytes };
    let mut next = 0;
    if until > 0 {
        runner.command(Command::WatchRun { run: info.run, from: WatchFrom::Byte(0), auto_ack: false });
    }
    while next < until {
        match patience.next(&mut runner).await? {
            Effect::ScreenSize { cols, rows, .. } => recording.resized(cols, rows),
            Effect::Output { off, bytes, .. } => {
                next = off.saturating_add(bytes.len() as u64);
                let allowed = usize::try_from(until.saturating_sub(off)).unwrap_or(usize::MAX);
                for line in recording.output(off, bytes.get(..allowed).unwrap_or(&bytes)) {
                    out.line(&line)?;
                }
                runner.command(Command::AckRun { run: info.run, off: next });
            }
            Effect::RunEnded(end) => {
                let at = info.at.saturating_add(end.ms);
                out.line(&recording.event(at, "x", &end.exit.shell_code().to_string()))?;
                break;
            }
            Effect::Failed { operation: Operation::Run(_), error } => return refused(error),
            _ => {}
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

/// Returns all times of a run's output.
async fn times(runner: &mut Runner, run: RunId) -> Result<Vec<(u64, u64)>, Failure> {
    let mut all: Vec<(u64, u64)> = Vec::new();
    loop {
        let from = all.last().map_or(0, |(off, _)| off.saturating_add(1));
        let page: RunTimesOk = runner.ask(&RunTimes { run, from }).await?.fields().map_err(other_version)?;
        let before = all.len();
        all.extend(page.times.into_iter().filter(|(off, _)| before == 0 || *off >= from));
        // A page that makes no progress would be requested for ever.
        if !page.more || all.len() == before {
            return Ok(all);
        }
    }
}

/// The state of a recording.
struct Recording {
    times: std::iter::Peekable<std::vec::IntoIter<(u64, u64)>>,
    /// The time of the bytes that come next, and of the last event, in Unix milliseconds.
    at: u64,
    last: u64,
    is_terminal: bool,
    /// The beginning of a character whose rest has not come.
    partial: Vec<u8>,
    size: Option<(u16, u16)>,
}

impl Recording {
    fn new(info: &RunInfo, times: Vec<(u64, u64)>) -> Recording {
        Recording {
            times: times.into_iter().peekable(),
            at: info.at,
            last: info.at,
            is_terminal: info.tty.is_some(),
            partial: Vec::new(),
            size: None,
        }
    }

    fn header(&self, info: &RunInfo) -> String {
        let (cols, rows) = info.tty.map_or((COLS, ROWS), |tty| (tty.size.cols, tty.size.rows));
        let (timestamp, title) = (info.at / 1_000, format!("r{} in {} by {}", info.n, info.room, info.by));
        let term = serde_json::json!({ "cols": cols, "rows": rows, "type": "xterm-256color" });
        let header = serde_json::json!({ "version": 3, "term": term, "timestamp": timestamp, "command": info.cmd,
            "title": title });
        header.to_string()
    }

    /// Returns an event at a time; times never go back.
    fn event(&mut self, at: u64, code: &str, data: &str) -> String {
        let since = at.saturating_sub(self.last);
        self.last = self.last.max(at);
        format!("[{}.{:03}, \"{code}\", {}]", since / 1_000, since % 1_000, serde_json::Value::from(data))
    }

    /// The terminal has another size from the next byte on.
    fn resized(&mut self, cols: u16, rows: u16) {
        self.size = Some((cols, rows));
    }

    /// Returns the events of a piece of output, cut where the time changes.
    fn output(&mut self, off: u64, mut bytes: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        let mut at = off;
        while !bytes.is_empty() {
            while let Some((_, time)) = self.times.next_if(|(from, _)| *from <= at) {
                self.at = time;
            }
            let until = self.times.peek().map_or(u64::MAX, |(from, _)| *from);
            let len = usize::try_from(until.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
            if let Some((cols, rows)) = self.size.take() {
                events.push(self.event(self.at, "r", &format!("{cols}x{rows}")));
            }
            let text = self.text(piece);
            if !text.is_empty() {
                events.push(self.event(self.at, "o", &text));
            }
            at = at.saturating_add(piece.len() as u64);
            bytes = rest;
        }
        events
    }

    /// Returns bytes as text. A character that is cut waits for its rest; what is not UTF-8 is replaced.
    fn text(&mut self, piece: &[u8]) -> String {
        self.partial.extend_from_slice(piece);
        let bytes = std::mem::take(&mut self.partial);
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            let is_last = chunk.invalid().as_ptr_range().end == bytes.as_ptr_range().end;
            match chunk.invalid() {
                [] => {}
                // No character has more than four bytes.
                cut if is_last && cut.len() < 4 && could_continue(cut) => self.partial = cut.to_vec(),
                _ => text.push('\u{fffd}'),
            }
        }
        if self.is_terminal { text } else { text.replace('\n', "\r\n") }
    }
}

/// Returns true if these bytes may be the beginning of a character.
fn could_continue(cut: &[u8]) -> bool {
    std::str::from_utf8(cut).is_err_and(|e| e.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(times: &[(u64, u64)], is_terminal: bool) -> Recording {
        Recording {
            times: Vec::from(times).into_iter().peekable(),
            at: 1_000,
            last: 1_000,
            is_terminal,
            partial: Vec::new(),
            size: None,
        }
    }

    #[test]
    fn output_is_cut_where_the_time_changes() {
        let mut made = recording(&[(0, 1_050), (3, 3_100), (9, 3_000)], true);
        let events = made.output(0, b"abcdef");
        assert_eq!(events, ["[0.050, \"o\", \"abc\"]", "[2.050, \"o\", \"def\"]"]);
        made.resized(90, 30);
        assert_eq!(
            made.output(6, b"ghijk"),
            ["[0.000, \"r\", \"90x30\"]", "[0.000, \"o\", \"ghi\"]", "[0.000, \"o\", \"jk\"]",]
        );
        assert_eq!(made.event(4_000, "x", "3"), "[0.900, \"x\", \"3\"]");
    }

    #[test]
    fn text_is_whole_characters() {
        let mut made = recording(&[], true);
        assert_eq!(made.text(b"a\xe6\xbc"), "a");
        assert_eq!(made.text(b"\xa2\r\n\xff\x1b[1m"), "\u{6f22}\r\n\u{fffd}\x1b[1m");
        assert_eq!(recording(&[], false).text(b"a\nb"), "a\r\nb", "without a terminal nothing returns the cursor");
    }
}
