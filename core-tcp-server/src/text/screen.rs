//! Turns frames into lines for a terminal: events, and the output of runs line by line. The writer of a person's
//! connection uses it.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::ansi::shown;
use wardroom_protocol::event::RunEnded;
use wardroom_protocol::messages::{ErrAnswer, Notice, RoomChanged, RoomState, RunEnd, RunOutput};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Event, EventBody, RunId};

use super::draw::{LineRenderer, end_words};
use super::followed::Followed;
use super::limits::{PARTIAL_AGE_MS, PARTIAL_BYTES_MAX};
use super::notices::Notices;
use crate::clock::now_ms;
use crate::wire::writer::Render;

/// The last line of a run's output, which has not ended yet.
struct Partial {
    run: RunId,
    fd: u8,
    bytes: Vec<u8>,
    since_ms: u64,
    /// True if the start of the line was shown.
    is_begun: bool,
}

/// What the writer of a person's connection draws with.
pub struct Screen {
    drawer: LineRenderer,
    followed: Arc<Followed>,
    partials: Vec<Partial>,
    notices: Notices,
}

impl Screen {
    /// Creates a screen.
    pub fn new(drawer: LineRenderer, followed: Arc<Followed>, notices: Notices) -> Self {
        Self { drawer, followed, partials: Vec::new(), notices }
    }

    /// Returns the notice about a room, unless the room is open.
    fn room(&mut self, line: &[u8]) -> String {
        let (room, notice) = if let Ok(RoomChanged { info }) = serde_json::from_slice(line) {
            let notice = self.notices.changed(&info);
            (info.room, notice)
        } else if let Ok(state) = serde_json::from_slice::<RoomState>(line) {
            let notice = self.notices.state(&state);
            (state.room, notice)
        } else {
            return String::new();
        };
        notice.filter(|_| !self.followed.is_open(&room)).unwrap_or_default()
    }

    fn event(&mut self, line: &[u8]) -> String {
        let mut out = String::new();
        let Ok(event) = Event::parse(line) else { return out };
        self.followed.show(&event.room, event.seq);
        match &event.body {
            // The run's output reports it, after the last byte.
            EventBody::RunEnded(run) if !run.late && self.followed.number(run.run).is_some() => return out,
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
                // Nothing is left to show of a line that was already shown.
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

    /// Draws `14:03 [r4] | line`; a continued line has a plus after the bar.
    fn line(&mut self, n: u64, partial: &mut Partial, now_ms: u64, out: &mut String) {
        self.drawer.stamp(now_ms, out);
        let bar = if partial.fd == 2 { '!' } else { '|' };
        let plus = if partial.is_begun { "+" } else { "" };
        let text = String::from_utf8_lossy(&partial.bytes);
        let _ = writeln!(out, "[r{n}] {bar}{plus} {}", shown(&text));
        partial.bytes.clear();
    }

    fn flush(&mut self, n: u64, mut partial: Partial, now_ms: u64, out: &mut String) {
        if !partial.bytes.is_empty() {
            self.line(n, &mut partial, now_ms, out);
        }
    }

    fn end(&mut self, line: &[u8], now_ms: u64) -> String {
        let mut out = String::new();
        let Ok(RunEnd { run, exit, bytes, ms, truncated, left, ended }) = serde_json::from_slice(line) else {
            return out;
        };
        let Some(n) = self.followed.number(run) else { return out };
        if let Some(at) = self.partials.iter().position(|partial| partial.run == run) {
            let partial = self.partials.swap_remove(at);
            self.flush(n, partial, now_ms, &mut out);
        }
        self.drawer.stamp(now_ms, &mut out);
        let _ = writeln!(
            out,
            "[r{n}] {}",
            end_words(&RunEnded { run, n, exit, bytes, ms, truncated, left, ended, late: false })
        );
        self.followed.end(run);
        out
    }

    /// Reports that a run's output broke off.
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
        } else if line.starts_with(br#"{"t":"room."#) {
            self.room(line).into()
        } else if line.starts_with(br#"{"t":"err""#) {
            self.failure(line).into()
        } else if line.starts_with(br#"{"t":"notice""#) {
            notice(line).into()
        } else {
            Bytes::new()
        };
        self.followed.advance(shown.len(), self.has_partials());
        shown
    }

