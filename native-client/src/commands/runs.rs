//! `wardroom runs`, `wardroom stop` and `wardroom hosts`: what runs, and where.

use std::str::FromStr;
use std::time::Duration;

use wardroom_client_core::{Command, Effect, Operation, WatchFrom};
use wardroom_protocol::messages::{RunGet, RunInfo, RunList, RunListed, RunLose, RunSignal, RunsIn, Signal};
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{RoomName, RunId, UserName};

use super::Out;
use super::ls::other_version;
use super::out::say;
use super::rooms::meant;
use crate::exit::{ExitCode, Failure};
use crate::limits::STOP_WAIT;
use crate::runner::{Runner, Target};
use crate::text::{bytes_words, duration_words, moment_words};

/// The most runs that one request returns.
const PAGE: u32 = 100;

/// A run as people name it: `r41`, `41`, or its id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RunName {
    /// The short number.
    Number(u64),
    /// The id.
    Id(RunId),
}

impl FromStr for RunName {
    type Err = String;

    fn from_str(text: &str) -> Result<RunName, String> {
        let digits = text.strip_prefix('r').unwrap_or(text);
        let is_number = !digits.is_empty() && digits.len() < 16 && digits.bytes().all(|byte| byte.is_ascii_digit());
        match (is_number.then(|| digits.parse().ok()).flatten(), text.parse()) {
            (Some(number), _) => Ok(RunName::Number(number)),
            (None, Ok(id)) => Ok(RunName::Id(id)),
            (None, Err(_)) => Err("a run is r and a number, such as r41; wardroom runs lists them".to_owned()),
        }
    }
}

/// Returns a run by its name.
pub(super) async fn find(runner: &mut Runner, name: RunName) -> Result<RunInfo, Failure> {
    match name {
        RunName::Id(run) => runner.ask(&RunGet { run }).await?.fields().map_err(other_version),
        RunName::Number(n) => {
            let list = RunList { before: Some(n.saturating_add(1)), limit: Some(1), ..RunList::default() };
            let listed: RunListed = runner.ask(&list).await?.fields().map_err(other_version)?;
            let found = listed.runs.into_iter().find(|info| info.n == n);
            found.ok_or_else(|| Failure::refused(format!("there is no run r{n}; wardroom runs lists them")))
        }
    }
}

/// Which runs to list.
#[derive(Clone, Debug)]
pub struct Runs {
    /// Only of this room.
    pub room: Option<RoomName>,
    /// Only in this state.
    pub state: Option<RunsIn>,
    /// Only on this host.
    pub host: Option<String>,
    /// Only of this user.
    pub user: Option<UserName>,
    /// Only with this text in the command.
    pub text: Option<String>,
    /// The most runs to print.
    pub limit: u64,
    /// Print one JSON object per line.
    pub json: bool,
}

/// Parses a state as named on the wire.
///
/// # Errors
/// A sentence that lists the states.
pub fn parse_state(text: &str) -> Result<RunsIn, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "use running, ended or failed; wardroom approve lists what is only proposed".to_owned())
}

