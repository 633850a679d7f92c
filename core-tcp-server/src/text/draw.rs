//! Draws one event as lines for a terminal. All text of other users is made safe to print here.

use std::collections::VecDeque;
use std::fmt::Write as _;

use jiff::civil::Date;
use wardroom_protocol::ansi::shown;
use wardroom_protocol::attribution::shows_author;
use wardroom_protocol::event::{Edit, MessageBody, Reactions, RunEnded};
use wardroom_protocol::messages::Exit;
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{Event, EventBody, RoomName, UserName};

use super::moment::{LocalClock, day_words, size_words, span_words};

/// The indent of continuation lines, so that none of them can pass for somebody else's line: no name begins with a
/// space.
const INDENT: &str = "      ";

/// The number of messages remembered, so that a reply can quote the message that it answers.
const REMEMBERED_MAX: usize = 128;
/// The number of characters in a quotation.
const QUOTE_CHARS: usize = 40;
/// The number of processes named that outlived a run.
const LEFT_NAMED_MAX: usize = 3;

/// Draws lines, and a date line whenever the day changes.
pub struct LineRenderer {
    calendar: LocalClock,
    day: Date,
    /// The room of the last event.
    room: Option<RoomName>,
    /// The last messages of that room: `seq`, author, and the start of the text.
    said: VecDeque<(u64, UserName, String)>,
    /// True if each line begins with its `seq`, so that people can refer to it.
    has_places: bool,
}

impl LineRenderer {
    /// Starts on the day of `now_ms`, which gets no date line.
    pub fn new(calendar: LocalClock, now_ms: u64) -> Self {
        let day = calendar.minute(now_ms).1;
        Self { calendar, day, room: None, said: VecDeque::new(), has_places: false }
    }

    /// Draws the `seq` of each line before it.
    pub fn with_places(self) -> Self {
        Self { has_places: true, ..self }
    }

    /// Writes the time of day, after a date line if the day has changed.
    pub fn stamp(&mut self, at_ms: u64, out: &mut String) {
        self.stamp_at(None, at_ms, out);
    }

    fn stamp_at(&mut self, place: Option<u64>, at_ms: u64, out: &mut String) {
        let (minute, day) = self.calendar.minute(at_ms);
        if day != self.day {
            self.day = day;
            let _ = writeln!(out, "# {}", day_words(day));
        }
        if let Some(place) = place {
            let _ = write!(out, "{place} ");
        }
        out.push_str(&minute);
        out.push(' ');
    }

    /// Draws an event as one or more lines.
    pub fn event(&mut self, event: &Event, out: &mut String) {
        if self.room.as_ref() != Some(&event.room) {
            // Another room has its own `seq` numbers.
            (self.room, self.said) = (Some(event.room.clone()), VecDeque::new());
        }
        self.head(event, out);
        let by = event.by.as_str();
        // Writing to a string cannot fail.
        let _ = match &event.body {
            EventBody::Message(message) => {
                self.message(event, message, out);
                Ok(())
            }
            EventBody::Edit(edit) => {
                self.edit(event, edit, out);
                Ok(())
            }
            EventBody::RunStarted(run) => {
                let (cmd, host) = (exact(&run.cmd), visible(&run.host));
                let _ = writeln!(out, "[r{}] started by {by} on {host}: {cmd}{}", run.n, run.how_words());
                self.remember(event.seq, &event.by, &format!("$ {}", run.cmd));
                push_became(reactions(&event.body), out);
                Ok(())
            }
            EventBody::RunEnded(run) => writeln!(out, "[r{}] {}", run.n, end_words(run)),
            EventBody::FileAdded(file) => {
                let _ = writeln!(out, "{by} added {} ({})", visible(file.path.as_str()), size_words(file.size));
                self.remember(event.seq, &event.by, file.path.as_str());
                push_became(reactions(&event.body), out);
                Ok(())
            }
            EventBody::Topic(words) => {
                let _ =
                    write!(out, "{by} {}", if words.text.is_empty() { "cleared the topic" } else { "set the topic: " });
                self.text(event, &words.text, out);
                Ok(())
            }
            EventBody::Other { kind, text } => {
                let _ = write!(out, "{by} [{}] ", visible(kind));
                self.text(event, text.as_deref().unwrap_or_default(), out);
                Ok(())
            }
            body => {
                if let EventBody::Delete(delete) = body {
                    self.said.retain(|(seq, ..)| *seq != delete.target);
                }
                let action = body.action().unwrap_or_else(|| format!("[{}]", visible(body.kind())));
                writeln!(out, "{by} {action}")
            }
        };
    }

