//! Rules about rights in plain text: the same in `wardroom rights`, in a chat and over `nc`. The page has its own, in the
//! language of its user.

use crate::ids::UserName;
use crate::messages::{RightsList, RightsSet, RightsSetOk, RuleInfo};
use crate::role::Role;
use crate::visible::visible;

/// Names in a sentence: as many as somebody reads.
const NAMES_SHOWN_MAX: usize = 5;

impl RuleInfo {
    /// Returns one line, without the time: `run        ann                   in ops on db1                     by adm`.
    pub fn line(&self) -> String {
        let place = place_words(self.room.as_ref().map(|room| room.as_str()), self.host.as_deref());
        format!("{:<9}  {:<20}  {place:<32}  by {}", self.right.as_str(), self.user.as_str(), self.by)
    }
}

impl RightsList {
    /// Says what holds if the list is empty. Admins see all rules about the rooms that they read.
    pub fn none_words(&self, role: Role) -> String {
        let (none, place) = match &self.user {
            Some(user) => (format!("no rules name {user}"), String::new()),
            None => {
                ("no rules".to_owned(), place_words(self.room.as_ref().map(|room| room.as_str()), self.host.as_deref()))
            }
        };
        let space = if place.is_empty() { "" } else { " " };
        if role < Role::Admin {
            return format!("{none}{space}{place} that you may see: roles decide who may run commands");
        }
        let holds = "operators run commands and approve them in the rooms that they are members of; each named command \
                     says who runs it";
        if self.user.is_some() { none } else { format!("{none}{space}{place}: {holds}") }
    }
}

impl RightsSet {
    /// Says who has the right, once the change is made.
    pub fn done_words(&self, done: &RightsSetOk) -> String {
        let (what, place) = (self.right.what(), self.place_words());
        if done.named.is_empty() {
            return format!("no rules {place}: roles decide again who may {what} there");
        }
        let names: Vec<&str> = done.named.iter().map(UserName::as_str).collect();
        format!("only {} and admins may now {what} {place}", names.join(", "))
    }

    /// Says before a change from whom it takes the right; `None` if from nobody.
    pub fn warning(&self, checked: &RightsSetOk) -> Option<String> {
        let RightsSetOk { named, losers, more, .. } = checked;
        let count = u64::try_from(losers.len()).unwrap_or(u64::MAX).saturating_add(*more);
        let lose = match count {
            0 => return None,
            1 => "1 person loses that".to_owned(),
            count => format!("{count} people lose that"),
        };
        let (what, place) = (self.right.what(), self.place_words());
        let everywhere = if self.room.is_none() { ", in all rooms" } else { "" };
        let (named, losers) = (names_words(named, 0), names_words(losers, *more));
        Some(format!("after this, only {named} and admins may {what} {place}{everywhere}; {lose}: {losers}"))
    }

    /// Returns `in ops on db1`.
    fn place_words(&self) -> String {
        place_words(self.room.as_ref().map(|room| room.as_str()), self.host.as_deref())
    }
}

fn place_words(room: Option<&str>, host: Option<&str>) -> String {
    match (room, host) {
        (None, None) => String::new(),
        (Some(room), None) => format!("in {}", visible(room)),
        (None, Some(host)) => format!("on {}", visible(host)),
        (Some(room), Some(host)) => format!("in {} on {}", visible(room), visible(host)),
    }
}

/// Returns `ann, ben`, or the first of them and how many there are besides, of which `more` are not in the list.
fn names_words(names: &[UserName], more: u64) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_SHOWN_MAX).map(UserName::as_str).collect();
    let hidden = u64::try_from(names.len().saturating_sub(shown.len())).unwrap_or(u64::MAX).saturating_add(more);
    let rest = if hidden == 0 { String::new() } else { format!(" and {hidden} more") };
    shown.join(", ") + &rest
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn set() -> RightsSet {
        serde_json::from_str(r#"{"right":"run","user":"ann","host":"db1","allow":true}"#).unwrap()
    }

    fn answer(json: &str) -> RightsSetOk {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_rule_is_one_line_and_nothing_raw_is_shown() {
        let rule: RuleInfo = serde_json::from_str(
            r#"{"n":4,"right":"run-named","user":"ann","room":"ops","host":"db1\u001b[2J","by":"adm","at":0}"#,
        )
        .unwrap();
        let line = rule.line();
        assert!(line.starts_with("run-named  ann                   in ops on db1␛[2J"), "{line}");
    }

    #[test]
    fn without_rules_it_is_said_what_holds() {
        let list = |json: &str| serde_json::from_str::<RightsList>(json).unwrap();
        let words = list(r#"{}"#).none_words(Role::Admin);
        assert!(words.starts_with("no rules: operators run commands and approve them"), "{words}");
        let words = list(r#"{"room":"ops","host":"db1"}"#).none_words(Role::Admin);
        assert!(words.starts_with("no rules in ops on db1: operators run commands"), "{words}");
        assert_eq!(list(r#"{"user":"mia"}"#).none_words(Role::Admin), "no rules name mia");
        let words = list(r#"{"room":"ops"}"#).none_words(Role::Operator);
        assert_eq!(words, "no rules in ops that you may see: roles decide who may run commands");
    }

    #[test]
    fn a_change_says_who_has_the_right_now() {
        let done = answer(r#"{"changed":true,"named":["ann","ben"]}"#);
        assert_eq!(set().done_words(&done), "only ann, ben and admins may now run commands on db1");
        let none = answer(r#"{"changed":true,"named":[]}"#);
        assert_eq!(set().done_words(&none), "no rules on db1: roles decide again who may run commands there");
    }

    #[test]
    fn a_warning_says_who_keeps_the_right_and_who_loses_it() {
        let warning = |json: &str| set().warning(&answer(json));
        assert_eq!(warning(r#"{"changed":true,"named":["ann"]}"#), None);
        let one = "after this, only ann and admins may run commands on db1, in all rooms; 1 person loses that: ben";
        assert_eq!(warning(r#"{"changed":true,"named":["ann"],"losers":["ben"]}"#).as_deref(), Some(one));
        let many = warning(r#"{"changed":true,"named":["ann"],"losers":["b","c","d","e","f","g"],"more":3}"#).unwrap();
        assert!(many.ends_with("9 people lose that: b, c, d, e, f and 4 more"), "{many}");
    }
}
