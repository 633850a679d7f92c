//! Bulk data for one reader: what a connection's writer asks of a run's output or of a download.

use std::pin::Pin;

use bytes::Bytes;
use wardroom_protocol::{RunId, StreamId};

/// The key of a flow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FlowKey {
    /// The output of a run.
    Run(RunId),
    /// A download.
    Stream(StreamId),
}

/// Bulk data for one reader: a cursor in a log of bytes, under credit.
pub trait Flow: Send {
    /// Returns the key of the flow.
    fn key(&self) -> FlowKey;
    /// Records that the reader has processed all bytes before `off`.
    fn ack(&mut self, off: u64);
    /// Adds up to `count` frames from memory to `out`.
    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step;
    /// Returns true if the flow yields raw bytes for a terminal: they are not rendered, and nothing else is written
    /// until the flow ends.
    fn is_raw(&self) -> bool {
        false
    }
    /// Reads the data that [`Flow::take`] needs from disk. Called after it returned [`Step::Load`].
    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// What a flow needs next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing, until its log grows (it wakes the sender itself) or credit arrives.
    Wait,
    /// Another [`Flow::take`]: there is more.
    More,
    /// A [`Flow::load`], then another [`Flow::take`].
    Load,
    /// Nothing more: its last frame was taken, and it can be dropped.
    Done,
}
