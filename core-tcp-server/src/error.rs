//! What a service answers when it does not do what was asked: one type for every face. The wire's map from it is
//! here too, so that a refusal reads the same on TCP, over WebSocket and in a terminal.

use std::borrow::Cow;

use wardroom_protocol::Code;
use wardroom_protocol::messages::ErrAnswer;

/// A request that is not carried out, with a sentence that says why and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {msg}")]
pub struct Error {
    /// For programs.
    pub code: Code,
    /// For people.
    pub msg: Cow<'static, str>,
    /// Milliseconds after which it may be tried again.
    pub retry_ms: Option<u64>,
    /// The right offset, where a wrong one was given.
    pub off: Option<u64>,
    /// Where to look in the log.
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
        /// The fields are wrong.
        bad_request => BadRequest,
        /// Not signed in, or not with the right secret.
        unauthorized => Unauthorized,
        /// Signed in, but may not.
        forbidden => Forbidden,
        /// No such thing, or none that the caller may know of.
        not_found => NotFound,
        /// There already, or moved on.
        conflict => Conflict,
        /// More than a limit.
        too_large => TooLarge,
        /// The position is not of this log.
        reset => Reset,
    }

    /// The server cannot take it now.
    pub fn busy(msg: impl Into<Cow<'static, str>>, retry_ms: u64) -> Self {
        Self { retry_ms: Some(retry_ms), ..Self::new(Code::Busy, msg) }
    }

    /// There are too many connections that are not signed in, and this was the one that did nothing for the longest time.
    pub fn crowded() -> Self {
        Self::busy("too many connections are not signed in: connect again", 1_000)
    }

    /// Too often.
    pub fn rate_limited(retry_ms: u64) -> Self {
        let seconds = retry_ms.div_ceil(1_000);
        Self {
            retry_ms: Some(retry_ms),
            ..Self::new(Code::RateLimited, format!("too many attempts: try again in {seconds} s"))
        }
    }

    /// More than one user may have at once; `msg` says what to do.
    pub fn too_often(msg: impl Into<Cow<'static, str>>, retry_ms: u64) -> Self {
        Self { retry_ms: Some(retry_ms), ..Self::new(Code::RateLimited, msg) }
    }

    /// Our own fault. Logged here, once, under a reference that the caller is given instead of the error.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let reference = crate::secrets::random_hex(4);
        tracing::error!(reference, %error, "internal error");
        Self {
            reference: Some(reference.clone()),
            ..Self::new(Code::Internal, format!("the server failed; its log says why under {reference}"))
        }
    }

    /// As the wire says it.
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

/// True where a disk, or what one may have of it, is full.
pub fn is_no_room(e: &std::io::Error) -> bool {
    matches!(e.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

/// True where the disk of the database is full. Of its shared memory, which is a file too, SQLite says that otherwise:
/// it could not be made larger.
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
