//! The configuration of a host.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::oneshot;
use wardroom_protocol::Address;

use crate::isolate::Wanted;

/// The configuration of a host.
pub struct Config {
    /// The address of the core.
    pub core: Address,
    /// The host key, without a line end.
    pub key: String,
    /// The host's name, as used with `--host`.
    pub name: String,
    /// The folder of the spools. Used by one host at a time.
    pub spool: PathBuf,
    /// The folder that commands run in if their request names none.
    pub work: PathBuf,
    /// The program and its first arguments that call [`crate::run_shim`]; usually [`Config::own_shim`].
    pub shim: Vec<OsString>,
    /// How commands are kept from `hidden` and the spool.
    pub isolation: Wanted,
    /// Folders and files that commands must not see: the data folder of a server, the key file of a host.
    pub hidden: Vec<PathBuf>,
    /// Stops all runs at the end; otherwise they go on, and the next host takes them over.
    pub stops_runs: Arc<AtomicBool>,
    /// Notified once, when the core welcomes the host for the first time.
    pub welcomed: Option<oneshot::Sender<()>>,
}

impl Config {
    /// Returns the running program itself, with the subcommand `shim`. Through `/proc`, so that it stays the same
    /// version as the host even after an upgrade has replaced the file.
    pub fn own_shim() -> Vec<OsString> {
        vec!["/proc/self/exe".into(), "shim".into()]
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("core", &self.core).field("name", &self.name).finish_non_exhaustive()
    }
}
