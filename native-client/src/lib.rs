//! The client commands of `wardroom`: one function each, which returns the exit code. The binary parses arguments and
//! calls them; `client-core` has the session, resuming and the model; this crate has the sockets, the terminal and the
//! files.

pub mod commands;
mod edit;
mod exit;
mod files;
mod invite;
mod limits;
mod runner;
mod saved;
mod text;
mod transport;

pub use exit::{ExitCode, Failure};
pub use invite::Invite;
pub use runner::{Runner, Target, new_nonce};
pub use saved::SavedLogin;
pub use text::{password, time};
pub use wardroom_dial::Server;
