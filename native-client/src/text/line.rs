//! The lines of a timeline as the terminal shows them, the same as `nc` gets: `14:03 ann: hello`, `14:03 [r4] | line`.
//! Text of others is made harmless first, and one event is one line.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use wardroom_protocol::ansi::{Style, spans};
use wardroom_protocol::attribution::shows_author;
use wardroom_protocol::event::{Edit, MessageBody, Reactions};
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{Event, EventBody, UserName};

use super::size::{bytes_words, duration_words};

/// Returns the local time of day; with the date if it is not today.
fn time_words(at_ms: u64, now: &Zoned) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let Some(at) = at.map(|at| at.to_zoned(now.time_zone().clone())) else { return "--:--".to_owned() };
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    if at.date() == now.date() { time } else { format!("{} {time}", at.date()) }
}

fn now() -> Zoned {
    Timestamp::now().to_zoned(TimeZone::system())
}

/// Returns one event as one line, without its end.
pub(crate) fn event_line(event: &Event) -> String {
    event_line_at(event, &now())
}

fn event_line_at(event: &Event, now: &Zoned) -> String {
    format!("{} {}", time_words(event.at, now), words_of(event))
}

/// Indents the second and later rows of an event, so that none of them looks like an event: no name starts with a
/// space.
const INDENT: &str = "      ";

/// Returns one event for a terminal: each line of a text has its own row. A long text shows its author and time again
/// after each screenful, and ends after `lines_max` lines.
pub(crate) fn event_rows(event: &Event, lines_max: usize) -> String {
    let words = match &event.body {
        EventBody::Message(message) if !message.deleted => Text {
            before: message_head(&event.by, message) + ": ",
            text: Cow::Borrowed(&message.text),
            after: became(event),
        },
        EventBody::Edit(edit) if !edit.text.is_empty() => edit_text(&event.by, edit),
        _ => return event_line(event),
    };
    words.rows(&time_words(event.at, &now()), &event.by, lines_max)
}

/// A text between its head and what happened to it since.
struct Text<'a> {
    before: String,
    text: Cow<'a, str>,
    after: String,
}

impl Text<'_> {
    fn line(&self) -> String {
        format!("{}{}{}", self.before, visible(&self.text), self.after)
    }

    fn rows(&self, time: &str, by: &UserName, lines_max: usize) -> String {
        let text = self.text.trim_end_matches(['\r', '\n']);
        let count = text.split('\n').count();
        if count == 1 {
            return format!("{time} {}{}{}", self.before, visible(text), self.after);
        }
        let mut rows = format!("{time} {}", self.before);
        for (n, line) in text.split('\n').take(lines_max).enumerate() {
            if n > 0 {
                let head = if shows_author(n) { format!("\n{time} {by} (continued):") } else { String::new() };
                rows.push_str(&format!("{head}\n{INDENT}"));
            }
            rows.push_str(&visible(line.trim_end_matches('\r')));
        }
        if let Some(left) = count.checked_sub(lines_max).filter(|left| *left > 0) {
            rows.push_str(&format!("\n{INDENT}… {}", counted(left as u64, "more line", "more lines")));
        }
        if !self.after.is_empty() {
            rows.push_str(&format!("\n{INDENT}{}", self.after.trim_start()));
        }
        rows
    }
}

/// Returns `ann edited 42: hello`; what a webhook reports about its alert reads as a message.
fn edit_text<'a>(by: &UserName, edit: &'a Edit) -> Text<'a> {
    let (before, text) = match edit.alert_text() {
        Some(text) => (format!("{by}: "), Cow::Owned(text)),
        None => (format!("{by} edited {}: ", edit.target), Cow::Borrowed(edit.text.as_str())),
    };
    Text { before, text, after: String::new() }
}

/// Returns one event in words, without its time.
pub(crate) fn event_words(event: &Event) -> String {
    words_of(event)
}

/// Returns a line or rows of an event with its ID in front, for replies, edits and reactions.
pub(crate) fn with_id(event: &Event, shown: &str) -> String {
    format!("{:>6}  {shown}", event.seq)
}

/// Returns a time in the local format.
pub(crate) fn moment_words(at_ms: u64) -> String {
    time_words(at_ms, &now())
}

