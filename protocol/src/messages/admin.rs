//! Accounts, for admins: the requests that `wardroom admin` sends to a running server.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{Nonce, UserName};
use crate::role::Role;

/// Creates an account. If it exists: `conflict`.
#[derive(Clone, Deserialize, Serialize)]
pub struct UserAdd {
    /// The name to sign in with.
    pub user: UserName,
    /// The display name; `user` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role.
    pub role: Role,
    /// Their password.
    pub password: String,
}

/// Lists the accounts, as many as fit in a line. Answer: [`UserListed`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct UserList {
    /// Only accounts after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<UserName>,
}

/// The answer to [`UserList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UserListed {
    /// By name.
    pub users: Vec<UserInfo>,
    /// True if more follow the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// An account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserInfo {
    /// The name they sign in with.
    pub user: UserName,
    /// The display name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The account may not sign in.
    pub disabled: bool,
    /// The number of its open sessions and tokens.
    pub sessions: u64,
}

/// Sets a password; ends all sessions of the account.
#[derive(Clone, Deserialize, Serialize)]
pub struct UserPasswd {
    /// The account.
    pub user: UserName,
    /// The new one.
    pub password: String,
}

/// Disables an account and closes its connections; or enables it again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UserDisable {
    /// The account.
    pub user: UserName,
    /// `false` enables it again.
    pub disabled: bool,
}

/// Changes the role of an account, on its open connections too. Each of them receives [`super::You`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct UserSetRole {
    /// The account.
    pub user: UserName,
    /// The new role.
    pub role: Role,
}

/// Creates a token for a program of this user. Answer: [`TokenAdded`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TokenAdd {
    /// The user.
    pub user: UserName,
    /// What the token is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The client's id of this request: a retry with the same nonce gets the first answer and creates nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// The answer to [`TokenAdd`]: shown once, kept only as a hash.
#[derive(Clone, Deserialize, Serialize)]
pub struct TokenAdded {
    /// The secret.
    pub token: String,
}

/// Creates an invite: single use, 24 hours. Answer: [`InviteAdded`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InviteAdd {
    /// The role of the new account.
    pub role: Role,
    /// The client's id of this request: a retry with the same nonce gets the first answer and creates nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// The answer to [`InviteAdd`].
#[derive(Clone, Deserialize, Serialize)]
pub struct InviteAdded {
    /// The secret.
    pub invite: String,
    /// When it expires, Unix milliseconds.
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
