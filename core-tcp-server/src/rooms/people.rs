//! Who is in a room, what they may do there, how far each has read, and how much each has not: the fold of the events up to
//! some place. An event costs the same however many members there are: what all have not read is counted once, and each
//! member keeps what that count was where they stand.

use std::collections::{HashMap, VecDeque};

use wardroom_protocol::RoomRole;
use wardroom_protocol::limits::UNREAD_MAX;

use crate::limits::{HERE_MENTIONS_MAX, MENTIONS_MAX};
use crate::store::{Amended, Mentions, UserId};

/// Who is in a room.
#[derive(Default)]
pub struct People {
    members: HashMap<UserId, Membership>,
    /// The last event that is in here.
    head: u64,
    /// Lines that count as unread, since the start of the core.
    total: i64,
    /// Whose they are: nobody's own are unread to them.
    by: HashMap<UserId, i64>,
    /// The last messages that name all, and whose they are, ascending.
    here: VecDeque<(u64, UserId)>,
    /// Amendments that changed a count. What was counted on disk while this moved is counted again.
    amendments: u64,
}

/// One member.
struct Membership {
    role: RoomRole,
    /// The last event that they have read.
    read: u64,
    count: Count,
    /// Unread messages that name them, ascending; the first of them, where they are too many.
    mentions: Vec<u64>,
    /// Moves with what their connections are to be told though no event tells it.
    touched: u64,
}

/// What a member has not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Count {
    /// Nobody has looked yet.
    Unknown,
    /// All lines of others, less these.
    Exact { base: i64 },
    /// As many as are counted, and it does not matter how many more. Some of them were taken back if it `is_stale`.
    Many { is_stale: bool },
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The last event.
    pub head: u64,
    /// The last event that they have read.
    pub read: u64,
    /// Lines of others after it, up to [`UNREAD_MAX`].
    pub unread: u64,
    /// Messages after it that name them, up to [`UNREAD_MAX`].
    pub mentions: u64,
    /// Another number than before, where that is to be told though no event tells it.
    pub touched: u64,
    /// False until it was looked up what they have not read.
    pub is_counted: bool,
}

/// From where a count on disk goes on in memory.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Count up to here.
    pub head: u64,
    /// What all have not read, but for the member's own, at that place.
    others: i64,
    amendments: u64,
}

/// What was counted on disk.
#[derive(Clone, Debug, Default)]
pub struct Recount {
    /// Lines of others from the read position to the mark; more than [`UNREAD_MAX`] means that there are more.
    pub unread: u64,
    /// Messages that name the member there, ascending.
    pub mentions: Vec<u64>,
}

impl People {
    /// Nobody yet, in a room whose last event is `head`.
    pub fn new(head: u64) -> Self {
        Self { head, ..Self::default() }
    }

    /// Messages that name all, ascending, as the store has them.
    pub fn set_here(&mut self, here: VecDeque<(u64, UserId)>) {
        self.here = here;
    }

    /// The last event.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// What a member may do; `None` for others.
    pub fn role(&self, user: UserId) -> Option<RoomRole> {
        self.members.get(&user).map(|member| member.role)
    }

    /// How far a member has read.
    pub fn read(&self, user: UserId) -> Option<u64> {
        self.members.get(&user).map(|member| member.read)
    }

    /// All members.
    pub fn all(&self) -> impl Iterator<Item = (UserId, RoomRole)> {
        self.members.iter().map(|(user, member)| (*user, member.role))
    }

    /// A member as the store has them.
    pub fn load(&mut self, user: UserId, role: RoomRole, read: u64) {
        let member = Membership { role, read, count: Count::Unknown, mentions: Vec::new(), touched: 0 };
        self.members.insert(user, member);
    }

    /// Somebody comes, and begins at the end: a new room is not a thousand unread lines.
    pub fn come(&mut self, user: UserId, role: RoomRole) {
        let (read, count) = (self.head, Count::Exact { base: self.others(user) });
        self.members.insert(user, Membership { role, read, count, mentions: Vec::new(), touched: 0 });
    }

    /// Somebody goes.
    pub fn go(&mut self, user: UserId) {
        self.members.remove(&user);
    }

    /// A member may do something else.
    pub fn set_role(&mut self, user: UserId, role: RoomRole) {
        if let Some(member) = self.members.get_mut(&user) {
            member.role = role;
        }
    }

    /// An event came.
    pub fn append(&mut self, seq: u64, by: UserId, is_counted: bool) {
        self.head = seq;
        if is_counted {
            self.total += 1;
            *self.by.entry(by).or_default() += 1;
        }
    }

    /// A message names these; those that it named before no more.
    pub fn mention(&mut self, seq: u64, by: UserId, mentions: &Mentions) {
        let was_here = self.here.binary_search_by_key(&seq, |(seq, _)| *seq).ok();
        match (was_here, mentions.is_here) {
            (Some(at), false) => drop(self.here.remove(at)),
            (None, true) => {
                let at = self.here.partition_point(|(other, _)| *other < seq);
                self.here.insert(at, (seq, by));
                if self.here.len() > HERE_MENTIONS_MAX {
                    self.here.pop_front();
                }
            }
            _ => {}
        }
        let is_about_all = was_here.is_some() != mentions.is_here;
        // Members who are named are few, and found by name. Only an edit may end a mention, which looks at all.
        if seq < self.head || is_about_all {
            for (user, member) in self.members.iter_mut().filter(|(user, member)| **user != by && member.read < seq) {
                let is_named = mentions.users.contains(user);
                if member.set_mention(seq, is_named) || is_about_all {
                    member.touched += 1;
                }
            }
            return;
        }
        for user in &mentions.users {
            if let Some(member) = self.members.get_mut(user).filter(|member| *user != by && member.read < seq) {
                member.set_mention(seq, true);
                member.touched += 1;
            }
        }
    }

