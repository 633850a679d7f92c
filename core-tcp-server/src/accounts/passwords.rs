//! Passwords: Argon2id with OWASP's first choice of parameters (19 MiB, two passes, one lane), on blocking threads, a
//! few at a time, so that sign-ins can exhaust neither memory nor cores.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use wardroom_protocol::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};

use crate::error::Error;
use crate::limits::{HASHES_KNOWN_MAX, HASHES_MAX, SIGN_IN_WAIT_MS};

/// Hashes passwords, [`HASHES_MAX`] at a time.
pub(super) struct Hasher {
    strangers: Arc<Semaphore>,
    known: Arc<Semaphore>,
}

/// Who is waiting for a hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lane {
    /// Anybody.
    Stranger,
    /// People who need not queue behind strangers: admins, and people who sign in from a known address.
    Known,
}

impl Default for Hasher {
    fn default() -> Self {
        let permits = |count| Arc::new(Semaphore::new(count));
        Self { strangers: permits(HASHES_MAX), known: permits(HASHES_KNOWN_MAX) }
    }
}

impl Hasher {
    /// Returns the PHC string of a password.
    pub(super) async fn hash(&self, password: String, lane: Lane) -> Result<String, Error> {
        check(&password)?;
        self.blocking(lane, move || {
            let salt = SaltString::encode_b64(&hex_bytes()).map_err(Error::internal)?;
            let hash = argon2()?.hash_password(password.as_bytes(), &salt).map_err(Error::internal)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Returns true if the password matches this PHC string. Without one (no such account) it does the same work.
    pub(super) async fn verify(&self, password: String, phc: Option<String>, lane: Lane) -> Result<bool, Error> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        self.blocking(lane, move || {
            let known = phc.as_deref().and_then(|phc| PasswordHash::new(phc).ok());
            let Some(known) = known else {
                let salt = SaltString::encode_b64(b"no such account!").map_err(Error::internal)?;
                argon2()?.hash_password(password.as_bytes(), &salt).map_err(Error::internal)?;
                return Ok(false);
            };
            Ok(argon2()?.verify_password(password.as_bytes(), &known).is_ok())
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let wait = Duration::from_millis(SIGN_IN_WAIT_MS);
        let permits = Arc::clone(if lane == Lane::Known { &self.known } else { &self.strangers });
        let permit = tokio::time::timeout(wait, permits.acquire_owned()).await;
        let permit = permit.map_err(|_| Error::busy("many people are signing in: try again", 5_000))?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(Error::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19 * 1_024, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hex_bytes() -> Vec<u8> {
    crate::secrets::random_hex(16).into_bytes()
}

/// Checks that a new password is acceptable.
///
/// # Errors
/// `bad_request`
pub(super) fn check(password: &str) -> Result<(), Error> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(Error::bad_request("a password has at least 8 characters"));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::bad_request("a password has at most 1,024 bytes"));
    }
    Ok(())
}
