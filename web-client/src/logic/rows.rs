//! A timeline as rows: days, the line at the first unread, and lines grouped by author and minute. Called by the
//! timeline when its room moved, so that it is made to cost little for ten thousand lines; knows neither words nor elements.

use std::collections::HashSet;
use std::sync::Arc;

use wardroom_client_core::{PendingPost, PostState};
use wardroom_protocol::{Event, EventBody, RunId};

use crate::text::format::LocalTime;

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A day begins: the local day, a time in it, and its first line.
    Day {
        /// As [`LocalTime::day`].
        day: i64,
        /// Unix milliseconds of its first line.
        at: u64,
        /// The place of that line.
        seq: u64,
    },
    /// From this line on all is new.
    New(u64),
    /// An event.
    Line {
        /// It.
        event: Arc<Event>,
        /// It begins a group: its author and time are shown.
        is_first: bool,
    },
    /// One's own post that does not stand yet.
    Pending {
        /// It.
        post: PendingPost,
        /// How many stand before it.
        nth: u32,
        /// It begins a group.
        is_first: bool,
    },
}

/// Where a row stands among the others: ordered, and the same when lines come before or after it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RowAt(u64, u32);

impl RowAt {
    /// Where a line stands.
    pub fn line(seq: u64) -> Self {
        RowAt(seq, 2)
    }

    /// The line that it is, or that it stands before; `None` for what has no place in the room yet.
    pub fn seq(self) -> Option<u64> {
        (self.0 != u64::MAX).then_some(self.0)
    }
}

impl Row {
    /// A key for a list: unique in it, and the same as long as the row is the same thing. A post has that of its mark
    /// before and after it stands, so that its element stays.
    pub fn key(&self) -> String {
        match self {
            Row::Day { day, .. } => format!("d{day}"),
            Row::New(_) => "new".to_owned(),
            Row::Line { event, .. } => match &event.nonce {
                Some(nonce) if matches!(event.body, EventBody::Message(_)) => format!("n{nonce}"),
                _ => format!("s{}", event.seq),
            },
            Row::Pending { post, .. } => format!("n{}", post.nonce),
        }
    }

    /// Where it stands.
    pub fn at(&self) -> RowAt {
        match self {
            Row::Day { seq, .. } => RowAt(*seq, 0),
            Row::New(seq) => RowAt(*seq, 1),
            Row::Line { event, .. } => RowAt::line(event.seq),
            Row::Pending { nth, .. } => RowAt(u64::MAX, *nth),
        }
    }

    /// The line, if it is one.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Row::Line { event, .. } => Some(event.seq),
            _ => None,
        }
    }
}

/// What rows are made of.
pub struct Source<'a, E> {
    /// The lines that are drawn, oldest first.
    pub events: E,
    /// One's own posts that do not stand yet.
    pub pending: &'a [PendingPost],
    /// Lines after this one are new, if there are any; `None` for no such divider.
    pub new_after: Option<u64>,
    /// Who one is.
    pub me: &'a str,
}

/// Makes the rows.
pub fn rows<'a, E>(source: Source<'a, E>, local: impl Fn(u64) -> LocalTime) -> Vec<Row>
where
    E: Iterator<Item = &'a Arc<Event>>,
{
    let mut builder = Builder { rows: Vec::with_capacity(source.events.size_hint().0), last: None, day: None, local };
    let mut new_after = source.new_after;
    let mut starts: HashSet<RunId> = HashSet::new();
    let mut last_seq = 0;
    for event in source.events {
        last_seq = event.seq;
        // What amends a message is seen in the message.
        if event.body.target().is_some() {
            continue;
        }
        // The card of a run says how it ended; a line of its own is wanted only where other things lie between.
        match &event.body {
            EventBody::RunStarted(started) => {
                starts.insert(started.run);
            }
            EventBody::RunEnded(ended) if starts.remove(&ended.run) => continue,
            EventBody::RunEnded(_) => {}
            _ => starts.clear(),
        }
        let local = (builder.local)(event.at);
        let day_began = builder.day(local.day, event.at, event.seq);
        if new_after.is_some_and(|after| event.seq > after && event.by.as_str() != source.me) {
            new_after = None;
            builder.rows.push(Row::New(event.seq));
            builder.last = None;
        }
        let is_first = builder.begins_group(event.by.as_str(), local, is_spoken(&event.body)) || day_began;
        builder.rows.push(Row::Line { event: event.clone(), is_first });
    }
    for (nth, post) in (0..).zip(source.pending) {
        // It stands, and its line is here: it must not be seen twice.
        if matches!(post.state, PostState::Stood(seq) if seq <= last_seq) {
            continue;
        }
        let local = (builder.local)(post.at_ms);
        let day_began = builder.day(local.day, post.at_ms, u64::MAX);
        let is_first = builder.begins_group(source.me, local, true) || day_began;
        builder.rows.push(Row::Pending { post: post.clone(), nth, is_first });
    }
    builder.rows
}

/// Words follow words without the author being named again; an act is always told with its author.
fn is_spoken(body: &EventBody) -> bool {
    matches!(body, EventBody::Message(_))
}

struct Builder<'a, L> {
    rows: Vec<Row>,
    /// Author, local day and minute of the line before.
    last: Option<(&'a str, i64, u16)>,
    day: Option<i64>,
    local: L,
}

