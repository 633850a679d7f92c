//! A run whose output is watched.

#[derive(Debug)]
pub(in crate::client) struct Watch {
    /// The next byte wanted. `Err`: not known yet, this many of the last bytes.
    pub(in crate::client) next: Result<u64, u64>,
    /// Acknowledged up to this offset.
    pub(in crate::client) acked: u64,
    pub(in crate::client) auto_ack: bool,
    /// The screen is wanted: the parts of one that is arriving. `None`: only bytes are.
    pub(in crate::client) screen: Option<Vec<u8>>,
    /// A recording: the moment at which it begins. After its screen, only bytes are wanted.
    pub(in crate::client) at: Option<u64>,
    pub(in crate::client) asked: Option<u64>,
    /// The run's end announced more bytes than had arrived at this offset. They are requested again once, not for ever.
    pub(in crate::client) short_at: Option<u64>,
}
