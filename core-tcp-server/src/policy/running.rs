//! Who may run, type, and approve: the one place where roles and rules are put together. A refusal says what is missing,
//! where, and who can give it.
//!
//! A rule replaces the role `operator` and nothing else: an account that only reads, a reader of the room, somebody who is
//! not in it, a bot and a closed account have none of these rights, whatever rules name them.

use std::sync::Arc;

use wardroom_protocol::Role;
use wardroom_protocol::messages::{Level, Right};

use super::{InputRight, Member, OperatorIn, SpeakerIn};
use crate::accounts::Accounts;
use crate::error::Error;
use crate::rooms::Room;
use crate::rules::{Rules, Standing};
use crate::store::UserId;

/// Names in a refusal: as many as somebody reads.
const NAMES_SHOWN_MAX: usize = 5;

/// The rules, and the accounts that they name.
#[derive(Clone, Copy)]
pub struct Ruled<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The accounts.
    pub accounts: &'a Accounts,
}

/// Why somebody who may speak in a room has no right.
enum Missing {
    /// Bots have none.
    Bot,
    /// It is for nobody.
    Anybody,
    /// It is for owners.
    Owner,
    /// It is for operators.
    Operator,
    /// Rules do not name the user.
    Rule(Standing),
}

impl Member {
    /// Checks the right to run any command in a room on a host, or to approve one.
    ///
    /// # Errors
    /// `not_found` (the room), `forbidden`; `conflict` if the room is archived.
    pub fn may(&self, ruled: Ruled<'_>, right: Right, room: &Arc<Room>, host: &str) -> Result<OperatorIn, Error> {
        let SpeakerIn { room } = self.speaker_there(room)?;
        self.check_ruled(ruled, right, &room, Some(host), Level::Operator, right.what())?;
        Ok(OperatorIn { room })
    }

    /// Checks the right to run a named command that allows a level.
    ///
    /// # Errors
    /// As [`Member::may`].
    pub fn may_run_named(
        &self,
        ruled: Ruled<'_>,
        room: &Arc<Room>,
        host: &str,
        (name, allow): (&str, Level),
    ) -> Result<OperatorIn, Error> {
        let SpeakerIn { room } = self.speaker_there(room)?;
        self.check_ruled(ruled, Right::RunNamed, &room, Some(host), allow, &format!("run /{name}"))?;
        Ok(OperatorIn { room })
    }

    /// Checks whether this member has a right in a room as far as the room is concerned: hosts may have rules of their
    /// own.
    ///
    /// # Errors
    /// As [`Member::may`].
    pub fn may_in(&self, ruled: Ruled<'_>, right: Right, room: &Arc<Room>) -> Result<OperatorIn, Error> {
        let SpeakerIn { room } = self.speaker_there(room)?;
        let level = if right == Right::RunNamed { Level::Member } else { Level::Operator };
        self.check_ruled(ruled, right, &room, None, level, right.what())?;
        Ok(OperatorIn { room })
    }

    /// Refuses those who may run commands on no host at all, without naming any.
    ///
    /// # Errors
    /// As [`Member::may`].
    pub fn might_run(&self, ruled: Ruled<'_>, room: &Arc<Room>) -> Result<SpeakerIn, Error> {
        self.open_account()?;
        if self.user.role() < Role::Member {
            return Err(self.no_operator(Right::Run.what(), room));
        }
        let there = self.speaker_there(room)?;
        let is_possible = self.user.role() >= Role::Operator || ruled.rules.may_name(Right::Run, room.id, self.user.id);
        if is_possible && !self.user.is_bot { Ok(there) } else { Err(self.no_operator(Right::Run.what(), room)) }
    }

    /// Checks the right to type into a run: that to run commands in its room on its host, and that of every admin who sees
    /// the room. Who has the keyboard of a run is another question.
    ///
    /// # Errors
    /// `not_found` (the room), `forbidden`.
    pub fn may_type(&self, ruled: Ruled<'_>, room: &Arc<Room>, host: &str) -> Result<InputRight, Error> {
        self.speaker()?;
        self.still_reads(room)?;
        if self.user.role() < Role::Admin {
            self.active_there(room)?;
            self.check_ruled(ruled, Right::Run, room, Some(host), Level::Operator, Right::Run.what())?;
        }
        Ok(InputRight)
    }

    /// Returns true if this member has a right in a room on a host; without one, on hosts about which there are no rules.
    /// Named commands count if there could be one for members.
    pub fn has(&self, rules: &Rules, right: Right, room: &Arc<Room>, host: Option<&str>) -> bool {
        let level = if right == Right::RunNamed { Level::Member } else { Level::Operator };
        self.speaker_there(room).is_ok() && self.ruling(rules, right, room, host, level).is_ok()
    }

