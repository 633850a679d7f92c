//! Opening a connection, keeping it alive, and ending it.

use serde::{Deserialize, Serialize};

use super::impl_message;
use super::rights::{Right, RuledRight};
use crate::ids::{Epoch, RoomName, UserName};
use crate::role::{Role, RoomRole};

/// The server's own host.
const LOCAL_HOST: &str = "local";

/// The first frame of a client.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Hello {
    /// The version of the protocol: 1.
    pub v: u32,
    /// The program and its version, for the log: `wardroom/0.1.0`.
    #[serde(default)]
    pub client: String,
    /// The credentials. Absent if the gateway has vouched for a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Asks for a session that outlives this connection, with this label; the welcome then has its `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<String>,
}

/// Credentials. Debug output shows no secret.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Auth {
    /// A session's or a program's token.
    Token {
        /// The secret.
        token: String,
    },
    /// An invite, which creates the account: the new member chooses the name and the password.
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
        /// The name; any text, so that a malformed one is refused with the same text as a wrong one.
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

/// The first frame of a gateway's connection: on whose behalf it acts. Only a holder of the gateway key may send it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Via {
    /// The gateway key.
    pub key: String,
    /// The client's address: `203.0.113.9:40112`.
    pub client: String,
    /// The client connected over TLS.
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

/// The caller is signed in.
#[derive(Clone, Deserialize, Serialize)]
pub struct Welcome {
    /// The version spoken.
    pub v: u32,
    /// The server and its version.
    pub server: String,
    /// The identity of the event store: positions from another one are void.
    pub epoch: Epoch,
    /// The server's clock, Unix milliseconds.
    pub now: u64,
    /// The caller's account.
    pub you: You,
    /// The caller's limits.
    pub limits: Limits,
    /// The rooms that the caller has joined, as many as fit in the line.
    pub rooms: Vec<RoomInfo>,
    /// True if there are more, each of which follows as a [`RoomChanged`](super::RoomChanged).
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

/// The caller's account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct You {
    /// The name to sign in with.
    pub user: UserName,
    /// The display name.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// What the caller may send.
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
    /// The last event that the caller has read.
    pub read: u64,
    /// Unread messages that mention the caller.
    #[serde(default)]
    pub mentions: u64,
    /// The caller is a member.
    pub joined: bool,
    /// Only members see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Unread lines of others: messages, runs and files. Exact below [`crate::limits::UNREAD_MAX`].
    #[serde(default)]
    pub unread: u64,
    /// Its topic.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub topic: String,
    /// The caller's role in it; absent if the caller is not a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoomRole>,
    /// It is archived: readable, but nothing is added.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// The users of a direct message, including the caller, by name. Empty for a room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dm: Vec<UserName>,
    /// The first event that still exists, if retention removed some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Days after which its content is removed; absent if it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Each run needs the approval of a second person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approve: bool,
    /// What rules say about the caller's rights in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuledRight>,
}

impl RoomInfo {
    /// Returns true if the caller may speak in the room, with this role of their account.
    pub fn is_active(&self, role: Role) -> bool {
        self.joined && self.role >= Some(RoomRole::Member) && role >= Role::Member
    }

    /// Returns true if the caller has `run` or `approve` on a host; without one, on hosts about which there are no rules.
    /// The server decides in the end: this is what a client shows.
    pub fn allows(&self, role: Role, right: Right, host: Option<&str>) -> bool {
        let ruled = self.rules.iter().find(|ruled| ruled.right == right);
        let is_in = |hosts: fn(&RuledRight) -> &Vec<String>| {
            ruled.zip(host).is_some_and(|(ruled, host)| hosts(ruled).iter().any(|name| name == host))
        };
        let elsewhere = || ruled.and_then(|ruled| ruled.here).unwrap_or(role >= Role::Operator);
        let is_allowed = role >= Role::Admin || is_in(|of| &of.on) || (!is_in(|of| &of.off) && elsewhere());
        self.is_active(role) && is_allowed
    }

    /// Returns the host on which the caller runs commands unless they say otherwise: the server's own if they may run there,
    /// or else one that rules name; `None` if they may run commands nowhere.
    pub fn run_host(&self, role: Role) -> Option<&str> {
        let is_allowed = |host| self.allows(role, Right::Run, host);
        let ruled = self.rules.iter().filter(|ruled| ruled.right == Right::Run);
        let named = || ruled.flat_map(|ruled| ruled.on.iter().map(String::as_str)).find(|host| is_allowed(Some(*host)));
        let local = Some(LOCAL_HOST);
        local.filter(|_| is_allowed(local)).or_else(named).or_else(|| local.filter(|_| is_allowed(None)))
    }

    /// Makes a room of which only the name is known.
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
            approve: false,
            rules: Vec::new(),
        }
    }
}

/// Asks whether the other side is there. Answered with `pong` and the same `n`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ping {
    /// Any number.
    #[serde(default)]
    pub n: u64,
    /// The server's clock, Unix milliseconds; only in a server's ping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<u64>,
}

/// The answer to a ping. Since frames are handled in order, it also says that all frames before the ping have been
/// read.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Pong {
    /// The ping's number.
    #[serde(default)]
    pub n: u64,
}

/// Ends one of the caller's sessions: its token becomes invalid, and all its connections close. Without fields, the
/// session of this connection.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct SessionEnd {
    /// The session or token to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// End all sessions except that of this connection. Tokens of programs stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
}

/// The server closes this connection. Not an answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Goaway {
    /// Why, for people.
    pub reason: String,
    /// Milliseconds after which to reconnect; none if reconnecting is useless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

/// A text for people that belongs to no room.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Notice {
    /// The text.
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
    fn a_client_shows_what_rules_and_roles_allow() {
        let info = |rules: &str| -> RoomInfo {
            let json = format!(r#"{{"room":"ops","head":1,"read":1,"joined":true,"role":"member","rules":{rules}}}"#);
            serde_json::from_str(&json).unwrap()
        };
        let may = |info: &RoomInfo, role, host| info.allows(role, Right::Run, Some(host));
        let none = info("[]");
        assert!(may(&none, Role::Operator, "db1") && !may(&none, Role::Member, "db1"));
        assert_eq!((none.run_host(Role::Operator), none.run_host(Role::Member)), (Some("local"), None));
        let named = info(r#"[{"right":"run","on":["web1"]}]"#);
        assert!(may(&named, Role::Member, "web1") && !may(&named, Role::Member, "local"));
        assert!(!may(&named, Role::Viewer, "web1"), "a rule gives nothing to a viewer");
        assert!(!named.allows(Role::Member, Right::Approve, Some("web1")), "another right");
        assert_eq!((named.run_host(Role::Member), named.run_host(Role::Operator)), (Some("web1"), Some("local")));
        let not_here = info(r#"[{"right":"run","here":false,"on":["web1"]}]"#);
        assert!(!may(&not_here, Role::Operator, "local") && may(&not_here, Role::Admin, "local"));
        assert_eq!(not_here.run_host(Role::Operator), Some("web1"));
        let here = info(r#"[{"right":"run","here":true,"off":["local"]}]"#);
        assert!(may(&here, Role::Member, "db1") && !may(&here, Role::Member, "local"));
        assert_eq!(here.run_host(Role::Member), Some("local"), "there are hosts, of which none is known");
        let left = RoomInfo { joined: false, ..here };
        assert!(!may(&left, Role::Admin, "db1"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let auth = Auth::Token { token: "s3cret".into() };
        assert!(!format!("{auth:?}").contains("s3cret"));
    }
}
