//! Messages about hosts: which there are, how they are, and how admins add and remove them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::Nonce;

/// Asks a host how it is. Answer: [`HostStatus`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct HostLook {}

/// How a host's machine is. What cannot be read is absent.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct HostStatus {
    /// Processes that run or want to, on average over the last minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// Its processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Bytes that the host may still write on the disk of its spool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// The size of that disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
}

/// Creates a token for a host. Admins. Answer: [`HostAdded`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct HostAdd {
    /// The host's name.
    pub host: String,
    /// What people may choose it by, such as `role` = `web`; absent: as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// A new token for a host that has one: the old one is void.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
    /// The client's id of this request: a retry with the same nonce gets the first answer and creates nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// The answer to [`HostAdd`]: shown once, kept only as a hash.
#[derive(Clone, Deserialize, Serialize)]
pub struct HostAdded {
    /// The secret.
    pub token: String,
}

/// Forgets a host: its token is void, its connection is closed, and its runs are lost. Admins.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HostRemove {
    /// The host's name.
    pub host: String,
}

/// Lists the hosts that have a token or have ever connected. Operators and above. Answer: [`HostListed`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct HostList {
    /// Only hosts after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The answer to [`HostList`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HostListed {
    /// By name.
    pub hosts: Vec<HostInfo>,
    /// True if more follow the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A host.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HostInfo {
    /// Its name.
    pub host: String,
    /// It is connected.
    #[serde(default)]
    pub connected: bool,
    /// Its runs that have not ended, as far as the core knows.
    #[serde(default)]
    pub runs: u64,
    /// Its program and version, if it has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What people may choose it by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// When it was last connected, in Unix milliseconds; absent while it is, and if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// How it keeps commands from the server's files: `user`, `namespace`, `landlock` or `none`. Absent while it is
    /// away, and if it runs no commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// How its machine is, while it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<HostStatus>,
}

impl std::fmt::Debug for HostAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HostAdded(…)")
    }
}

impl_message! {
    HostList = "host.list", HostAdd = "host.add", HostRemove = "host.remove", HostLook = "host.look",
    HostStatus = "host.status",
}