    /// Checks the right to end a run: that of who started it, and that of operators. What rules say about its host does not
    /// count, so that somebody can end what goes on there.
    ///
    /// # Errors
    /// `forbidden`
    pub fn may_end(&self, starter: UserId, room: &Room) -> Result<(), Error> {
        self.speaker()?;
        if starter == self.user.id || self.user.role() >= Role::Operator {
            return Ok(());
        }
        Err(Error::forbidden(format!(
            "a run is stopped by who started it, or by an operator: ask one of them in {}",
            room.name
        )))
    }

    /// Decides for somebody who may speak in the room. `what` is what they want to do.
    fn check_ruled(
        &self,
        ruled: Ruled<'_>,
        right: Right,
        room: &Arc<Room>,
        host: Option<&str>,
        level: Level,
        what: &str,
    ) -> Result<(), Error> {
        let name = &room.name;
        self.ruling(ruled.rules, right, room, host, level).map_err(|missing| match missing {
            Missing::Bot => Error::forbidden("a bot runs nothing"),
            Missing::Anybody => Error::forbidden(format!("nobody may {what} in {name}")),
            Missing::Owner => Error::forbidden(format!("only owners of {name} and admins may {what}")),
            Missing::Operator => self.no_operator(what, room),
            Missing::Rule(missing) => self.not_named(ruled, right, room, host, level, (what, missing)),
        })
    }

    /// The decision, without the words.
    fn ruling(
        &self,
        rules: &Rules,
        right: Right,
        room: &Arc<Room>,
        host: Option<&str>,
        level: Level,
    ) -> Result<(), Missing> {
        // Owners remain owners: a command for them is for nobody else.
        match level {
            _ if self.user.is_bot => return Err(Missing::Bot),
            Level::Nobody => return Err(Missing::Anybody),
            Level::Owner if !self.is_owner_of(room) => return Err(Missing::Owner),
            _ if self.user.role() >= Role::Admin => return Ok(()),
            _ => {}
        }
        match rules.standing(right, room.id, host, self.user.id) {
            Standing::Named => Ok(()),
            Standing::Free if level != Level::Operator || self.user.role() >= Role::Operator => Ok(()),
            Standing::Free => Err(Missing::Operator),
            missing => Err(Missing::Rule(missing)),
        }
    }

    fn no_operator(&self, what: &str, room: &Room) -> Error {
        let name = &room.name;
        if self.user.role() < Role::Member {
            return Error::forbidden(format!(
                "only operators {what} in {name}, and a viewer only reads: ask an admin for the role operator"
            ));
        }
        Error::forbidden(format!(
            "only operators {what} in {name}: ask an admin for the role operator, or for a rule that names you"
        ))
    }

    /// The refusal of somebody whom rules do not name: who may, and who can change that.
    fn not_named(
        &self,
        ruled: Ruled<'_>,
        right: Right,
        room: &Arc<Room>,
        host: Option<&str>,
        level: Level,
        (what, missing): (&str, Standing),
    ) -> Error {
        let may = |member: &Member| {
            member.speaker_there(room).is_ok()
                && ruled.rules.standing(right, room.id, host, member.user.id) == Standing::Named
                && (level != Level::Owner || member.is_owner_of(room))
        };
        let users = ruled.rules.users(right).into_iter().filter_map(|user| ruled.accounts.by_id(user));
        let names = users.filter(|user| may(&Member::unconnected(user))).map(|user| user.name.to_string()).collect();
        let (me, name) = (&self.user.name, &room.name);
        let on = host.map_or_else(String::new, |host| format!(" on {host}"));
        // The narrowest rule that suffices, and that takes the right from nobody else.
        let (place, who) = match (missing, host) {
            (Standing::NotOnHost, Some(host)) => (format!("--room {name} --host {host}"), "an admin"),
            _ if right == Right::Run => (format!("--room {name}"), "an admin"),
            _ => (format!("--room {name}"), "an owner of the room or an admin"),
        };
        Error::forbidden(format!(
            "you may not {what}{on} in {name}: {}; {who} can allow you: wardroom rights allow {me} {right} {place}",
            names_words(names)
        ))
    }
}

/// Returns `only ann, ben and admins may`.
fn names_words(mut names: Vec<String>) -> String {
    names.sort_unstable();
    let more = names.len().saturating_sub(NAMES_SHOWN_MAX);
    names.truncate(NAMES_SHOWN_MAX);
    match (names.is_empty(), more) {
        (true, _) => "only admins may".to_owned(),
        (_, 0) => format!("only {} and admins may", names.join(", ")),
        (_, more) => format!("only {}, {more} others and admins may", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_a_few() {
        let names = |count: u8| names_words((0..count).rev().map(|n| char::from(b'a' + n).to_string()).collect());
        assert_eq!(names(0), "only admins may");
        assert_eq!(names(1), "only a and admins may");
        assert_eq!(names(5), "only a, b, c, d, e and admins may");
        assert_eq!(names(7), "only a, b, c, d, e, 2 others and admins may");
    }
}
