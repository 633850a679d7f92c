//! Runs that somebody else must approve: `wardroom approve` and `refuse`, what waits, and how a starter waits.

use wardroom_client_core::{Command, Effect, OpenFrom};
use wardroom_protocol::event::WhyNot;
use wardroom_protocol::messages::{ProposalList, ProposalListed, RunApprove, RunRefuse, RunStartOk};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Event, EventBody, RoomName, RunId};

use super::ls::other_version;
use super::out::say;
use super::{Out, ReconnectDeadline};
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};
use crate::text::{event_json, event_line, moment_words};

/// Parses `p3`, or `3`.
///
/// # Errors
/// If it is no proposal.
pub fn parse_proposal(s: &str) -> Result<u64, String> {
    let digits = s.strip_prefix('p').unwrap_or(s);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_number { digits.parse().ok() } else { None };
    number.ok_or_else(|| "a proposal is p and a number, such as p3".to_owned())
}

/// Lists the proposals that wait, oldest first.
///
/// # Errors
/// See [`Failure`].
pub async fn proposals(target: Target, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let (mut out, mut list, mut is_empty) = (Out::new(), ProposalList::default(), true);
    loop {
        let listed: ProposalListed = runner.ask(&list).await?.fields().map_err(other_version)?;
        for raw in &listed.proposals {
            let event = Event::parse(raw.get().as_bytes()).map_err(other_version)?;
            out.line(&if json { event_json(&event) } else { format!("{}  {}", event.room, event_line(&event)) })?;
            is_empty = false;
        }
        // A page that makes no progress would be requested for ever.
        if listed.more_after.is_none() || listed.more_after <= list.after {
            break;
        }
        list.after = listed.more_after;
    }
    runner.finish().await;
    if is_empty && !json {
        say("-- no proposals wait for approval");
    }
    Ok(ExitCode::Ok)
}

/// Approves a proposal; it starts.
///
/// # Errors
/// See [`Failure`].
pub async fn approve(target: Target, proposal: u64, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let started: RunStartOk = runner.ask(&RunApprove { proposal }).await?.fields().map_err(other_version)?;
    runner.finish().await;
    let mut out = Out::new();
    if json {
        let mut told = serde_json::json!({ "proposal": proposal, "run": started.run, "n": started.n });
        if !started.runs.is_empty() {
            told["runs"] = serde_json::json!(started.runs);
        }
        out.json(&told)?;
    } else {
        let lanes = started.runs.iter().map(|lane| format!("r{} on {}", lane.n, visible(&lane.host)));
        let lanes: Vec<String> = lanes.collect();
        let runs = if lanes.is_empty() { format!("r{}", started.n) } else { lanes.join(", ") };
        out.line(&format!("p{proposal} runs as {runs}"))?;
    }
    Ok(ExitCode::Ok)
}

/// Refuses a proposal, or withdraws one's own.
///
/// # Errors
/// See [`Failure`].
pub async fn refuse(target: Target, proposal: u64, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    runner.ask(&RunRefuse { proposal }).await?;
    runner.finish().await;
    if json {
        Out::new().json(&serde_json::json!({ "proposal": proposal, "refused": true }))?;
    }
    Ok(ExitCode::Ok)
}

/// A proposal of ours, until it is decided.
pub(super) struct Waiting {
    n: u64,
}

impl Waiting {
    /// Says what is awaited, and follows the room from the proposal on.
    pub(super) fn begin(runner: &mut Runner, room: &RoomName, n: u64, seq: u64, until: u64) -> Waiting {
        say(&format!(
            "wardroom: p{n} waits for somebody else: wardroom approve p{n}, or /approve p{n} in {room}, until {}",
            moment_words(until)
        ));
        runner.command(Command::OpenRoom { room: room.clone(), from: OpenFrom::After(seq) });
        Waiting { n }
    }

    /// Returns the run, once somebody has approved it.
    ///
    /// # Errors
    /// If the proposal is refused or expires.
    pub(super) fn decided(&self, event: &Event) -> Result<Option<(RunId, u64)>, Failure> {
        match &event.body {
            EventBody::RunStarted(run) if run.approved.as_ref().is_some_and(|approved| approved.n == self.n) => {
                Ok(Some((run.run, run.n)))
            }
            EventBody::RunRefused(refused) if refused.n == self.n => Err(Failure::refused(match refused.why {
                WhyNot::Refused => format!("{} refused p{}", event.by, self.n),
                WhyNot::Withdrawn => format!("p{} was withdrawn", self.n),
                WhyNot::Expired => format!("nobody approved p{} in time", self.n),
            })),
            _ => Ok(None),
        }
    }

    /// Waits until somebody has approved it.
    ///
    /// # Errors
    /// If the proposal is refused or expires, or the server stays away.
    pub(super) async fn approved(&self, runner: &mut Runner) -> Result<(), Failure> {
        let mut patience = ReconnectDeadline::default();
        loop {
            if let Effect::Event(event) = patience.next(runner).await?
                && self.decided(&event)?.is_some()
            {
                return Ok(());
            }
        }
    }

    /// Withdraws it: its starter no longer waits.
    pub(super) fn withdraw(&self, runner: &mut Runner) {
        runner.request(&RunRefuse { proposal: self.n }, wardroom_client_core::OnDisconnect::Fail);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn event(kind: &str, fields: &str) -> Event {
        let line = format!(r#"{{"room":"ops","seq":9,"at":1,"by":"ben","kind":"{kind}",{fields}}}"#);
        Event::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_starter_waits_for_its_own_proposal_and_no_other() {
        let waiting = Waiting { n: 3 };
        let started = |n: u64| {
            let fields = format!(
                r#""run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":41,"cmd":"x","host":"h","approved":{{"n":{n},"by":"ben","digest":"d"}}"#
            );
            event("run.started", &fields)
        };
        assert_eq!(waiting.decided(&started(3)).unwrap().map(|(_, n)| n), Some(41));
        assert_eq!(waiting.decided(&started(4)).unwrap(), None);
        assert!(waiting.decided(&event("run.refused", r#""n":3,"proposed":8,"why":"expired""#)).is_err());
        assert_eq!(waiting.decided(&event("run.refused", r#""n":4,"proposed":8,"why":"refused""#)).unwrap(), None);
        assert_eq!((parse_proposal("p3"), parse_proposal("3")), (Ok(3), Ok(3)));
        assert!(parse_proposal("r3").is_err() && parse_proposal("p").is_err());
    }
}
