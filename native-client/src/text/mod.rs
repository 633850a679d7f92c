//! Text for people: the lines of a timeline, times and sizes, the filter for terminals, and password prompts.

mod amended;
mod bar;
mod connection;
mod filter;
mod line;
pub mod password;
mod size;
pub mod time;

pub(crate) use amended::Amended;
pub(crate) use bar::Bar;
pub(crate) use connection::connection_words;
pub(crate) use filter::TerminalFilter;
pub(crate) use line::{counted, event_json, event_line, event_rows, event_words, moment_words, output_line, with_id};
pub(crate) use size::{bytes_words, duration_words};
