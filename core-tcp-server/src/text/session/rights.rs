//! Commands for the rules about who may run commands where.

use std::fmt::Write as _;

use wardroom_protocol::messages::RightsList;
use wardroom_protocol::slash::RightsLine;

use super::Session;
use crate::error::Error;
use crate::rights;

impl Session {
    pub(super) async fn rights(&self, line: RightsLine) -> Result<(), Error> {
        match line.here(&self.current()?.name) {
            RightsLine::List(list) => self.list_rights(list),
            RightsLine::Set(set) => {
                let done = rights::set(&self.state, &self.member, set.clone()).await?;
                self.tell(&set.done_words(&done));
                Ok(())
            }
        }
    }

    fn list_rights(&self, mut list: RightsList) -> Result<(), Error> {
        let mut out = String::new();
        loop {
            let listed = rights::list(&self.state, &self.member, &list)?;
            for rule in &listed.rules {
                let (minute, day) = self.calendar.minute(rule.at);
                let _ = writeln!(out, "# {} {day} {minute}", rule.line());
            }
            match listed.rules.last().filter(|_| listed.more) {
                Some(last) => list.after = Some(last.n),
                None => break,
            }
        }
        if out.is_empty() {
            self.tell(&list.none_words(self.member.user.role()));
            return Ok(());
        }
        self.tell_lines(out);
        Ok(())
    }
}
