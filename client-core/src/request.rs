//! Requests that a caller makes of the server through the client: how each is named until it is answered, and what a lost connection
//! means for it.

/// What becomes of a request when the connection is lost before its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnDisconnect {
    /// It is sent again: for requests that may be carried out twice without harm.
    Resend,
    /// It fails.
    Fail,
}

/// Names a request made with [`crate::Client::request`] until its [`crate::Effect::Answered`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(pub u64);
