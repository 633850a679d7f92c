//! What a host needs to reach its core.

use wardroom_protocol::Address;

/// The address of the core, and the host's credentials.
#[derive(Clone)]
pub struct Identity {
    /// The address of the core.
    pub core: Address,
    /// The host key.
    pub key: String,
    /// The host's name.
    pub name: String,
}
