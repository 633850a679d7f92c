//! The administrator's requests on a data folder that no server holds. They use the same services, without a socket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wardroom_protocol::Request;

use crate::error::Error;
use crate::policy::Member;
use crate::start::{Config, Parts, StartError, end, open as open_parts};
use crate::store::UserId;

/// A data folder, held until [`Offline::close`].
pub struct Offline {
    parts: Parts,
    system: Member,
}

/// Opens a data folder, and creates it if it does not exist.
///
/// # Errors
/// If the folder cannot be opened: see [`StartError`]. `InUse` if a server runs; then use its `core.sock`.
pub async fn open(data: &Path) -> Result<Offline, StartError> {
    let config = Config {
        data: data.to_owned(),
        tcp: Vec::new(),
        server_name: String::new(),
        web_url: None,
        // Nothing is lost while no server runs.
        host_lost_after: Duration::MAX,
    };
    let parts = open_parts(&config).await?;
    let user = parts.state.accounts.by_id(UserId::SYSTEM).ok_or_else(|| Error::internal("no system account"))?;
    let system = Member { user, session: None, passwords_set: None, address: "command line".to_owned() };
    Ok(Offline { parts, system })
}

impl Offline {
    /// Executes `user.*`, `token.add`, `invite.add` or `host.add`, `host.list` and `host.remove`. Returns the line of an `ok`.
    ///
    /// # Errors
    /// If the service refuses the request.
    pub async fn request(&self, request: Request) -> Result<Bytes, Error> {
        let answer = crate::wire::manage(&self.parts.state, &self.system, Some(1), request).await?;
        Ok(answer.unwrap_or_default())
    }

    /// Writes everything to disk and releases the folder.
    pub async fn close(self) {
        let Parts { folder, state, publisher, writer } = self.parts;
        end(Arc::clone(&state), publisher, writer).await;
        drop(state);
        drop(folder);
    }
}
