//! Local files: read in slices for an upload, written as data arrives for a download. Both off the task that serves the
//! socket.

mod gathered;
mod sink;
mod source;
mod spool;

pub(crate) use gathered::LongText;
pub(crate) use sink::{Sink, SinkEvent, io_words, part_path, publish};
pub(crate) use source::Source;
pub(crate) use spool::Spool;
