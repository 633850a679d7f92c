//! A watcher that cannot show a terminal, such as a person with `nc`: it gets the rows of the screen that have changed,
//! as lines of text, now and then. The frames are those of output, so that they are drawn like other output.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use wardroom_protocol::frame::{Number, encode, encode_with_body};
use wardroom_protocol::limits::BODY_BYTES_MAX;
use wardroom_protocol::messages::{ErrAnswer, RunOutput};

use super::flow::Watching;
use super::log::{LogRead, RunLog};
use super::terminal::Rows;
use crate::access::BreakOff;
use crate::error::Error;
use crate::flow::{Flow, FlowKey, Step};
use crate::limits::TEXT_SCREEN_EVERY_MS;
use crate::sender::ConnectionSender;

/// The rows of one terminal that one connection was told.
pub(super) struct TextWatch {
    watching: Watching,
    /// The screen as it was looked at last.
    seen: Option<Rows>,
    /// Each row as it was told.
    told: Vec<String>,
    /// When the screen is looked at again.
    due: Instant,
    /// True while a task waits to wake the writer.
    is_timed: Arc<AtomicBool>,
    /// Frames that are not sent yet.
    frames: VecDeque<Bytes>,
    failure: Option<Error>,
}

impl TextWatch {
    /// Starts watching.
    ///
    /// # Errors
    /// `busy` if the run or the connection already has the maximum number of watchers.
    pub(super) fn begin(log: &Arc<RunLog>, sender: &Arc<ConnectionSender>) -> Result<Self, Error> {
        Ok(Self {
            watching: Watching::begin(log, sender)?,
            seen: None,
            told: Vec::new(),
            due: Instant::now(),
            is_timed: Arc::default(),
            frames: VecDeque::new(),
            failure: None,
        })
    }

    /// Returns true if the screen may be another one than at the last look, or a row waits until it stays as it is.
    fn is_behind(&self) -> bool {
        let head = self.watching.log.head();
        self.seen.as_ref().is_none_or(|seen| seen.off < head || is_unsettled(seen, &self.told))
    }

    /// Wakes the writer when the screen is to be looked at.
    fn wake_when_due(&self) {
        if self.is_timed.swap(true, Ordering::AcqRel) {
            return;
        }
        let (sender, is_timed, due) = (Arc::clone(&self.watching.sender), Arc::clone(&self.is_timed), self.due);
        // Ends by itself, within half a second.
        tokio::spawn(async move {
            tokio::time::sleep_until(due).await;
            is_timed.store(false, Ordering::Release);
            sender.wake();
        });
    }

    fn look(&mut self, rows: Rows) {
        let is_over = self.watching.log.is_over();
        let lines = changed(self.seen.as_ref(), &rows, &mut self.told, is_over);
        self.seen = Some(rows);
        let (run, off) = (self.watching.log.run, self.seen.as_ref().map_or(0, |seen| seen.off));
        let mut body = Vec::new();
        for line in lines {
            if body.len() + line.len() + 1 > BODY_BYTES_MAX {
                self.frames.push_back(frame(run, off, &std::mem::take(&mut body)));
            }
            body.extend_from_slice(line.as_bytes());
            body.push(b'\n');
        }
        if !body.is_empty() {
            self.frames.push_back(frame(run, off, &body));
        }
    }

    fn fail(&mut self, error: &Error, out: &mut Vec<Bytes>) -> Step {
        let answer = ErrAnswer { run: Some(self.watching.log.run), ..error.answer(None) };
        out.push(encode(Number::None, &answer));
        Step::Done
    }
}

fn frame(run: wardroom_protocol::RunId, off: u64, body: &[u8]) -> Bytes {
    encode_with_body(Number::None, &RunOutput { run, fd: 1, off, len: body.len() as u64, size: None }, body)
}

impl Flow for TextWatch {
    fn key(&self) -> FlowKey {
        FlowKey::Run(self.watching.log.run)
    }

