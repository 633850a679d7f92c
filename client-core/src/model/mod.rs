//! What is shown: rooms with their timelines, runs with the end of their output, uploads. Plain data, changed by
//! [`crate::client`]; nothing here knows the wire's frames.

mod room;
mod run;
mod tail;
mod terminal;
mod timeline;
mod unread;
mod upload;

pub use room::{OpenState, Quote, Room};
pub use run::{Run, RunState};
pub use tail::{OutputTail, TailLimits, TailLine};
pub use terminal::Keyboard;
pub(crate) use timeline::Added;
pub use timeline::Timeline;
pub use upload::{Upload, UploadState};
