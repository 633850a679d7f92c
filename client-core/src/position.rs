//! Where reading starts: in a room, or in the output of a run.

/// Where a room starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OpenFrom {
    /// This many of the last lines; after a break, everything that was missed.
    Last(u64),
    /// This many of the last lines; after a break at most [`crate::limits::CATCH_UP_MAX`], and the rest is loaded as it
    /// is scrolled to.
    Recent(u64),
    /// All lines after this one.
    After(u64),
}

/// Where a run's output starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WatchFrom {
    /// At this byte; 0 is the start.
    Byte(u64),
    /// This many of the last bytes.
    Last(u64),
}
