//! Starts a run: it is checked, recorded and posted to the room in one commit, before any host is told.

use std::sync::Arc;

use wardroom_protocol::RunId;
use wardroom_protocol::messages::{RunStart, RunStartOk};

use super::earlier::{find_earlier, find_earlier_named};
use super::named::{self, Resolved};
use super::proposals;
use super::record::{Intent, check_free, first_lease, record_run};
use super::run::Run;
use super::spec;
use crate::clock::now_ms;
use crate::error::Error;
use crate::policy::Member;
use crate::secrets::new_ulid;
use crate::state::State;
use crate::store::Tx;

/// The result of recording an intent.
enum Recorded {
    /// A new run, of which the host must be told.
    New(Arc<Run>),
    /// The nonce was already used for the same run, or it waits for an approval.
    Told(RunStartOk),
}

/// Starts a command, by its words or by its name, or proposes it if somebody else must approve it. Returns when the intent
/// is on disk and in the room; the host is told right after.
///
/// # Errors
/// `forbidden`, `not_found` (the room, the host), `bad_request`, `too_large`, `conflict` (the nonce), `busy` (the host
/// is away, too many runs).
pub async fn start(state: &Arc<State>, member: &Member, start: RunStart) -> Result<RunStartOk, Error> {
    if let Some(answer) = find_earlier_named(state, member, &start).await? {
        return Ok(answer);
    }
    let Resolved { room, start, command, needs_approval } = named::resolve(state, member, start).await?;
    let by = member.clone();
    let run = RunId(new_ulid(now_ms()));
    let order = spec::check(&start, run, &by.user.name)?;
    let nonce = start.nonce;
    let mut intent = Intent { run, order, command, room, by, nonce, spool: None, needs_approval, approved: None };
    if let Err(error) = check_free(state, &mut intent) {
        // A retry gets its first answer again, whatever has happened to the host since.
        let earlier = state.store.read(move |conn| find_earlier(conn, &intent)).await?;
        return earlier.ok_or(error);
    }
    let shared = Arc::clone(state);
    let recorded = state.store.write(move |tx| record(tx, &shared, intent)).await;
    match recorded {
        Ok(Recorded::New(made)) => {
            state.runs.hosts.dispatch(&made);
            let lease = first_lease(&made.record.order);
            Ok(RunStartOk { run, n: made.record.n, seq: made.record.seq, proposal: None, until: None, lease })
        }
        Ok(Recorded::Told(answer)) => Ok(answer),
        Err(error) => {
            state.runs.remove(run);
            Err(error)
        }
    }
}

/// Records the run, unless the request is known or waits for an approval. Whether it does is decided here, in the
/// transaction, for every way to start something.
fn record(tx: &mut Tx<'_>, state: &Arc<State>, intent: Intent) -> Result<Recorded, Error> {
    if let Some(answer) = find_earlier(tx.conn, &intent)? {
        return Ok(Recorded::Told(answer));
    }
    if proposals::is_needed(tx.conn, &intent)? {
        return proposals::propose(tx, intent).map(Recorded::Told);
    }
    record_run(tx, state, intent).map(Recorded::New)
}