    fn ack(&mut self, _off: u64) {}

    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step {
        if let Some(error) = self.failure.take() {
            return self.fail(&error, out);
        }
        let ready = self.frames.len().min(count);
        out.extend(self.frames.drain(..ready));
        if ready > 0 {
            return Step::More;
        }
        let log = Arc::clone(&self.watching.log);
        // Read first: what comes between is looked at once more.
        let is_over = log.is_over();
        if self.is_behind() {
            if is_over || Instant::now() >= self.due {
                return Step::Load;
            }
            self.wake_when_due();
            return Step::Wait;
        }
        let head = log.head();
        match log.read(head, head, 1, out) {
            LogRead::End(end) if is_over => {
                out.push(end);
                Step::Done
            }
            _ => Step::Wait,
        }
    }

    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let log = Arc::clone(&self.watching.log);
            let loading = move || log.terminal.as_ref().map(|terminal| terminal.rows(log.written())).transpose();
            self.due = Instant::now() + Duration::from_millis(TEXT_SCREEN_EVERY_MS);
            match tokio::task::spawn_blocking(loading).await.map_err(io::Error::other).and_then(|loaded| loaded) {
                Ok(rows) => self.look(rows.unwrap_or_default()),
                Err(error) => {
                    self.failure = Some(Error::internal(format!("run {}: {error}", self.watching.log.run)));
                }
            }
        })
    }
}

impl BreakOff for TextWatch {
    fn break_off(&mut self, error: Error, out: &mut Vec<Bytes>) {
        self.fail(&error, out);
    }
}

/// Returns true if the row with the cursor was not told because it was still being written.
fn is_unsettled(rows: &Rows, told: &[String]) -> bool {
    rows.lines.get(rows.cursor).is_some_and(|line| !line.is_empty() && told.get(rows.cursor) != Some(line))
}

/// Returns the rows that have changed since they were told, and notes them. What has scrolled up has not changed. The
/// row with the cursor waits until it is the same twice, so that typing is not shown letter by letter.
fn changed(before: Option<&Rows>, now: &Rows, told: &mut Vec<String>, is_last: bool) -> Vec<String> {
    let scrolled = scrolled(told, &now.lines);
    told.drain(..scrolled);
    told.resize(now.lines.len(), String::new());
    let is_settled =
        is_last || before.is_some_and(|before| before.lines.get(before.cursor) == now.lines.get(now.cursor));
    let mut lines = Vec::new();
    for (row, (line, known)) in now.lines.iter().zip(told).enumerate() {
        if line == known || (row == now.cursor && !is_settled) {
            continue;
        }
        line.clone_into(known);
        if !line.is_empty() {
            lines.push(line.clone());
        }
    }
    lines
}

/// Returns by how many rows the screen has scrolled up: so that most rows are the same.
fn scrolled(before: &[String], now: &[String]) -> usize {
    let same = |by: usize| {
        let rows = before.iter().skip(by).zip(now);
        rows.filter(|(before, now)| !before.is_empty() && before == now).count()
    };
    let mut best = (same(0), 0);
    for by in 1..before.len() {
        let count = same(by);
        if count > best.0 {
            best = (count, by);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str], cursor: usize) -> Rows {
        Rows { off: 0, lines: lines.iter().map(|line| (*line).to_owned()).collect(), cursor }
    }

    #[test]
    fn what_has_changed_is_told_once() {
        let mut told = Vec::new();
        let mut before: Option<Rows> = None;
        for (now, is_last, expected) in [
            (rows(&["$ "], 0), false, vec![]),
            (rows(&["$ "], 0), false, vec!["$ "]),
            (rows(&["$ l"], 0), false, vec![]),
            (rows(&["$ ls", "a", "b", "$ "], 3), false, vec!["$ ls", "a", "b"]),
            (rows(&["$ ls", "a", "b", "$ "], 3), false, vec!["$ "]),
            (rows(&["a", "b", "$ make", "cc x.c", "cc y.c"], 4), false, vec!["$ make", "cc x.c"]),
            (rows(&["", "", "all new"], 2), false, vec![]),
            (rows(&["", "", "all new"], 2), true, vec!["all new"]),
        ] {
            assert_eq!(changed(before.as_ref(), &now, &mut told, is_last), expected, "{now:?}");
            before = Some(now);
        }
    }
}
