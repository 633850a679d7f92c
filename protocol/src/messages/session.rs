//! Opening a connection, keeping it alive, and ending it.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Epoch, RoomName, UserName};
use crate::role::{Role, RoomRole};

/// The first frame of a client.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Hello {
    /// The version of the protocol: 1.
    pub v: u32,
    /// The program and its version, for the log: `wardroom/0.1.0`.
    #[serde(default)]
    pub client: String,
    /// Who one is. Absent where the gateway has vouched for a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Asks for a session that outlives this connection, under this label; the welcome then bears its `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<String>,
}

/// Who one is. Debug output shows no secret.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Auth {
    /// A session's or a program's token.
    Token {
        /// The secret.
        token: String,
    },
    /// An invite, which makes the account: the name and the password are the new member's choice.
    Invite {
        /// The code.
        invite: String,
        /// The name to sign in with.
        user: UserName,
        /// The password.
        password: String,
    },
    /// A name and a password.
    Password {
        /// The name; any text, so that a malformed one is refused in the same words as a wrong one.
        user: String,
        /// The password.
        password: String,
    },
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Auth::Token { .. } => "Auth::Token(…)",
            Auth::Invite { .. } => "Auth::Invite(…)",
            Auth::Password { .. } => "Auth::Password(…)",
        })
    }
}

/// The first frame of a gateway's connection: on whose behalf it comes. Only a holder of the gateway key may send it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Via {
    /// The gateway key.
    pub key: String,
    /// The client's address: `203.0.113.9:40112`.
    pub client: String,
    /// The client came over TLS.
    #[serde(default)]
    pub tls: bool,
    /// Its user agent, for the audit.
    #[serde(default)]
    pub agent: String,
    /// The session's token, from the client's cookie; the hello then needs no `auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

impl std::fmt::Debug for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Via").field("client", &self.client).field("tls", &self.tls).finish_non_exhaustive()
    }
}

/// Signed in.
#[derive(Clone, Deserialize, Serialize)]
pub struct Welcome {
    /// The version spoken.
    pub v: u32,
    /// The server and its version.
    pub server: String,
    /// The incarnation of the event store: positions of another are worthless.
    pub epoch: Epoch,
    /// The server's clock, Unix milliseconds.
    pub now: u64,
    /// Who one is.
    pub you: You,
    /// What one may send.
    pub limits: Limits,
    /// The rooms that one has joined, as many as the line holds.
    pub rooms: Vec<RoomInfo>,
    /// There are more, each of which is told by a [`RoomChanged`](super::RoomChanged).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The new session's token, if `remember` asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl std::fmt::Debug for Welcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Welcome").field("you", &self.you).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// Who one is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct You {
    /// The name one signs in with.
    pub user: UserName,
    /// The name as it is shown.
    pub name: String,
    /// What one may do.
    pub role: Role,
}

/// What one may send.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Limits {
    /// Bytes of a line.
    pub line: u64,
    /// Raw bytes of a frame.
    pub chunk: u64,
    /// Bytes of a text.
    pub text: u64,
    /// Bytes of a file.
    pub file: u64,
}

/// A room as a member sees it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoomInfo {
    /// Its name.
    pub room: RoomName,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The last event.
    pub head: u64,
    /// The last event that one has read.
    pub read: u64,
    /// Unread messages that name one.
    #[serde(default)]
    pub mentions: u64,
    /// One is a member.
    pub joined: bool,
    /// Only members see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Unread lines of others: what they said, ran and shared. Exact below [`crate::limits::UNREAD_MAX`].
    #[serde(default)]
    pub unread: u64,
    /// What it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub topic: String,
    /// What one may do in it; absent where one is no member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoomRole>,
    /// It is over: it can be read, and nothing is added.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// A direct message of these, oneself included, by name. Empty for a room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dm: Vec<UserName>,
    /// The first event that is still there, where retention removed some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Days after which what is in it is removed; absent where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
}

impl RoomInfo {
    /// A room of which no more is known than its name.
    pub fn named(room: RoomName) -> Self {
        Self {
            room,
            title: String::new(),
            head: 0,
            read: 0,
            mentions: 0,
            joined: false,
            private: false,
            unread: 0,
            topic: String::new(),
            role: None,
            archived: false,
            dm: Vec::new(),
            first: None,
            retention_days: None,
        }
    }
}

/// Are you there? Answered with `pong` and the same `n`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ping {
    /// Any number.
    #[serde(default)]
    pub n: u64,
    /// The server's clock, Unix milliseconds; only in a server's ping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<u64>,
}

/// I am. Since frames are handled in order, it also says that all before it has been read.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Pong {
    /// The ping's number.
    #[serde(default)]
    pub n: u64,
}

/// Ends a session of one's own: its token is void, and all its connections close. Without fields, the session of this
/// connection.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SessionEnd {
    /// This one, a session or a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// All sessions but that of this connection. Tokens of programs stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
}

/// The server closes this connection. Told, not asked.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Goaway {
    /// Why, for people.
    pub reason: String,
    /// Milliseconds after which to come back; none where coming back is of no use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

/// Something for people that stands in no room.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Notice {
    /// The words.
    pub text: String,
}

impl_message! {
    Hello = "hello", Via = "via", Welcome = "welcome", Ping = "ping", Pong = "pong", SessionEnd = "session.end",
    Goaway = "goaway", Notice = "notice", You = "you",
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_not_taken_for_a_password() {
        let auth: Auth = serde_json::from_str(r#"{"invite":"c","user":"ann","password":"p"}"#).unwrap();
        assert!(matches!(auth, Auth::Invite { .. }));
        let auth: Auth = serde_json::from_str(r#"{"user":"ann","password":"p"}"#).unwrap();
        assert!(matches!(auth, Auth::Password { .. }));
    }

    #[test]
    fn debug_shows_no_secret() {
        let auth = Auth::Token { token: "s3cret".into() };
        assert!(!format!("{auth:?}").contains("s3cret"));
    }
}
