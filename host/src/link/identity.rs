//! What a host needs to reach its core.

use wardroom_protocol::Address;

/// Where the core is, and who this host is to it.
#[derive(Clone)]
pub struct Identity {
    /// Where the core listens.
    pub core: Address,
    /// The host key.
    pub key: String,
    /// The host's name.
    pub name: String,
}