    /// Draws `ann: hello`, and what has changed since; `ann (42 ben: "short"): hello` for a reply.
    fn message(&mut self, event: &Event, message: &MessageBody, out: &mut String) {
        out.push_str(event.by.as_str());
        if let Some(answered) = message.reply_to {
            let quoted = self.said.iter().find(|(seq, ..)| *seq == answered);
            let _ = match quoted {
                Some((seq, by, text)) => write!(out, " ({seq} {by}: \"{text}\")"),
                None => write!(out, " ({answered})"),
            };
        }
        out.push_str(": ");
        self.text(event, if message.deleted { "(deleted)" } else { &message.text }, out);
        let mut became: Vec<String> = Vec::new();
        if let Some(count) = message.count {
            became.push(format!("×{count}"));
        }
        if message.edited {
            became.push("edited".to_owned());
        }
        became.extend(reactions(&event.body));
        push_became(became, out);
        self.remember(event.seq, &event.by, if message.deleted { "" } else { &message.text });
    }

    /// Draws `ann edited 42: hello`; a webhook's update to its alert reads as a message.
    fn edit(&mut self, event: &Event, edit: &Edit, out: &mut String) {
        let by = event.by.as_str();
        // Writing to a string cannot fail.
        if let Some(text) = edit.alert_text() {
            let _ = write!(out, "{by}: ");
            self.text(event, &text, out);
        } else if edit.text.is_empty() {
            let _ = writeln!(out, "{by} edited {}, which was deleted later", edit.target);
        } else {
            let _ = write!(out, "{by} edited {}: ", edit.target);
            self.text(event, &edit.text, out);
        }
        self.remember(edit.target, &event.by, &edit.text);
    }

    fn head(&mut self, event: &Event, out: &mut String) {
        self.stamp_at(self.has_places.then_some(event.seq), event.at, out);
    }

    /// Draws the lines of a text. The second and later ones are indented; a long text repeats its time and author.
    fn text(&mut self, event: &Event, text: &str, out: &mut String) {
        let mut lines = text.trim_end_matches(['\n', '\r']).lines();
        out.push_str(&shown(lines.next().unwrap_or_default()));
        out.push('\n');
        for (n, line) in (1..).zip(lines) {
            if shows_author(n) {
                self.head(event, out);
                let _ = writeln!(out, "{} (continued):", event.by);
            }
            out.push_str(INDENT);
            out.push_str(&shown(line));
            out.push('\n');
        }
    }

    fn remember(&mut self, seq: u64, by: &UserName, text: &str) {
        let first = text.lines().next().unwrap_or_default();
        let first = shown(first);
        let mut quote: String = first.chars().take(QUOTE_CHARS).collect();
        if quote.len() < first.len() || text.lines().nth(1).is_some() {
            quote.push('…');
        }
        self.said.retain(|(other, ..)| *other != seq);
        if text.is_empty() {
            return;
        }
        if self.said.len() >= REMEMBERED_MAX {
            self.said.pop_front();
        }
        self.said.push_back((seq, by.clone(), quote));
    }
}

/// Returns `👍 ann ben` for each emoji.
fn reactions(body: &EventBody) -> Vec<String> {
    let words = |given: &Reactions| {
        let by: Vec<&str> = given.by.iter().map(UserName::as_str).collect();
        format!("{} {}", visible(&given.emoji), by.join(" "))
    };
    body.reactions().iter().map(words).collect()
}

