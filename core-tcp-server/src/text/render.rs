//! From frames to lines for a terminal: events, and the output of runs. All text of others is made visible here.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use jiff::civil::Date;
use wardroom_protocol::event::RunEnded;
use wardroom_protocol::messages::{ErrAnswer, RunEnd, RunOutput};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Event, EventBody, RunId};

use super::followed::Followed;
use super::limits::{PARTIAL_AGE_MS, PARTIAL_BYTES_MAX};
use super::moment::{Calendar, day_words, size_words, span_words};
use crate::clock::now_ms;
use crate::wire::writer::Render;

/// Under a line of several, so that none of them can pass for somebody else's: no name begins with a space.
const INDENT: &str = "      ";

/// Draws lines; says the day where it changes.
pub struct Drawer {
    calendar: Calendar,
    day: Date,
}

impl Drawer {
    /// Begins at a moment whose day is not said.
    pub fn new(calendar: Calendar, now_ms: u64) -> Self {
        let day = calendar.minute(now_ms).1;
        Self { calendar, day }
    }

    fn stamp(&mut self, at_ms: u64, out: &mut String) {
        let (minute, day) = self.calendar.minute(at_ms);
        if day != self.day {
            self.day = day;
            let _ = writeln!(out, "# {}", day_words(day));
        }
        out.push_str(&minute);
        out.push(' ');
    }

    /// An event, as one line or several.
    pub fn event(&mut self, event: &Event, out: &mut String) {
        self.stamp(event.at, out);
        let by = event.by.as_str();
        // Writing to a string cannot fail.
        let _ = match &event.body {
            EventBody::Message(message) => {
                let _ = write!(out, "{by}: ");
                push_text(&message.text, out);
                Ok(())
            }
            EventBody::Join => writeln!(out, "{by} joined"),
            EventBody::Leave => writeln!(out, "{by} left"),
            EventBody::RunStarted(run) => {
                let (cmd, host) = (visible(&run.cmd), visible(&run.host));
                writeln!(out, "[r{}] started by {by} on {host}: {cmd}", run.n)
            }
            EventBody::RunEnded(run) => writeln!(out, "[r{}] {}", run.n, end_words(run)),
            EventBody::FileAdded(file) => {
                writeln!(out, "{by} added {} ({})", visible(file.path.as_str()), size_words(file.size))
            }
            EventBody::Other { kind, text } => {
                let _ = write!(out, "{by} [{}] ", visible(kind));
                push_text(text.as_deref().unwrap_or_default(), out);
                Ok(())
            }
            _ => writeln!(out, "{by} [{}]", visible(event.body.kind())),
        };
    }
}

/// The lines of a text, the second and later ones indented.
fn push_text(text: &str, out: &mut String) {
    let mut lines = text.trim_end_matches(['\n', '\r']).lines();
    out.push_str(&visible(lines.next().unwrap_or_default()));
    out.push('\n');
    for line in lines {
        out.push_str(INDENT);
        out.push_str(&visible(line));
        out.push('\n');
    }
}

/// `exit 3 after 0.2 s`, and what else there is to say.
pub fn end_words(run: &RunEnded) -> String {
    let mut words = format!("{} after {}", visible(&run.exit.words()), span_words(run.ms));
    if run.truncated {
        let _ = write!(words, "; only the first {} of its output were kept", size_words(run.bytes));
    }
    match run.left {
        0 => {}
        1 => words.push_str("; one of its processes could not be stopped"),
        left => {
            let _ = write!(words, "; {left} of its processes could not be stopped");
        }
    }
    words
}

/// The end of a run's output: a line whose own end has not come yet.
struct Partial {
    run: RunId,
    fd: u8,
    bytes: Vec<u8>,
    since_ms: u64,
    /// The beginning of the line was shown.
    is_begun: bool,
}

/// What the writer of a person's connection draws with.
pub struct Screen {
    drawer: Drawer,
    followed: Arc<Followed>,
    partials: Vec<Partial>,
}

impl Screen {
    /// A new one.
    pub fn new(drawer: Drawer, followed: Arc<Followed>) -> Self {
        Self { drawer, followed, partials: Vec::new() }
    }

    fn event(&mut self, line: &[u8]) -> String {
        let mut out = String::new();
        let Ok(event) = Event::parse(line) else { return out };
        self.followed.show(&event.room, event.seq);
        match &event.body {
            // Its output tells it, after the last byte.
            EventBody::RunEnded(run) if self.followed.number(run.run).is_some() => return out,
            EventBody::RunStarted(run) => self.followed.notice(&event.room, event.seq, run.run, run.n),
            _ => {}
        }
        self.drawer.event(&event, &mut out);
        out
    }

