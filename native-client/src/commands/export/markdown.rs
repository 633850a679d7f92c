//! A room as Markdown: a list of lines under a heading for each day. What people wrote is shown as written, and never
//! parsed as Markdown of this document: if a character could have a meaning, the text is in a code span or a fence.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use wardroom_protocol::event::MessageBody;
use wardroom_protocol::messages::RoomInfo;
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Event, EventBody, UserName};

use super::options::Export;
use crate::text::{bytes_words, event_words};

/// Returns the day and the time of day, in UTC.
fn moment(at_ms: u64) -> (Option<Date>, String) {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    match at.map(|at| at.to_zoned(TimeZone::UTC)) {
        Some(at) => (Some(at.date()), format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())),
        None => (None, "--:--:--".to_owned()),
    }
}

/// Returns day and time in one.
fn instant(at_ms: u64) -> String {
    let (day, time) = moment(at_ms);
    day.map_or_else(|| time.clone(), |day| format!("{day} {time}"))
}

/// Returns the heading of the document.
pub(super) fn heading(info: &RoomInfo, export: &Export, now_ms: u64) -> String {
    let mut out = match info.dm.as_slice() {
        [] => format!("# {}", inline(info.room.as_str())),
        users => format!("# Direct messages of {}", users.iter().map(UserName::as_str).collect::<Vec<_>>().join(", ")),
    };
    if !info.title.is_empty() {
        let _ = write!(out, ": {}", inline(&info.title));
    }
    out.push_str("\n\n");
    if !info.topic.is_empty() {
        let _ = writeln!(out, "Topic: {}\n", inline(&info.topic.replace(['\n', '\r'], " ")));
    }
    let _ = write!(out, "Exported at {}", instant(now_ms));
    if let Some(since) = export.since {
        let _ = write!(out, ", from {}", instant(since));
    }
    if let Some(until) = export.until {
        let _ = write!(out, ", before {}", instant(until));
    }
    out.push_str(". All times are UTC.\n");
    out
}

/// Formats entries, with a heading for each new day.
#[derive(Default)]
pub(super) struct Days(Option<Date>);

impl Days {
    /// Formats an event as an entry; empty for an amendment, which its message shows. `note`: the path of its file.
    pub(super) fn entry(&mut self, event: &Event, note: Option<&str>) -> String {
        if event.body.target().is_some() {
            return String::new();
        }
        let (day, time) = moment(event.at);
        let mut out = String::new();
        if let Some(day) = day.filter(|day| self.0 != Some(*day)) {
            self.0 = Some(day);
            let _ = writeln!(out, "\n## {day}\n");
        }
        let _ = write!(out, "- {time} ");
        match &event.body {
            EventBody::Message(message) => push_message(&mut out, event, message),
            EventBody::RunStarted(run) => {
                let (host, cmd) = (inline(&run.host), inline(&run.cmd.replace(['\n', '\r'], " ")));
                let _ = write!(out, "**{}** ran r{} on {host}: {cmd}", event.by, run.n);
                push_reactions(&mut out, event);
            }
            EventBody::RunEnded(run) => {
                let words = event_words(event);
                let _ = write!(out, "{}, {} of output", inline(&words), bytes_words(run.bytes));
            }
            EventBody::FileAdded(file) => {
                let (path, size) = (inline(file.path.as_str()), bytes_words(file.size));
                let _ = write!(out, "**{}** added {path} ({size}, BLAKE3 {})", event.by, inline(&file.blake3));
                push_reactions(&mut out, event);
            }
            _ => out.push_str(&inline(&event_words(event))),
        }
        if let Some(note) = note {
            let _ = write!(out, " ({})", inline(note));
        }
        out.push('\n');
        out
    }
}

fn push_reactions(out: &mut String, event: &Event) {
    for given in event.body.reactions() {
        let by: Vec<&str> = given.by.iter().map(UserName::as_str).collect();
        let _ = write!(out, " {} by {}", inline(&given.emoji), by.join(", "));
    }
}

