//! Requests that a caller sends through the client: how they are identified until they are answered, and what happens
//! when the connection is lost.

/// What happens to a request when the connection is lost before its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnDisconnect {
    /// It is sent again: for requests that may safely be repeated.
    Resend,
    /// It fails.
    Fail,
}

/// Identifies a request made with [`crate::Client::request`] until its [`crate::Effect::Answered`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(pub u64);
