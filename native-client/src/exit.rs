//! How a command ends: the exit codes, and one sentence that says why.

use wardroom_client_core::Error;
use wardroom_protocol::Code;

/// The exit codes of `wardroom`; `wardroom run` exits with the command's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum ExitCode {
    /// Success.
    Ok = 0,
    /// The command failed.
    Failed = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// The server refused it.
    Refused = 3,
    /// There is no connection to the server.
    NoConnection = 4,
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: ExitCode,
    /// One sentence in lower case: what is wrong, and what to do.
    pub words: String,
}

impl Failure {
    /// Ends without a message: the reader of the output has closed it.
    pub(crate) fn quiet() -> Self {
        Failure { code: ExitCode::Ok, words: String::new() }
    }

    /// The command failed.
    pub fn failed(words: impl Into<String>) -> Self {
        Failure { code: ExitCode::Failed, words: words.into() }
    }

    /// The arguments are wrong.
    pub fn usage(words: impl Into<String>) -> Self {
        Failure { code: ExitCode::Usage, words: words.into() }
    }

    /// The server refused it.
    pub fn refused(words: impl Into<String>) -> Self {
        Failure { code: ExitCode::Refused, words: words.into() }
    }

    /// There is no connection.
    pub fn no_connection(words: impl Into<String>) -> Self {
        Failure { code: ExitCode::NoConnection, words: words.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let words = wardroom_protocol::visible::visible(&error.message).into_owned();
        match error.code {
            Some(Code::Internal | Code::BadFrame) | None => Failure::failed(words),
            Some(_) => Failure::refused(words),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Self {
        Failure::failed(e.to_string())
    }
}
