//! What is shown: rooms with their timelines, runs with the end of their output, uploads. Plain data; the machine in
//! [`crate::client`] changes it, and nothing here knows the wire's frames.

mod room;
mod run;
mod tail;
mod timeline;
mod upload;

pub use room::{OpenState, Room};
pub use run::{Run, RunState};
pub use tail::{Line, Tail};
pub use timeline::{Added, Timeline};
pub use upload::{Upload, UploadState};
