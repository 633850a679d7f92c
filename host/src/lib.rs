//! The host: a process beside the core (or on another machine) that starts commands and never loses their output.
//!
//! The binary's `wardroom host` calls [`run`], its hidden `wardroom host-exec` calls [`exec_shim`]. A run's output goes
//! to a spool on disk first and from there to the core, from whatever offset the core needs: commands keep running
//! while the core is away. When a run is over, every process of it is found and ended, however it tried to escape.
//!
//! The host does not decide who may run what: the core has done that. There are no terminals yet.

#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used)]

mod config;
mod host;
mod limits;
mod link;
mod process;
mod recover;
mod runs;
mod spool;

pub use config::Config;
pub use host::{RunError, run};
pub use process::shim::exec_shim;
