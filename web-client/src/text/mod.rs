//! Text as values that the page turns into elements: messages, output, code, numbers. No browser here; tested on the host.

pub mod ansi;
pub mod code;
pub mod emoji;
pub mod format;
pub mod sanitize;
