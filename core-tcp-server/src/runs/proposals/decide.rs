//! Approvals and refusals of proposals.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::RunId;
use wardroom_protocol::event::{Approval, EventBody, RunRefused, WhyNot};
use wardroom_protocol::messages::{HostStart, Level, RunApprove, RunRefuse, RunStartOk};

use super::super::allowed;
use super::super::earlier::find_run;
use super::super::named;
use super::super::proposal::Proposal;
use super::super::record::{Intent, Lane, answer, check_free, lane_of, record_runs};
use super::super::run::Run;
use super::super::spec::RunSpec;
use super::{digest, event, levels};
use crate::clock::now_ms;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::secrets::new_ulid;
use crate::state::State;
use crate::store::{Tx, UserId, as_sql};

/// What an approval came to.
enum Approved {
    /// The runs, of which the hosts must be told.
    New(Vec<Arc<Run>>),
    /// The same member has approved it already.
    Earlier(RunStartOk),
}

/// Approves a proposal: exactly what was proposed starts.
///
/// # Errors
/// `not_found`; `forbidden` (also for the proposer); `conflict` if it is decided or expired, or its proposer may not run
/// it any more; `busy` (the host is away, too many runs).
pub async fn approve(state: &Arc<State>, member: &Member, ask: RunApprove) -> Result<RunStartOk, Error> {
    let (proposal, room) = find(state, member, ask.proposal).await?;
    if proposal.by == member.user.id {
        let msg = format!("somebody else must approve p{}: you proposed it", proposal.n);
        return Err(Error::forbidden(msg));
    }
    if is_approved_by(&proposal, member) {
        // A retry gets its first answer again, whatever has happened to the rights since.
        let earlier = state.store.read(move |conn| find_run(conn, proposal.run)).await?;
        return earlier.map(|earlier| RunStartOk { lease: None, ..earlier }).ok_or_else(|| no_proposal(ask.proposal));
    }
    allowed::check_approval(state, member, &room, &proposal.hosts)?;
    let (proposer, allow) = proposer(state, &proposal).await?;
    let n = proposal.n;
    let Proposal { run, order, hosts, shown, command, nonce, digest, state: is, .. } = proposal;
    let lane = |(at, host): (usize, String)| {
        let run = if at == 0 { run } else { RunId(new_ulid(now_ms())) };
        let order = RunSpec { host, shown: shown.clone(), start: HostStart { run, ..order.order.clone() } };
        Lane { run, order, spool: None }
    };
    let lanes: Vec<Lane> = hosts.into_iter().enumerate().map(lane).collect();
    let runs: Vec<RunId> = lanes.iter().map(|lane| lane.run).collect();
    let approved = Some(Approval { n, by: member.user.name.clone(), digest });
    let by = proposer;
    let mut intent =
        Intent { lanes, command, room, by, nonce, is_by_label: false, allow, needs_approval: true, approved };
    allowed::check(state, &intent).map_err(|error| gone(n, &error.msg))?;
    if is == "open" {
        check_free(state, &mut intent)?;
    }
    let (shared, by) = (Arc::clone(state), member.clone());
    // Another approval of the same proposal may have made the run, which must stay.
    let is_ours = Arc::new(AtomicBool::new(false));
    let made = Arc::clone(&is_ours);
    let work = move |tx: &mut Tx<'_>| {
        let recorded = record(tx, &shared, n, &by, intent)?;
        made.store(matches!(recorded, Approved::New(_)), Ordering::Relaxed);
        Ok(recorded)
    };
    let recorded = state.store.write(work).await;
    match recorded {
        Ok(Approved::New(made)) => {
            for run in &made {
                state.runs.hosts.dispatch(run);
            }
            // The keyboard is the proposer's.
            Ok(RunStartOk { lease: None, ..answer(made.iter().map(lane_of)) })
        }
        Ok(Approved::Earlier(answer)) => Ok(answer),
        Err(error) => {
            if is_ours.load(Ordering::Relaxed) {
                runs.into_iter().for_each(|run| state.runs.remove(run));
            }
            Err(error)
        }
    }
}

/// Marks the proposal as approved and records the run, in one transaction.
fn record(tx: &mut Tx<'_>, state: &Arc<State>, n: u64, by: &Member, intent: Intent) -> Result<Approved, Error> {
    let proposal = Proposal::by_number(tx.conn, n)?.ok_or_else(|| no_proposal(n))?;
    if is_approved_by(&proposal, by) {
        // A retry that overtook it.
        let earlier = find_run(tx.conn, proposal.run)?.ok_or_else(|| no_proposal(n))?;
        return Ok(Approved::Earlier(RunStartOk { lease: None, ..earlier }));
    }
    check_open(tx, &proposal)?;
    allowed::check_approval(state, by, &intent.room, &proposal.hosts)?;
    allowed::check(state, &intent).map_err(|error| gone(n, &error.msg))?;
    let request = serde_json::to_string(&proposal.order).map_err(Error::internal)?;
    if digest(&proposal.hosts, &request) != proposal.digest {
        return Err(Error::internal(format!("the record of p{n} is not what was proposed")));
    }
    check_isolation(tx, &proposal, &levels(&intent.lanes))?;
    decide(tx, n, "approved", by.user.id)?;
    let detail = format!("p{n}: {} (digest {})", proposal.shown, proposal.digest);
    tx.audit(by.user.name.as_str(), &by.address, "run.approve", &proposal.run.to_string(), &detail)?;
    record_runs(tx, state, intent).map(Approved::New)
}

