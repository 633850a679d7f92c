//! The rules about who may run commands where, in memory. `policy` asks them; `rights` makes and removes them. What they
//! mean is in `docs/security.md`.

pub mod limits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rusqlite::Connection;
use wardroom_protocol::messages::{Right, RuledRight};

use self::limits::HOSTS_TOLD_MAX;
use crate::error::Error;
use crate::store::{RoomId, UserId, from_sql};

/// What a rule is about: a room, a host, or a host in one room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The room; `None` for all.
    pub room: Option<RoomId>,
    /// The name of the host; `None` for all.
    pub host: Option<String>,
}

/// One rule: it names one user.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The number of its row.
    pub n: u64,
    /// The right.
    pub right: Right,
    /// Whom it names.
    pub user: UserId,
    /// Where.
    pub place: Place,
    /// Who made it.
    pub by: UserId,
    /// When, in Unix milliseconds.
    pub at: u64,
}

/// What the rules say about a user who wants to do something in a room on a host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Nothing: the roles decide.
    Free,
    /// They name the user wherever they have to.
    Named,
    /// There are rules about the host, and none of them names the user.
    NotOnHost,
    /// There are rules about the room, and none of them names the user.
    NotInRoom,
}

/// All rules.
#[derive(Default)]
pub struct Rules {
    /// In the order of their numbers. Held for one look-up or change.
    all: RwLock<Vec<Rule>>,
}

impl Rules {
    /// Reads all rules.
    ///
    /// # Errors
    /// If the database fails.
    pub fn load(conn: &Connection) -> Result<Self, Error> {
        let mut statement = conn.prepare("SELECT n, what, user, room, host, by, at FROM rules ORDER BY n")?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let (what, room, host): (String, i64, String) = (row.get(1)?, row.get(3)?, row.get(4)?);
            all.push(Rule {
                n: from_sql(row.get(0)?),
                right: what.parse().map_err(Error::internal)?,
                user: UserId(row.get(2)?),
                place: Place { room: (room != 0).then_some(RoomId(room)), host: Some(host).filter(|h| !h.is_empty()) },
                by: UserId(row.get(5)?),
                at: from_sql(row.get(6)?),
            });
        }
        Ok(Self { all: RwLock::new(all) })
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Rule>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what the rules about a right say about a user, in a room and on a host. Without a host: on a host about
    /// which there are no rules.
    pub fn standing(&self, right: Right, room: RoomId, host: Option<&str>, user: UserId) -> Standing {
        // Whether there are rules, and whether one names the user.
        let (mut of_host, mut of_room, mut is_named_here) = ((false, false), (false, false), false);
        for rule in self.read().iter().filter(|rule| rule.right == right) {
            let names = rule.user == user;
            match (rule.place.room, rule.place.host.as_deref()) {
                (None, Some(on)) if Some(on) == host => of_host = (true, of_host.1 || names),
                (Some(of), None) if of == room => of_room = (true, of_room.1 || names),
                // A host in one room: it restricts the host there, and suffices for both.
                (Some(of), Some(on)) if of == room && Some(on) == host => {
                    (of_host.0, is_named_here) = (true, is_named_here || names);
                }
                _ => {}
            }
        }
        match (of_host, of_room) {
            _ if is_named_here => Standing::Named,
            ((true, false), _) => Standing::NotOnHost,
            (_, (true, false)) => Standing::NotInRoom,
            ((false, _), (false, _)) => Standing::Free,
            _ => Standing::Named,
        }
    }

    /// Returns true if some rule about this right names the user in this room, on whatever host.
    pub fn may_name(&self, right: Right, room: RoomId, user: UserId) -> bool {
        let is_there = |rule: &Rule| rule.place.room.is_none_or(|of| of == room);
        self.read().iter().any(|rule| rule.right == right && rule.user == user && is_there(rule))
    }

