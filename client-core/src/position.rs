//! From where on a log is read: a room, or the output of a run. Part of what a caller asks for.

/// From where on a room is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OpenFrom {
    /// So many of the last lines, and after a break all that was missed.
    Last(u64),
    /// So many of the last lines, and after a break at most [`crate::limits::CATCH_UP_MAX`]: the rest is loaded as it is shown.
    Stretch(u64),
    /// All lines after this one.
    After(u64),
}

/// From where on a run's output is followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WatchFrom {
    /// A byte; 0 is the start.
    Byte(u64),
    /// So many of the last bytes.
    Last(u64),
}
