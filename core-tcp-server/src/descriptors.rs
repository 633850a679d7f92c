//! How many files the process may open: every connection is one. The usual soft limit of 1,024 is for programs that use
//! select(2), so it is raised to the hard one at the start; where that is low too, fewer connections are taken.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::limits::{CONNECTIONS_MAX, DESCRIPTORS_WANTED};

/// Raises the limit as far as this process may, and warns where that is not far.
pub fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let files = open_max();
    if files < DESCRIPTORS_WANTED {
        tracing::warn!(
            files,
            connections = connections_max(),
            "this process may open few files, so it takes few connections; raise `ulimit -n`, or LimitNOFILE= in its systemd unit"
        );
    }
}

/// Connections that one listener takes: half of the open files, since the rest is for the database, files, runs and the
/// other listeners.
pub fn connections_max() -> usize {
    usize::try_from(open_max() / 2).unwrap_or(usize::MAX).min(CONNECTIONS_MAX)
}

fn open_max() -> u64 {
    // No limit at all is `None`.
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