    /// Returns what the rules say about the rights of a user in a room. A role that may run decides where they say nothing;
    /// only then are there hosts that the user must be told not to have.
    pub fn told(&self, room: RoomId, user: UserId, is_operator: bool) -> Vec<RuledRight> {
        let all = self.read();
        let told = |right| {
            let mut here = None;
            // Whether rules about the host name the user, and rules about the host in the room.
            let mut hosts: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
            for rule in all.iter().filter(|rule| rule.right == right) {
                let names = rule.user == user;
                match (rule.place.room, rule.place.host.as_deref()) {
                    (None, Some(host)) => hosts.entry(host).or_default().0 |= names,
                    (Some(of), Some(host)) if of == room => hosts.entry(host).or_default().1 |= names,
                    (Some(of), None) if of == room => here = Some(here == Some(true) || names),
                    _ => {}
                }
            }
            let has = |(of_host, of_host_here): (bool, bool)| of_host_here || (of_host && here != Some(false));
            let of = |wanted: bool| {
                let hosts = hosts.iter().filter(|(_, named)| has(**named) == wanted);
                hosts.map(|(host, _)| (*host).to_owned()).take(HOSTS_TOLD_MAX).collect()
            };
            let off = if here.unwrap_or(is_operator) { of(false) } else { Vec::new() };
            RuledRight { right, here, on: of(true), off }
        };
        let is_news = |ruled: &RuledRight| ruled.here.is_some() || !ruled.on.is_empty() || !ruled.off.is_empty();
        Right::ALL.into_iter().map(told).filter(is_news).collect()
    }

    /// Returns the hosts about which there are rules, in whatever room.
    pub fn hosts(&self, right: Right) -> BTreeSet<String> {
        let all = self.read();
        all.iter().filter(|rule| rule.right == right).filter_map(|rule| rule.place.host.clone()).collect()
    }

    /// Returns true if there is a rule about a right in exactly this place.
    pub fn is_about(&self, right: Right, place: &Place) -> bool {
        self.read().iter().any(|rule| rule.right == right && rule.place == *place)
    }

    /// Returns the rules as they would be with this one.
    pub fn with(&self, rule: Rule) -> Self {
        let mut all = self.read().clone();
        all.push(rule);
        Self { all: RwLock::new(all) }
    }

    /// Returns those whom the rules about a right in this place name; for a host in a room, those who have it there.
    pub fn named(&self, right: Right, place: &Place) -> Vec<UserId> {
        if let (Some(room), Some(host)) = (place.room, &place.host) {
            let has = |user: &UserId| self.standing(right, room, Some(host), *user) == Standing::Named;
            return self.users(right).into_iter().filter(has).collect();
        }
        let is_it = |rule: &&Rule| rule.right == right && rule.place == *place;
        self.read().iter().filter(is_it).map(|rule| rule.user).collect()
    }

    /// Returns all users whom rules about a right name, each once.
    pub fn users(&self, right: Right) -> Vec<UserId> {
        let mut users: Vec<_> = self.read().iter().filter(|rule| rule.right == right).map(|rule| rule.user).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Returns the rules after this number.
    pub fn after(&self, n: u64) -> Vec<Rule> {
        self.read().iter().filter(|rule| rule.n > n).cloned().collect()
    }

    /// Adds a rule that is on disk.
    pub fn put(&self, rule: Rule) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// Removes a rule that is no longer on disk.
    pub fn remove(&self, n: u64) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).retain(|rule| rule.n != n);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const ANN: UserId = UserId(1);
    const BEN: UserId = UserId(2);
    const OPS: RoomId = RoomId(7);
    const DEV: RoomId = RoomId(8);

    fn rules(all: &[(UserId, Option<RoomId>, Option<&str>)]) -> Rules {
        let rules = Rules::default();
        for (n, (user, room, host)) in (1..).zip(all) {
            let place = Place { room: *room, host: host.map(str::to_owned) };
            rules.put(Rule { n, right: Right::Run, user: *user, place, by: ANN, at: 0 });
        }
        rules
    }

    fn of(rules: &Rules, room: RoomId, host: &str, user: UserId) -> Standing {
        rules.standing(Right::Run, room, Some(host), user)
    }

    #[test]
    fn a_rule_about_a_host_restricts_it_in_all_rooms() {
        let rules = rules(&[(ANN, None, Some("db1"))]);
        assert_eq!(of(&rules, OPS, "db1", ANN), Standing::Named);
        assert_eq!(of(&rules, DEV, "db1", BEN), Standing::NotOnHost);
        assert_eq!(of(&rules, OPS, "web1", BEN), Standing::Free);
        assert_eq!(rules.standing(Right::Approve, OPS, Some("db1"), BEN), Standing::Free, "another right");
        rules.remove(1);
        assert_eq!(of(&rules, OPS, "db1", BEN), Standing::Free);
    }

