//! The members of a room, their roles, and how much each has read and not read.
//!
//! All of it follows from the room's rows: `recount` reads them at start, and each committed event updates it from then
//! on. An event, a read position and a count cost the same however many members and lines there are. The room keeps its
//! last lines once, and a member's unread lines are found between their position and the end.

use std::collections::VecDeque;

use wardroom_protocol::RoomRole;
use wardroom_protocol::limits::UNREAD_MAX;

use super::lines::Lines;
use super::memberships::{Membership, Memberships};
use crate::limits::{HERE_MENTIONS_MAX, LINES_KEPT, LINES_KEPT_MAX, LINES_TRIM_EVERY, MENTIONS_MAX};
use crate::store::{Amended, Mentions, UserId};

/// `UNREAD_MAX` as a count of lines.
const UNREAD_LINES_MAX: usize = MENTIONS_MAX;

/// The members of a room.
#[derive(Default)]
pub struct People {
    members: Memberships,
    /// The last event included here.
    head: u64,
    /// The last lines that count as unread.
    lines: Lines,
    /// `lines` has every line after this position.
    lines_from: u64,
    /// Lines added since `lines` was last trimmed.
    added: usize,
    /// The last messages that name everyone.
    here: Lines,
    /// Changes when lines or mentions change anywhere but at the end. What was read from disk meanwhile is read again.
    amendments: u64,
    /// Members who had too many mentions to hold, one of which was withdrawn: they must be read from disk again.
    stale: Vec<UserId>,
}

/// A member's read state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadState {
    /// The last event.
    pub head: u64,
    /// The last event that they have read.
    pub read: u64,
    /// Lines of others after `read`, up to [`UNREAD_MAX`].
    pub unread: u64,
    /// Messages after `read` that mention them, up to [`UNREAD_MAX`].
    pub mentions: u64,
    /// Changes when the member must be told, although no event tells it.
    pub touched: u64,
    /// False until everything counted was read from disk.
    pub is_counted: bool,
}

/// What must be read from disk before a member's unread lines can be counted.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    /// Lines up to this position.
    pub lines_upto: Option<u64>,
    /// The member's mentions in this range: after the first position, up to the second.
    pub mentions: Option<(u64, u64)>,
    lines_from: u64,
    amendments: u64,
}

/// The result of reading it from disk.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Lines and their authors.
    pub lines: Vec<(u64, UserId)>,
    /// `lines` has every line after this position.
    pub lines_from: u64,
    /// Messages that mention the member, ascending.
    pub mentions: Vec<u64>,
}

impl People {
    /// Creates an empty room whose last event is `head`.
    pub fn new(head: u64) -> Self {
        Self { head, lines_from: head, ..Self::default() }
    }

    /// Sets the messages that mention everyone, as loaded from the store.
    pub fn set_here(&mut self, here: VecDeque<(u64, UserId)>) {
        for (seq, by) in here {
            self.here.insert(seq, by);
        }
    }

    /// Returns the last event.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Returns a member's role; `None` if they are not a member.
    pub fn role(&self, user: UserId) -> Option<RoomRole> {
        self.members.get(user).map(|member| member.role)
    }

    /// Returns how far a member has read.
    pub fn read(&self, user: UserId) -> Option<u64> {
        self.members.get(user).map(|member| member.read)
    }

    /// Returns all members and their roles.
    pub fn all(&self) -> impl Iterator<Item = (UserId, RoomRole)> {
        self.members.iter().map(|(user, member)| (user, member.role))
    }

    /// Adds a member, as loaded from the store.
    pub fn load(&mut self, user: UserId, role: RoomRole, read: u64) {
        let member = Membership { role, read, mentions: Vec::new(), has_mentions: false, touched: 0 };
        self.members.insert(user, member);
    }

    /// Adds a new member, who starts at the end: a new room must not show a thousand unread lines.
    pub fn come(&mut self, user: UserId, role: RoomRole) {
        let member = Membership { role, read: self.head, mentions: Vec::new(), has_mentions: true, touched: 0 };
        self.members.insert(user, member);
    }

    /// Removes a member.
    pub fn go(&mut self, user: UserId) {
        self.members.remove(user);
    }

    /// Changes a member's role.
    pub fn set_role(&mut self, user: UserId, role: RoomRole) {
        if let Some(member) = self.members.get_mut(user) {
            member.role = role;
        }
    }

    /// Adds an event.
    pub fn append(&mut self, seq: u64, by: UserId, is_counted: bool) {
        self.head = seq;
        if is_counted {
            self.lines.insert(seq, by);
            self.added += 1;
            if self.added >= LINES_TRIM_EVERY {
                self.trim();
            }
        }
    }

    /// Trims the lines to what the counts need: enough lines of others for each author.
    fn trim(&mut self) {
        self.added = 0;
        while self.lines.len() > LINES_KEPT_MAX || self.lines.others_min() > LINES_KEPT {
            // Not on every line, since `others_min` looks at all authors.
            let surplus =
                self.lines.len().saturating_sub(LINES_KEPT_MAX).max(self.lines.others_min().saturating_sub(LINES_KEPT));
            for _ in 0..surplus {
                let Some(seq) = self.lines.pop_front() else { return };
                self.lines_from = seq;
            }
        }
    }

