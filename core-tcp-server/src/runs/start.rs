//! Starts a run: it is checked, recorded and posted to the room in one commit, before any host is told.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::event::{EventBody, RunStarted};
use wardroom_protocol::messages::{HostStart, RunStart, RunStartOk};
use wardroom_protocol::{Nonce, RunId};

use super::keyboard::Keyboard;
use super::lease::Typist;
use super::run::{Phase, Run, RunRecord};
use super::spec::{self, RunSpec};
use super::values::StoredOrder;
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::OPEN_RUNS_MAX;
use crate::policy::Member;
use crate::rooms::Room;
use crate::secrets::new_ulid;
use crate::state::State;
use crate::store::{NewEvent, Tx, UserId};

/// What to record.
struct Intent {
    run: RunId,
    order: RunSpec,
    room: Arc<Room>,
    by: Member,
    nonce: Nonce,
    /// The spool of the host that is connected now.
    spool: Option<String>,
}

/// The result of recording an intent.
enum Recorded {
    /// A new run, of which the host must be told.
    New(Arc<Run>),
    /// The nonce was already used for the same run.
    Earlier(RunStartOk),
}

/// Starts a command. Returns when the intent is on disk and in the room; the host is told right after.
///
/// # Errors
/// `forbidden`, `not_found` (the room, the host), `bad_request`, `too_large`, `conflict` (the nonce), `busy` (the host
/// is away, too many runs).
pub async fn start(state: &Arc<State>, member: &Member, start: RunStart) -> Result<RunStartOk, Error> {
    let room = member.operator_in(&state.rooms, &start.room)?.room;
    let by = member.clone();
    let run = RunId(new_ulid(now_ms()));
    let order = spec::check(&start, run, &by.user.name)?;
    let mut intent = Intent { run, order, room, by, nonce: start.nonce, spool: None };
    let has_room = state.runs.count() < OPEN_RUNS_MAX;
    let too_many = || Error::busy("256 runs are not over yet: that is as many as this server takes", 5_000);
    let link = state.runs.hosts.link(&intent.order.host);
    match link.and_then(|link| if has_room { Ok(link) } else { Err(too_many()) }) {
        Ok(link) => (intent.order.start.isolation, intent.spool) = (link.isolation, link.spool),
        Err(error) => {
            // A retry gets its first answer again, whatever has happened to the host since.
            let earlier = state.store.read(move |conn| find_earlier(conn, &intent)).await?;
            return earlier.ok_or(error);
        }
    }
    let shared = Arc::clone(state);
    let recorded = state.store.write(move |tx| record(tx, &shared, intent)).await;
    match recorded {
        Ok(Recorded::New(made)) => {
            state.runs.hosts.dispatch(&made);
            Ok(RunStartOk { run, n: made.record.n, seq: made.record.seq, lease: first_lease(&made.record.order) })
        }
        Ok(Recorded::Earlier(answer)) => Ok(answer),
        Err(error) => {
            state.runs.remove(run);
            Err(error)
        }
    }
}

/// Writes the audit record, the event and the row in one transaction. The run can be found from here on, because the
/// event is in the room before the caller gets an answer; its phase says that it must not start yet.
fn record(tx: &mut Tx<'_>, state: &Arc<State>, intent: Intent) -> Result<Recorded, Error> {
    if let Some(answer) = find_earlier(tx.conn, &intent)? {
        return Ok(Recorded::Earlier(answer));
    }
    let Intent { run, order, room, by, nonce, spool } = intent;
    let user = &by.user;
    // Counts runs that retention removed, too.
    let next = "SELECT max(coalesce((SELECT max(n) FROM runs), 0),
                coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'runs_n'), 0)) + 1";
    let n: i64 = tx.conn.prepare_cached(next)?.query_row([], |row| row.get(0))?;
    let n_ = u64::try_from(n).unwrap_or(0);
    let detail = format!("r{n} on {} in {}: {}", order.host, room.name, order.shown);
    tx.audit(user.name.as_str(), &by.address, "run.start", &run.to_string(), &detail)?;
    let (cmd, host, cwd) = (order.shown.clone(), order.host.clone(), order.start.cwd.clone());
    let (tty, stdin) = (order.start.tty, order.start.stdin);
    let (isolation, amended, reactions) = (order.start.isolation.clone(), None, Vec::new());
    let body =
        EventBody::RunStarted(RunStarted { run, n: n_, cmd, host, cwd, tty, stdin, isolation, amended, reactions });
    let fields = body.fields();
    let event = NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: user.id,
        by_name: user.name.as_str(),
        kind: body.kind(),
        fields: &fields,
        nonce: Some(nonce.as_str()),
    };
    let seq = tx.append(&event)?.seq;
    let (stored, values) = StoredOrder::split(order.start);
    let request = serde_json::to_string(&stored).map_err(Error::internal)?;
    let at = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    tx.conn
        .prepare_cached(
            "INSERT INTO runs(id, n, room, seq, by, host, cmd, request, nonce, at, boot, spool)
             VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
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
            spool
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
    Ok(Recorded::New(made))
}

/// Returns the generation of the starter's lease, if the run has a keyboard.
fn first_lease(order: &HostStart) -> Option<u64> {
    (order.stdin || order.tty.is_some()).then_some(1)
}

/// Returns the run that this user started with this nonce.
fn find_earlier(conn: &Connection, intent: &Intent) -> Result<Option<RunStartOk>, Error> {
    let row = find_by_nonce(conn, intent.by.user.id, &intent.nonce)?;
    let Some((id, n, seq, host, request)) = row else { return Ok(None) };
    let earlier: StoredOrder = serde_json::from_str(&request).map_err(Error::internal)?;
    let run: RunId = id.parse().map_err(Error::internal)?;
    // Everything must be equal but what the core adds, and the values that are on no record; the order contains the room.
    let (output_bytes_max, isolation) = (earlier.order.output_bytes_max, earlier.order.isolation.clone());
    let again = HostStart { run, output_bytes_max, isolation, ..intent.order.start.clone() };
    if host != intent.order.host || StoredOrder::split(again).0 != earlier {
        return Err(Error::conflict("this nonce was used for another run: make a new one for each"));
    }
    let from_sql = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Some(RunStartOk { run, n: from_sql(n), seq: from_sql(seq), lease: first_lease(&earlier.order) }))
}

type Row = (String, i64, i64, String, String);

fn find_by_nonce(conn: &Connection, by: UserId, nonce: &Nonce) -> rusqlite::Result<Option<Row>> {
    conn.prepare_cached("SELECT id, n, seq, host, request FROM runs WHERE by = ?1 AND nonce = ?2")?
        .query_row(params![by.0, nonce.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()
}
