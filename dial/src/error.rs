//! Why there is no connection.

use crate::server::Server;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// It may succeed later.
    #[error("cannot reach {server}: {why}")]
    Unreachable {
        /// The server.
        server: Server,
        /// Why, and what to do.
        why: String,
    },
    /// The web server in between does not know the session.
    #[error("the server does not know this session; run: wardroom login")]
    SignedOut,
}
