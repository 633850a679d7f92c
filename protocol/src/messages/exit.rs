//! How a run ended, in words and as an exit code.

use serde::{Deserialize, Serialize};

use crate::ids::UserName;

/// How a run ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged, try_from = "ExitFields")]
#[expect(missing_docs, reason = "the fields are named by their variants")]
pub enum Exit {
    /// A member stopped it.
    StoppedBy { stopped_by: UserName, signal: String },
    /// It exited by itself.
    Code { code: i32 },
    /// A signal that no member sent ended it; the name without `SIG`.
    Signal { signal: String },
    /// It exceeded its time limit.
    Timeout { timeout: bool },
    /// It exceeded a limit: `output`, `cpu`, `memory`, `processes`, `file-size` or `idle`; `oom` if the kernel ended it
    /// because the machine ran out of memory.
    Limit { limit: String },
    /// Its outcome is unknown; the text says why.
    Lost { lost: String },
    /// It could not be started; the text says why.
    Failed { failed: String },
}

/// [`Exit`] as it is read: one of these fields says which. Reading it as untagged would try each variant in turn.
#[derive(Deserialize)]
struct ExitFields {
    stopped_by: Option<UserName>,
    signal: Option<String>,
    code: Option<i32>,
    timeout: Option<bool>,
    limit: Option<String>,
    lost: Option<String>,
    failed: Option<String>,
}

impl TryFrom<ExitFields> for Exit {
    type Error = &'static str;

    fn try_from(fields: ExitFields) -> Result<Exit, &'static str> {
        let ExitFields { stopped_by, signal, code, timeout, limit, lost, failed } = fields;
        let exit = match (stopped_by, signal) {
            (Some(stopped_by), Some(signal)) => Some(Exit::StoppedBy { stopped_by, signal }),
            (_, signal) => code.map(|code| Exit::Code { code }).or(signal.map(|signal| Exit::Signal { signal })),
        };
        exit.or(timeout.map(|timeout| Exit::Timeout { timeout }))
            .or(limit.map(|limit| Exit::Limit { limit }))
            .or(lost.map(|lost| Exit::Lost { lost }))
            .or(failed.map(|failed| Exit::Failed { failed }))
            .ok_or("an exit names none of its kinds")
    }
}

impl Exit {
    /// Returns true for an exit with code 0 only.
    pub fn is_success(&self) -> bool {
        matches!(self, Exit::Code { code: 0 })
    }

    /// Describes the exit in a few words: `exit 2`, `stopped by ann`, `timed out`.
    pub fn words(&self) -> String {
        match self {
            Exit::Code { code } => format!("exit {code}"),
            Exit::StoppedBy { stopped_by, signal } => format!("stopped by {stopped_by} ({signal})"),
            Exit::Signal { signal } => format!("ended by signal {signal}"),
            Exit::Timeout { .. } => "timed out".to_owned(),
            Exit::Limit { limit } => match limit.as_str() {
                "cpu" => "stopped at its CPU time limit".to_owned(),
                "processes" => "stopped at its process limit".to_owned(),
                "file-size" => "stopped at its file size limit".to_owned(),
                "idle" => "stopped: no output and no input for too long".to_owned(),
                "oom" => "ended by the kernel: the machine ran out of memory".to_owned(),
                _ => format!("stopped at its {limit} limit"),
            },
            Exit::Lost { lost } => format!("lost: {lost}"),
            Exit::Failed { failed } => format!("not started: {failed}"),
        }
    }

    /// Returns the exit code of `wardroom run`: the command's own, or the shell's convention (128 + signal, 124 as
    /// timeout(1), 127 for a command that was not found).
    pub fn shell_code(&self) -> u8 {
        match self {
            Exit::Code { code } => u8::try_from(code & 0xff).unwrap_or(1),
            Exit::StoppedBy { signal, .. } | Exit::Signal { signal } => 128u8.saturating_add(signal_number(signal)),
            Exit::Timeout { .. } => 124,
            Exit::Limit { .. } | Exit::Lost { .. } => 125,
            Exit::Failed { .. } => 127,
        }
    }
}

/// Returns Linux's number of a signal that ends runs; 0 for others.
fn signal_number(name: &str) -> u8 {
    match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "TRAP" => 5,
        "ABRT" => 6,
        "BUS" => 7,
        "FPE" => 8,
        "KILL" => 9,
        "USR1" => 10,
        "SEGV" => 11,
        "USR2" => 12,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        "XCPU" => 24,
        "XFSZ" => 25,
        _ => 0,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn exits_are_told_apart() {
        for (json, code) in [
            (r#"{"code":3}"#, 3),
            (r#"{"signal":"KILL"}"#, 137),
            (r#"{"timeout":true}"#, 124),
            (r#"{"stopped_by":"ann","signal":"TERM"}"#, 143),
            (r#"{"limit":"output"}"#, 125),
            (r#"{"lost":"the host restarted"}"#, 125),
            (r#"{"failed":"no such file: mak"}"#, 127),
        ] {
            let exit: Exit = serde_json::from_str(json).unwrap();
            assert_eq!(exit.shell_code(), code, "{json}");
            assert_eq!(serde_json::to_string(&exit).unwrap(), json);
        }
    }
}
