//! The rows of rooms and users, and numbers as SQLite keeps them.

/// A room's row.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomId(pub i64);

/// A user's row.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UserId(pub i64);

impl UserId {
    /// The server itself.
    pub const SYSTEM: UserId = UserId(0);
}

/// SQLite's integers are signed; ours stay below 2^53.
pub(crate) fn as_sql(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Back again; a negative one can only come from a damaged table.
pub(crate) fn from_sql(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