/// Lists runs, newest first.
///
/// # Errors
/// See [`Failure`].
pub async fn runs(target: Target, mut runs: Runs) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    if let Some(room) = runs.room {
        runs.room = Some(meant(&mut runner, room).await?);
    }
    let mut out = Out::new();
    let (mut left, mut before) = (runs.limit, None);
    while left > 0 {
        let list = RunList {
            room: runs.room.clone(),
            state: runs.state,
            host: runs.host.clone(),
            by: runs.user.clone(),
            text: runs.text.clone(),
            before,
            limit: Some(u32::try_from(left).unwrap_or(PAGE).min(PAGE)),
        };
        let listed: RunListed = runner.ask(&list).await?.fields().map_err(other_version)?;
        for info in &listed.runs {
            if runs.json { out.json(info)? } else { out.line(&run_line(info))? }
        }
        left = left.saturating_sub(listed.runs.len() as u64);
        let last = listed.runs.last().map(|info| info.n);
        // A page that makes no progress would be requested for ever.
        if !listed.more || last.is_none() || last == before {
            break;
        }
        before = last;
        if left == 0 && !runs.json {
            say(&format!("wardroom: the {} newest runs; --limit shows more", runs.limit));
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

fn run_line(info: &RunInfo) -> String {
    let state = match (&info.exit, info.ms) {
        (None, _) => "running".to_owned(),
        (Some(exit), ms) => {
            let took = ms.map_or_else(String::new, |ms| format!(" after {}", duration_words(ms)));
            visible(&exit.words()).into_owned() + &took
        }
    };
    let (room, host, cmd) = (info.room.as_str(), visible(&info.host), exact(&info.cmd));
    let size = bytes_words(info.bytes);
    format!("r{:<6} {state:<28} {} {room} {} on {host}, {size}: {cmd}", info.n, moment_words(info.at), info.by)
}

/// What to stop, and how.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The run.
    pub run: RunName,
    /// How.
    pub how: HowToStop,
    /// Print how it ended as JSON.
    pub json: bool,
}

/// How to stop a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HowToStop {
    /// By a signal. `Term` is followed by `KILL` after 3 s.
    Signal(Signal),
    /// By declaring it lost.
    Lose,
}

/// Stops a run, and waits until it has ended. With `Int`, which a command may catch, it only sends the signal.
///
/// # Errors
/// See [`Failure`].
pub async fn stop(target: Target, stop: Stop) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let info = find(&mut runner, stop.run).await?;
    let (run, n) = (info.run, info.n);
    if let Some(exit) = &info.exit {
        say(&format!("wardroom: r{n} had ended already: {}", visible(&exit.words())));
        return ended(&stop, info);
    }
    match stop.how {
        HowToStop::Signal(signal) => runner.ask(&RunSignal { run, signal }).await?,
        HowToStop::Lose => runner.ask(&RunLose { run }).await?,
    };
    if stop.how == HowToStop::Signal(Signal::Int) {
        runner.finish().await;
        return Ok(ExitCode::Ok);
    }
    runner.command(Command::WatchRun { run, from: WatchFrom::Last(0), auto_ack: true });
    let end = async {
        loop {
            match runner.next().await {
                Effect::RunEnded(end) if end.run == run => return Ok(end),
                Effect::Failed { operation: Operation::Run(of), error } if of == run => {
                    return Err(Failure::from(error));
                }
                _ => runner.fail_if_signed_out()?,
            }
        }
    };
    let end = match tokio::time::timeout(STOP_WAIT, end).await {
        Ok(end) => end?,
        Err(_) => {
            let seconds = STOP_WAIT.as_secs();
            return Err(Failure::failed(format!("r{n} has not ended within {seconds} s; is its host connected?")));
        }
    };
    runner.finish().await;
    if !stop.json {
        say(&format!("wardroom: r{n}: {}", visible(&end.exit.words())));
    }
    if end.left > 0 {
        return Err(Failure::failed(format!("{} processes of r{n} could not be stopped", end.left)));
    }
    ended(&stop, RunInfo { exit: Some(end.exit), ms: Some(end.ms), bytes: end.bytes, ..info })
}

fn ended(stop: &Stop, info: RunInfo) -> Result<ExitCode, Failure> {
    if stop.json {
        Out::new().json(&info)?;
    }
    Ok(ExitCode::Ok)
}

const _: () = assert!(STOP_WAIT.as_millis() > Duration::from_secs(3).as_millis(), "the grace period before KILL");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn runs_have_short_names() {
        assert_eq!("r41".parse(), Ok(RunName::Number(41)));
        assert_eq!("41".parse(), Ok(RunName::Number(41)));
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        assert_eq!(id.parse(), Ok(RunName::Id(id.parse().unwrap())));
        for bad in ["", "r", "r-1", "x41", "r99999999999999999999", "make"] {
            assert!(bad.parse::<RunName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn states_are_those_of_the_wire() {
        assert_eq!(parse_state("failed"), Ok(RunsIn::Failed));
        assert!(parse_state("done").is_err());
    }
}
