//! The caller's own account: password and sessions.

use serde::{Deserialize, Serialize};

use super::impl_message;

/// Changes the caller's password. All other sessions end; tokens of programs stay valid. A wrong current password is
/// `forbidden`, and counts as a failed sign-in.
#[derive(Clone, Deserialize, Serialize)]
pub struct PasswordSet {
    /// The current password.
    pub current: String,
    /// The new one.
    pub password: String,
}

impl std::fmt::Debug for PasswordSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordSet(redacted)")
    }
}

/// Sets what the caller's name is shown with in lists of members: `on call until 8`. An empty text removes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StatusSet {
    /// One line, at most [`crate::limits::STATUS_CHARS_MAX`] characters.
    pub text: String,
}

/// Lists the caller's sessions and tokens. Answer: [`SessionListed`].
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct SessionList {}

/// The answer to [`SessionList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SessionListed {
    /// Newest first.
    pub sessions: Vec<SessionInfo>,
}

/// A session of a person, or the token of a program.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SessionInfo {
    /// Its number, for [`super::SessionEnd`].
    pub session: u64,
    /// What the client called itself: a browser, a machine, a program.
    pub label: String,
    /// The address that started it; empty for a token.
    pub address: String,
    /// When it was started, Unix milliseconds.
    pub at: u64,
    /// When it expires, Unix milliseconds; none for a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The number of its open connections.
    pub connections: u64,
    /// True for the session of this connection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub this: bool,
}

impl_message! {
    PasswordSet = "password.set", StatusSet = "status.set", SessionList = "session.list",
}
