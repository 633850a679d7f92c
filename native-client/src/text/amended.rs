//! Decides which amendments are news to a reader of lines: a message that was amended before it was read shows that
//! already, and its amendments follow it once more.

use std::collections::BTreeMap;

use wardroom_protocol::{Event, EventBody};

/// Messages that are remembered: those among a reader's first lines that were amended already. Beyond this, an old
/// amendment is shown once too often, which does no harm.
const MESSAGES_MAX: usize = 10_000;

/// The last amendment that is shown of each message.
#[derive(Debug, Default)]
pub(crate) struct Amended(BTreeMap<u64, u64>);

impl Amended {
    /// Returns true if this event contains something that was not shown before.
    pub(crate) fn is_news(&mut self, event: &Event) -> bool {
        if let EventBody::Message(message) = &event.body
            && let Some(amended) = message.amended
        {
            self.0.insert(event.seq, amended);
            if self.0.len() > MESSAGES_MAX {
                self.0.pop_first();
            }
        }
        let target = event.body.target();
        target.and_then(|target| self.0.get(&target)).is_none_or(|shown| event.seq > *shown)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_shows_already_is_no_news() {
        let mut amended = Amended::default();
        let mut is_news = |seq: u64, fields: &str| {
            let line = format!(r#"{{"room":"ops","seq":{seq},"at":1,"by":"ann",{fields}}}"#);
            amended.is_news(&Event::parse(line.as_bytes()).unwrap())
        };
        assert!(is_news(3, r#""kind":"message","text":"b","edited":true,"amended":5"#));
        assert!(!is_news(4, r#""kind":"edit","target":3,"text":"a""#));
        assert!(!is_news(5, r#""kind":"edit","target":3,"text":"b""#));
        assert!(is_news(6, r#""kind":"edit","target":3,"text":"c""#));
        assert!(is_news(7, r#""kind":"delete","target":2"#), "of a line from before");
    }
}
