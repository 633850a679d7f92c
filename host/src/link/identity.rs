//! What a host needs to reach its core.

use std::fmt::Write as _;

use wardroom_dial::Server;
use wardroom_protocol::VERSION;
use wardroom_protocol::messages::{HostHello, HostRun};

use crate::config::Secret;

/// Bytes of the id of a host's process. It only has to differ from those of a few others.
const INSTANCE_BYTES: usize = 16;

/// The address of the core, the host's credentials, and the id of this process.
#[derive(Clone)]
pub struct Identity {
    /// The address of the core.
    pub core: Server,
    secret: Secret,
    instance: String,
    spool: String,
}

impl Identity {
    /// Creates an identity with a new id of the process. `spool` is the id of its spool folder.
    pub fn new(core: Server, secret: Secret, spool: String) -> Identity {
        let mut raw = [0; INSTANCE_BYTES];
        // Without randomness the id is that of every such process: the name is then only as safe as before.
        let _ = getrandom::fill(&mut raw);
        let instance = raw.iter().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        });
        Identity { core, secret, instance, spool }
    }

    /// Returns the first frame of a connection.
    pub fn hello(&self, runs: Vec<HostRun>, isolation: Option<&str>, sandboxes: &[&str]) -> HostHello {
        let (token, key, host) = match self.secret.clone() {
            Secret::Token(token) => (Some(token), None, None),
            Secret::Key { key, name } => (None, Some(key), Some(name)),
        };
        let instance = Some(self.instance.clone());
        let version = Some(concat!("wardroom/", env!("CARGO_PKG_VERSION")).to_owned());
        let isolation = isolation.map(str::to_owned);
        let spool = Some(self.spool.clone());
        let sandbox = sandboxes.iter().map(|&name| name.to_owned()).collect();
        HostHello { v: VERSION, token, key, host, instance, spool, version, isolation, sandbox, runs }
    }
}
