//! One event as lines for a terminal. All text of others is made visible here.

use std::collections::VecDeque;
use std::fmt::Write as _;

use jiff::civil::Date;
use wardroom_protocol::ansi::shown;
use wardroom_protocol::event::{Days, MessageBody, ReactionBody, Reactions, RoleOf, RunEnded, Switch};
use wardroom_protocol::messages::Exit;
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{Event, EventBody, RoomName, RoomRole, UserName};

use super::moment::{LocalClock, day_words, size_words, span_words};

/// Under a line of several, so that none of them can pass for somebody else's: no name begins with a space.
const INDENT: &str = "      ";

/// Messages that are remembered, so that an answer can quote the one that it answers.
const REMEMBERED_MAX: usize = 128;
/// Characters of a quotation.
const QUOTE_CHARS: usize = 40;

/// Draws lines; says the day where it changes.
pub struct LineRenderer {
    calendar: LocalClock,
    day: Date,
    /// The room of the last event.
    room: Option<RoomName>,
    /// The last messages of it: place, author, and how each begins.
    said: VecDeque<(u64, UserName, String)>,
    /// Each line begins with its place, by which one can point at it.
    has_places: bool,
}

impl LineRenderer {
    /// Begins at a moment whose day is not said.
    pub fn new(calendar: LocalClock, now_ms: u64) -> Self {
        let day = calendar.minute(now_ms).1;
        Self { calendar, day, room: None, said: VecDeque::new(), has_places: false }
    }

    /// Draws the place of each line before it.
    pub fn with_places(self) -> Self {
        Self { has_places: true, ..self }
    }

    /// The time of day, and before it the day where that is another than the last one said.
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

    /// An event, as one line or several.
    pub fn event(&mut self, event: &Event, out: &mut String) {
        if self.room.as_ref() != Some(&event.room) {
            // The places of another room are others.
            (self.room, self.said) = (Some(event.room.clone()), VecDeque::new());
        }
        self.stamp_at(self.has_places.then_some(event.seq), event.at, out);
        let by = event.by.as_str();
        // Writing to a string cannot fail.
        let _ = match &event.body {
            EventBody::Message(message) => {
                self.message(event, message, out);
                Ok(())
            }
            EventBody::Edit(edit) => {
                let _ = write!(out, "{by} edited {}: ", edit.target);
                push_text(if edit.text.is_empty() { "(deleted since)" } else { &edit.text }, out);
                self.remember(edit.target, &event.by, &edit.text);
                Ok(())
            }
            EventBody::Delete(delete) => {
                self.said.retain(|(seq, ..)| *seq != delete.target);
                writeln!(out, "{by} deleted {}", delete.target)
            }
            EventBody::RunStarted(run) => {
                let (cmd, host) = (exact(&run.cmd), visible(&run.host));
                let _ = writeln!(out, "[r{}] started by {by} on {host}: {cmd}", run.n);
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
                push_text(&words.text, out);
                Ok(())
            }
            EventBody::Other { kind, text } => {
                let _ = write!(out, "{by} [{}] ", visible(kind));
                push_text(text.as_deref().unwrap_or_default(), out);
                Ok(())
            }
            body => writeln!(out, "{by} {}", deed(body)),
        };
    }

    /// `ann: hello`, and what became of it; `ann (42 ben: "short"): hello` where it answers.
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
        push_text(if message.deleted { "(deleted)" } else { &message.text }, out);
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

/// `👍 ann ben`, for each emoji.
fn reactions(body: &EventBody) -> Vec<String> {
    let words = |given: &Reactions| {
        let by: Vec<&str> = given.by.iter().map(UserName::as_str).collect();
        format!("{} {}", visible(&given.emoji), by.join(" "))
    };
    body.reactions().iter().map(words).collect()
}

/// What became of a line, below it.
fn push_became(became: Vec<String>, out: &mut String) {
    if !became.is_empty() {
        let _ = writeln!(out, "{INDENT}({})", became.join(", "));
    }
}

/// `a reader`, `an owner`.
pub fn a_role(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Reader => "a reader",
        RoomRole::Member => "a member",
        RoomRole::Owner => "an owner",
    }
}

/// What somebody did, as words behind their name.
fn deed(body: &EventBody) -> String {
    match body {
        EventBody::Join => "joined".to_owned(),
        EventBody::Leave => "left".to_owned(),
        EventBody::Reaction(ReactionBody { target, emoji, on: true }) => {
            format!("reacted to {target}: {}", visible(emoji))
        }
        EventBody::Reaction(ReactionBody { target, emoji, .. }) => {
            format!("removed a reaction from {target}: {}", visible(emoji))
        }
        EventBody::Repeat(repeat) => format!("said {} again (×{})", repeat.target, repeat.count),
        EventBody::Invited(RoleOf { user, role: RoomRole::Member }) => format!("invited {user}"),
        EventBody::Invited(RoleOf { user, role }) => format!("invited {user} as {role}"),
        EventBody::RoleChanged(RoleOf { user, role }) => format!("made {user} {} here", a_role(*role)),
        EventBody::Removed(whom) => format!("removed {}", whom.user),
        EventBody::Title(words) if words.text.is_empty() => "removed the title".to_owned(),
        EventBody::Title(words) => format!("named this room {}", visible(&words.text)),
        EventBody::Archived(Switch { on: true }) => "archived this room".to_owned(),
        EventBody::Archived(_) => "unarchived this room".to_owned(),
        EventBody::Retention(Days { days: 0 }) => "turned off message expiry".to_owned(),
        EventBody::Retention(Days { days }) => {
            format!("set message expiry to {days} {}", if *days == 1 { "day" } else { "days" })
        }
        other => format!("[{}]", visible(other.kind())),
    }
}

/// The lines of a text, the second and later ones indented.
fn push_text(text: &str, out: &mut String) {
    let mut lines = text.trim_end_matches(['\n', '\r']).lines();
    out.push_str(&shown(lines.next().unwrap_or_default()));
    out.push('\n');
    for line in lines {
        out.push_str(INDENT);
        out.push_str(&shown(line));
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
        let _ = write!(words, "; output truncated after {}", size_words(run.bytes));
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
            ("edit", r#""target":42,"text":"""#, "14:03 ann edited 42: (deleted since)\n"),
            ("delete", r#""target":42"#, "14:03 ann deleted 42\n"),
            ("reaction", r#""target":42,"emoji":"👍","on":true"#, "14:03 ann reacted to 42: 👍\n"),
            ("reaction", r#""target":42,"emoji":"👍","on":false"#, "14:03 ann removed a reaction from 42: 👍\n"),
            ("repeat", r#""target":42,"count":37"#, "14:03 ann said 42 again (×37)\n"),
            ("invited", r#""user":"ben","role":"member""#, "14:03 ann invited ben\n"),
            ("invited", r#""user":"ben","role":"reader""#, "14:03 ann invited ben as reader\n"),
            ("removed", r#""user":"ben""#, "14:03 ann removed ben\n"),
            ("role", r#""user":"ben","role":"reader""#, "14:03 ann made ben a reader here\n"),
            ("title", r#""text":"The ops""#, "14:03 ann named this room The ops\n"),
            ("topic", r#""text":"a\nb""#, "14:03 ann set the topic: a\n      b\n"),
            ("topic", r#""text":"""#, "14:03 ann cleared the topic\n"),
            ("archived", r#""on":true"#, "14:03 ann archived this room\n"),
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
        let words =
            "stopped by ben (TERM) after 0.0 s; output truncated after 2.0 MB; 2 of its processes could not be stopped";
        assert_eq!(end_words(&run), words);
    }
}
