//! Turns a timeline into rows: day headings, the unread divider, lines grouped by author and time, and folded joins and
//! settings. Called after each change of the room, so it must be cheap for ten thousand lines. It knows neither words
//! nor elements.

use std::collections::HashSet;
use std::sync::Arc;

use wardroom_client_core::{PendingPost, PostState};
use wardroom_protocol::attribution::Attribution;
use wardroom_protocol::{Event, EventBody, RunId};

use super::fold::is_folded;
use super::row::Row;
use crate::text::format::LocalTime;

/// The source of the rows.
pub struct RowSource<'a, E> {
    /// The loaded lines, oldest first.
    pub events: E,
    /// The user's own unconfirmed posts.
    pub pending: &'a [PendingPost],
    /// Lines after this one are new; `None` for no divider.
    pub new_after: Option<u64>,
    /// The signed-in user.
    pub me: &'a str,
    /// Folds that contain one of these lines are open.
    pub unfolded: &'a HashSet<u64>,
}

/// Builds the rows.
pub fn rows<'a, E>(source: RowSource<'a, E>, local: impl Fn(u64) -> LocalTime) -> Vec<Row>
where
    E: Iterator<Item = &'a Arc<Event>>,
{
    let rows = Vec::with_capacity(source.events.size_hint().0);
    let mut builder = Builder {
        rows,
        attribution: Attribution::default(),
        day: None,
        fold: Vec::new(),
        unfolded: source.unfolded,
        local,
    };
    let mut new_after = source.new_after;
    let mut starts: HashSet<RunId> = HashSet::new();
    let mut last_seq = 0;
    for event in source.events {
        last_seq = event.seq;
        // Amendments are shown in the message that they amend.
        if event.body.target().is_some() {
            continue;
        }
        // The card of a run shows its end. It needs a line of its own only if the card is not loaded.
        match &event.body {
            EventBody::RunStarted(started) => {
                starts.insert(started.run);
                // The card of a group's first run shows all of them.
                if started.group.is_some_and(|group| group != started.run && starts.contains(&group)) {
                    continue;
                }
            }
            EventBody::RunEnded(ended) if starts.remove(&ended.run) => continue,
            _ => {}
        }
        let local = (builder.local)(event.at);
        let day_begins = builder.day.is_none_or(|known| local.day > known);
        let is_new = new_after.is_some_and(|after| event.seq > after && event.by.as_str() != source.me);
        if day_begins || is_new || !is_folded(&event.body) {
            builder.end_fold();
        }
        builder.day(local.day, event.at, event.seq);
        if is_new {
            new_after = None;
            builder.rows.push(Row::UnreadDivider(event.seq));
            builder.attribution.end_group();
        }
        if is_folded(&event.body) {
            builder.attribution.end_group();
            builder.fold.push(event.clone());
            continue;
        }
        let is_first = builder.shows_author(event.by.as_str(), event.at, lines_of(&event.body));
        builder.rows.push(Row::Line { event: event.clone(), is_first });
    }
    builder.end_fold();
    for (nth, post) in (0..).zip(source.pending) {
        // It is confirmed, and its line is loaded: do not show it twice.
        if matches!(post.state, PostState::Posted(seq) if seq <= last_seq) {
            continue;
        }
        let local = (builder.local)(post.at_ms);
        let day_began = builder.day(local.day, post.at_ms, u64::MAX);
        let lines = Some(lines_of_text(&post.text)).filter(|_| post.reply_to.is_none());
        let is_first = builder.shows_author(source.me, post.at_ms, lines) || day_began;
        builder.rows.push(Row::Pending { post: post.clone(), nth, is_first });
    }
    builder.rows
}

/// Roughly how many lines a message has. `None` for lines that always show their author: replies, runs and files.
fn lines_of(body: &EventBody) -> Option<usize> {
    match body {
        EventBody::Message(message) if message.reply_to.is_none() => Some(lines_of_text(&message.text)),
        _ => None,
    }
}

fn lines_of_text(text: &str) -> usize {
    const CHARS_PER_LINE: usize = 90;
    1 + text.bytes().filter(|byte| *byte == b'\n').count() + text.len() / CHARS_PER_LINE
}

struct Builder<'a, L> {
    rows: Vec<Row>,
    attribution: Attribution<&'a str>,
    day: Option<i64>,
    /// Events to fold.
    fold: Vec<Arc<Event>>,
    unfolded: &'a HashSet<u64>,
    local: L,
}

impl<'a, L: Fn(u64) -> LocalTime> Builder<'a, L> {
    fn day(&mut self, day: i64, at: u64, seq: u64) -> bool {
        // Clocks that differ a little around midnight must not split a day.
        if self.day.is_some_and(|known| day <= known) {
            return false;
        }
        self.day = Some(day);
        self.attribution.end_group();
        self.rows.push(Row::Day { day, at, seq });
        true
    }

    /// True if this line shows its author and time. `lines` is `None` for a line that always does.
    fn shows_author(&mut self, by: &'a str, at_ms: u64, lines: Option<usize>) -> bool {
        let Some(lines) = lines else {
            self.attribution.end_group();
            return true;
        };
        self.attribution.starts_group(by, at_ms, lines)
    }

