//! Puts runs on record: the audit entry, the event and the row of each, in the transaction of whoever decides that they start.

use std::sync::Arc;

use rusqlite::params;
use wardroom_protocol::event::{Approval, EventBody, RunStarted};
use wardroom_protocol::messages::{CommandRef, HostStart, Level, RunLane, RunStartOk};
use wardroom_protocol::{Nonce, RunId};

use super::hosts::check_known;
use super::keyboard::Keyboard;
use super::lease::Typist;
use super::run::{Phase, Run, RunRecord};
use super::spec::RunSpec;
use super::targets;
use super::values::StoredOrder;
use crate::error::Error;
use crate::limits::OPEN_RUNS_MAX;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;
use crate::store::{NewEvent, Tx};

/// What to record.
pub(super) struct Intent {
    /// One for each host, in the order in which the hosts were named.
    pub lanes: Vec<Lane>,
    pub command: Option<CommandRef>,
    pub room: Arc<Room>,
    pub by: Member,
    pub nonce: Nonce,
    /// Which hosts they are was said by a label, not by name.
    pub is_by_label: bool,
    /// Whom its named command allows.
    pub allow: Option<Level>,
    /// Its named command needs an approval.
    pub needs_approval: bool,
    /// The approval, once there is one.
    pub approved: Option<Approval>,
}

/// One run to record.
pub(super) struct Lane {
    pub run: RunId,
    pub order: RunSpec,
    /// The spool of the host that is connected now.
    pub spool: Option<String>,
}

/// Checks that the runs may start now, and notes what their hosts say about themselves.
///
/// # Errors
/// `busy` (a host is away, too many runs), `not_found` (a host).
pub(super) fn check_free(state: &State, intent: &mut Intent) -> Result<(), Error> {
    let names: Vec<&str> = intent.lanes.iter().map(|lane| lane.order.host.as_str()).collect();
    let links = targets::links(&state.runs.hosts, &names)?;
    if state.runs.count() + links.len() > OPEN_RUNS_MAX {
        return Err(Error::busy("256 runs are not over yet: that is as many as this server takes", 5_000));
    }
    for (lane, link) in intent.lanes.iter_mut().zip(links) {
        if let Some(name) = lane.order.start.sandbox.iter().find(|name| !link.sandbox.contains(name)) {
            let host = &lane.order.host;
            let msg =
                format!("the host {host} cannot set up the sandbox {name}, and its log says why: choose another host");
            return Err(Error::bad_request(msg));
        }
        (lane.order.start.isolation, lane.spool) = (link.isolation, link.spool);
    }
    Ok(())
}

/// Writes the audit records, the events and the rows in one transaction.
///
/// # Errors
/// `not_found` (a host has been removed); if the database fails.
pub(super) fn record_runs(tx: &mut Tx<'_>, state: &Arc<State>, intent: Intent) -> Result<Vec<Arc<Run>>, Error> {
    let Intent { lanes, command, room, by, nonce, approved, .. } = intent;
    let group = lanes.first().filter(|_| lanes.len() > 1).map(|first| first.run);
    lanes.iter().try_for_each(|lane| check_known(tx.conn, &lane.order.host))?;
    let mut made = Vec::new();
    for (at, lane) in lanes.into_iter().enumerate() {
        // A space is in no client's nonce.
        let row_nonce = if at == 0 { nonce.as_str().to_owned() } else { format!("{nonce} {at}") };
        // The nonce of an approved one is that of the proposal.
        let event_nonce = (at == 0 && approved.is_none()).then_some(nonce.as_str());
        let (command, approved) = (command.clone(), approved.clone());
        let (room, by, row_nonce) = (&room, &by, row_nonce.as_str());
        made.push(record_lane(
            tx,
            state,
            lane,
            Context { group, command, approved, room, by, row_nonce, event_nonce },
        )?);
    }
    Ok(made)
}

/// What the record of a run says besides its order.
struct Context<'a> {
    group: Option<RunId>,
    command: Option<CommandRef>,
    approved: Option<Approval>,
    room: &'a Arc<Room>,
    by: &'a Member,
    row_nonce: &'a str,
    event_nonce: Option<&'a str>,
}

/// Records one run. It can be found from here on, because the event is in the room before the caller gets an answer; its
/// phase says that it must not start yet.
fn record_lane(tx: &mut Tx<'_>, state: &Arc<State>, lane: Lane, context: Context<'_>) -> Result<Arc<Run>, Error> {
    let Lane { run, order, spool } = lane;
    let Context { group, command, approved, room, by, row_nonce, event_nonce } = context;
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
    let (tty, stdin, sandbox) = (order.start.tty, order.start.stdin, order.start.sandbox.clone());
    let (limits, secrets) = (Box::new(order.start.limits), order.start.secrets.0.keys().cloned().collect());
    let (isolation, amended, reactions) = (order.start.isolation.clone(), None, Vec::new());
    let is_named = command.is_some();
    let named = command.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let command = command.map(Box::new);
    let approved = approved.map(Box::new);
    let started = RunStarted {
        run,
        n: n_,
        cmd,
        host,
        cwd,
        command,
        approved,
        tty,
        stdin,
        isolation,
        sandbox,
        limits,
        secrets,
        group,
        amended,
        reactions,
    };
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
            "INSERT INTO runs(id, n, room, seq, by, host, cmd, request, nonce, at, boot, spool, command, lane_of)
             VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
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
            row_nonce,
            at,
            state.runs.boot,
            spool,
            named,
            group.map(|group| group.to_string())
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
        group,
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
fn first_lease(order: &HostStart) -> Option<u64> {
    (order.stdin || order.tty.is_some()).then_some(1)
}

/// Returns what is told about a run, and its order.
pub(super) fn lane_of(run: &Arc<Run>) -> (RunLane, &HostStart) {
    let record = &run.record;
    (RunLane { run: record.id, n: record.n, seq: record.seq, host: record.host.clone() }, &record.order)
}

/// Returns the answer about these runs, of which there is at least one.
pub(super) fn answer<'a>(lanes: impl Iterator<Item = (RunLane, &'a HostStart)>) -> RunStartOk {
    let (mut runs, mut lease): (Vec<RunLane>, _) = (Vec::new(), None);
    for (lane, order) in lanes {
        lease = lease.or(first_lease(order));
        runs.push(lane);
    }
    let (run, n, seq) = runs.first().map_or((RunId::from_parts(0, 0), 0, 0), |first| (first.run, first.n, first.seq));
    if runs.len() == 1 {
        runs.clear();
    }
    RunStartOk { run, n, seq, lease, runs, proposal: None, until: None }
}
