//! Classifies a run's end: the one place where what happened becomes an [`Exit`].
//!
//! The first rule that applies:
//! 1. The output could not be kept: `lost`, whatever else happened, since nobody can trust it.
//! 2. The host stopped it, for a reason that preceded its end: a member's TERM or KILL (`stopped_by`, with the last
//!    signal requested), the time limit, another limit, the host's own stop (`lost`).
//! 3. It exceeded the output limit, or the kernel kept it to a limit of the run as a whole, and it ended before it was
//!    stopped for that: still that limit.
//! 4. A member's INT or HUP ended it: `stopped_by`. A command that caught the signal ends with its own code.
//! 5. The kernel ended its first process at one of its limits, or because the machine ran out of memory.
//! 6. The code or the signal of its first process.

use wardroom_protocol::UserName;
use wardroom_protocol::messages::{Exit, RunLimits, Signal};

use super::command::Status;
use super::output::OutputState;
use super::watchdog::Watchdog;

const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;

/// Why a run was stopped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StopCause {
    /// A member, by this signal: TERM or KILL.
    Member(UserName, Signal),
    /// The host, for this reason.
    Host(String),
    /// It exceeded its time limit.
    Timeout,
    /// It exceeded this limit: a name of [`RunLimits::named`].
    Limit(&'static str),
    /// Its output cannot be kept.
    Spool,
}

impl StopCause {
    /// Returns true for a member's KILL, and for runs that would only take more during a grace period.
    pub fn is_kill(&self) -> bool {
        matches!(self, StopCause::Member(_, Signal::Kill) | StopCause::Limit("memory" | "processes"))
    }

    /// Returns true if a member stopped it.
    pub fn is_by_member(&self) -> bool {
        matches!(self, StopCause::Member(..))
    }
}

/// A member's INT or HUP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interrupt {
    /// The member.
    pub by: UserName,
    /// The signal.
    pub signal: Signal,
}

/// Returns how the run ended.
pub fn exit(
    cause: Option<&StopCause>,
    interrupt: Option<&Interrupt>,
    status: Option<Status>,
    output: &OutputState,
    watchdog: &Watchdog,
) -> Exit {
    if let Some(failure) = &output.failure {
        return Exit::Lost { lost: format!("the host could not keep the output: {failure}") };
    }
    match cause {
        Some(StopCause::Member(by, signal)) => return stopped_by(by, *signal),
        Some(StopCause::Host(why)) => return Exit::Lost { lost: why.clone() },
        Some(StopCause::Timeout) => return Exit::Timeout { timeout: true },
        Some(StopCause::Limit(limit)) => return at_limit(limit),
        Some(StopCause::Spool) | None => {}
    }
    if output.is_over_limit {
        return at_limit("output");
    }
    if let Some(limit) = watchdog.limit_reached() {
        return at_limit(limit);
    }
    if let Some(Interrupt { by, signal }) = interrupt
        && status == Some(Status::Signal(number(*signal)))
    {
        return stopped_by(by, *signal);
    }
    if let Some(limit) = status.and_then(|status| by_kernel(status, watchdog.limits(), || watchdog.has_seen_oom())) {
        return at_limit(limit);
    }
    match status {
        Some(Status::Code(code)) => Exit::Code { code },
        Some(Status::Signal(number)) => Exit::Signal { signal: signal_name(number) },
        None => Exit::Lost { lost: "its first process could not be ended".to_owned() },
    }
}

fn at_limit(limit: &str) -> Exit {
    Exit::Limit { limit: limit.to_owned() }
}

/// Returns the limit at which the kernel ended a process. A shell exits with 128 + the signal that ended its command.
fn by_kernel(status: Status, limits: &RunLimits, was_oom: impl FnOnce() -> bool) -> Option<&'static str> {
    let signal = match status {
        Status::Signal(signal) => signal,
        Status::Code(code) => code.checked_sub(128)?,
    };
    match signal {
        SIGKILL if was_oom() => Some("oom"),
        SIGXCPU => limits.cpu_s.map(|_| "cpu"),
        SIGXFSZ => limits.file_bytes.map(|_| "file-size"),
        _ => None,
    }
}

fn stopped_by(by: &UserName, signal: Signal) -> Exit {
    Exit::StoppedBy { stopped_by: by.clone(), signal: signal.as_str().to_owned() }
}

