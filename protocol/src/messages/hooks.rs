//! Webhooks: secret addresses to which other programs post, each into one room, as a named bot.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Nonce, RoomName, UserName};

/// Creates a webhook, and its bot if there is none. Owners of the room and admins. Answer: [`HookAdded`].
#[derive(Clone, Deserialize, Serialize)]
pub struct HookAdd {
    /// The room.
    pub room: RoomName,
    /// The bot that it posts as; a person's name is `conflict`.
    pub bot: UserName,
    /// Its posts may mention people. Otherwise `@ann` in the text of a program is only text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions: bool,
    /// The key of its signatures: posts without a valid `X-Hub-Signature-256` are `forbidden`. 8 to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The client's id of this request: a retry with the same nonce gets the first answer and creates nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

impl std::fmt::Debug for HookAdd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookAdd").field("room", &self.room).field("bot", &self.bot).finish_non_exhaustive()
    }
}

/// The answer to [`HookAdd`].
#[derive(Clone, Deserialize, Serialize)]
pub struct HookAdded {
    /// Its number, used to remove it.
    pub hook: u64,
    /// The secret of its address: `POST /hooks/TOKEN`. Sent once.
    pub token: String,
}

impl std::fmt::Debug for HookAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookAdded").field("hook", &self.hook).finish_non_exhaustive()
    }
}

/// Lists the webhooks of a room. Owners and admins. Answer: [`HookListed`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HookList {
    /// The room.
    pub room: RoomName,
}

/// The answer to [`HookList`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HookListed {
    /// Oldest first.
    pub hooks: Vec<HookInfo>,
}

/// A webhook, without its secret.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HookInfo {
    /// Its number.
    pub hook: u64,
    /// The bot.
    pub bot: UserName,
    /// Who created it.
    pub by: UserName,
    /// When it was created, Unix milliseconds.
    pub at: u64,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// Its posts may mention people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions: bool,
    /// It has a secret: only signed posts are accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
}

/// Removes a webhook. Owners and admins.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HookRemove {
    /// The room.
    pub room: RoomName,
    /// Its number.
    pub hook: u64,
}

/// The beginning of a body that is too long for one frame, from a gateway, in order; [`HookPost`] has the end. Raw
/// bytes: a part of the body. Not answered unless refused.
#[derive(Clone, Deserialize, Serialize)]
pub struct HookPart {
    /// The secret.
    pub token: String,
    /// The number of bytes of the part.
    pub len: u64,
}

impl std::fmt::Debug for HookPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookPart").field("len", &self.len).finish_non_exhaustive()
    }
}

/// What a program posted to a webhook's address, in place of a `hello`: only from a gateway, after its `via`. Raw
/// bytes: the body, or the end of it. Answer: [`super::PostAck`]; then the connection ends.
#[derive(Clone, Deserialize, Serialize)]
pub struct HookPost {
    /// The secret.
    pub token: String,
    /// The body's media type: `application/json`, or text.
    #[serde(default)]
    pub content_type: String,
    /// GitHub's name of the event (`X-GitHub-Event`), if present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<String>,
    /// The key that repeats share (`Idempotency-Key`, or `?key=`): they are counted on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The id of this delivery (`X-GitHub-Delivery`): a repeated delivery gets the same answer again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// `X-Hub-Signature-256`: `sha256=`, and the HMAC of the body as received, with the webhook's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The compression of the body (`Content-Encoding`), if any: `gzip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The number of bytes of the body.
    pub len: u64,
}

impl std::fmt::Debug for HookPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookPost").field("len", &self.len).finish_non_exhaustive()
    }
}

impl_message! {
    HookAdd = "hook.add", HookList = "hook.list", HookRemove = "hook.remove", HookPart = "hook.part",
    HookPost = "hook.post",
}
