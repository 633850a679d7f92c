//! The connection's phase, and what the server said in its welcome.

use wardroom_protocol::Epoch;
use wardroom_protocol::messages::{Auth, Limits, You};

#[derive(Debug)]
pub(in crate::client) struct Session {
    pub(in crate::client) program: String,
    pub(in crate::client) auth: Option<Auth>,
    pub(in crate::client) remember: Option<String>,
    pub(in crate::client) phase: Phase,
    pub(in crate::client) conn: u64,
    /// When the last frame came.
    pub(in crate::client) last_frame_ms: u64,
    pub(in crate::client) pinged_ms: u64,
    pub(in crate::client) pings: u64,
    pub(in crate::client) probe_until_ms: Option<u64>,
    pub(in crate::client) welcome_ms: Option<u64>,
    /// Since when there is no connection; `None` while there is one, and before the first attempt failed.
    pub(in crate::client) lost_ms: Option<u64>,
    pub(in crate::client) you: Option<You>,
    pub(in crate::client) limits: Option<Limits>,
    pub(in crate::client) epoch: Option<Epoch>,
    pub(in crate::client) clock_skew_ms: i64,
}

#[derive(Debug)]
pub(in crate::client) enum Phase {
    /// Not started.
    Idle,
    /// Waiting for the next attempt.
    Waiting { at_ms: u64 },
    /// A socket is being opened.
    Opening { until_ms: u64 },
    /// The hello was sent.
    Greeting { until_ms: u64 },
    /// Welcomed by the server.
    Up,
    /// Somebody must sign in.
    SignedOut { why: String },
    /// Closed on request.
    Stopped,
}

impl Session {
    pub(in crate::client) fn new(program: String, auth: Option<Auth>, remember: Option<String>) -> Self {
        Session {
            program,
            auth,
            remember,
            phase: Phase::Idle,
            conn: 0,
            last_frame_ms: 0,
            pinged_ms: 0,
            pings: 0,
            probe_until_ms: None,
            welcome_ms: None,
            lost_ms: None,
            you: None,
            limits: None,
            epoch: None,
            clock_skew_ms: 0,
        }
    }

    pub(in crate::client) fn has_socket(&self) -> bool {
        matches!(self.phase, Phase::Opening { .. } | Phase::Greeting { .. } | Phase::Up)
    }

    /// An invite works once. After that the token or the password is used.
    pub(in crate::client) fn auth_after_welcome(&mut self, token: Option<&str>) {
        self.auth = match (self.auth.take(), token) {
            (Some(_), Some(token)) => Some(Auth::Token { token: token.to_owned() }),
            (Some(Auth::Invite { user, password, .. }), None) => {
                Some(Auth::Password { user: user.to_string(), password })
            }
            (auth, _) => auth,
        };
    }
}
