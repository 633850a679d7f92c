//! The face for programs: frames in, frames out. A connection has two tasks, so that a blocked write never keeps a
//! request from being read. They share the [`crate::sender::ConnectionSender`].

mod account;
mod connection;
mod dispatch;
mod handshake;
mod host;
mod messages;
mod posted;
mod reader;
mod room_notifier;
pub mod stream;
pub mod writer;

pub use connection::{serve, serve_browser};
pub use dispatch::manage;
pub use handshake::Peer;
