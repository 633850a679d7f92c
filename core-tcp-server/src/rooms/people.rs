//! Who is in a room, what they may do there, how far each has read, and how much each has not read.
//!
//! All of it follows from the room's rows: `recount` reads what stands there at a start, and each committed event changes it
//! from then on. An event, a read position and a count cost the same however many members and lines there are: the room
//! keeps its last lines once, and what a member has not read is looked up between their place and the end.

use std::collections::VecDeque;

use wardroom_protocol::RoomRole;
use wardroom_protocol::limits::UNREAD_MAX;

use super::lines::Lines;
use super::memberships::{Membership, Memberships};
use crate::limits::{HERE_MENTIONS_MAX, LINES_KEPT, LINES_KEPT_MAX, LINES_TRIM_EVERY, MENTIONS_MAX};
use crate::store::{Amended, Mentions, UserId};

/// `UNREAD_MAX` as a count of lines.
const UNREAD_LINES_MAX: usize = MENTIONS_MAX;

/// Who is in a room.
#[derive(Default)]
pub struct People {
    members: Memberships,
    /// The last event that is in here.
    head: u64,
    /// The last lines that count as unread.
    lines: Lines,
    /// `lines` has every line after this place.
    lines_from: u64,
    /// Lines that were added since `lines` was last cut.
    added: usize,
    /// The last messages that name everyone.
    here: Lines,
    /// Moves when lines or mentions change otherwise than at the end. What was read from disk meanwhile is read again.
    amendments: u64,
    /// Members whose mentions were too many to hold, and of which one was taken back: to be read from disk again.
    stale: Vec<UserId>,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadState {
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
    /// False until all that is counted was read from disk.
    pub is_counted: bool,
}

/// What is to be read from disk before a member's unread lines can be counted.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    /// Lines up to this place.
    pub lines_upto: Option<u64>,
    /// Mentions of the member in this range: after the first place, up to the second.
    pub mentions: Option<(u64, u64)>,
    lines_from: u64,
    amendments: u64,
}

/// What was read from disk.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Lines and their authors.
    pub lines: Vec<(u64, UserId)>,
    /// Every line after this place is in `lines`.
    pub lines_from: u64,
    /// Messages that name the member, ascending.
    pub mentions: Vec<u64>,
}

impl People {
    /// Nobody yet, in a room whose last event is `head`.
    pub fn new(head: u64) -> Self {
        Self { head, lines_from: head, ..Self::default() }
    }

    /// Messages that name everyone, as the store has them.
    pub fn set_here(&mut self, here: VecDeque<(u64, UserId)>) {
        for (seq, by) in here {
            self.here.insert(seq, by);
        }
    }

    /// The last event.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// What a member may do; `None` for others.
    pub fn role(&self, user: UserId) -> Option<RoomRole> {
        self.members.get(user).map(|member| member.role)
    }

    /// How far a member has read.
    pub fn read(&self, user: UserId) -> Option<u64> {
        self.members.get(user).map(|member| member.read)
    }

    /// All members.
    pub fn all(&self) -> impl Iterator<Item = (UserId, RoomRole)> {
        self.members.iter().map(|(user, member)| (user, member.role))
    }

    /// A member as the store has them.
    pub fn load(&mut self, user: UserId, role: RoomRole, read: u64) {
        let member = Membership { role, read, mentions: Vec::new(), has_mentions: false, touched: 0 };
        self.members.insert(user, member);
    }

    /// Somebody comes, and begins at the end: a new room is not a thousand unread lines.
    pub fn come(&mut self, user: UserId, role: RoomRole) {
        let member = Membership { role, read: self.head, mentions: Vec::new(), has_mentions: true, touched: 0 };
        self.members.insert(user, member);
    }

    /// Somebody goes.
    pub fn go(&mut self, user: UserId) {
        self.members.remove(user);
    }

    /// A member may do something else.
    pub fn set_role(&mut self, user: UserId, role: RoomRole) {
        if let Some(member) = self.members.get_mut(user) {
            member.role = role;
        }
    }

    /// An event came.
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

    /// Cuts the lines to what counts need: enough of others for each author.
    fn trim(&mut self) {
        self.added = 0;
        while self.lines.len() > LINES_KEPT_MAX || self.lines.others_min() > LINES_KEPT {
            // A batch at a time, since `others_min` looks at all authors.
            let surplus =
                self.lines.len().saturating_sub(LINES_KEPT_MAX).max(self.lines.others_min().saturating_sub(LINES_KEPT));
            for _ in 0..surplus {
                let Some(seq) = self.lines.pop_front() else { return };
                self.lines_from = seq;
            }
        }
    }

    /// A message names these; those that it named before no more.
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
        // Members who are named are few, and found by name. Only an edit may end a mention, which looks at all.
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

    /// A message is another than it was.
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

    /// What stood before this place is gone.
    pub fn forget_before(&mut self, first: u64) {
        self.amendments += 1;
        self.here.forget_before(first);
        self.lines.forget_before(first);
        for member in self.members.iter_mut().map(|(_, member)| member).filter(|member| member.read + 1 < first) {
            member.mentions.retain(|seq| *seq >= first);
            member.touched += 1;
        }
    }

    /// True if so many lines were deleted that some members cannot be counted before more are read from disk.
    pub fn lacks_lines(&self) -> bool {
        self.lines_from > 0 && self.lines.others_min() < UNREAD_LINES_MAX && self.lines.len() < LINES_KEPT_MAX
    }

    /// Members that are to be counted again, each once.
    pub fn take_stale(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.stale)
    }

    /// What is to be read from disk for this member; `None` if nothing is.
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

    /// What is to be read from disk so that there are enough lines for everybody.
    pub fn missing_lines(&self) -> Option<Missing> {
        let missing = Missing {
            lines_upto: Some(self.lines_from),
            mentions: None,
            lines_from: self.lines_from,
            amendments: self.amendments,
        };
        self.lacks_lines().then_some(missing)
    }

    /// Takes in what was read from disk. Nothing where it changed meanwhile: it is then to be read again.
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

    /// A member has read up to `read`. Never goes back.
    pub fn read_to(&mut self, user: UserId, read: u64) {
        let Some(member) = self.members.get_mut(user).filter(|member| member.read < read) else { return };
        // The first of too many: those that follow them are on disk only.
        let is_cut = member.mentions.len() >= MENTIONS_MAX;
        member.read = read;
        member.mentions.retain(|seq| *seq > read);
        member.has_mentions &= !is_cut || read >= self.head;
        member.touched += 1;
    }

    /// Where a member stands; `None` for others.
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

    /// True if what this member has not read can be counted, up to [`UNREAD_MAX`].
    fn has_lines(&self, user: UserId, read: u64) -> bool {
        read >= self.lines_from
            || self.lines.len() >= LINES_KEPT_MAX
            || self.lines.others_after(user, read) >= UNREAD_LINES_MAX
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
