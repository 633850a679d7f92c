//! What this user may do with a room and its settings.

#[derive(Clone, Copy, PartialEq)]
pub struct Permissions {
    /// Change the room, its members and its webhooks.
    pub own: bool,
    /// Set its topic.
    pub topic: bool,
    /// Add members.
    pub invite: bool,
}
