//! Accounts, for admins: the same requests that `wardroom admin` sends to a running server.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Nonce, UserName};
use crate::role::Role;

/// Makes an account. One that exists is `conflict`.
#[derive(Clone, Deserialize, Serialize)]
pub struct UserAdd {
    /// The name to sign in with.
    pub user: UserName,
    /// The name as it is shown; the same if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Their password.
    pub password: String,
}

/// The accounts, as many as a line holds. Answer: [`UserListed`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct UserList {
    /// Those behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<UserName>,
}

/// The answer to [`UserList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UserListed {
    /// By name.
    pub users: Vec<UserInfo>,
    /// There are more behind the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// An account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserInfo {
    /// The name they sign in with.
    pub user: UserName,
    /// The name as it is shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// They may not sign in.
    pub disabled: bool,
    /// Their open sessions and tokens.
    pub sessions: u64,
}

/// Sets a password; ends all sessions of the account.
#[derive(Clone, Deserialize, Serialize)]
pub struct UserPasswd {
    /// Whose.
    pub user: UserName,
    /// The new one.
    pub password: String,
}

/// Closes an account, and all its connections; or opens it again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UserDisable {
    /// Whose.
    pub user: UserName,
    /// `false` opens it again.
    pub disabled: bool,
}

/// Changes what somebody may do, on their connections too. Whoever has one is told by [`super::You`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UserSetRole {
    /// Whose.
    pub user: UserName,
    /// What they may do from now on.
    pub role: Role,
}

/// Makes a token for a program of this user. Answer: [`TokenAdded`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TokenAdd {
    /// Whose.
    pub user: UserName,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The author's mark: a retry under the same one is answered as the first, and makes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// The answer to [`TokenAdd`]: shown once, kept only as a hash.
#[derive(Clone, Deserialize, Serialize)]
pub struct TokenAdded {
    /// The secret.
    pub token: String,
}

/// Makes an invite: single use, 24 hours. Answer: [`InviteAdded`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InviteAdd {
    /// What the new member may do.
    pub role: Role,
    /// The author's mark: a retry under the same one is answered as the first, and makes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// The answer to [`InviteAdd`].
#[derive(Clone, Deserialize, Serialize)]
pub struct InviteAdded {
    /// The secret.
    pub invite: String,
    /// When it ends, Unix milliseconds.
    pub until: u64,
}

macro_rules! redacted {
    ($($name:ident),*) => { $(impl std::fmt::Debug for $name {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(concat!(stringify!($name), "(…)"))
        }
    })* };
}
redacted!(UserAdd, UserPasswd, TokenAdded, InviteAdded);

impl_message! {
    UserAdd = "user.add", UserList = "user.list", UserPasswd = "user.passwd", UserDisable = "user.disable",
    UserSetRole = "user.role",
    TokenAdd = "token.add", InviteAdd = "invite.add",
}
