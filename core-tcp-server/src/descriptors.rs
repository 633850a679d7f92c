//! The limit of open files. Every connection needs one. The usual soft limit of 1,024 protects programs that use
//! select(2), so it is raised to the hard limit at start. If that is low too, fewer connections are accepted.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::limits::{CONNECTIONS_MAX, DESCRIPTORS_WANTED};

/// Raises the limit as far as this process may, and warns if it is still low.
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

/// Returns the number of connections that one listener accepts: half of the open files, since the database, files, runs
/// and other listeners need the rest.
pub fn connections_max() -> usize {
    usize::try_from(open_max() / 2).unwrap_or(usize::MAX).min(CONNECTIONS_MAX)
}

fn open_max() -> u64 {
    // `None` means no limit.
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
