//! The search command.

use std::fmt::Write as _;

use wardroom_protocol::messages::{Hit, HitKind};
use wardroom_protocol::query;
use wardroom_protocol::visible::visible;

use super::Session;
use crate::error::Error;
use crate::text::limits::HITS_SHOWN;

impl Session {
    /// Shows hits, newest first, each with its room and `seq`. Days in the query are in UTC.
    pub(super) async fn search(&self, line: &str) -> Result<(), Error> {
        let mut ask = query::read(line, query::day_utc).map_err(Error::bad_request)?;
        ask.limit = Some(HITS_SHOWN);
        let found = crate::search::search(&self.state, &self.member, ask).await?;
        let mut out = String::new();
        for hit in &found.hits {
            let (minute, day) = self.calendar.minute(hit.at);
            let (room, seq, by, text) = (&hit.room, hit.seq, &hit.by, visible(&hit.text));
            let lines = hit.lines_shown(found.more).map_or_else(String::new, |lines| format!("  ({lines} lines)"));
            let _ = writeln!(out, "# {day} {minute}  {room} {seq}  {by}{} {text}{lines}", what(hit));
        }
        match (found.hits.len(), found.next) {
            (0, _) => out.push_str("# No results\n"),
            (shown, Some(_)) => {
                let total = found.total_shown();
                let _ = writeln!(
                    out,
                    "# The {shown} newest of {total} results. Add words to narrow the search, or use the page."
                );
            }
            _ => {}
        }
        if found.behind > 0 {
            let _ = writeln!(out, "# The newest {} lines are not indexed yet.", found.behind);
        }
        self.tell_lines(out);
        Ok(())
    }
}

fn what(hit: &Hit) -> String {
    let n = hit.n.map_or_else(String::new, |n| format!(" [r{n}]"));
    match hit.kind {
        HitKind::Message => ":".to_owned(),
        HitKind::Run => format!("{n} ran:"),
        HitKind::Output => format!("{n} |"),
        HitKind::File => " added".to_owned(),
    }
}
