//! What holds between the sources of the page and its style sheets.

mod styles;