fn words_of(event: &Event) -> String {
    let by = &event.by;
    match &event.body {
        EventBody::Message(message) if message.deleted => message_head(by, message) + ": (deleted)",
        EventBody::Message(message) => {
            let before = message_head(by, message) + ": ";
            Text { before, text: Cow::Borrowed(&message.text), after: became(event) }.line()
        }
        EventBody::RunStarted(run) => {
            let words = format!("[r{}] started by {by} on {}: {}", run.n, visible(&run.host), exact(&run.cmd));
            words + &run.how_words() + &reactions(&event.body)
        }
        EventBody::RunEnded(run) => {
            let late = if run.late { "was lost, but its host is back: " } else { "" };
            let mut words =
                format!("[r{}] {late}{} after {}", run.n, visible(&run.exit.words()), duration_words(run.ms));
            if run.truncated {
                words.push_str(", output cut off");
            }
            if run.left > 0 {
                words.push_str(&format!(", {} still running", counted(run.left.into(), "process", "processes")));
            }
            words
        }
        EventBody::FileAdded(file) => {
            let words = format!("{by} added {} ({})", visible(file.path.as_str()), bytes_words(file.size));
            words + &reactions(&event.body)
        }
        EventBody::Edit(edit) if edit.text.is_empty() => {
            format!("{by} edited {}, which was deleted later", edit.target)
        }
        EventBody::Edit(edit) => edit_text(by, edit).line(),
        EventBody::Topic(topic) if topic.text.is_empty() => format!("{by} cleared the topic"),
        EventBody::Topic(topic) => format!("{by} set the topic: {}", visible(&topic.text)),
        EventBody::Other { kind, text: Some(text) } => format!("{by} [{}] {}", visible(kind), visible(text)),
        body => {
            let action = body.action().unwrap_or_else(|| format!("[{}]", visible(body.kind())));
            format!("{by} {action}")
        }
    }
}

/// Returns `1 day`, `30 days`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Returns `ann`, or `ann (to 42)` for a reply.
fn message_head(by: &UserName, message: &MessageBody) -> String {
    match message.reply_to {
        Some(reply_to) => format!("{by} (to {reply_to})"),
        None => by.to_string(),
    }
}

/// Returns ` (edited) (×37)  [👍 ann]`: what happened to a message since it was posted.
fn became(event: &Event) -> String {
    let EventBody::Message(message) = &event.body else { return String::new() };
    let edited = if message.edited { " (edited)" } else { "" };
    let count = message.count.map(|count| format!(" (×{count})")).unwrap_or_default();
    format!("{edited}{count}{}", reactions(&event.body))
}

/// Returns `  [👍 ann, ben]`, for each emoji.
fn reactions(body: &EventBody) -> String {
    let words = |given: &Reactions| {
        let by: Vec<&str> = given.by.iter().map(UserName::as_str).collect();
        format!("  [{} {}]", visible(&given.emoji), by.join(", "))
    };
    body.reactions().iter().map(words).collect()
}

/// Returns a line of a run's output, without its end; with its colours if the terminal has them. `style` is the style
/// at the end of the previous lines.
pub(crate) fn output_line(n: u64, text: &str, style: &mut Style, is_coloured: bool) -> String {
    let now = now();
    let mut out = format!("{:02}:{:02} [r{n}] | ", now.hour(), now.minute());
    for span in spans(text, style) {
        if is_coloured && span.style != Style::default() {
            out.push_str(&format!("{}{}\x1b[0m", span.style.to_sgr(), span.text));
        } else {
            out.push_str(&span.text);
        }
    }
    out
}