    /// A message is another than it was.
    pub fn amend(&mut self, amended: &Amended) {
        let Amended { target, author, is_deleted, .. } = amended;
        if *is_deleted {
            self.amendments += 1;
            for (_, member) in self.members.iter_mut().filter(|(user, m)| *user != author && m.read < *target) {
                match &mut member.count {
                    Count::Exact { base } => *base += 1,
                    Count::Many { is_stale } => *is_stale = true,
                    Count::Unknown => {}
                }
                member.touched += 1;
            }
        }
        if let Some(mentions) = &amended.mentions {
            self.amendments += 1;
            self.mention(*target, *author, mentions);
        }
    }

    /// What stood before this place is gone: who had not read it is counted anew.
    pub fn forget_before(&mut self, first: u64) {
        self.amendments += 1;
        self.here.retain(|(seq, _)| *seq >= first);
        for member in self.members.values_mut().filter(|member| member.read + 1 < first) {
            member.count = Count::Unknown;
            member.mentions.retain(|seq| *seq >= first);
            member.touched += 1;
        }
    }

    /// Members whose unread lines are to be counted on disk.
    pub fn uncounted(&self) -> Vec<UserId> {
        let is_uncounted =
            |member: &Membership| matches!(member.count, Count::Unknown | Count::Many { is_stale: true });
        self.members.iter().filter(|(_, member)| is_uncounted(member)).map(|(user, _)| *user).collect()
    }

    /// True if this member's unread lines are to be counted on disk.
    pub fn is_uncounted(&self, user: UserId) -> bool {
        let count = self.members.get(&user).map(|member| member.count);
        matches!(count, Some(Count::Unknown | Count::Many { is_stale: true }))
    }

    /// Where a count on disk is to end.
    pub fn mark(&self, user: UserId) -> Mark {
        Mark { head: self.head, others: self.others(user), amendments: self.amendments }
    }

    /// A member has read up to `read`, and has not what was counted after it up to the mark. False if the count is worth nothing
    /// because something before the mark changed meanwhile. Never goes back.
    pub fn settle(&mut self, user: UserId, read: u64, mark: Mark, recount: &Recount) -> bool {
        if mark.amendments != self.amendments {
            return false;
        }
        let before = self.standing(user);
        let Some(member) = self.members.get_mut(&user).filter(|member| member.read <= read) else { return true };
        let counted = i64::try_from(recount.unread).unwrap_or(i64::MAX);
        member.count = match recount.unread {
            0..=UNREAD_MAX => Count::Exact { base: mark.others - counted },
            _ => Count::Many { is_stale: false },
        };
        let later = member.mentions.iter().copied().filter(|seq| *seq > mark.head);
        let mut mentions: Vec<u64> = recount.mentions.iter().copied().chain(later).collect();
        mentions.truncate(MENTIONS_MAX);
        member.mentions = mentions;
        member.read = read;
        self.touch(user, before);
        true
    }

    /// A member has read all. False if there is more by now.
    pub fn read_all(&mut self, user: UserId, read: u64) -> bool {
        if read < self.head {
            return false;
        }
        let (before, base) = (self.standing(user), self.others(user));
        if let Some(member) = self.members.get_mut(&user).filter(|member| member.read <= read) {
            (member.read, member.count) = (read, Count::Exact { base });
            member.mentions = Vec::new();
            self.touch(user, before);
        }
        true
    }

    /// Where a member stands may be news to their connections.
    fn touch(&mut self, user: UserId, before: Option<Standing>) {
        if self.standing(user) != before
            && let Some(member) = self.members.get_mut(&user)
        {
            member.touched += 1;
        }
    }

    /// Where a member stands; `None` for others.
    pub fn standing(&self, user: UserId) -> Option<Standing> {
        let member = self.members.get(&user)?;
        let unread = match member.count {
            Count::Unknown => 0,
            Count::Exact { base } => u64::try_from(self.others(user) - base).unwrap_or(0).min(UNREAD_MAX),
            Count::Many { .. } => UNREAD_MAX,
        };
        let is_new = |(seq, by): &&(u64, UserId)| *seq > member.read && *by != user;
        let here = self.here.iter().rev().take_while(|(seq, _)| *seq > member.read).filter(is_new).count();
        let mentions = u64::try_from(member.mentions.len() + here).unwrap_or(u64::MAX).min(UNREAD_MAX);
        let is_counted = !self.is_uncounted(user);
        Some(Standing { head: self.head, read: member.read, unread, mentions, touched: member.touched, is_counted })
    }

    fn others(&self, user: UserId) -> i64 {
        self.total - self.by.get(&user).copied().unwrap_or(0)
    }
}

impl Membership {
    /// True if that is news.
    fn set_mention(&mut self, seq: u64, is_named: bool) -> bool {
        match (self.mentions.binary_search(&seq), is_named) {
            (Ok(at), false) => {
                self.mentions.remove(at);
                true
            }
            (Err(at), true) if at < MENTIONS_MAX => {
                self.mentions.insert(at, seq);
                self.mentions.truncate(MENTIONS_MAX);
                true
            }
            _ => false,
        }
    }
}
