//! What a chat draws beyond plain lines: mentions of the user are bright, other rooms report unread messages, and the
//! window's title shows who is typing. Only at a terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use wardroom_client_core::{Client, is_mentioned};
use wardroom_protocol::{Event, EventBody, RoomName, UserName};

use super::super::rooms::shown_name;
use super::asked;
use super::output::Output;
use crate::edit::Capabilities;
use crate::limits::MESSAGE_LINES_MAX;
use crate::text::{Amended, event_json, event_line, event_rows};

/// How lines are drawn.
pub(super) struct Drawn {
    json: bool,
    /// Standard output is a terminal.
    is_bright: bool,
    is_bold: bool,
    /// Standard error is one, whose title may be set.
    has_title: bool,
    title: String,
    amended: Amended,
    /// What was reported of other rooms: unread, mentions.
    told: BTreeMap<RoomName, (u64, u64)>,
}

impl Drawn {
    pub(super) fn new(json: bool) -> Drawn {
        let is_terminal = std::io::stdout().is_terminal() && !json;
        Drawn {
            json,
            is_bright: is_terminal,
            is_bold: Capabilities::of(|name| std::env::var(name).ok()).styles,
            has_title: is_terminal && std::io::stderr().is_terminal(),
            title: String::new(),
            amended: Amended::default(),
            told: BTreeMap::new(),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Switches to another room.
    pub(super) fn enter(&mut self) {
        self.amended = Amended::default();
    }

    /// Formats an event as a line, if it contains something new. `me`: only for new events, so that history rings no
    /// bell.
    pub(super) fn event(&mut self, event: &Event, me: Option<&UserName>) -> Option<String> {
        let is_news = self.amended.is_news(event);
        if self.json {
            return Some(event_json(event));
        }
        let line =
            is_news.then(|| if self.is_bright { event_rows(event, MESSAGE_LINES_MAX) } else { event_line(event) })?;
        Some(if self.is_bright && me.is_some_and(|me| names(event, me)) { bright(&line, self.is_bold) } else { line })
    }

    /// Reports unread messages in other rooms when there are more than before: only the first line, but each mention.
    pub(super) fn rooms(&mut self, voice: &mut Output, client: &Client, current: &RoomName) {
        let me = client.you().map(|you| &you.user);
        let rooms = client.rooms().values().filter(|room| room.info.joined && room.info.room != *current);
        for room in rooms {
            let now = (room.info.unread, room.info.mentions);
            let before = self.told.insert(room.info.room.clone(), now).unwrap_or_default();
            if self.is_bright && ((before.0 == 0 && now.0 > 0) || now.1 > before.1) {
                voice.say(&asked::room(&room.info, me));
            }
        }
        self.told.remove(current);
        self.title(voice, client, current);
    }

    /// Sets the window's title: the room, the unread count, and who is typing.
    pub(super) fn title(&mut self, voice: &mut Output, client: &Client, current: &RoomName) {
        if !self.has_title {
            return;
        }
        let Some(room) = client.rooms().get(current) else { return };
        let unread = match client.unread() {
            (0, _) => String::new(),
            (unread, 0) => format!("({unread}) "),
            (unread, mentions) => format!("({unread}, {mentions} to you) "),
        };
        let names: Vec<&str> = room.typing.iter().map(UserName::as_str).collect();
        let typing = match names.as_slice() {
            [] => String::new(),
            [one] => format!(" \u{2014} {one} is typing"),
            more => format!(" \u{2014} {} are typing", more.join(", ")),
        };
        let me = client.you().map(|you| &you.user);
        let title = format!("{unread}{}{typing}", shown_name(&room.info, me));
        if title != self.title {
            voice.title(&title);
            self.title = title;
        }
    }

    /// Gives the title back.
    pub(super) fn leave(&self, voice: &mut Output) {
        if self.has_title && !self.title.is_empty() {
            voice.title("");
        }
    }
}

fn names(event: &Event, me: &UserName) -> bool {
    event.by != *me && matches!(&event.body, EventBody::Message(message) if is_mentioned(message, me))
}

/// Adds a bell, and bold if wanted (no-color.org).
fn bright(line: &str, bold: bool) -> String {
    if bold { format!("\x1b[1m{line}\x1b[0m\x07") } else { format!("{line}\x07") }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_say_to_one_is_bright() {
        let ann = UserName::parse("ann").unwrap();
        let event = |by: &str, text: &str| {
            let line = format!(r#"{{"room":"ops","seq":1,"at":1,"by":"{by}","kind":"message","text":"{text}"}}"#);
            Event::parse(line.as_bytes()).unwrap()
        };
        assert!(names(&event("ben", "hi @ann"), &ann));
        assert!(!names(&event("ann", "I am @ann"), &ann));
        let mut drawn = Drawn { is_bright: true, is_bold: true, ..Drawn::new(false) };
        assert!(drawn.event(&event("ben", "hi @ann"), Some(&ann)).unwrap().starts_with("\x1b[1m"));
        assert!(!drawn.event(&event("ben", "hi @ann"), None).unwrap().contains('\x1b'), "the past rings no bell");
        assert!(!drawn.event(&event("ben", "hi all"), Some(&ann)).unwrap().contains('\x1b'));
    }
}
