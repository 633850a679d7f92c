//! The members of a room. Most rooms have few, and there may be ten thousand rooms: a sorted list takes a quarter of
//! the memory of a hash map with one entry.

use wardroom_protocol::RoomRole;

use crate::store::UserId;

/// One member.
pub(super) struct Membership {
    pub(super) role: RoomRole,
    /// The last event that they have read.
    pub(super) read: u64,
    /// Unread messages that mention them, ascending. If there are too many, only the first.
    pub(super) mentions: Vec<u64>,
    /// False until `mentions` is read from disk.
    pub(super) has_mentions: bool,
    /// Changes with state that their connections must be told, but that no event tells.
    pub(super) touched: u64,
}

/// All members, ordered by user.
#[derive(Default)]
pub(super) struct Memberships(Vec<(UserId, Membership)>);

impl Memberships {
    pub(super) fn get(&self, user: UserId) -> Option<&Membership> {
        self.0.get(self.find(user).ok()?).map(|(_, member)| member)
    }

    pub(super) fn get_mut(&mut self, user: UserId) -> Option<&mut Membership> {
        let at = self.find(user).ok()?;
        self.0.get_mut(at).map(|(_, member)| member)
    }

    /// Adds a member, or replaces an existing one.
    pub(super) fn insert(&mut self, user: UserId, member: Membership) {
        match self.find(user) {
            Ok(at) => drop(self.0.get_mut(at).map(|found| found.1 = member)),
            Err(at) => {
                // Grows by a half. A list of one takes no more than one.
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(self.0.len() / 2 + 1);
                }
                self.0.insert(at, (user, member));
            }
        }
    }

    pub(super) fn remove(&mut self, user: UserId) {
        if let Ok(at) = self.find(user) {
            self.0.remove(at);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (UserId, &Membership)> {
        self.0.iter().map(|(user, member)| (*user, member))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (UserId, &mut Membership)> {
        self.0.iter_mut().map(|(user, member)| (*user, member))
    }

    fn find(&self, user: UserId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&user, |(user, _)| *user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(read: u64) -> Membership {
        Membership { role: RoomRole::Member, read, mentions: Vec::new(), has_mentions: true, touched: 0 }
    }

    #[test]
    fn members_come_change_and_go_in_any_order() {
        let mut members = Memberships::default();
        for user in [5, 1, 9, 3] {
            members.insert(UserId(user), member(0));
        }
        members.insert(UserId(9), member(7));
        members.remove(UserId(1));
        members.remove(UserId(2));
        let all: Vec<_> = members.iter().map(|(user, member)| (user.0, member.read)).collect();
        assert_eq!(all, [(3, 0), (5, 0), (9, 7)]);
        assert!(members.get(UserId(1)).is_none() && members.get_mut(UserId(3)).is_some());
    }
}
