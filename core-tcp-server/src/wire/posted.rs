//! Posts to a webhook that a gateway forwards in parts, before any hello.

use wardroom_protocol::Request;
use wardroom_protocol::limits::HOOK_BYTES_MAX;

use crate::error::Error;

/// Returns true for a part of a post.
pub fn is_hook(request: &Request) -> bool {
    matches!(request, Request::HookPart(_) | Request::HookPost(_))
}

/// The parts of one post that have arrived.
#[derive(Default)]
pub struct Posted {
    token: Option<String>,
    body: Vec<u8>,
}

impl Posted {
    /// Adds a part.
    ///
    /// # Errors
    /// `bad_request` for another webhook; `too_large`.
    pub fn take(&mut self, token: String, part: &[u8]) -> Result<(), Error> {
        if self.token.get_or_insert_with(|| token.clone()) != &token {
            return Err(Error::bad_request("all parts go to one webhook"));
        }
        if self.body.len() + part.len() > HOOK_BYTES_MAX {
            return Err(Error::too_large("a webhook takes at most 1 MiB"));
        }
        self.body.extend_from_slice(part);
        Ok(())
    }

    /// Returns the whole body.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}
