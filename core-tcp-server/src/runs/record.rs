//! Puts a run on record: the audit entry, the event and the row, in the transaction of whoever decides that it starts.

use std::sync::Arc;

use rusqlite::params;
use wardroom_protocol::event::{Approval, EventBody, RunStarted};
use wardroom_protocol::messages::{CommandRef, HostStart};
use wardroom_protocol::{Nonce, RunId};

use super::keyboard::Keyboard;
use super::lease::Typist;
use super::run::{Phase, Run, RunRecord};
use super::spec::RunSpec;
use super::values::StoredOrder;
use crate::error::Error;
use crate::limits::OPEN_RUNS_MAX;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;
use crate::store::{NewEvent, Tx};

/// What to record.
pub(super) struct Intent {
    pub run: RunId,
    pub order: RunSpec,
    pub command: Option<CommandRef>,
    pub room: Arc<Room>,
    pub by: Member,
    pub nonce: Nonce,
    /// The spool of the host that is connected now.
    pub spool: Option<String>,
    /// Its named command needs an approval.
    pub needs_approval: bool,
    /// The approval, once there is one.
    pub approved: Option<Approval>,
}

/// Checks that the run may start now, and notes what its host says about itself.
///
/// # Errors
/// `busy` (the host is away, too many runs), `not_found` (the host).
pub(super) fn check_free(state: &State, intent: &mut Intent) -> Result<(), Error> {
    let link = state.runs.hosts.link(&intent.order.host)?;
    if state.runs.count() >= OPEN_RUNS_MAX {
        return Err(Error::busy("256 runs are not over yet: that is as many as this server takes", 5_000));
    }
    (intent.order.start.isolation, intent.spool) = (link.isolation, link.spool);
    Ok(())
}

/// Writes the audit record, the event and the row in one transaction. The run can be found from here on, because the
/// event is in the room before the caller gets an answer; its phase says that it must not start yet.
///
/// # Errors
/// If the database fails.
pub(super) fn record_run(tx: &mut Tx<'_>, state: &Arc<State>, intent: Intent) -> Result<Arc<Run>, Error> {
    let Intent { run, order, command, room, by, nonce, spool, approved, .. } = intent;
    let user = &by.user;
    // Counts runs that retention removed, too.
    let next = "SELECT max(coalesce((SELECT max(n) FROM runs), 0),
                coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'runs_n'), 0)) + 1";
    let n: i64 = tx.conn.prepare_cached(next)?.query_row([], |row| row.get(0))?;
    let n_ = u64::try_from(n).unwrap_or(0);
    let by_name =
        command.as_ref().map_or_else(String::new, |named| format!(" (/{} version {})", named.name, named.version));
    let detail = format!("r{n} on {} in {}: {}{by_name}", order.host, room.name, order.shown);
    tx.audit(user.name.as_str(), &by.address, "run.start", &run.to_string(), &detail)?;
    let (cmd, host, cwd) = (order.shown.clone(), order.host.clone(), order.start.cwd.clone());
    let (tty, stdin) = (order.start.tty, order.start.stdin);
    let (isolation, amended, reactions) = (order.start.isolation.clone(), None, Vec::new());
    let is_named = command.is_some();
    let named = command.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let command = command.map(Box::new);
    // The nonce of an approved one is that of the proposal.
    let event_nonce = approved.is_none().then(|| nonce.as_str());
    let approved = approved.map(Box::new);
    let started =
        RunStarted { run, n: n_, cmd, host, cwd, command, approved, tty, stdin, isolation, amended, reactions };
    let body = EventBody::RunStarted(started);
    let fields = body.fields();
    let event = NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: user.id,
        by_name: user.name.as_str(),
        kind: body.kind(),
        fields: &fields,
        nonce: event_nonce,
    };
    let seq = tx.append(&event)?.seq;
    let (stored, values) = StoredOrder::split(order.start, is_named);
    let request = serde_json::to_string(&stored).map_err(Error::internal)?;
    let at = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    tx.conn
        .prepare_cached(
            "INSERT INTO runs(id, n, room, seq, by, host, cmd, request, nonce, at, boot, spool, command)
             VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
        )?
        .execute(params![
            run.to_string(),
            n,
            room.id.0,
            i64::try_from(seq).unwrap_or(i64::MAX),
            user.id.0,
            order.host,
            order.shown,
            request,
            nonce.as_str(),
            at,
            state.runs.boot,
            spool,
            named
        ])?;
    let record = RunRecord {
        id: run,
        n: n_,
        room: room.id,
        room_name: room.name.clone(),
        seq,
        by: user.id,
        by_name: user.name.clone(),
        cmd: order.shown,
        host: order.host,
        spool,
        at: tx.now_ms,
        order: stored.order,
        is_this_boot: true,
    };
    let starter = Typist { id: user.id, name: user.name.clone() };
    let keyboard = Keyboard::of(&record.order, 0, None, &starter, true);
    let made = Run::new(&state.runs.folder, record, Phase::Committing, Some(values), 0, keyboard);
    state.runs.insert(Arc::clone(&made));
    Ok(made)
}

/// Returns the generation of the starter's lease, if the run has a keyboard.
pub(super) fn first_lease(order: &HostStart) -> Option<u64> {
    (order.stdin || order.tty.is_some()).then_some(1)
}
