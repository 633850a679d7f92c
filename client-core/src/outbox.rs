//! What the user wrote and the server has not confirmed: messages, commands, and changes to messages. It can be
//! serialized, so that it survives a reload. Each item is sent under its nonce, so that it takes effect once.
//!
//! Messages wait for the connection. Commands do not: one that cannot start now is kept as *not sent* until its author
//! decides.

use serde::{Deserialize, Serialize};
use wardroom_protocol::{Epoch, Nonce, RoomName, UserName};

use crate::amendment::{Amendment, PendingAmendment};
use crate::limits::{OUTBOX_AMENDMENTS_MAX, OUTBOX_BYTES_MAX, OUTBOX_POSTS_MAX};
use crate::pending_post::{NotSent, PendingPost, PostState};

/// The user's unconfirmed posts and amendments, oldest first. As JSON: `{"user":"ann","posts":[…],"amendments":[…]}`;
/// items that this version cannot read are dropped. A caller saves it after each [`crate::Effect::SaveOutbox`] and
/// gives it to the next client in [`crate::Options::outbox`]. If another user signs in, nothing of it is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outbox {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserName>,
    #[serde(serialize_with = "without_values")]
    posts: Vec<PendingPost>,
    amendments: Vec<PendingAmendment>,
    /// The epoch to which the positions of the amendments belong.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
}

/// Leaves out commands with variables or secrets: their values are stored nowhere.
fn without_values<S: serde::Serializer>(posts: &[PendingPost], serializer: S) -> Result<S::Ok, S::Error> {
    let has_values = |post: &&PendingPost| {
        post.run.as_ref().is_some_and(|run| !run.start.env.is_empty() || !run.start.secrets.is_empty())
    };
    serializer.collect_seq(posts.iter().filter(|post| !has_values(post)))
}

impl Outbox {
    /// It is full: something must be sent or discarded first.
    pub fn is_full(&self) -> bool {
        let bytes = self.posts.iter().fold(0_usize, |sum, post| sum.saturating_add(post.text.len()));
        self.posts.len() >= OUTBOX_POSTS_MAX || bytes >= OUTBOX_BYTES_MAX
    }

    /// The posts and commands, oldest first.
    pub fn posts(&self) -> &[PendingPost] {
        &self.posts
    }

    /// The amendments, oldest first.
    pub fn amendments(&self) -> &[PendingAmendment] {
        &self.amendments
    }

