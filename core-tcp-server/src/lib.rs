//! The core of Wardroom: the only authority, and the only process that writes the data folder. It knows accounts,
//! rooms, runs, files and the audit log, and serves programs and people on one TCP port. It starts no processes; hosts
//! do that.
//!
//! Two faces (`wire` for programs, `text` for people with `nc`) call the same services (`rooms`, `runs`, `files`,
//! `accounts`), which know nothing about sockets.

mod access;
pub mod accounts;
pub mod admin;
mod answer;
pub mod browsers;
mod clock;
mod data;
mod descriptors;
mod error;
mod files;
mod flow;
mod hooks;
pub mod limits;
mod listen;
mod log;
mod permits;
mod policy;
mod presence;
mod rates;
mod retention;
mod rights;
mod rooms;
mod rules;
mod runs;
mod search;
mod secrets;
mod sender;
mod start;
mod state;
mod store;
mod text;
mod wire;

pub use data::{DataError, DataFolder};
pub use descriptors::raise as raise_descriptor_limit;
pub use error::Error;
pub use listen::BindError;
pub use start::{Config, Core, StartError, start};