/// Returns the number of signal(7) on all of Linux.
fn number(signal: Signal) -> i32 {
    match signal {
        Signal::Hup => 1,
        Signal::Int => 2,
        Signal::Kill => 9,
        Signal::Term => 15,
    }
}

/// Returns the name of signal(7) without `SIG`; numbers as on x86 and ARM. Real-time and unknown signals by number.
fn signal_name(number: i32) -> String {
    const NAMES: [&str; 32] = [
        "0", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];
    let known = usize::try_from(number).ok().and_then(|n| NAMES.get(n));
    known.map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::time::Instant;

    fn said(
        cause: Option<StopCause>,
        interrupt: Option<Interrupt>,
        status: Option<Status>,
        output: OutputState,
    ) -> String {
        let watchdog = Watchdog::new(RunLimits::default(), Instant::now(), None);
        serde_json::to_string(&exit(cause.as_ref(), interrupt.as_ref(), status, &output, &watchdog)).unwrap()
    }

    fn ann() -> UserName {
        UserName::parse("ann").unwrap()
    }

    #[test]
    fn an_end_of_its_own() {
        assert_eq!(said(None, None, Some(Status::Code(3)), OutputState::default()), r#"{"code":3}"#);
        assert_eq!(said(None, None, Some(Status::Signal(11)), OutputState::default()), r#"{"signal":"SEGV"}"#);
        assert_eq!(said(None, None, Some(Status::Signal(64)), OutputState::default()), r#"{"signal":"64"}"#);
    }

    #[test]
    fn a_stop_outweighs_the_code() {
        let by = StopCause::Member(ann(), Signal::Term);
        let said_so = r#"{"stopped_by":"ann","signal":"TERM"}"#;
        assert_eq!(said(Some(by.clone()), None, Some(Status::Code(0)), OutputState::default()), said_so);
        let over = OutputState { is_over_limit: true, ..OutputState::default() };
        assert_eq!(said(Some(by), None, Some(Status::Signal(15)), over.clone()), said_so);
        assert_eq!(said(Some(StopCause::Timeout), None, Some(Status::Signal(9)), over), r#"{"timeout":true}"#);
    }

    #[test]
    fn a_limit_that_was_noticed_late_counts() {
        let idle = Some(StopCause::Limit("idle"));
        assert_eq!(said(idle, None, Some(Status::Signal(9)), OutputState::default()), r#"{"limit":"idle"}"#);
        let over = OutputState { is_over_limit: true, ..OutputState::default() };
        assert_eq!(said(None, None, Some(Status::Code(0)), over), r#"{"limit":"output"}"#);
    }

    #[test]
    fn what_the_kernel_ended_is_said_if_there_was_such_a_limit() {
        let all = RunLimits { cpu_s: Some(1), file_bytes: Some(1), ..RunLimits::default() };
        let said = |status: Status, limits: &RunLimits, was_oom: bool| by_kernel(status, limits, || was_oom);
        assert_eq!(said(Status::Signal(24), &all, false), Some("cpu"));
        assert_eq!(said(Status::Code(153), &all, false), Some("file-size"));
        assert_eq!(said(Status::Code(137), &all, true), Some("oom"));
        assert_eq!(said(Status::Signal(9), &all, false), None);
        assert_eq!(said(Status::Signal(24), &RunLimits::default(), true), None);
        assert_eq!(said(Status::Code(1), &all, true), None);
    }

    #[test]
    fn an_interrupt_that_was_caught_leaves_the_commands_own_code() {
        let int = || Some(Interrupt { by: ann(), signal: Signal::Int });
        let stopped = r#"{"stopped_by":"ann","signal":"INT"}"#;
        assert_eq!(said(None, int(), Some(Status::Signal(2)), OutputState::default()), stopped);
        assert_eq!(said(None, int(), Some(Status::Signal(11)), OutputState::default()), r#"{"signal":"SEGV"}"#);
        for code in [0, 7, 130] {
            let own = format!(r#"{{"code":{code}}}"#);
            assert_eq!(said(None, int(), Some(Status::Code(code)), OutputState::default()), own);
        }
    }

    #[test]
    fn output_that_could_not_be_kept_is_said_first() {
        let failed = OutputState { failure: Some("no space left on device".into()), ..OutputState::default() };
        let said = said(Some(StopCause::Timeout), None, Some(Status::Code(0)), failed);
        assert_eq!(said, r#"{"lost":"the host could not keep the output: no space left on device"}"#);
    }
}