    /// There is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.posts.is_empty() && self.amendments.is_empty()
    }

    /// Sets the user. Another user's items are dropped. Returns `true` if anything changed.
    pub(crate) fn set_user(&mut self, user: &UserName) -> bool {
        if self.user.as_ref() == Some(user) {
            return false;
        }
        if self.user.is_some() {
            self.posts.clear();
            self.amendments.clear();
        }
        self.user = Some(user.clone());
        true
    }

    /// Sets the epoch. Amendments of another epoch would hit other messages: only the text of edits is kept, as failed.
    /// Returns `true` if anything changed.
    pub(crate) fn set_epoch(&mut self, epoch: Epoch) -> bool {
        const WHY: &str =
            "the server's record is another one by now (restored from a backup?): look where the message stands";
        if self.epoch == Some(epoch) {
            return false;
        }
        if self.epoch.replace(epoch).is_some() {
            self.amendments.retain(|amend| matches!(amend.change, Amendment::Edit(_)));
            self.amendments.iter_mut().for_each(|amend| amend.failed = Some(WHY.to_owned()));
        }
        true
    }

    /// Takes over another outbox, in front of this one and without duplicates. Returns the amendments to send.
    pub(crate) fn adopt(&mut self, mut other: Outbox) -> Vec<PendingAmendment> {
        if self.user.is_some() && other.user.is_some() && self.user != other.user {
            return Vec::new();
        }
        match self.epoch {
            Some(epoch) => drop(other.set_epoch(epoch)),
            None => self.epoch = other.epoch,
        }
        self.user = self.user.take().or(other.user);
        other.posts.retain(|post| self.find(&post.nonce).is_none());
        other.posts.append(&mut self.posts);
        self.posts = other.posts;
        other.amendments.retain(|amend| !self.amendments.contains(amend));
        let waiting = other.amendments.iter().filter(|amend| amend.failed.is_none()).cloned().collect();
        other.amendments.append(&mut self.amendments);
        self.amendments = other.amendments;
        waiting
    }

    /// Adds a post; `false` if the outbox is full or knows the nonce.
    pub(crate) fn push(&mut self, post: PendingPost) -> bool {
        if self.is_full() || self.find(&post.nonce).is_some() {
            return false;
        }
        self.posts.push(post);
        true
    }

    /// Adds an amendment; `false` if there are too many. `is_sent`: earlier ones are in flight and cannot be replaced,
    /// except those that failed.
    pub(crate) fn push_amend(&mut self, amend: PendingAmendment, is_sent: bool) -> bool {
        self.amendments.retain(|earlier| !amend.replaces(earlier) || (is_sent && earlier.failed.is_none()));
        if self.amendments.len() >= OUTBOX_AMENDMENTS_MAX {
            return false;
        }
        self.amendments.push(amend);
        true
    }

    /// Removes the amendment that equals this one.
    pub(crate) fn take_amend(&mut self, amend: &PendingAmendment) -> Option<PendingAmendment> {
        let at = self.amendments.iter().position(|other| other == amend)?;
        Some(self.amendments.remove(at))
    }

    /// Removes a rejected edit, to be sent again or discarded.
    pub(crate) fn take_failed_edit(&mut self, room: &RoomName, seq: u64) -> Option<PendingAmendment> {
        let is_it = |amend: &PendingAmendment| amend.room == *room && amend.seq == seq && amend.failed.is_some();
        let at = self.amendments.iter().position(is_it)?;
        Some(self.amendments.remove(at))
    }

    pub(crate) fn amendments_of_room(&self, room: &RoomName) -> Vec<PendingAmendment> {
        self.amendments.iter().filter(|amend| amend.room == *room).cloned().collect()
    }

    pub(crate) fn find(&self, nonce: &Nonce) -> Option<&PendingPost> {
        self.posts.iter().find(|post| post.nonce == *nonce)
    }

    pub(crate) fn find_mut(&mut self, nonce: &Nonce) -> Option<&mut PendingPost> {
        self.posts.iter_mut().find(|post| post.nonce == *nonce)
    }

    pub(crate) fn remove(&mut self, nonce: &Nonce) -> Option<PendingPost> {
        let at = self.posts.iter().position(|post| post.nonce == *nonce)?;
        Some(self.posts.remove(at))
    }

    /// Removes the posts of a room that were stored at or before `seq`: their lines have arrived.
    pub(crate) fn remove_posted(&mut self, room: &RoomName, seq: u64) -> bool {
        let before = self.posts.len();
        self.posts.retain(|post| post.room != *room || !matches!(post.state, PostState::Posted(at) if at <= seq));
        self.posts.len() != before
    }

    /// The posts of a room, as they are shown.
    pub(crate) fn of_room(&self, room: &RoomName) -> Vec<PendingPost> {
        self.posts.iter().filter(|post| post.room == *room).cloned().collect()
    }

    /// The first post to send in each room: within a room posts go one after the other, so that none overtakes one that
    /// was told to wait.
    pub(crate) fn next_of_each_room(&self) -> Vec<&PendingPost> {
        let mut first: Vec<&PendingPost> = Vec::new();
        for post in self.posts.iter().filter(|post| post.state == PostState::Pending) {
            if !first.iter().any(|other| other.room == post.room) {
                first.push(post);
            }
        }
        first
    }
}

