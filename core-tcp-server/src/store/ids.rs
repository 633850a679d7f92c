//! The row ids of rooms and users, and the conversion of numbers for SQLite.

/// The row id of a room.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomId(pub i64);

/// The row id of a user.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UserId(pub i64);

impl UserId {
    /// The server itself.
    pub const SYSTEM: UserId = UserId(0);
}

/// Converts a number for SQLite, whose integers are signed; ours stay below 2^53.
pub(crate) fn as_sql(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Converts it back. A negative number can only come from a damaged table.
pub(crate) fn from_sql(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