/// Writes below a line what has changed since.
fn push_became(became: Vec<String>, out: &mut String) {
    if !became.is_empty() {
        let _ = writeln!(out, "{INDENT}({})", became.join(", "));
    }
}

/// Returns `exit 3 after 0.2 s`, and any other facts about the end.
pub fn end_words(run: &RunEnded) -> String {
    let mut words = if run.late { "was lost, but its host is back: " } else { "" }.to_owned();
    words.push_str(&visible(&run.exit.words()));
    if !matches!(run.exit, Exit::Failed { .. } | Exit::Lost { .. }) {
        let _ = write!(words, " after {}", span_words(run.ms));
    }
    if run.truncated {
        let _ = write!(words, "; output truncated after {}", size_words(run.bytes));
    }
    match run.left {
        0 => {}
        1 => words.push_str("; one of its processes could not be stopped"),
        left => {
            let _ = write!(words, "; {left} of its processes could not be stopped");
        }
    }
    words.push_str(&left_words(&run.ended));
    words
}

/// Returns `; ended what it left: sleep 99`, if it left anything.
pub fn left_words(ended: &[String]) -> String {
    if ended.is_empty() {
        return String::new();
    }
    let named: Vec<_> = ended.iter().take(LEFT_NAMED_MAX).map(|line| visible(line)).collect();
    let more = match ended.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("; ended what it left: {}{more}", named.join(", "))
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
        LineRenderer::new(LocalClock::of(TimeZone::UTC), AT).event(&event, &mut out);
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
            ("edit", r#""target":42,"text":"hi\nthere""#, "14:03 ann edited 42: hi\n      there\n"),
            ("edit", r#""target":42,"text":"""#, "14:03 ann edited 42, which was deleted later\n"),
            ("delete", r#""target":42"#, "14:03 ann deleted 42\n"),
            ("reaction", r#""target":42,"emoji":"👍","on":true"#, "14:03 ann reacted to 42: 👍\n"),
            ("reaction", r#""target":42,"emoji":"👍","on":false"#, "14:03 ann removed a reaction from 42: 👍\n"),
            ("repeat", r#""target":42,"count":37"#, "14:03 ann said 42 again (×37)\n"),
            ("invited", r#""user":"ben","role":"member""#, "14:03 ann added ben\n"),
            ("invited", r#""user":"ben","role":"reader""#, "14:03 ann added ben as reader\n"),
            ("removed", r#""user":"ben""#, "14:03 ann removed ben\n"),
            ("role", r#""user":"ben","role":"reader""#, "14:03 ann made ben a reader\n"),
            ("title", r#""text":"The ops""#, "14:03 ann renamed the room to The ops\n"),
            ("topic", r#""text":"a\nb""#, "14:03 ann set the topic: a\n      b\n"),
            ("topic", r#""text":"""#, "14:03 ann cleared the topic\n"),
            ("archived", r#""on":true"#, "14:03 ann archived the room\n"),
            ("retention", r#""days":30"#, "14:03 ann set message expiry to 30 days\n"),
            ("message", r#""text":"","deleted":true"#, "14:03 ann: (deleted)\n"),
            ("message", r#""text":"hi","reply_to":42"#, "14:03 ann (42): hi\n"),
            (
                "message",
                r#""text":"down","count":37,"edited":true,"reactions":[{"emoji":"👍","by":["ben","cleo"]}]"#,
                "14:03 ann: down\n      (×37, edited, 👍 ben cleo)\n",
            ),
            ("poll", r#""text":"lunch?""#, "14:03 ann [poll] lunch?\n"),
            ("poll", "", "14:03 ann [poll] \n"),
        ] {
            assert_eq!(drawn(AT, kind, fields), line);
        }
    }

    #[test]
    fn an_answer_quotes_what_it_answers_as_long_as_that_is_there() {
        let mut drawer = LineRenderer::new(LocalClock::of(TimeZone::UTC), AT).with_places();
        let mut draw = |seq: u64, kind: &str, fields: &str| {
            let line =
                format!(r#"{{"t":"event","room":"ops","seq":{seq},"at":{AT},"by":"ann","kind":"{kind}",{fields}}}"#);
            let mut out = String::new();
            drawer.event(&Event::parse(line.as_bytes()).unwrap(), &mut out);
            out
        };
        draw(1, "message", r#""text":"is \u001b[2J web-1 down?\nit seems so""#);
        let answer = r#""text":"yes","reply_to":1"#;
        assert_eq!(draw(2, "message", answer), "2 14:03 ann (1 ann: \"is ␛[2J web-1 down?…\"): yes\n");
        draw(3, "edit", r#""target":1,"text":"is it?""#);
        assert_eq!(draw(4, "message", answer), "4 14:03 ann (1 ann: \"is it?\"): yes\n");
        draw(5, "delete", r#""target":1"#);
        assert_eq!(draw(6, "message", answer), "6 14:03 ann (1): yes\n");
        let long = "x".repeat(100);
        draw(7, "message", &format!(r#""text":"{long}""#));
        let quoted = format!("8 14:03 ann (7 ann: \"{}…\"): yes\n", "x".repeat(QUOTE_CHARS));
        assert_eq!(draw(8, "message", r#""text":"yes","reply_to":7"#), quoted);
    }

    #[test]
    fn a_long_text_shows_its_time_and_author_again_after_each_screenful() {
        let text = vec!["x"; 45].join("\\n");
        let lines = drawn(AT, "message", &format!(r#""text":"{text}""#));
        let heads: Vec<(usize, &str)> =
            lines.lines().enumerate().filter(|(_, line)| line.starts_with("14:03")).collect();
        assert_eq!(heads, [(0, "14:03 ann: x"), (20, "14:03 ann (continued):"), (41, "14:03 ann (continued):")]);
    }

    #[test]
    fn an_alert_that_is_resolved_is_no_edit() {
        let alert = r#""target":42,"text":"RESOLVED DiskFull\n- web1","alert":{"status":"resolved","name":"Disk\u001bFull","firing":0,"resolved":1}"#;
        assert_eq!(drawn(AT, "edit", alert), "14:03 ann: RESOLVED Disk␛Full (alert 42)\n");
        let alert = r#""target":42,"text":"FIRING (2) DiskFull\n- web1\n- web2","alert":{"status":"firing","name":"DiskFull","firing":2,"resolved":0}"#;
        assert_eq!(drawn(AT, "edit", alert), "14:03 ann: FIRING (2) DiskFull (alert 42)\n      - web1\n      - web2\n");
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
            ended: Vec::new(),
            late: false,
        };
        assert_eq!(end_words(&run), "not started: no such file: mak␛");
        run.exit = Exit::StoppedBy { stopped_by: "ben".parse().unwrap(), signal: "TERM".into() };
        (run.truncated, run.left) = (true, 2);
        let words =
            "stopped by ben (TERM) after 0.0 s; output truncated after 2.0 MB; 2 of its processes could not be stopped";
        assert_eq!(end_words(&run), words);
        (run.exit, run.truncated, run.left) = (Exit::Code { code: 0 }, false, 0);
        run.ended = vec!["sleep 99".into()];
        assert_eq!(end_words(&run), "exit 0 after 0.0 s; ended what it left: sleep 99");
        run.ended = ["a", "b", "c\x1b", "d", "e"].map(str::to_owned).to_vec();
        assert_eq!(left_words(&run.ended), "; ended what it left: a, b, c␛, and 2 more");
        (run.ended, run.late) = (Vec::new(), true);
        assert_eq!(end_words(&run), "was lost, but its host is back: exit 0 after 0.0 s");
    }
}