impl<'de> Deserialize<'de> for Outbox {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            user: Option<UserName>,
            #[serde(default)]
            posts: Vec<serde_json::Value>,
            #[serde(default)]
            amendments: Vec<serde_json::Value>,
            #[serde(default)]
            epoch: Option<Epoch>,
        }
        let raw = Raw::deserialize(d)?;
        let mut outbox = Outbox { user: raw.user, epoch: raw.epoch, ..Outbox::default() };
        for value in raw.posts {
            let Ok(mut post) = serde_json::from_value::<PendingPost>(value) else { continue };
            // Stored posts need not be sent again; their lines are loaded with the room. Several tabs may exceed the
            // limit: none is dropped.
            if matches!(post.state, PostState::Posted(_)) || outbox.find(&post.nonce).is_some() {
                continue;
            }
            // It may have been sent before the reload.
            if post.run.is_some() && post.state == PostState::Pending {
                post.state = PostState::NotSent(NotSent::Unknown);
            }
            outbox.posts.push(post);
        }
        outbox.amendments = raw.amendments.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect();
        Ok(outbox)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn post(nonce: &str, room: &str) -> PendingPost {
        PendingPost {
            nonce: Nonce::parse(nonce).unwrap(),
            room: RoomName::parse(room).unwrap(),
            text: format!("text of {nonce}"),
            reply_to: None,
            run: None,
            at_ms: 1,
            state: PostState::Pending,
        }
    }

    fn edit(seq: u64, text: &str) -> PendingAmendment {
        let change = Amendment::Edit(text.to_owned());
        PendingAmendment { room: RoomName::parse("ops").unwrap(), seq, change, failed: None }
    }

    #[test]
    fn the_last_word_about_a_message_counts() {
        let mut outbox = Outbox::default();
        outbox.push_amend(edit(7, "helo"), false);
        outbox.push_amend(edit(8, "other"), false);
        outbox.push_amend(edit(7, "hello"), false);
        assert_eq!(outbox.amendments(), [edit(8, "other"), edit(7, "hello")]);
        outbox.push_amend(edit(7, "hello!"), true);
        assert_eq!(outbox.amendments().len(), 3, "what is under way is not taken back");
        let delete = PendingAmendment { change: Amendment::Delete, ..edit(7, "") };
        outbox.push_amend(delete.clone(), false);
        assert_eq!(outbox.amendments(), [edit(8, "other"), delete]);
    }

    #[test]
    fn values_of_commands_are_not_saved() {
        let mut outbox = Outbox::default();
        for (nonce, more) in [("a", ""), ("b", r#","env":{"A":"hunter22"}"#), ("c", r#","secrets":{"A":"hunter22"}"#)] {
            let start = format!(r#"{{"room":"ops","cmd":"x","nonce":"{nonce}"{more}}}"#);
            let start = serde_json::from_str(&start).unwrap();
            let run = Some(Box::new(crate::PendingRun { start, watch: false, until_ms: 0 }));
            assert!(outbox.push(PendingPost { run, ..post(nonce, "ops") }));
        }
        let saved = serde_json::to_string(&outbox).unwrap();
        assert!(!saved.contains("hunter22"), "{saved}");
        let read: Outbox = serde_json::from_str(&saved).unwrap();
        assert_eq!(read.posts().len(), 1);
    }

    #[test]
    fn it_survives_a_reload_and_drops_what_it_cannot_read() {
        let mut outbox = Outbox::default();
        assert!(outbox.push(post("a", "ops")));
        assert!(!outbox.push(post("a", "ops")), "one nonce, one post");
        assert!(outbox.push(post("b", "ops")));
        outbox.find_mut(&Nonce::parse("b").unwrap()).unwrap().state = PostState::Posted(4);
        assert!(outbox.push_amend(edit(7, "hello"), false));
        let json = serde_json::to_string(&outbox).unwrap().replacen("[{", "[{\"nonce\":7},{", 1);
        let back: Outbox = serde_json::from_str(&json).unwrap();
        assert_eq!((back.posts(), back.amendments()), ([post("a", "ops")].as_slice(), [edit(7, "hello")].as_slice()));
        assert!(serde_json::from_str::<Outbox>("{}").unwrap().posts().is_empty());
    }

    #[test]
    fn what_another_wrote_is_not_sent() {
        let (ann, ben) = (UserName::parse("ann").unwrap(), UserName::parse("ben").unwrap());
        let mut outbox = Outbox::default();
        outbox.push(post("a", "ops"));
        assert!(outbox.set_user(&ann) && !outbox.set_user(&ann));
        let mut back: Outbox = serde_json::from_str(&serde_json::to_string(&outbox).unwrap()).unwrap();
        assert_eq!(back.posts().len(), 1, "written before it was known who signs in");
        assert!(back.set_user(&ben));
        assert!(back.posts().is_empty());
    }

    #[test]
    fn deeds_do_not_reach_messages_of_another_log() {
        let (one, two) = ("01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(), "01BX5ZZKBKACTAV9WEVGEMMVRZ".parse().unwrap());
        let mut outbox = Outbox::default();
        outbox.push_amend(PendingAmendment { change: Amendment::Delete, ..edit(6, "") }, false);
        outbox.push_amend(edit(7, "hello"), false);
        assert!(outbox.set_epoch(one) && !outbox.set_epoch(one));
        assert_eq!(outbox.amendments().len(), 2, "written before it was known which log it is");
        let mut back: Outbox = serde_json::from_str(&serde_json::to_string(&outbox).unwrap()).unwrap();
        assert!(back.set_epoch(two));
        assert!(
            matches!(back.amendments(), [amend] if amend.change == Amendment::Edit("hello".into()) && amend.failed.is_some())
        );
    }

    #[test]
    fn what_another_tab_left_is_taken_over_once() {
        let (ann, ben) = (UserName::parse("ann").unwrap(), UserName::parse("ben").unwrap());
        let mut left = Outbox::default();
        left.set_user(&ann);
        left.push(post("a", "ops"));
        left.push_amend(edit(7, "hello"), false);
        let mut own = Outbox::default();
        own.set_user(&ann);
        own.push(post("b", "ops"));
        assert_eq!(own.adopt(left.clone()), [edit(7, "hello")]);
        assert!(own.adopt(left.clone()).is_empty(), "twice is once");
        let nonces: Vec<&str> = own.posts().iter().map(|post| post.nonce.as_str()).collect();
        assert_eq!((nonces, own.amendments().len()), (vec!["a", "b"], 1));
        left.set_user(&ben);
        left.push(post("c", "ops"));
        own.adopt(left);
        assert_eq!(own.posts().len(), 2, "another person's stays theirs");
    }

    #[test]
    fn rooms_do_not_wait_for_each_other() {
        let mut outbox = Outbox::default();
        for (nonce, room) in [("a", "ops"), ("b", "ops"), ("c", "web")] {
            outbox.push(post(nonce, room));
        }
        let next: Vec<&str> = outbox.next_of_each_room().iter().map(|post| post.nonce.as_str()).collect();
        assert_eq!(next, ["a", "c"]);
    }
}