    #[test]
    fn a_rule_about_a_room_restricts_it_on_all_hosts() {
        let rules = rules(&[(ANN, Some(OPS), None)]);
        assert_eq!(of(&rules, OPS, "db1", ANN), Standing::Named);
        assert_eq!(of(&rules, OPS, "db1", BEN), Standing::NotInRoom);
        assert_eq!(of(&rules, DEV, "db1", BEN), Standing::Free);
    }

    #[test]
    fn a_rule_about_a_host_in_a_room_restricts_it_there() {
        let rules = rules(&[(ANN, Some(OPS), Some("db1"))]);
        assert_eq!(of(&rules, OPS, "db1", ANN), Standing::Named);
        assert_eq!(of(&rules, OPS, "db1", BEN), Standing::NotOnHost);
        for (room, host) in [(OPS, "web1"), (DEV, "db1")] {
            assert_eq!(of(&rules, room, host, BEN), Standing::Free);
        }
    }

    #[test]
    fn rules_about_both_must_both_be_met_and_one_about_the_host_in_the_room_meets_both() {
        let both = rules(&[(ANN, Some(OPS), None), (BEN, None, Some("db1"))]);
        assert_eq!(of(&both, OPS, "db1", ANN), Standing::NotOnHost);
        assert_eq!(of(&both, OPS, "db1", BEN), Standing::NotInRoom);
        let here = rules(&[(ANN, Some(OPS), None), (BEN, None, Some("db1")), (ANN, Some(OPS), Some("db1"))]);
        assert_eq!(of(&here, OPS, "db1", ANN), Standing::Named);
        assert_eq!(of(&here, OPS, "db1", BEN), Standing::NotInRoom);
        assert_eq!(of(&here, DEV, "db1", BEN), Standing::Named);
        let both = rules(&[(ANN, Some(OPS), None), (ANN, None, Some("db1"))]);
        assert_eq!(of(&both, OPS, "db1", ANN), Standing::Named);
    }

    #[test]
    fn what_a_user_is_told_is_what_is_decided() {
        use wardroom_protocol::messages::RoomInfo;
        use wardroom_protocol::{Role, RoomName, RoomRole};
        let places = [(None, Some("db1")), (Some(OPS), None), (Some(OPS), Some("db1")), (Some(DEV), Some("db1"))];
        // Each place without a rule, with one for ann, or with one for ben.
        for combination in 0..3_usize.pow(4) {
            let rule_of = |(at, (room, host)): (usize, (Option<RoomId>, Option<&'static str>))| {
                let whom = [None, Some(ANN), Some(BEN)][combination / 3_usize.pow(at as u32) % 3];
                whom.map(|user| (user, room, host))
            };
            let all: Vec<_> = places.into_iter().enumerate().filter_map(rule_of).collect();
            let rules = rules(&all);
            for (role, host) in
                [Role::Member, Role::Operator].into_iter().flat_map(|role| ["db1", "web1"].map(|h| (role, h)))
            {
                let info = RoomInfo {
                    joined: true,
                    role: Some(RoomRole::Member),
                    rules: rules.told(OPS, ANN, role >= Role::Operator),
                    ..RoomInfo::named(RoomName::parse("ops").unwrap())
                };
                let expected = match of(&rules, OPS, host, ANN) {
                    Standing::Free => role >= Role::Operator,
                    standing => standing == Standing::Named,
                };
                assert_eq!(info.allows(role, Right::Run, Some(host)), expected, "{role:?} on {host}: {all:?}");
            }
        }
        let others = rules(&[(BEN, None, Some("db1"))]);
        assert_eq!(others.told(OPS, ANN, false), [], "who may not run there learns no host");
    }

    #[test]
    fn who_is_named_for_a_host_is_named_there_in_each_room() {
        let rules = rules(&[(ANN, None, Some("db1")), (BEN, Some(OPS), Some("db1"))]);
        for user in [ANN, BEN] {
            assert_eq!(of(&rules, OPS, "db1", user), Standing::Named);
        }
        assert_eq!(of(&rules, DEV, "db1", BEN), Standing::NotOnHost);
        assert!(rules.may_name(Right::Run, OPS, BEN) && !rules.may_name(Right::Run, DEV, BEN));
    }
}