    /// Sets the members whom a message mentions. Earlier mentions in it end.
    pub fn mention(&mut self, seq: u64, by: UserId, mentions: &Mentions) {
        let was_here = self.here.has(seq);
        match (was_here, mentions.is_here) {
            (true, false) => self.here.remove(seq),
            (false, true) => {
                self.here.insert(seq, by);
                if self.here.len() > HERE_MENTIONS_MAX {
                    self.here.pop_front();
                }
            }
            _ => {}
        }
        let is_about_all = was_here != mentions.is_here;
        // Mentioned members are few, and found by id. Only an edit can end a mention, which means looking at all
        // members.
        if seq < self.head || is_about_all {
            for (user, member) in self.members.iter_mut().filter(|(user, member)| *user != by && member.read < seq) {
                let (is_named, is_cut) = (mentions.users.contains(&user), member.mentions.len() >= MENTIONS_MAX);
                if member.set_mention(seq, is_named) || is_about_all {
                    member.touched += 1;
                }
                if is_cut && member.mentions.len() < MENTIONS_MAX && member.has_mentions {
                    member.has_mentions = false;
                    self.stale.push(user);
                }
            }
            return;
        }
        for user in &mentions.users {
            if let Some(member) = self.members.get_mut(*user).filter(|member| *user != by && member.read < seq) {
                member.set_mention(seq, true);
                member.touched += 1;
            }
        }
    }

    /// Applies an amendment.
    pub fn amend(&mut self, amended: &Amended) {
        let Amended { target, author, is_deleted, .. } = amended;
        if *is_deleted {
            self.amendments += 1;
            self.lines.remove(*target);
            for (_, member) in self.members.iter_mut().filter(|(user, m)| *user != *author && m.read < *target) {
                member.touched += 1;
            }
        }
        if let Some(mentions) = &amended.mentions {
            self.amendments += 1;
            self.mention(*target, *author, mentions);
        }
    }

    /// Forgets everything before a position, which was removed from the store.
    pub fn forget_before(&mut self, first: u64) {
        self.amendments += 1;
        self.here.forget_before(first);
        self.lines.forget_before(first);
        for member in self.members.iter_mut().map(|(_, member)| member).filter(|member| member.read + 1 < first) {
            member.mentions.retain(|seq| *seq >= first);
            member.touched += 1;
        }
    }

    /// Returns true if so many lines were deleted that some counts need more lines from disk.
    pub fn lacks_lines(&self) -> bool {
        self.lines_from > 0 && self.lines.others_min() < UNREAD_LINES_MAX && self.lines.len() < LINES_KEPT_MAX
    }

    /// Takes the members that must be counted again, each once.
    pub fn take_stale(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.stale)
    }

    /// Returns what must be read from disk for this member; `None` if nothing is missing.
    pub fn missing(&self, user: UserId) -> Option<Missing> {
        let member = self.members.get(user)?;
        let has_lines = self.has_lines(user, member.read);
        if has_lines && member.has_mentions {
            return None;
        }
        Some(Missing {
            lines_upto: (!has_lines).then_some(self.lines_from),
            mentions: (!member.has_mentions).then_some((member.read, self.head)),
            lines_from: self.lines_from,
            amendments: self.amendments,
        })
    }

    /// Returns what must be read from disk so that there are enough lines for everybody.
    pub fn missing_lines(&self) -> Option<Missing> {
        let missing = Missing {
            lines_upto: Some(self.lines_from),
            mentions: None,
            lines_from: self.lines_from,
            amendments: self.amendments,
        };
        self.lacks_lines().then_some(missing)
    }

    /// Adds what was read from disk. Does nothing if it has changed meanwhile: it must then be read again.
    pub fn fill(&mut self, user: UserId, missing: &Missing, found: &Found) {
        if missing.amendments != self.amendments {
            return;
        }
        if missing.lines_upto.is_some() && missing.lines_from == self.lines_from {
            for (seq, by) in &found.lines {
                self.lines.insert(*seq, *by);
            }
            self.lines_from = found.lines_from;
        }
        let before = self.read_state(user);
        if let Some((_, upto)) = missing.mentions
            && let Some(member) = self.members.get_mut(user)
        {
            let later = member.mentions.iter().copied().filter(|seq| *seq > upto);
            let mut mentions: Vec<u64> = found.mentions.iter().copied().chain(later).collect();
            mentions.retain(|seq| *seq > member.read);
            mentions.truncate(MENTIONS_MAX);
            (member.mentions, member.has_mentions) = (mentions, true);
        }
        let is_news = self.read_state(user).map(|now| now.mentions) != before.map(|before| before.mentions);
        if is_news && let Some(member) = self.members.get_mut(user) {
            member.touched += 1;
        }
    }

    /// Records that a member has read up to `read`. Read positions never move back.
    pub fn read_to(&mut self, user: UserId, read: u64) {
        let Some(member) = self.members.get_mut(user).filter(|member| member.read < read) else { return };
        // Only the first of too many are in memory; the ones after them are only on disk.
        let is_cut = member.mentions.len() >= MENTIONS_MAX;
        member.read = read;
        member.mentions.retain(|seq| *seq > read);
        member.has_mentions &= !is_cut || read >= self.head;
        member.touched += 1;
    }

    /// Returns a member's read state; `None` if they are not a member.
    pub fn read_state(&self, user: UserId) -> Option<ReadState> {
        let member = self.members.get(user)?;
        let capped = |count: usize| u64::try_from(count).unwrap_or(u64::MAX).min(UNREAD_MAX);
        Some(ReadState {
            head: self.head,
            read: member.read,
            unread: capped(self.lines.others_after(user, member.read)),
            mentions: capped(member.mentions.len() + self.here.others_after(user, member.read)),
            touched: member.touched,
            is_counted: member.has_mentions && self.has_lines(user, member.read),
        })
    }

    /// Returns true if this member's unread lines can be counted, up to [`UNREAD_MAX`].
    fn has_lines(&self, user: UserId, read: u64) -> bool {
        read >= self.lines_from
            || self.lines.len() >= LINES_KEPT_MAX
            || self.lines.others_after(user, read) >= UNREAD_LINES_MAX
    }
}

impl Membership {
    /// Adds or removes a mention. Returns true if that changed anything.
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
