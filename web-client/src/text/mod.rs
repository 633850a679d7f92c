//! Text made ready for the page: colours of output, marks in messages, numbers and times in words. Pure functions,
//! tested on the host; nothing here touches the DOM.

pub mod ansi;
pub mod format;
pub mod markup;
