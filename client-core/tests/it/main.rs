//! The client against a model of the server, over a connection that can break at any point.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests: a failure is a panic")]

mod amendments;
mod lists;
mod reading;
mod rooms;
mod runs;
mod server;
mod session;
mod terminal;
mod terminals;
mod timeline;
mod uploads;
mod windows;
mod world;
