//! Webhooks: a secret address to which other programs post, each into one room, as a named bot.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Nonce, RoomName, UserName};

/// Makes a webhook. Owners of the room and admins. The bot is made where there is none. Answer: [`HookAdded`].
#[derive(Clone, Deserialize, Serialize)]
pub struct HookAdd {
    /// The room.
    pub room: RoomName,
    /// The bot by whose name it posts; a name that is a person's is `conflict`.
    pub bot: UserName,
    /// What it posts may mention people. Without it, `@ann` in the text of a program is only text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions: bool,
    /// The key of its signatures: posts without a right `X-Hub-Signature-256` are `forbidden`. 8 to 256 bytes.
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
    /// The number by which it is removed.
    pub hook: u64,
    /// The secret of its address: `POST /hooks/TOKEN`. Told once.
    pub token: String,
}

impl std::fmt::Debug for HookAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookAdded").field("hook", &self.hook).finish_non_exhaustive()
    }
}

/// The webhooks of a room. Owners and admins. Answer: [`HookListed`].
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
    /// Who made it.
    pub by: UserName,
    /// When, Unix milliseconds.
    pub at: u64,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// What it posts may mention people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions: bool,
    /// It has a secret: only signed posts are taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
}

/// Ends a webhook. Owners and admins.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HookRemove {
    /// The room.
    pub room: RoomName,
    /// Its number.
    pub hook: u64,
}

/// The beginning of a body that is too long for one frame, from a gateway, in order; [`HookPost`] brings the end. Raw bytes: a part of
/// the body. Not answered, unless it is refused.
#[derive(Clone, Deserialize, Serialize)]
pub struct HookPart {
    /// The secret.
    pub token: String,
    /// Bytes of the part.
    pub len: u64,
}

impl std::fmt::Debug for HookPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookPart").field("len", &self.len).finish_non_exhaustive()
    }
}

/// What a program posted to a webhook's address, in place of a `hello`: only from a gateway, behind its `via`. Raw bytes: the
/// body, or the end of it. Answer: [`super::PostAck`]; the connection then ends.
#[derive(Clone, Deserialize, Serialize)]
pub struct HookPost {
    /// The secret.
    pub token: String,
    /// The body's media type: `application/json`, or text.
    #[serde(default)]
    pub content_type: String,
    /// GitHub's name of the event (`X-GitHub-Event`), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<String>,
    /// What repeats bear in common (`Idempotency-Key`, or `?key=`): they are counted on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The id of this delivery (`X-GitHub-Delivery`): a delivery that came before is answered as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// `X-Hub-Signature-256`: `sha256=`, and the HMAC of the body as it came, by the webhook's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// How the body is packed (`Content-Encoding`), where it is: `gzip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Bytes of the body.
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