    fn rest_at(&mut self, now_ms: u64) -> Bytes {
        let mut out = String::new();
        for mut partial in std::mem::take(&mut self.partials) {
            // A run that was forgotten meanwhile has nothing left to show.
            let Some(n) = self.followed.number(partial.run) else { continue };
            // In either direction: a wall clock that was set back must not hold back a line.
            if !partial.bytes.is_empty() && now_ms.abs_diff(partial.since_ms) >= PARTIAL_AGE_MS {
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

/// Returns a notice of the server as a line.
fn notice(line: &[u8]) -> String {
    let notice: Result<Notice, _> = serde_json::from_slice(line);
    notice.map_or_else(|_| String::new(), |notice| format!("# {}\n", visible(&notice.text)))
}

/// Splits after `count` bytes, or up to three earlier to avoid splitting a character.
fn cut(bytes: &[u8], count: usize) -> (&[u8], &[u8]) {
    let is_inside = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let at = (count.saturating_sub(3)..=count).rev().find(|at| !is_inside(*at)).unwrap_or(count);
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use jiff::tz::TimeZone;
    use wardroom_protocol::RoomName;
    use wardroom_protocol::frame::{Number, encode, encode_with_body};
    use wardroom_protocol::messages::Exit;

    use super::*;
    use crate::text::moment::LocalClock;

    /// Sunday, 2026-11-22 14:03 UTC.
    const AT: u64 = 1_795_356_180_000;

    fn run() -> RunId {
        RunId::from_parts(AT, 4)
    }

    /// Returns a screen that follows r4.
    fn screen() -> Screen {
        let followed = Arc::new(Followed::default());
        followed.open(&RoomName::parse("ops").unwrap(), 0);
        followed.begin(run(), 4, true);
        let notices = Notices::new(wardroom_protocol::UserName::parse("ann").unwrap());
        Screen::new(LineRenderer::new(LocalClock::of(TimeZone::UTC), AT), followed, notices)
    }

    fn output(screen: &mut Screen, fd: u8, bytes: &[u8]) -> String {
        let message = RunOutput { run: run(), fd, off: 0, len: bytes.len() as u64, size: None };
        let shown = screen.render_at(encode_with_body(Number::None, &message, bytes), AT);
        String::from_utf8(shown.to_vec()).unwrap()
    }

    fn end(screen: &mut Screen) -> String {
        let exit = Exit::Code { code: 3 };
        let end = RunEnd { run: run(), exit, bytes: 8, ms: 240, truncated: false, left: 0, ended: Vec::new() };
        String::from_utf8(screen.render_at(encode(Number::None, &end), AT).to_vec()).unwrap()
    }

    fn event(screen: &mut Screen, seq: u64, kind: &str, fields: &str) -> String {
        let line = format!(
            "{{\"t\":\"event\",\"room\":\"ops\",\"seq\":{seq},\"at\":{AT},\"by\":\"ann\",\"kind\":\"{kind}\",{fields}}}\n"
        );
        String::from_utf8(screen.render_at(line.into(), AT).to_vec()).unwrap()
    }

    #[test]
    fn output_is_shown_line_by_line_wherever_it_is_split() {
        let bytes = "out\r\ngrüße\x1b[2J\n\nlast".as_bytes();
        let shown = "14:03 [r4] | out\n14:03 [r4] | grüße␛[2J\n14:03 [r4] | \n14:03 [r4] | last\n14:03 [r4] exit 3 after 0.2 s\n";
        for at in 0..=bytes.len() {
            let mut screen = screen();
            let (first, second) = bytes.split_at(at);
            let all = [output(&mut screen, 1, first), output(&mut screen, 1, second), end(&mut screen)].concat();
            assert_eq!(all, shown, "{at}");
        }
    }

    #[test]
    fn words_of_the_server_are_shown() {
        let text = "the disk is full".to_owned();
        assert_eq!(screen().render_at(encode(Number::None, &Notice { text }), AT), "# the disk is full\n");
    }

    #[test]
    fn both_descriptors_keep_their_order() {
        let mut screen = screen();
        assert_eq!(output(&mut screen, 1, b"out, no end"), "");
        assert_eq!(output(&mut screen, 2, b"err\n"), "14:03 [r4] | out, no end\n14:03 [r4] ! err\n");
        assert_eq!(end(&mut screen), "14:03 [r4] exit 3 after 0.2 s\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        assert_eq!(output(&mut screen(), 1, b"a\xff\xc3\n"), "14:03 [r4] | a\u{fffd}\u{fffd}\n");
    }

    #[test]
    fn a_line_without_end_is_cut_between_characters() {
        let mut screen = screen();
        let shown = output(&mut screen, 1, "€".repeat(3_000).as_bytes());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.trim_start_matches("14:03 [r4] |+ ").len() <= PARTIAL_BYTES_MAX + 13));
        let rest = end(&mut screen);
        let all = [shown.as_str(), &rest].concat();
        assert_eq!(all.matches('€').count(), 3_000);
        assert!(!all.contains('\u{fffd}'));
        assert!(rest.starts_with("14:03 [r4] |+ €"), "{rest}");
    }

    #[test]
    fn a_line_without_end_is_shown_when_it_gets_old() {
        let mut screen = screen();
        assert_eq!(output(&mut screen, 1, b"...."), "");
        assert!(screen.followed.has_partials());
        assert!(screen.rest_at(AT + PARTIAL_AGE_MS - 1).is_empty());
        assert_eq!(screen.rest_at(AT + PARTIAL_AGE_MS), "14:03 [r4] | ....\n");
        assert!(!screen.followed.has_partials());
        assert!(screen.rest_at(AT + 9 * PARTIAL_AGE_MS).is_empty(), "once");
        assert_eq!(output(&mut screen, 1, b"ok\nnext\n"), "14:03 [r4] |+ ok\n14:03 [r4] | next\n");
        assert_eq!(output(&mut screen, 1, b"...."), "");
        screen.rest_at(AT + PARTIAL_AGE_MS);
        assert_eq!(output(&mut screen, 1, b"\nnext\n"), "14:03 [r4] | next\n", "an end alone is no line");
    }

    #[test]
    fn the_end_of_a_run_is_told_once_and_after_its_output() {
        let mut screen = screen();
        let ended = format!(r#""run":"{}","n":4,"exit":{{"code":3}},"bytes":8,"ms":240"#, run());
        assert_eq!(event(&mut screen, 1, "run.ended", &ended), "", "its output is still to come");
        assert_eq!(output(&mut screen, 1, b"out\n"), "14:03 [r4] | out\n");
        assert_eq!(end(&mut screen), "14:03 [r4] exit 3 after 0.2 s\n");
        assert!(!screen.followed.has_own());
        screen.followed.forget(run());
        assert_eq!(event(&mut screen, 2, "run.ended", &ended), "14:03 [r4] exit 3 after 0.2 s\n", "not followed");
    }

    #[test]
    fn a_run_that_begins_in_the_room_is_noticed() {
        let mut screen = screen();
        let other = RunId::from_parts(AT, 5);
        let started = format!(r#""run":"{other}","n":5,"cmd":"make","host":"local""#);
        assert_eq!(event(&mut screen, 1, "run.started", &started), "14:03 [r5] started by ann on local: make\n");
        assert_eq!(screen.followed.unwatched(), Some((other, 5)));
        assert_eq!(screen.followed.shown(), 1);
    }

    #[test]
    fn what_is_for_programs_is_not_shown() {
        let mut screen = screen();
        for frame in
            ["{\"t\":\"room.live\",\"room\":\"ops\",\"head\":3}\n", "{\"t\":\"ping\",\"n\":1}\n", "no frame", "{}\n"]
        {
            assert!(screen.render_at(Bytes::from(frame), AT).is_empty(), "{frame}");
        }
    }
}
