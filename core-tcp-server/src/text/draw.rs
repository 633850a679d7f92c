//! One event as lines for a terminal. All text of others is made visible here.

use std::fmt::Write as _;

use jiff::civil::Date;
use wardroom_protocol::event::RunEnded;
use wardroom_protocol::messages::Exit;
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Event, EventBody};

use super::moment::{Calendar, day_words, size_words, span_words};

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

    /// The time of day, and before it the day where that is another than the last one said.
    pub fn stamp(&mut self, at_ms: u64, out: &mut String) {
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
                out.push_str(by);
                out.push_str(": ");
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
    let mut words = visible(&run.exit.words()).into_owned();
    if !matches!(run.exit, Exit::Failed { .. } | Exit::Lost { .. }) {
        let _ = write!(words, " after {}", span_words(run.ms));
    }
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    /// Sunday, 2026-11-22 14:03 UTC.
    const AT: u64 = 1_795_356_180_000;

    fn drawn(at: u64, kind: &str, fields: &str) -> String {
        let line = format!(
            r#"{{"t":"event","room":"ops","seq":1,"at":{at},"by":"ann","kind":"{kind}"{}{fields}}}"#,
            if fields.is_empty() { "" } else { "," }
        );
        let event = Event::parse(line.as_bytes()).unwrap();
        let mut out = String::new();
        Drawer::new(Calendar::of(TimeZone::UTC), AT).event(&event, &mut out);
        out
    }

    #[test]
    fn each_kind_has_its_line() {
        let run = r#""run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4"#;
        let started = format!(r#"{run},"cmd":"make test","host":"local""#);
        let ended = format!(r#"{run},"exit":{{"code":3}},"bytes":8,"ms":240"#);
        let added = format!(r#""path":"app.log","size":1048576,"blake3":"{}""#, "0".repeat(64));
        for (kind, fields, line) in [
            ("message", r#""text":"hello""#, "14:03 ann: hello\n"),
            ("join", "", "14:03 ann joined\n"),
            ("leave", "", "14:03 ann left\n"),
            ("run.started", &started, "14:03 [r4] started by ann on local: make test\n"),
            ("run.ended", &ended, "14:03 [r4] exit 3 after 0.2 s\n"),
            ("file.added", &added, "14:03 ann added app.log (1.0 MB)\n"),
            ("poll", r#""text":"lunch?""#, "14:03 ann [poll] lunch?\n"),
            ("poll", "", "14:03 ann [poll] \n"),
        ] {
            assert_eq!(drawn(AT, kind, fields), line);
        }
    }

    #[test]
    fn no_text_can_pass_for_a_line_of_another() {
        let spoof = r#""text":"first\n14:03 ben: I agree\r\n\tthird\n\n""#;
        assert_eq!(drawn(AT, "message", spoof), "14:03 ann: first\n      14:03 ben: I agree\n      \tthird\n");
    }

    #[test]
    fn nothing_raw_reaches_the_terminal() {
        let bad = r#"\u001b]0;title\u0007\u009b2J\u0000\b\r\u202etxt\u2028\u007f"#;
        let started = format!(r#""run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"cmd":"{bad}\n","host":"{bad}""#);
        for (kind, fields) in [
            ("message", format!(r#""text":"{bad}""#)),
            ("poll", format!(r#""text":"{bad}""#)),
            ("run.started", started),
        ] {
            let line = drawn(AT, kind, &fields);
            let is_raw = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2028}';
            assert!(!line.trim_end_matches('\n').contains(is_raw), "{line:?}");
            assert!(line.contains("␛]0;title␇<U+009B>2J␀␈") && line.contains("<U+202E>txt<U+2028>␡"), "{line}");
        }
    }

    #[test]
    fn another_day_is_said_once() {
        let yesterday = AT - 86_400_000;
        assert_eq!(drawn(yesterday, "join", ""), "# Saturday, 2026-11-21\n14:03 ann joined\n");
    }

    #[test]
    fn an_end_says_what_was_lost_and_what_is_left() {
        let mut run = RunEnded {
            run: "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
            n: 4,
            exit: Exit::Failed { failed: "no such file: mak\x1b".into() },
            bytes: 2_000_000,
            ms: 0,
            truncated: false,
            left: 0,
        };
        assert_eq!(end_words(&run), "not started: no such file: mak␛");
        run.exit = Exit::StoppedBy { stopped_by: "ben".parse().unwrap(), signal: "TERM".into() };
        (run.truncated, run.left) = (true, 2);
        let words = "stopped by ben (TERM) after 0.0 s; only the first 2.0 MB of its output were kept; 2 of its processes could not be stopped";
        assert_eq!(end_words(&run), words);
    }
}
