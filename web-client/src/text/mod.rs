//! Text processing for messages, output, code and numbers. No browser here; tested on the host.

pub mod ansi;
pub mod code;
pub mod emoji;
pub mod format;
pub mod sanitize;
