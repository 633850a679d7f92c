//! What this user may do with a room and its settings.

/// What this user may do in this room.
#[derive(Clone, Copy, PartialEq)]
pub struct Permissions {
    /// Change it, its members and its webhooks.
    pub own: bool,
    /// Set its topic.
    pub topic: bool,
    /// Add members.
    pub invite: bool,
}
