//! The configuration of a host.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::oneshot;
use wardroom_dial::Server;

use crate::isolate::Wanted;
use crate::runs::policy::Policy;

/// The configuration of a host.
pub struct Config {
    /// The address of the core.
    pub core: Server,
    /// How it proves to the core which host it is.
    pub secret: Secret,
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
    /// What commands may use.
    pub policy: Policy,
    /// Stops all runs at the end; otherwise they go on, and the next host takes them over.
    pub stops_runs: Arc<AtomicBool>,
    /// Gets the host's name, when the core welcomes the host for the first time.
    pub welcomed: Option<oneshot::Sender<String>>,
}

/// How a host proves to the core which host it is. Secrets are without a line end.
#[derive(Clone)]
pub enum Secret {
    /// Its own token, which also says its name.
    Token(String),
    /// The key that the hosts of the core's machine share, and its name.
    Key {
        /// The key.
        key: String,
        /// The name, as used with `--host`.
        name: String,
    },
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
        f.debug_struct("Config").field("core", &self.core).finish_non_exhaustive()
    }
}
