//! The host: a process beside the core (or on another machine) that has commands run and never loses their output.
//!
//! The binary's `wardroom host` calls [`run`]. Each run has a process of its own, its shim ([`run_shim`], the hidden
//! `wardroom shim`), which starts the command ([`exec`], the hidden `wardroom host-exec`) and writes its output to a
//! spool on disk. The host sends it from there to the core, from whatever offset the core needs. Commands keep running
//! while the core or the host is away. When a run is over, its shim finds every process of it and ends it, however it
//! tried to escape.
//!
//! The host does not decide who may run what: the core has done that.

#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used)]

mod config;
mod host;
mod isolate;
mod limits;
mod link;
mod process;
mod recover;
mod runs;
mod shim;
mod spool;

pub use config::{Config, Secret};
pub use host::{RunError, run};
pub use isolate::Wanted;
pub use process::exec::exec;
pub use process::isolation::{Level, hide_this_process};
pub use runs::policy::Policy;
pub use shim::run_shim;
