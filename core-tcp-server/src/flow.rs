//! Bulk data on its way to a reader: what the writer of a connection asks of the output of a run or of a download.

use std::pin::Pin;

use bytes::Bytes;
use wardroom_protocol::{RunId, StreamId};

/// Names a flow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FlowKey {
    /// The output of a run.
    Run(RunId),
    /// A download.
    Stream(StreamId),
}

/// Bulk on its way to one reader: a cursor in a log of bytes, under credit.
pub trait Flow: Send {
    /// Which one it is.
    fn key(&self) -> FlowKey;
    /// The reader has dealt with all bytes before `off`.
    fn ack(&mut self, off: u64);
    /// Adds up to `count` frames from memory to `out`.
    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step;
    /// True where what it gives are bytes for a terminal as they are: never rendered, and nothing else is written
    /// until it is done.
    fn is_raw(&self) -> bool {
        false
    }
    /// Reads from disk what [`Flow::take`] found missing. Called after it said [`Step::Load`].
    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// What a flow wants next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing, until its log grows (it wakes the sender itself) or credit comes.
    Wait,
    /// To be asked again: there is more.
    More,
    /// To be loaded, then asked again.
    Load,
    /// To be dropped: its last frame was taken.
    Done,
}
