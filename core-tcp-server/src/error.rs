//! The refusals of the services: one type for every face. The mapping to the wire is here too, so that a refusal reads
//! the same on TCP, over WebSocket and in a terminal.

use std::borrow::Cow;

use wardroom_protocol::Code;
use wardroom_protocol::messages::ErrAnswer;

/// Why a request failed, with a message that says why and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {msg}")]
pub struct Error {
    /// The code, for programs.
    pub code: Code,
    /// The message, for people.
    pub msg: Cow<'static, str>,
    /// Milliseconds until a retry makes sense.
    pub retry_ms: Option<u64>,
    /// The right offset, if the request had a wrong one.
    pub off: Option<u64>,
    /// The id of the log entry.
    pub reference: Option<String>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $code:ident),* $(,)?) => { $(
        $(#[$doc])*
        pub fn $name(msg: impl Into<Cow<'static, str>>) -> Self {
            Self::new(Code::$code, msg)
        }
    )* };
}

impl Error {
    fn new(code: Code, msg: impl Into<Cow<'static, str>>) -> Self {
        Self { code, msg: msg.into(), retry_ms: None, off: None, reference: None }
    }

    kinds! {
        /// The fields are invalid.
        bad_request => BadRequest,
        /// Not signed in, or with the wrong secret.
        unauthorized => Unauthorized,
        /// Signed in, but not allowed.
        forbidden => Forbidden,
        /// It does not exist, or the caller may not know about it.
        not_found => NotFound,
        /// It exists already, or has changed.
        conflict => Conflict,
        /// A limit is exceeded.
        too_large => TooLarge,
        /// The position does not belong to this log.
        reset => Reset,
    }

    /// The server cannot handle the request now.
    pub fn busy(msg: impl Into<Cow<'static, str>>, retry_ms: u64) -> Self {
        Self { retry_ms: Some(retry_ms), ..Self::new(Code::Busy, msg) }
    }

    /// Too many connections are not signed in, and this one was idle for longest.
    pub fn crowded() -> Self {
        Self::busy("too many connections are not signed in: connect again", 1_000)
    }

    /// The caller does this too often.
    pub fn rate_limited(retry_ms: u64) -> Self {
        let seconds = retry_ms.div_ceil(1_000);
        Self {
            retry_ms: Some(retry_ms),
            ..Self::new(Code::RateLimited, format!("too many attempts: try again in {seconds} s"))
        }
    }

    /// The caller exceeds a per-user limit; `msg` says what to do.
    pub fn too_often(msg: impl Into<Cow<'static, str>>, retry_ms: u64) -> Self {
        Self { retry_ms: Some(retry_ms), ..Self::new(Code::RateLimited, msg) }
    }

    /// Our own fault. Logs the error once, and gives the caller only the id of the log entry.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let reference = crate::secrets::random_hex(4);
        tracing::error!(reference, %error, "internal error");
        Self {
            reference: Some(reference.clone()),
            ..Self::new(Code::Internal, format!("the server failed; its log says why under {reference}"))
        }
    }

    /// Returns the error as a message of the wire.
    pub fn answer(&self, re: Option<u64>) -> ErrAnswer {
        ErrAnswer {
            re,
            code: Some(self.code),
            msg: self.msg.clone().into_owned(),
            retry_ms: self.retry_ms,
            off: self.off,
            reference: self.reference.clone(),
            ..ErrAnswer::default()
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        if is_disk_full(&e) {
            tracing::error!(error = %e, "the disk is full");
            return Self::busy("the server's disk is full: nothing was written; free some space and try again", 10_000);
        }
        if e.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
            return Self::busy("reading this took longer than 5 s: ask for less, or try again later", 2_000);
        }
        Self::internal(e)
    }
}

/// Returns true if a disk or a quota is full.
pub fn is_no_room(e: &std::io::Error) -> bool {
    matches!(e.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

/// Returns true if the disk of the database is full. For its shared memory, which is a file too, SQLite reports a
/// different error: the file could not be enlarged.
pub fn is_disk_full(e: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(failure, _) = e else { return false };
    failure.code == rusqlite::ErrorCode::DiskFull || failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        if is_no_room(&e) {
            tracing::error!(error = %e, "the disk is full");
            return Self::busy("the server's disk is full: free some space and try again", 10_000);
        }
        Self::internal(e)
    }
}
