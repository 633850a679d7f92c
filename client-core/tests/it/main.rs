//! The client against a small model of the server, over a connection that breaks at every point.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests: a failure is a panic")]

mod amendments;
mod lists;
mod reading;
mod rooms;
mod runs;
mod server;
mod session;
mod timeline;
mod uploads;
mod windows;
mod world;
