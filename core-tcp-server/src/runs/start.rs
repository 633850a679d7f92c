//! Starts a run: it is checked, recorded and posted to the room in one commit, before any host is told.

use std::sync::Arc;

use wardroom_protocol::RunId;
use wardroom_protocol::messages::{RunStart, RunStartOk};

use super::allowed;
use super::earlier::{find_earlier, find_earlier_named};
use super::named::{self, Resolved};
use super::proposals;
use super::record::{Intent, Lane, answer, check_free, lane_of, record_runs};
use super::run::Run;
use super::spec;
use super::targets;
use crate::clock::now_ms;
use crate::error::Error;
use crate::policy::Member;
use crate::secrets::new_ulid;
use crate::state::State;
use crate::store::Tx;

/// The result of recording an intent.
enum Recorded {
    /// New runs, of which the hosts must be told.
    New(Vec<Arc<Run>>),
    /// The nonce was already used for the same runs, or they wait for an approval.
    Told(RunStartOk),
}

/// Starts a command, by its words or by its name, on one host or several, or proposes it if somebody else must approve it.
/// Returns when all of it is on disk and in the room; the hosts are told right after. If one of them is away, nothing is
/// started.
///
/// # Errors
/// `forbidden`, `not_found` (the room, a host), `bad_request`, `too_large`, `conflict` (the nonce), `busy` (a host is
/// away, too many runs).
pub async fn start(state: &Arc<State>, member: &Member, start: RunStart) -> Result<RunStartOk, Error> {
    if let Some(answer) = find_earlier_named(state, member, &start).await? {
        return Ok(answer);
    }
    let Resolved { room, start, command, allow, needs_approval } = named::resolve(state, member, start).await?;
    let by = member.clone();
    let hosts = &state.runs.hosts;
    let lane = |host: &String| {
        let run = RunId(new_ulid(now_ms()));
        let order = spec::check(&start, host, run, &by.user.name)?;
        Ok(Lane { run, order, spool: None })
    };
    // Who may run nothing at all learns nothing about hosts and labels either.
    let general = if command.is_some() { Ok(()) } else { member.might_run(state.ruled(), &room).map(drop) };
    let lanes =
        targets::names(hosts, &start).and_then(|names| names.iter().map(lane).collect::<Result<Vec<_>, Error>>());
    let lanes = match (lanes, &general) {
        (Err(_), Err(refusal)) => return Err(refusal.clone()),
        (lanes, _) => lanes?,
    };
    let runs: Vec<RunId> = lanes.iter().map(|lane| lane.run).collect();
    let (nonce, is_by_label) = (start.nonce, !start.label.is_empty());
    let mut intent = Intent { lanes, command, room, by, nonce, is_by_label, allow, needs_approval, approved: None };
    let free = general
        .and_then(|()| allowed::check(state, &intent))
        .and_then(|()| check_free(state, &mut intent).map_err(|error| allowed::with_hosts(state, &intent, error)));
    if let Err(error) = free {
        // A retry gets its first answer again, whatever has happened to the hosts and the rights since.
        let earlier = state.store.read(move |conn| find_earlier(conn, &intent)).await?;
        return earlier.ok_or(error);
    }
    let shared = Arc::clone(state);
    match state.store.write(move |tx| record(tx, &shared, intent)).await {
        Ok(Recorded::New(made)) => {
            for run in &made {
                hosts.dispatch(run);
            }
            Ok(answer(made.iter().map(lane_of)))
        }
        Ok(Recorded::Told(answer)) => Ok(answer),
        Err(error) => {
            runs.into_iter().for_each(|run| state.runs.remove(run));
            Err(error)
        }
    }
}

/// Records the runs, unless the request is known or waits for an approval. Whether it does is decided here, in the
/// transaction, for every way to start something.
fn record(tx: &mut Tx<'_>, state: &Arc<State>, intent: Intent) -> Result<Recorded, Error> {
    if let Some(answer) = find_earlier(tx.conn, &intent)? {
        return Ok(Recorded::Told(answer));
    }
    allowed::check(state, &intent)?;
    if proposals::is_needed(tx.conn, &intent)? {
        return proposals::propose(tx, intent).map(Recorded::Told);
    }
    record_runs(tx, state, intent).map(Recorded::New)
}