impl<'a, L: Fn(u64) -> LocalTime> Builder<'a, L> {
    fn day(&mut self, day: i64, at: u64, seq: u64) -> bool {
        // Clocks that differ a little around midnight must not tear a day apart.
        if self.day.is_some_and(|known| day <= known) {
            return false;
        }
        self.day = Some(day);
        self.rows.push(Row::Day { day, at, seq });
        true
    }

    fn begins_group(&mut self, by: &'a str, local: LocalTime, is_spoken: bool) -> bool {
        let minute = u16::from(local.hour) * 60 + u16::from(local.minute);
        let is_same = self.last.is_some_and(|(b, d, m)| b == by && d == local.day && m == minute);
        self.last = is_spoken.then_some((by, local.day, minute));
        !(is_same && is_spoken)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;
    const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn event(seq: u64, by: &str, at: u64, rest: &str) -> Arc<Event> {
        let json = format!(r#"{{"room":"ops","seq":{seq},"at":{at},"by":"{by}",{rest}}}"#);
        Arc::new(Event::parse(json.as_bytes()).unwrap())
    }

    fn said(seq: u64, by: &str, at: u64) -> Arc<Event> {
        event(seq, by, at, r#""kind":"message","text":"x""#)
    }

    fn made(events: &[Arc<Event>], pending: &[PendingPost], new_after: Option<u64>) -> Vec<Row> {
        let source = Source { events: events.iter(), pending, new_after, me: "me" };
        rows(source, |at| LocalTime::new(at, 0))
    }

    fn shape(rows: &[Row]) -> String {
        rows.iter()
            .map(|row| match row {
                Row::Day { .. } => "D".to_owned(),
                Row::New(_) => "N".to_owned(),
                Row::Line { event, is_first } => format!("{}{}", event.seq, if *is_first { "!" } else { "" }),
                Row::Pending { is_first, .. } => format!("p{}", if *is_first { "!" } else { "" }),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn lines_are_grouped_by_author_and_minute() {
        let lines = [said(1, "ann", 0), said(2, "ann", 59_999), said(3, "ann", MINUTE), said(4, "ben", MINUTE)];
        assert_eq!(shape(&made(&lines, &[], None)), "D 1! 2 3! 4!");
    }

    #[test]
    fn days_divide_and_never_go_back() {
        let day = 1440 * MINUTE;
        let lines = [said(1, "ann", day - 1), said(2, "ann", day), said(3, "ann", day - 1)];
        assert_eq!(shape(&made(&lines, &[], None)), "D 1! D 2! 3!");
    }

    #[test]
    fn new_lines_are_marked_once_and_ones_own_are_not_new() {
        let lines = [said(1, "ann", 0), said(2, "me", 1), said(3, "ann", 2), said(4, "ann", 3)];
        assert_eq!(shape(&made(&lines, &[], Some(1))), "D 1! 2! N 3! 4");
        assert_eq!(shape(&made(&lines, &[], Some(4))), "D 1! 2! 3! 4");
    }

    #[test]
    fn a_run_that_ended_at_once_is_one_line() {
        let started = format!(r#""kind":"run.started","run":"{RUN}","n":4,"cmd":"true","host":"local""#);
        let ended = format!(r#""kind":"run.ended","run":"{RUN}","n":4,"exit":{{"code":0}},"bytes":0,"ms":3"#);
        let at_once = [event(1, "ann", 0, &started), event(2, "ann", 1, &ended)];
        assert_eq!(shape(&made(&at_once, &[], None)), "D 1!");
        let later = [event(1, "ann", 0, &started), said(2, "ben", 1), event(3, "ann", 2, &ended)];
        assert_eq!(shape(&made(&later, &[], None)), "D 1! 2! 3!");
        assert_eq!(shape(&made(&later[2..], &[], None)), "D 3!");
    }

    #[test]
    fn a_post_is_seen_once_and_keeps_its_key() {
        let post = |nonce: &str, state| PendingPost {
            nonce: nonce.parse().unwrap(),
            room: "ops".parse().unwrap(),
            text: "x".to_owned(),
            reply_to: None,
            run: None,
            at_ms: 5,
            state,
        };
        let line = event(1, "me", 5, r#""kind":"message","text":"x","nonce":"a""#);
        let pending = [post("a", PostState::Stood(1)), post("b", PostState::Pending)];
        let rows = made(&[line], &pending, None);
        assert_eq!(shape(&rows), "D 1! p");
        assert_eq!(rows[1].key(), "na");
        let before = made(&[], &pending[..1], None);
        assert_eq!(before[1].key(), "na");
    }

    #[test]
    fn what_amends_is_no_row() {
        let lines =
            [said(1, "ann", 0), event(2, "ann", 1, r#""kind":"edit","target":1,"text":"y""#), said(3, "ann", 2)];
        assert_eq!(shape(&made(&lines, &[], None)), "D 1! 3");
    }

    #[test]
    fn rows_stand_in_order() {
        let lines = [said(1, "ann", 0), said(2, "ben", 1440 * MINUTE)];
        let rows = made(&lines, &[], Some(1));
        assert!(rows.is_sorted_by_key(Row::at) && rows.len() == 5);
        assert!(rows.iter().any(|row| row.at() == RowAt::line(2)));
    }

    #[test]
    fn keys_are_unique() {
        let lines = [said(1, "ann", 0), said(2, "ann", 1440 * MINUTE)];
        let keys: HashSet<String> = made(&lines, &[], Some(0)).iter().map(Row::key).collect();
        assert_eq!(keys.len(), 5);
    }
}
