//! The administrator's requests on a data folder that no server holds: the same services, without a socket.

use std::path::Path;
use std::sync::Arc;

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

/// Opens a data folder; makes it if it is not there.
///
/// # Errors
/// [`StartError`]; `InUse` where a server runs: ask that one, over its `core.sock`.
pub async fn open(data: &Path) -> Result<Offline, StartError> {
    let config = Config { data: data.to_owned(), tcp: Vec::new(), server_name: String::new(), web_url: None };
    let parts = open_parts(&config).await?;
    let user = parts.state.accounts.by_id(UserId::SYSTEM).ok_or_else(|| Error::internal("no system account"))?;
    let system = Member { user, session: None, passwords_set: None, address: "command line".to_owned() };
    Ok(Offline { parts, system })
}

impl Offline {
    /// Carries out `user.*`, `token.add` or `invite.add`. The answer is the line of an `ok`.
    ///
    /// # Errors
    /// What the service refuses.
    pub async fn request(&self, request: Request) -> Result<Bytes, Error> {
        let answer = crate::wire::manage(&self.parts.state, &self.system, Some(1), request).await?;
        Ok(answer.unwrap_or_default())
    }

    /// Lets the folder go, with everything on disk.
    pub async fn close(self) {
        let Parts { folder, state, publisher, writer } = self.parts;
        end(Arc::clone(&state), publisher, writer).await;
        drop(state);
        drop(folder);
    }
}
