//! How a command ends: the exit codes, and one sentence that says why.

use wardroom_client_core::Error;
use wardroom_protocol::Code;

/// The exit codes of `wardroom`. Commands that exit with the code of a run (`run`, `shell`, `attach`) have two of their
/// own, as docker and ssh do; see [`Failure::beside_a_run`].
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
    /// The run was not started, or what became of it is unknown.
    NotRun = 125,
    /// This process failed, not the run: its arguments, its sign-in, its connection.
    Ours = 255,
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

    /// Turns the failure of a command whose exit code is that of a run into one that cannot be taken for the run's: 125 if
    /// the server refused to run it, 255 if the fault is this process's own.
    #[must_use]
    pub fn beside_a_run(self) -> Self {
        let code = match self.code {
            ExitCode::Ok => ExitCode::Ok,
            ExitCode::Refused | ExitCode::NotRun => ExitCode::NotRun,
            _ => ExitCode::Ours,
        };
        Failure { code, ..self }
    }

    /// Like [`Failure::beside_a_run`], before anything was asked for: also a refused sign-in is this process's own fault.
    #[must_use]
    pub fn before_a_run(self) -> Self {
        Failure { code: ExitCode::Ours, ..self }
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

pub(crate) fn other_version(_: serde_json::Error) -> Failure {
    Failure::failed("unexpected answer; the client and the server are of different versions")
}
