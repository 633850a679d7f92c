//! The lines of a timeline as the terminal shows them, the same as `nc` gets: `14:03 ann: hello`, `14:03 [r4] | line`.
//! What others wrote is made harmless first, and one event is one line.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use wardroom_protocol::ansi::{Style, spans};
use wardroom_protocol::event::{MessageBody, Reactions};
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{Event, EventBody, RoomRole, UserName};

use super::size::{bytes_words, duration_words};
use crate::limits::MESSAGE_LINES_MAX;

/// The time of day where the reader is; with the date if it is not today.
fn time_words(at_ms: u64, now: &Zoned) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let Some(at) = at.map(|at| at.to_zoned(now.time_zone().clone())) else { return "--:--".to_owned() };
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    if at.date() == now.date() { time } else { format!("{} {time}", at.date()) }
}

fn now() -> Zoned {
    Timestamp::now().to_zoned(TimeZone::system())
}

/// One event as one line, without its end.
pub(crate) fn event_line(event: &Event) -> String {
    event_line_at(event, &now())
}

fn event_line_at(event: &Event, now: &Zoned) -> String {
    format!("{} {}", time_words(event.at, now), words_of(event))
}

/// One event as it is read at a terminal: a message of several lines has its lines below each other, and they are indented, so that
/// none looks like an event of its own.
pub(crate) fn event_rows(event: &Event) -> String {
    match &event.body {
        EventBody::Message(message) if message.text.contains('\n') && !message.deleted => {
            let first = event_line_at(&with_text(event, message, ""), &now());
            let lines = message.text.split('\n').map(|line| visible(line.trim_end_matches('\r')));
            let mut rows: Vec<String> = lines.take(MESSAGE_LINES_MAX).map(|line| format!("      {line}")).collect();
            let left = message.text.split('\n').count().saturating_sub(rows.len());
            if left > 0 {
                rows.push(format!("      … {left} more lines"));
            }
            format!("{}\n{}", first.trim_end(), rows.join("\n"))
        }
        _ => event_line(event),
    }
}

fn with_text(event: &Event, message: &MessageBody, text: &str) -> Event {
    let body = EventBody::Message(MessageBody { text: text.to_owned(), ..message.clone() });
    Event { body, ..event.clone() }
}

/// One event in words, without when it was.
pub(crate) fn event_words(event: &Event) -> String {
    words_of(event)
}

/// One event with its place before it, by which it can be answered, edited or reacted to.
pub(crate) fn placed_line(event: &Event) -> String {
    format!("{:>6}  {}", event.seq, event_line(event))
}

/// A moment as people read it here.
pub(crate) fn moment_words(at_ms: u64) -> String {
    time_words(at_ms, &now())
}

fn words_of(event: &Event) -> String {
    let by = &event.by;
    match &event.body {
        EventBody::Message(message) => message_words(by, message) + &reactions(&event.body),
        EventBody::Join => format!("{by} joined"),
        EventBody::Leave => format!("{by} left"),
        EventBody::RunStarted(run) => {
            let words = format!("[r{}] {by} runs on {}: {}", run.n, visible(&run.host), exact(&run.cmd));
            words + &reactions(&event.body)
        }
        EventBody::RunEnded(run) => {
            let mut words = format!("[r{}] {} after {}", run.n, visible(&run.exit.words()), duration_words(run.ms));
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
        EventBody::Edit(edit) if edit.text.is_empty() => format!("{by} edited {}", edit.target),
        EventBody::Edit(edit) => format!("{by} edited {}: {}", edit.target, visible(&edit.text)),
        EventBody::Delete(delete) => format!("{by} deleted {}", delete.target),
        EventBody::Reaction(reaction) => {
            let what = if reaction.on { "reacted to" } else { "removed a reaction from" };
            format!("{by} {what} {}: {}", reaction.target, visible(&reaction.emoji))
        }
        EventBody::Repeat(repeat) => format!("{by} said {} again (×{})", repeat.target, repeat.count),
        EventBody::Invited(of) if of.role == RoomRole::Member => format!("{by} added {}", of.user),
        EventBody::Invited(of) => format!("{by} added {} as {}", of.user, of.role),
        EventBody::RoleChanged(of) => format!("{by} made {} a {}", of.user, of.role),
        EventBody::Removed(whom) => format!("{by} removed {}", whom.user),
        EventBody::Title(words) => named(by, "title", &words.text),
        EventBody::Topic(words) => named(by, "topic", &words.text),
        EventBody::Archived(archived) if archived.on => {
            format!("{by} archived this room")
        }
        EventBody::Archived(_) => format!("{by} unarchived this room"),
        EventBody::Retention(kept) if kept.days == 0 => format!("{by} turned off message expiry"),
        EventBody::Retention(kept) => {
            format!("{by} set message expiry to {}", counted(kept.days.into(), "day", "days"))
        }
        EventBody::Other { kind, text: Some(text) } => format!("{by} {}: {}", visible(kind), visible(text)),
        EventBody::Other { kind, text: None } => format!("{by} {}", visible(kind)),
        _ => format!("{by} did something this version does not support"),
    }
}

/// `1 day`, `30 days`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn named(by: &UserName, what: &str, text: &str) -> String {
    match text {
        "" => format!("{by} removed the {what}"),
        text => format!("{by} set the {what}: {}", visible(text)),
    }
}

fn message_words(by: &UserName, message: &MessageBody) -> String {
    let mut words = by.to_string();
    if let Some(reply_to) = message.reply_to {
        words.push_str(&format!(" (to {reply_to})"));
    }
    if message.deleted {
        return words + ": (deleted)";
    }
    words.push_str(&format!(": {}", visible(&message.text)));
    if message.edited {
        words.push_str(" (edited)");
    }
    if let Some(count) = message.count {
        words.push_str(&format!(" (×{count})"));
    }
    words
}

/// `  [👍 ann, ben]`, for each emoji.
fn reactions(body: &EventBody) -> String {
    let words = |given: &Reactions| {
        let by: Vec<&str> = given.by.iter().map(UserName::as_str).collect();
        format!("  [{} {}]", visible(&given.emoji), by.join(", "))
    };
    body.reactions().iter().map(words).collect()
}

/// A line of a run's output, without its end; with its colours where the terminal has them. `style` is what the lines before it left.
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

/// One event as JSON on one line: the object of the wire, without its `t`.
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
            "08:03 [r4] ann runs on local: make test"
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
        assert_eq!(line(r#""kind":"po\u001bll","text":"lunch?""#), "08:03 ann po␛ll: lunch?");
    }

    #[test]
    fn lines_of_a_message_stand_below_each_other_and_none_looks_like_an_event() {
        let text = format!("a\\r\\n08:03 ben: no\\n{}", "x\\n".repeat(40));
        let json =
            format!(r#"{{"room":"ops","seq":4,"at":1795334580000,"by":"ann","kind":"message","text":"{text}"}}"#);
        let rows = event_rows(&Event::parse(json.as_bytes()).unwrap());
        let rows: Vec<&str> = rows.lines().collect();
        assert!(rows[0].ends_with(" ann:"), "{rows:?}");
        assert_eq!(rows[1..3], ["      a", "      08:03 ben: no"]);
        assert_eq!(rows[rows.len() - 1], "      … 13 more lines");
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
            (r#""kind":"topic","text":"""#, "ann removed the topic"),
            (r#""kind":"retention","days":30"#, "ann set message expiry to 30 days"),
        ] {
            assert_eq!(line(fields), format!("08:03 {words}"));
        }
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
