//! What a host is told when it starts.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::sync::oneshot;
use wardroom_protocol::Address;

/// What a host is told when it starts.
pub struct Config {
    /// Where the core listens.
    pub core: Address,
    /// The host key, without its line end.
    pub key: String,
    /// The host's name: what members write behind `--host`.
    pub name: String,
    /// The folder of the spools. One host at a time has it.
    pub spool: PathBuf,
    /// The folder that commands run in if their request names none.
    pub work: PathBuf,
    /// The program and its first arguments that call [`crate::exec_shim`]; for most, [`Config::own_shim`].
    pub shim: Vec<OsString>,
    /// Told once, when the core has welcomed the host for the first time.
    pub welcomed: Option<oneshot::Sender<()>>,
}

impl Config {
    /// The running program itself, with the subcommand `host-exec`. Through `/proc`, so that it stays the same
    /// version as the host even after the file has been replaced by an upgrade.
    pub fn own_shim() -> Vec<OsString> {
        vec!["/proc/self/exe".into(), "host-exec".into()]
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("core", &self.core).field("name", &self.name).finish_non_exhaustive()
    }
}
