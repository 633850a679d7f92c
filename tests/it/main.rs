//! The binary as it is used on the command line, against its own server, killed at the worst moment.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests: a failure is a panic")]

mod attach;
mod chat;
mod export;
mod fake_core;
mod files;
mod hosts;
mod limits;
mod lists;
mod pty;
mod refusals;
mod runs;
mod search;
mod secrets;
mod serve;
mod talk;
mod test_server;
