//! The client commands of `wardroom`: one function for each, which gives the code that the process exits with. The
//! binary parses arguments and calls them; the session, the resuming and the model are `client-core`'s; this crate
//! has the sockets, the terminal and the files.

pub mod commands;
mod edit;
mod exit;
mod files;
mod limits;
mod runner;
mod saved;
mod server;
mod text;
mod transport;

pub use exit::{ExitCode, Failure};
pub use runner::{Runner, Target, new_nonce};
pub use saved::SavedLogin;
pub use server::{Invite, Server};
pub use text::{password, time};
