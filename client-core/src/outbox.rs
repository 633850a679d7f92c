//! Posts that do not stand in their room yet. Serializable, so that what was written survives a reload; each is sent
//! under its nonce until the server has answered, so that it stands there once.

use serde::{Deserialize, Serialize};
use wardroom_protocol::{Nonce, RoomName, UserName};

use crate::limits::OUTBOX_POSTS_MAX;

/// The posts, oldest first, and whose they are. As JSON: `{"user":"ann","posts":[…]}`; posts that do not fit this version are left
/// out when read. A caller keeps it whenever [`crate::Effect::SaveOutbox`] says so, and gives it to the next client in
/// [`crate::Options::outbox`]; if somebody else signs in with that one, nothing of it is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outbox {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserName>,
    posts: Vec<PendingPost>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PendingPost {
    /// Its mark.
    pub nonce: Nonce,
    /// Where.
    pub room: RoomName,
    /// The words.
    pub text: String,
    /// The line that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// When it was written, Unix milliseconds of the client's clock.
    pub at_ms: u64,
    /// How it stands.
    #[serde(default)]
    pub state: PostState,
}

/// How a post stands.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// It will be sent; or it was, and the answer has not come.
    #[default]
    Pending,
    /// It stands in the room at this place; its line is on its way.
    Stood(u64),
    /// It was refused, and why.
    Failed(String),
}

impl Outbox {
    /// The posts, oldest first.
    pub fn posts(&self) -> &[PendingPost] {
        &self.posts
    }

    /// This user is signed in; what another wrote is forgotten. `true` if that changed anything.
    pub(crate) fn belongs_to(&mut self, user: &UserName) -> bool {
        if self.user.as_ref() == Some(user) {
            return false;
        }
        if self.user.is_some() {
            self.posts.clear();
        }
        self.user = Some(user.clone());
        true
    }

    /// Adds a post at the end; `false` if the outbox is full or has this nonce already.
    pub(crate) fn push(&mut self, post: PendingPost) -> bool {
        if self.posts.len() >= OUTBOX_POSTS_MAX || self.find(&post.nonce).is_some() {
            return false;
        }
        self.posts.push(post);
        true
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

    /// Removes those of a room whose line has come: all that stand at or before `seq`.
    pub(crate) fn remove_stood(&mut self, room: &RoomName, seq: u64) -> bool {
        let before = self.posts.len();
        self.posts.retain(|post| post.room != *room || !matches!(post.state, PostState::Stood(at) if at <= seq));
        self.posts.len() != before
    }

    /// Those of a room, as they are shown.
    pub(crate) fn of_room(&self, room: &RoomName) -> Vec<PendingPost> {
        self.posts.iter().filter(|post| post.room == *room).cloned().collect()
    }

    /// The first post of each room that still has to be sent: within a room they go one after the other, so that none
    /// overtakes one that was told to wait.
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
        }
        let raw = Raw::deserialize(d)?;
        let mut outbox = Outbox { user: raw.user, ..Outbox::default() };
        for value in raw.posts {
            if let Ok(post) = serde_json::from_value::<PendingPost>(value) {
                // What stands already needs no second sending, and its line is loaded with the room.
                if !matches!(post.state, PostState::Stood(_)) {
                    outbox.push(post);
                }
            }
        }
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
            at_ms: 1,
            state: PostState::Pending,
        }
    }

    #[test]
    fn it_survives_a_reload_and_drops_what_it_cannot_read() {
        let mut outbox = Outbox::default();
        assert!(outbox.push(post("a", "ops")));
        assert!(!outbox.push(post("a", "ops")), "one nonce, one post");
        assert!(outbox.push(post("b", "ops")));
        outbox.find_mut(&Nonce::parse("b").unwrap()).unwrap().state = PostState::Stood(4);
        let json = serde_json::to_string(&outbox).unwrap().replacen("[{", "[{\"nonce\":7},{", 1);
        let back: Outbox = serde_json::from_str(&json).unwrap();
        assert_eq!(back.posts(), [post("a", "ops")]);
        assert!(serde_json::from_str::<Outbox>("{}").unwrap().posts().is_empty());
    }

    #[test]
    fn what_another_wrote_is_not_sent() {
        let (ann, ben) = (UserName::parse("ann").unwrap(), UserName::parse("ben").unwrap());
        let mut outbox = Outbox::default();
        outbox.push(post("a", "ops"));
        assert!(outbox.belongs_to(&ann) && !outbox.belongs_to(&ann));
        let mut back: Outbox = serde_json::from_str(&serde_json::to_string(&outbox).unwrap()).unwrap();
        assert_eq!(back.posts().len(), 1, "written before it was known who signs in");
        assert!(back.belongs_to(&ben));
        assert!(back.posts().is_empty());
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