    fn output(&mut self, line: &[u8], body: &[u8], now_ms: u64) -> String {
        let mut out = String::with_capacity(body.len() + body.len() / 4 + 32);
        let Ok(RunOutput { run, fd, .. }) = serde_json::from_slice(line) else { return out };
        let Some(n) = self.followed.number(run) else { return out };
        let held = self.partials.iter().position(|partial| partial.run == run);
        let mut partial = held.map(|at| self.partials.swap_remove(at)).unwrap_or_else(|| Partial::new(run, fd));
        if partial.fd != fd {
            self.flush(n, partial, now_ms, &mut out);
            partial = Partial::new(run, fd);
        }
        for piece in body.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_ended) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            let mut rest = text;
            while partial.bytes.len() + rest.len() > PARTIAL_BYTES_MAX {
                let (front, back) = cut(rest, PARTIAL_BYTES_MAX.saturating_sub(partial.bytes.len()));
                partial.bytes.extend_from_slice(front);
                rest = back;
                self.line(n, &mut partial, now_ms, &mut out);
                partial.is_begun = true;
            }
            if partial.bytes.is_empty() {
                partial.since_ms = now_ms;
            }
            partial.bytes.extend_from_slice(rest);
            if is_ended {
                if partial.bytes.last() == Some(&b'\r') {
                    partial.bytes.pop();
                }
                // The end of a line that was shown already is nothing to show.
                if !(partial.is_begun && partial.bytes.is_empty()) {
                    self.line(n, &mut partial, now_ms, &mut out);
                }
                partial.is_begun = false;
            }
        }
        if !partial.bytes.is_empty() || partial.is_begun {
            self.partials.push(partial);
        }
        out
    }

    /// `14:03 [r4] | line`; a line that goes on has a plus behind the bar.
    fn line(&mut self, n: u64, partial: &mut Partial, now_ms: u64, out: &mut String) {
        self.drawer.stamp(now_ms, out);
        let bar = if partial.fd == 2 { '!' } else { '|' };
        let plus = if partial.is_begun { "+" } else { "" };
        let text = String::from_utf8_lossy(&partial.bytes);
        let _ = writeln!(out, "[r{n}] {bar}{plus} {}", visible(&text));
        partial.bytes.clear();
    }

    fn flush(&mut self, n: u64, mut partial: Partial, now_ms: u64, out: &mut String) {
        if !partial.bytes.is_empty() {
            self.line(n, &mut partial, now_ms, out);
        }
    }

    fn end(&mut self, line: &[u8], now_ms: u64) -> String {
        let mut out = String::new();
        let Ok(RunEnd { run, exit, bytes, ms, truncated, left }) = serde_json::from_slice(line) else { return out };
        let Some(n) = self.followed.number(run) else { return out };
        if let Some(at) = self.partials.iter().position(|partial| partial.run == run) {
            let partial = self.partials.swap_remove(at);
            self.flush(n, partial, now_ms, &mut out);
        }
        self.drawer.stamp(now_ms, &mut out);
        let _ = writeln!(out, "[r{n}] {}", end_words(&RunEnded { run, n, exit, bytes, ms, truncated, left }));
        self.followed.end(run);
        out
    }

    /// A run's output broke off.
    fn failure(&mut self, line: &[u8]) -> String {
        let Ok(ErrAnswer { msg, run, .. }) = serde_json::from_slice(line) else { return String::new() };
        let msg = visible(&msg);
        let n = run.and_then(|run| self.followed.number(run)).unwrap_or_default();
        run.into_iter().for_each(|run| self.followed.forget(run));
        format!("# the output of r{n} broke off: {msg}\n")
    }

    fn render_at(&mut self, frame: Bytes, now_ms: u64) -> Bytes {
        let Some(end) = frame.iter().position(|byte| *byte == b'\n') else { return Bytes::new() };
        let (line, body) = frame.split_at(end);
        let body = body.get(1..).unwrap_or_default();
        // The frames are our own, so their first bytes are known.
        let shown: Bytes = if line.starts_with(br#"{"t":"event""#) {
            self.event(line).into()
        } else if line.starts_with(br#"{"t":"run.output""#) {
            self.output(line, body, now_ms).into()
        } else if line.starts_with(br#"{"t":"run.end""#) {
            self.end(line, now_ms).into()
        } else if line.starts_with(br#"{"t":"err""#) {
            self.failure(line).into()
        } else {
            Bytes::new()
        };
        self.followed.advance(shown.len(), self.has_partials());
        shown
    }

    fn rest_at(&mut self, now_ms: u64) -> Bytes {
        let mut out = String::new();
        for mut partial in std::mem::take(&mut self.partials) {
            // A run that was forgotten meanwhile has no line left.
            let Some(n) = self.followed.number(partial.run) else { continue };
            if !partial.bytes.is_empty() && now_ms.saturating_sub(partial.since_ms) >= PARTIAL_AGE_MS {
                self.line(n, &mut partial, now_ms, &mut out);
                partial.is_begun = true;
            }
            self.partials.push(partial);
        }
        self.followed.advance(out.len(), self.has_partials());
        out.into()
    }

    fn has_partials(&self) -> bool {
        self.partials.iter().any(|partial| !partial.bytes.is_empty())
    }
}

impl Render for Screen {
    fn render(&mut self, frame: Bytes) -> Bytes {
        self.render_at(frame, now_ms())
    }

    fn rest(&mut self) -> Bytes {
        if self.partials.is_empty() { Bytes::new() } else { self.rest_at(now_ms()) }
    }
}

impl Partial {
    fn new(run: RunId, fd: u8) -> Self {
        Self { run, fd, bytes: Vec::new(), since_ms: 0, is_begun: false }
    }
}

/// The first `count` bytes, or up to three fewer where a character would be cut in two.
fn cut(bytes: &[u8], count: usize) -> (&[u8], &[u8]) {
    let is_inside = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let at = (count.saturating_sub(3)..=count).rev().find(|at| !is_inside(*at)).unwrap_or(count);
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}
