//! A run whose output is followed.

/// A run whose output is followed.
#[derive(Debug)]
pub(in crate::client) struct Watch {
    /// The next byte wanted; `Err` while it is not known yet: so many of the last.
    pub(in crate::client) next: Result<u64, u64>,
    /// Acknowledged up to here.
    pub(in crate::client) acked: u64,
    pub(in crate::client) auto_ack: bool,
    pub(in crate::client) asked: Option<u64>,
    /// An end came that spoke of more bytes than had come, at this offset: asked again once, not for ever.
    pub(in crate::client) short_at: Option<u64>,
}