fn push_message(out: &mut String, event: &Event, message: &MessageBody) {
    let _ = write!(out, "**{}** ({}", event.by, event.seq);
    if let Some(reply_to) = message.reply_to {
        let _ = write!(out, " to {reply_to}");
    }
    out.push_str(if message.edited { ", edited)" } else { ")" });
    push_reactions(out, event);
    if let Some(count) = message.count {
        let _ = write!(out, " ×{count}");
    }
    if message.deleted {
        out.push_str(": *deleted*");
        return;
    }
    match message.text.trim_end().contains('\n') {
        false => {
            let _ = write!(out, ": {}", inline(message.text.trim_end()));
        }
        true => {
            out.push_str(":\n\n");
            push_fence(out, &message.text);
        }
    }
}

/// Returns the length of the longest run of backticks in a text.
fn ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Appends several lines in a fence that no line of them closes.
fn push_fence(out: &mut String, text: &str) {
    let fence = "`".repeat(ticks(text).saturating_add(1).max(3));
    let _ = writeln!(out, "  {fence}");
    for line in text.trim_end().lines() {
        let _ = writeln!(out, "  {}", visible(line));
    }
    let _ = write!(out, "  {fence}");
}

/// Returns one line: unchanged if Markdown would not change it, otherwise as code.
fn inline(text: &str) -> String {
    let text = visible(text);
    let is_plain = !text.contains(['<', '>', '`', '*', '_', '[', ']', '#', '&', '\\', '|', '~', '!', '$', '{', '}']);
    if is_plain {
        return text.into_owned();
    }
    let fence = "`".repeat(ticks(&text).saturating_add(1));
    // Markdown removes a space on both sides, so the text may begin or end with a backtick.
    format!("{fence} {text} {fence}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn event(seq: u64, at: u64, fields: &str) -> Event {
        let line = format!(r#"{{"room":"ops","seq":{seq},"at":{at},"by":"ann",{fields}}}"#);
        Event::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn lines_stand_under_their_days() {
        let mut days = Days::default();
        let day = 1_795_334_580_000;
        let said = |seq, at, fields: &str| event(seq, at, fields);
        let first = days.entry(&said(7, day, r#""kind":"message","text":"hello, all""#), None);
        assert_eq!(first, "\n## 2026-11-22\n\n- 08:03:00 **ann** (7): hello, all\n");
        let edited =
            r#""kind":"message","text":"yes","reply_to":7,"edited":true,"reactions":[{"emoji":"👍","by":["ben"]}]"#;
        assert_eq!(days.entry(&said(8, day, edited), None), "- 08:03:00 **ann** (8 to 7, edited) 👍 by ben: yes\n");
        let deleted = r#""kind":"message","text":"","deleted":true"#;
        assert_eq!(days.entry(&said(9, day, deleted), None), "- 08:03:00 **ann** (9): *deleted*\n");
        assert_eq!(days.entry(&said(10, day, r#""kind":"edit","target":8,"text":"yes""#), None), "");
        let next = days.entry(&said(11, day + 86_400_000, r#""kind":"join""#), None);
        assert_eq!(next, "\n## 2026-11-23\n\n- 08:03:00 ann joined\n");
    }

    #[test]
    fn nothing_that_was_written_becomes_markup() {
        let mut days = Days::default();
        let mut entry = |text: &str| {
            let fields = format!(r#""kind":"message","text":{}"#, serde_json::to_string(text).unwrap());
            days.entry(&event(1, 0, &fields), None)
        };
        entry("the day's heading");
        assert_eq!(entry("<script>alert(1)</script>"), "- 00:00:00 **ann** (1): ` <script>alert(1)</script> `\n");
        assert_eq!(entry("a `b` c"), "- 00:00:00 **ann** (1): `` a `b` c ``\n");
        assert_eq!(entry("[x](javascript:x)"), "- 00:00:00 **ann** (1): ` [x](javascript:x) `\n");
        assert_eq!(
            entry("```\n# not a heading\n```\n<img>"),
            "- 00:00:00 **ann** (1):\n\n  ````\n  ```\n  # not a heading\n  ```\n  <img>\n  ````\n"
        );
        assert_eq!(entry("\u{1b}[2J\u{202e}x"), "- 00:00:00 **ann** (1): ` ␛[2J<U+202E>x `\n");
    }
}