/// Returns one event as JSON on one line: the object of the wire, without its `t`.
pub(crate) fn event_json(event: &Event) -> String {
    serde_json::to_string(event).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn line(fields: &str) -> String {
        let json = format!(r#"{{"room":"ops","seq":4,"at":1795334580000,"by":"ann",{fields}}}"#);
        let event = Event::parse(json.as_bytes()).unwrap();
        let now = Timestamp::from_millisecond(1_795_334_400_000).unwrap().to_zoned(TimeZone::UTC);
        event_line_at(&event, &now)
    }

    #[test]
    fn output_has_its_colours_and_nothing_else_that_a_terminal_obeys() {
        let mut style = Style::default();
        let mut shown = |text: &str, is_coloured: bool| output_line(4, text, &mut style, is_coloured)[6..].to_owned();
        assert_eq!(shown("a\x1b[31mred\x1b[2J", true), "[r4] | a\x1b[0;31mred\x1b[0m");
        assert_eq!(shown("still", true), "[r4] | \x1b[0;31mstill\x1b[0m", "a colour goes on over lines");
        assert_eq!(shown("\x1b[0mx\x1b[32my", false), "[r4] | xy");
    }

    #[test]
    fn an_event_is_one_line() {
        assert_eq!(line(r#""kind":"message","text":"hello""#), "08:03 ann: hello");
        assert_eq!(line(r#""kind":"message","text":"a\n\u001b[2Jb""#), "08:03 ann: a␊␛[2Jb");
        assert_eq!(line(r#""kind":"join""#), "08:03 ann joined");
        assert_eq!(
            line(r#""kind":"run.started","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"cmd":"make test","host":"local""#),
            "08:03 [r4] started by ann on local: make test"
        );
        assert_eq!(
            line(
                r#""kind":"run.started","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"cmd":"x","host":"local","isolation":"none","sandbox":["no-network"],"limits":{"cpu_s":60},"secrets":["TOKEN"],"approved":{"n":3,"by":"ben","digest":"d"}"#
            ),
            "08:03 [r4] started by ann on local: x (cpu=1m; no-network; isolation none; secret TOKEN; p3, approved by ben)"
        );
        assert_eq!(
            line(
                r#""kind":"run.ended","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"exit":{"code":3},"bytes":8,"ms":1204,"left":2"#
            ),
            "08:03 [r4] exit 3 after 1.2 s, 2 processes still running"
        );
        assert_eq!(
            line(r#""kind":"file.added","path":"logs/app.log","size":1048576,"blake3":"00""#),
            "08:03 ann added logs/app.log (1.0 MB)"
        );
        assert_eq!(line(r#""kind":"po\u001bll","text":"lunch?""#), "08:03 ann [po␛ll] lunch?");
    }

    #[test]
    fn lines_of_a_message_stand_below_each_other_and_none_looks_like_an_event() {
        let text = format!("a\\r\\n08:03 ben: no\\n{}", "x\\n".repeat(40));
        let json =
            format!(r#"{{"room":"ops","seq":4,"at":1795334580000,"by":"ann","kind":"message","text":"{text}"}}"#);
        let rows = event_rows(&Event::parse(json.as_bytes()).unwrap(), 30);
        let rows: Vec<&str> = rows.lines().collect();
        assert!(rows[0].ends_with(" ann: a"), "{rows:?}");
        assert_eq!(rows[1..3], ["      08:03 ben: no", "      x"]);
        assert!(rows[20].ends_with(" ann (continued):"), "{rows:?}");
        assert_eq!((rows[21], rows[31], rows.len()), ("      x", "      … 12 more lines", 32));
    }

    #[test]
    fn messages_say_what_became_of_them() {
        for (fields, words) in [
            (r#""text":"yes","reply_to":3"#, "ann (to 3): yes"),
            (r#""text":"ready","edited":true,"amended":9"#, "ann: ready (edited)"),
            (r#""text":"","deleted":true,"amended":9"#, "ann: (deleted)"),
            (r#""text":"disk full","count":37"#, "ann: disk full (×37)"),
            (r#""text":"ok","reactions":[{"emoji":"👍","by":["ann","ben"]}]"#, "ann: ok  [👍 ann, ben]"),
        ] {
            assert_eq!(line(&format!(r#""kind":"message",{fields}"#)), format!("08:03 {words}"));
        }
        for (fields, words) in [
            (r#""kind":"edit","target":3,"text":"a\u001bb""#, "ann edited 3: a␛b"),
            (r#""kind":"delete","target":3"#, "ann deleted 3"),
            (r#""kind":"reaction","target":3,"emoji":"👍","on":true"#, "ann reacted to 3: 👍"),
            (r#""kind":"repeat","target":3,"count":2"#, "ann said 3 again (×2)"),
            (r#""kind":"invited","user":"ben","role":"reader""#, "ann added ben as reader"),
            (r#""kind":"edit","target":3,"text":"""#, "ann edited 3, which was deleted later"),
            (r#""kind":"topic","text":"""#, "ann cleared the topic"),
            (r#""kind":"retention","days":30"#, "ann set message expiry to 30 days"),
        ] {
            assert_eq!(line(fields), format!("08:03 {words}"));
        }
    }

    #[test]
    fn an_alert_that_is_resolved_is_no_edit() {
        let alert = r#""kind":"edit","target":42,"text":"RESOLVED DiskFull\n- web1","alert":{"status":"resolved","name":"Disk\u001bFull","firing":0,"resolved":1}"#;
        assert_eq!(line(alert), "08:03 ann: RESOLVED Disk␛Full (alert 42)");
    }

    #[test]
    fn what_became_of_a_long_message_has_a_row_of_its_own() {
        let json = r#"{"room":"ops","seq":4,"at":1795334580000,"by":"ann","kind":"message","text":"a\nb","edited":true,
            "reactions":[{"emoji":"👍","by":["ben"]}]}"#;
        let rows = event_rows(&Event::parse(json.as_bytes()).unwrap(), 30);
        assert!(rows.ends_with(" ann: a\n      b\n      (edited)  [👍 ben]"), "{rows}");
    }

    #[test]
    fn another_day_is_named() {
        let event = Event::parse(br#"{"room":"ops","seq":4,"at":1795334580000,"by":"ann","kind":"join"}"#).unwrap();
        let later = Timestamp::from_millisecond(1_795_534_400_000).unwrap().to_zoned(TimeZone::UTC);
        assert_eq!(event_line_at(&event, &later), "2026-11-22 08:03 ann joined");
        let beyond = Event { at: u64::MAX, ..event };
        assert_eq!(event_line_at(&beyond, &later), "--:-- ann joined");
    }
}
