//! The last lines of a room in plain text. The page shows them while its program loads, which takes seconds on a slow
//! network.

use serde::Serialize;
use wardroom_protocol::attribution::Attribution;
use wardroom_protocol::messages::{RoomHistory, RoomPage};
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{Event, EventBody, RoomName, UserName};

use crate::app::App;
use crate::core_link::{CoreLink, LinkError};
use crate::limits::{FIRST_EVENTS_MAX, FIRST_LINE_CHARS_MAX, FIRST_LINES_MAX};

/// The last lines of a room.
#[derive(Serialize)]
pub(crate) struct FirstLines {
    room: RoomName,
    lines: Vec<Line>,
}

/// A message, a run or a file as text. It contains no markup, and no character that hides or reverses others.
#[derive(Debug, PartialEq, Serialize)]
struct Line {
    by: UserName,
    /// Unix milliseconds.
    at: u64,
    /// The line shows author and time.
    is_first: bool,
    text: String,
}

/// Asks the core for the last lines. `None` if the room does not exist, or this user may not read it.
pub(crate) async fn first_lines(app: &App, link: &mut CoreLink, room: RoomName) -> Option<FirstLines> {
    let (before, after, around, at) = (None, None, None, None);
    let history = RoomHistory { room: room.clone(), before, after, around, at, limit: Some(FIRST_EVENTS_MAX) };
    let page: Result<RoomPage, LinkError> = link.ask(1, &history, app.settings.limits.answer_within).await;
    let events = page.ok()?.events;
    let events: Vec<Event> = events.iter().filter_map(|event| Event::parse(event.get().as_bytes()).ok()).collect();
    Some(FirstLines { room, lines: lines(&events) })
}

fn lines(events: &[Event]) -> Vec<Line> {
    let mut attribution = Attribution::default();
    let mut lines = Vec::new();
    for event in events {
        let Some(text) = text_of(&event.body) else { continue };
        let is_first = attribution.starts_group(&event.by, event.at, text.lines().count());
        lines.push(Line { by: event.by.clone(), at: event.at, is_first, text });
    }
    let from = lines.len().saturating_sub(FIRST_LINES_MAX);
    lines.split_off(from)
}

/// Returns `None` for what the page shows inside another line, or small: edits, joins, changed settings.
fn text_of(body: &EventBody) -> Option<String> {
    Some(match body {
        EventBody::Message(message) if message.deleted => return None,
        EventBody::Message(message) => match &message.alert {
            Some(alert) => visible(&alert.title()).into_owned(),
            None => {
                let text: String = message.text.chars().take(FIRST_LINE_CHARS_MAX).collect();
                text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
            }
        },
        EventBody::RunStarted(run) => {
            format!("$ {}", exact(&run.cmd.chars().take(FIRST_LINE_CHARS_MAX).collect::<String>()))
        }
        EventBody::FileAdded(file) => visible(file.path.as_str()).into_owned(),
        _ => return None,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn event(seq: u64, by: &str, body: &str) -> Event {
        let line = format!(r#"{{"room":"ops","seq":{seq},"at":{seq}000,"by":"{by}",{body}}}"#);
        Event::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn lines_are_plain_text_in_groups_and_bounded() {
        let long = "é".repeat(FIRST_LINE_CHARS_MAX + 1);
        let events = [
            event(1, "ann", r#""kind":"join""#),
            event(2, "ann", r#""kind":"message","text":"<b>one</b>\ntwo \u202Ereversed\u0007""#),
            event(3, "ann", &format!(r#""kind":"message","text":"{long}""#)),
            event(4, "ben", r#""kind":"message","text":"gone","deleted":true"#),
            event(5, "ben", r#""kind":"edit","target":2,"text":"edited""#),
            event(6, "ben", r#""kind":"message","text":"ok""#),
        ];
        let lines = lines(&events);
        let shown: Vec<_> =
            lines.iter().map(|line| (line.by.as_str(), line.is_first, line.text.chars().count())).collect();
        assert_eq!(shown[1..], [("ann", false, FIRST_LINE_CHARS_MAX), ("ben", true, 2)]);
        let many: Vec<Event> = (1..=200)
            .map(|seq| match seq % 5 {
                0 => event(seq, "ann", r#""kind":"message","text":"line""#),
                _ => event(seq, "ben", r#""kind":"reaction","target":5,"emoji":"👍","on":true"#),
            })
            .collect();
        assert_eq!(super::lines(&many).len(), FIRST_LINES_MAX, "what is no line does not count");
        let first = &lines[0].text;
        assert!(first.starts_with("<b>one</b>\ntwo ") && !first.contains(['\u{202e}', '\u{7}']), "{first:?}");
    }
}