/// Checks that the hosts still keep it from the server's files as the room was told.
fn check_isolation(tx: &Tx<'_>, proposal: &Proposal, levels: &[String]) -> Result<(), Error> {
    let sql = "SELECT fields FROM events WHERE room = ?1 AND seq = ?2";
    let at = params![proposal.room.0, as_sql(proposal.seq)];
    let fields: Option<String> = tx.conn.query_row(sql, at, |row| row.get(0)).optional()?;
    match fields.map(|fields| EventBody::parse("run.proposed", fields.as_bytes())) {
        // One by an older version does not say it.
        Some(EventBody::RunProposed(told)) if !told.isolation.is_empty() && told.isolation != levels => {
            let n = proposal.n;
            Err(Error::conflict(format!("the isolation on the hosts of p{n} has changed: propose it again")))
        }
        _ => Ok(()),
    }
}

/// Refuses a proposal, or withdraws one's own.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict` if it is decided or expired.
pub async fn refuse(state: &Arc<State>, member: &Member, ask: RunRefuse) -> Result<(), Error> {
    let (proposal, room) = find(state, member, ask.proposal).await?;
    let is_own = proposal.by == member.user.id;
    if !is_own {
        allowed::check_approval(state, member, &room, &proposal.hosts)?;
    }
    let (by, n) = (member.clone(), proposal.n);
    let work = move |tx: &mut Tx<'_>| {
        let proposal = Proposal::by_number(tx.conn, n)?.ok_or_else(|| no_proposal(n))?;
        check_open(tx, &proposal)?;
        let why = if is_own { WhyNot::Withdrawn } else { WhyNot::Refused };
        decide(tx, n, "refused", by.user.id)?;
        tx.audit(by.user.name.as_str(), &by.address, "run.refuse", &proposal.run.to_string(), &format!("p{n}"))?;
        let body = EventBody::RunRefused(RunRefused { n, proposed: proposal.seq, why });
        tx.append(&event(&room, &by, &body, &body.fields(), None)).map(drop)
    };
    state.store.write(work).await
}

fn decide(tx: &Tx<'_>, n: u64, what: &str, by: UserId) -> Result<(), Error> {
    let sql = "UPDATE proposals SET state = ?2, decided_by = ?3, decided = ?4 WHERE n = ?1 AND state = 'open'";
    match tx.conn.execute(sql, params![as_sql(n), what, by.0, as_sql(tx.now_ms)])? {
        1 => Ok(()),
        _ => Err(no_proposal(n)),
    }
}

fn check_open(tx: &Tx<'_>, proposal: &Proposal) -> Result<(), Error> {
    let n = proposal.n;
    if proposal.state == "open" && proposal.until > tx.now_ms {
        return Ok(());
    }
    let by = match proposal.decided_by {
        Some(by) => tx.conn.query_row("SELECT name FROM users WHERE id = ?1", [by.0], |row| row.get::<_, String>(0))?,
        None => String::new(),
    };
    Err(Error::conflict(match proposal.state.as_str() {
        "approved" => format!("p{n} was approved by {by} already"),
        "refused" if proposal.decided_by == Some(proposal.by) => format!("p{n} was withdrawn by {by}"),
        "refused" => format!("p{n} was refused by {by} already"),
        _ => format!("p{n} has expired: propose it again"),
    }))
}

/// Returns a proposal in a room that this member may read.
async fn find(state: &State, member: &Member, n: u64) -> Result<(Proposal, Arc<Room>), Error> {
    let found = state.store.read(move |conn| Proposal::by_number(conn, n)).await?;
    let proposal = found.ok_or_else(|| no_proposal(n))?;
    let room = state.rooms.by_id(proposal.room).ok_or_else(|| no_proposal(n))?;
    member.still_reads(&room).map_err(|_| no_proposal(n))?;
    Ok((proposal, room))
}

/// Returns the proposer, and whom the named command allows by now, if it is one.
async fn proposer(state: &State, proposal: &Proposal) -> Result<(Member, Option<Level>), Error> {
    let n = proposal.n;
    let user = state.accounts.by_id(proposal.by).ok_or_else(|| gone(n, "the account is gone"))?;
    let by = Member { address: format!("p{n}"), ..Member::unconnected(&user) };
    let Some(command) = &proposal.command else { return Ok((by, None)) };
    let (id, name) = (proposal.room, command.name.clone());
    let found = state.store.read(move |conn| named::find(conn, id, &name)).await?;
    let definition = found.ok_or_else(|| gone(n, "the command was removed"))?;
    Ok((by, Some(definition.spec.allow)))
}

fn gone(n: u64, why: &str) -> Error {
    Error::conflict(format!("who proposed p{n} may not run it any more: {why}"))
}

fn is_approved_by(proposal: &Proposal, by: &Member) -> bool {
    proposal.state == "approved" && proposal.decided_by == Some(by.user.id)
}

fn no_proposal(n: u64) -> Error {
    Error::not_found(format!("there is no proposal p{n} that you may see"))
}
