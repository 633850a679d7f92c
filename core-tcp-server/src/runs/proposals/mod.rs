//! Runs that somebody else must approve. A proposal has the complete order, so that what is approved is what runs. The
//! approval and the record of the run are one transaction: it starts once, whoever clicks at the same moment, and whatever
//! is killed in between.

mod decide;
mod expire;
mod list;

use std::collections::{BTreeMap, BTreeSet};

pub use decide::{approve, refuse};
pub use expire::expire;
pub use list::list;
use rusqlite::{Connection, params};
use wardroom_protocol::Nonce;
use wardroom_protocol::event::{EventBody, RunProposed};
use wardroom_protocol::limits::LINE_BYTES_MAX;
use wardroom_protocol::messages::RunStartOk;

use super::proposal::told;
use super::record::{Intent, Lane};
use super::values::StoredOrder;
use crate::error::Error;
use crate::limits::{PROPOSAL_MS, PROPOSALS_MAX, PROPOSALS_PER_USER_MAX};
use crate::policy::Member;
use crate::rooms::Room;
use crate::store::{NewEvent, Numbered, Tx, as_sql, from_sql};

/// Bytes of an event's line, apart from its fields.
const EVENT_BYTES: usize = 1_024;

/// Returns true if a run in this room waits for an approval.
///
/// # Errors
/// If the database fails.
pub(super) fn is_needed(conn: &Connection, intent: &Intent) -> Result<bool, Error> {
    let rule = "SELECT approve FROM rooms WHERE id = ?1";
    let is_rule: bool = conn.prepare_cached(rule)?.query_row([intent.room.id.0], |row| row.get(0))?;
    Ok(is_rule || intent.needs_approval)
}

/// Records a proposal, its audit entry and its event.
///
/// # Errors
/// `bad_request` (it has variables or secrets), `busy` (too many).
pub(super) fn propose(tx: &mut Tx<'_>, intent: Intent) -> Result<RunStartOk, Error> {
    let Intent { lanes, command, room, by, nonce, .. } = intent;
    let hosts: Vec<String> = lanes.iter().map(|lane| lane.order.host.clone()).collect();
    let isolation = levels(&lanes);
    let Some(Lane { run, mut order, .. }) = lanes.into_iter().next() else {
        return Err(Error::internal("a run without a host"));
    };
    // The host says it again when the run starts.
    order.start.isolation = None;
    let is_named = command.is_some();
    if !order.start.secrets.0.is_empty() || (!is_named && order.start.env != BTreeMap::new()) {
        let msg = "this waits for an approval, and who approves sees all of it: leave out env and secrets, \
                   or define a named command with the variables";
        return Err(Error::bad_request(msg));
    }
    check_count(tx.conn, &room, &by)?;
    let (stored, _) = StoredOrder::split(order.start, is_named);
    let request = serde_json::to_string(&stored).map_err(Error::internal)?;
    let digest = digest(&hosts, &request);
    let named = command.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let n = from_sql(tx.next_id(Numbered::Proposals)?);
    let until = tx.now_ms.saturating_add(PROPOSAL_MS);
    let detail = format!("p{n} on {} in {}: {} (digest {digest})", hosts.join(", "), room.name, order.shown);
    tx.audit(by.user.name.as_str(), &by.address, "run.propose", &run.to_string(), &detail)?;
    let start = &stored.order;
    let body = EventBody::RunProposed(RunProposed {
        n,
        cmd: order.shown.clone(),
        host: order.host,
        hosts: if hosts.len() > 1 { hosts.clone() } else { Vec::new() },
        cwd: start.cwd.clone(),
        env: start.env.clone(),
        timeout_s: start.timeout_s,
        limits: Box::new(start.limits),
        sandbox: start.sandbox.clone(),
        isolation,
        command: command.map(Box::new),
        tty: start.tty,
        stdin: start.stdin,
        detach: start.detach,
        digest: digest.clone(),
        until,
    });
    let fields = body.fields();
    if fields.len() + EVENT_BYTES > LINE_BYTES_MAX {
        return Err(Error::too_large("the command and its variables do not fit a line: put them into a script"));
    }
    let seq = tx.append(&event(&room, &by, &body, &fields, Some(&nonce)))?.seq;
    let insert =
        "INSERT INTO proposals(n, run, room, seq, by, hosts, cmd, request, command, digest, nonce, until, state)
                  VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,'open')";
    tx.conn.execute(
        insert,
        params![
            as_sql(n),
            run.to_string(),
            room.id.0,
            as_sql(seq),
            by.user.id.0,
            serde_json::to_string(&hosts).map_err(Error::internal)?,
            order.shown,
            request,
            named,
            digest,
            nonce.as_str(),
            as_sql(until)
        ],
    )?;
    Ok(told(run, n, seq, until))
}

/// Returns the levels of isolation of the hosts, each once.
fn levels(lanes: &[Lane]) -> Vec<String> {
    let levels: BTreeSet<&String> = lanes.iter().filter_map(|lane| lane.order.start.isolation.as_ref()).collect();
    levels.into_iter().cloned().collect()
}

fn check_count(conn: &Connection, room: &Room, by: &Member) -> Result<(), Error> {
    let sql = "SELECT count(*), coalesce(sum(by = ?2), 0) FROM proposals WHERE state = 'open' AND room = ?1";
    let (all, own): (i64, i64) =
        conn.query_row(sql, params![room.id.0, by.user.id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if own >= PROPOSALS_PER_USER_MAX || all >= PROPOSALS_MAX {
        let msg = format!("too many proposals wait in {} already: have them approved, or withdraw one", room.name);
        return Err(Error::busy(msg, 60_000));
    }
    Ok(())
}

/// Returns the digest of what runs: the hosts, one per line, and the order as it is stored.
fn digest(hosts: &[String], request: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for host in hosts {
        hasher.update(host.as_bytes()).update(b"\n");
    }
    hasher.update(request.as_bytes());
    hasher.finalize().to_hex().to_string()
}

fn event<'a>(
    room: &'a Room,
    by: &'a Member,
    body: &'a EventBody,
    fields: &'a str,
    nonce: Option<&'a Nonce>,
) -> NewEvent<'a> {
    NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: by.user.id,
        by_name: by.user.name.as_str(),
        kind: body.kind(),
        fields,
        nonce: nonce.map(Nonce::as_str),
    }
}