    fn end_fold(&mut self) {
        let events = std::mem::take(&mut self.fold);
        let is_open = events.iter().any(|event| self.unfolded.contains(&event.seq));
        let lines = |events: &[Arc<Event>]| {
            events.iter().map(|event| Row::Line { event: event.clone(), is_first: false }).collect::<Vec<_>>()
        };
        match events.len() {
            0 => {}
            1 => self.rows.extend(lines(&events)),
            _ => {
                let shown = if is_open { lines(&events) } else { Vec::new() };
                self.rows.push(Row::Fold { events, is_open });
                self.rows.extend(shown);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use wardroom_protocol::limits::GROUP_LINES_MAX;

    use super::*;
    use crate::logic::row::RowPosition;

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
        unfolded(events, pending, new_after, &[])
    }

    fn unfolded(events: &[Arc<Event>], pending: &[PendingPost], new_after: Option<u64>, open: &[u64]) -> Vec<Row> {
        let unfolded = open.iter().copied().collect();
        let source = RowSource { events: events.iter(), pending, new_after, me: "me", unfolded: &unfolded };
        rows(source, |at| LocalTime::new(at, 0))
    }

    fn shape(rows: &[Row]) -> String {
        rows.iter()
            .map(|row| match row {
                Row::Day { .. } => "D".to_owned(),
                Row::UnreadDivider(_) => "N".to_owned(),
                Row::Line { event, is_first } => format!("{}{}", event.seq, if *is_first { "!" } else { "" }),
                Row::Fold { events, is_open } => format!("f{}{}", events.len(), if *is_open { "+" } else { "" }),
                Row::Pending { is_first, .. } => format!("p{}", if *is_first { "!" } else { "" }),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn lines_are_grouped_by_author_and_time() {
        let later = 4 * MINUTE;
        let lines = [said(1, "ann", 0), said(2, "ann", later), said(3, "ann", later + MINUTE), said(4, "ben", later)];
        assert_eq!(shape(&made(&lines, &[], None)), "D 1! 2 3! 4!");
        let answer = event(2, "ann", 0, r#""kind":"message","text":"x","reply_to":1"#);
        assert_eq!(shape(&made(&[said(1, "ann", 0), answer, said(3, "ann", 0)], &[], None)), "D 1! 2! 3!");
    }

    #[test]
    fn a_long_group_names_its_author_again() {
        let lines: Vec<_> = (1..=60).map(|seq| said(seq, "ann", 0)).collect();
        let firsts = |rows: &[Row]| {
            let first = |row: &&Row| matches!(row, Row::Line { is_first: true, .. });
            rows.iter().filter(first).filter_map(Row::seq).collect::<Vec<_>>()
        };
        let lines_max = GROUP_LINES_MAX as u64;
        assert_eq!(firsts(&made(&lines, &[], None)), [1, 1 + lines_max, 1 + 2 * lines_max]);
        let long = event(2, "ann", 0, &format!(r#""kind":"message","text":"{}""#, "x\\n".repeat(GROUP_LINES_MAX)));
        assert_eq!(firsts(&made(&[said(1, "ann", 0), long, said(3, "ann", 0)], &[], None)), [1, 3]);
    }

    #[test]
    fn joins_and_settings_are_one_row() {
        let join = |seq: u64| event(seq, &format!("u{seq}"), 0, r#""kind":"join""#);
        let topic = |seq: u64| event(seq, "ann", 0, r#""kind":"topic","text":"x""#);
        let lines = [join(1), topic(2), said(3, "ann", 0), join(4), said(5, "ann", 0), topic(6), join(7), join(8)];
        let rows = made(&lines, &[], None);
        assert_eq!(shape(&rows), "D f2 3! 4 5! f3");
        assert!(rows.is_sorted_by_key(Row::at));
        assert_eq!(rows.iter().filter_map(Row::seq).collect::<Vec<_>>(), [2, 3, 4, 5, 8]);
        // A jump to one of them finds the row.
        let found = crate::logic::window::index_of(&rows, RowPosition::line(7));
        assert!(matches!(&rows[found], Row::Fold { events, .. } if events.len() == 3));
        let open = unfolded(&lines, &[], None, &[7]);
        assert_eq!(shape(&open), "D f2 3! 4 5! f3+ 6 7 8");
        assert!(open.is_sorted_by_key(Row::at));
        // The divider and a new day end a fold.
        assert_eq!(shape(&made(&lines, &[], Some(7))), "D f2 3! 4 5! f2 N 8");
        let next_day = [join(1), event(2, "ben", 1440 * MINUTE, r#""kind":"join""#)];
        assert_eq!(shape(&made(&next_day, &[], None)), "D 1 D 2");
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
    fn a_run_is_one_line_from_start_to_end() {
        let started = format!(r#""kind":"run.started","run":"{RUN}","n":4,"cmd":"true","host":"local""#);
        let ended = format!(r#""kind":"run.ended","run":"{RUN}","n":4,"exit":{{"code":0}},"bytes":0,"ms":3"#);
        let at_once = [event(1, "ann", 0, &started), event(2, "ann", 1, &ended)];
        assert_eq!(shape(&made(&at_once, &[], None)), "D 1!");
        let later = [event(1, "ann", 0, &started), said(2, "ben", 1), event(3, "ann", 2, &ended)];
        assert_eq!(shape(&made(&later, &[], None)), "D 1! 2!");
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
        let pending = [post("a", PostState::Posted(1)), post("b", PostState::Pending)];
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
        assert!(rows.iter().any(|row| row.at() == RowPosition::line(2)));
    }

    #[test]
    fn keys_are_unique() {
        let lines = [said(1, "ann", 0), said(2, "ann", 1440 * MINUTE)];
        let keys: HashSet<String> = made(&lines, &[], Some(0)).iter().map(Row::key).collect();
        assert_eq!(keys.len(), 5);
    }
}
