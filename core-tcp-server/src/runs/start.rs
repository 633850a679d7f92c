//! Starts a run: it is checked, recorded and posted to the room in one commit, before any host is told.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::event::{EventBody, RunStarted};
use wardroom_protocol::messages::{CommandRef, HostStart, RunStart, RunStartOk};
use wardroom_protocol::{Nonce, RunId};

use super::keyboard::Keyboard;
use super::lease::Typist;
use super::named::{self, Resolved};
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
use crate::store::{NewEvent, Tx, UserId, from_sql};

/// What to record.
struct Intent {
    run: RunId,
    order: RunSpec,
    command: Option<CommandRef>,
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

/// Starts a command, by its words or by its name. Returns when the intent is on disk and in the room; the host is told right after.
///
/// # Errors
/// `forbidden`, `not_found` (the room, the host), `bad_request`, `too_large`, `conflict` (the nonce), `busy` (the host
/// is away, too many runs).
pub async fn start(state: &Arc<State>, member: &Member, start: RunStart) -> Result<RunStartOk, Error> {
    if let Some(answer) = find_earlier_named(state, member, &start).await? {
        return Ok(answer);
    }
    let Resolved { room, start, command } = named::resolve(state, member, start).await?;
    let by = member.clone();
    let run = RunId(new_ulid(now_ms()));
    let order = spec::check(&start, run, &by.user.name)?;
    let mut intent = Intent { run, order, command, room, by, nonce: start.nonce, spool: None };
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
    let Intent { run, order, command, room, by, nonce, spool } = intent;
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
    let started = RunStarted { run, n: n_, cmd, host, cwd, command, tty, stdin, isolation, amended, reactions };
    let body = EventBody::RunStarted(started);
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
    Ok(Recorded::New(made))
}

/// Returns the generation of the starter's lease, if the run has a keyboard.
fn first_lease(order: &HostStart) -> Option<u64> {
    (order.stdin || order.tty.is_some()).then_some(1)
}

/// Returns the run that this user started with this nonce.
fn find_earlier(conn: &Connection, intent: &Intent) -> Result<Option<RunStartOk>, Error> {
    let Some(row) = find_by_nonce(conn, intent.by.user.id, &intent.nonce)? else { return Ok(None) };
    let earlier: StoredOrder = serde_json::from_str(&row.request).map_err(Error::internal)?;
    let run: RunId = row.id.parse().map_err(Error::internal)?;
    // Everything must be equal but what the core adds, and the values that are on no record; the order contains the room.
    let (output_bytes_max, isolation) = (earlier.order.output_bytes_max, earlier.order.isolation.clone());
    let again = HostStart { run, output_bytes_max, isolation, ..intent.order.start.clone() };
    if row.host != intent.order.host || StoredOrder::split(again, intent.command.is_some()).0 != earlier {
        return Err(nonce_is_used());
    }
    row.answer(&earlier.order).map(Some)
}

/// Returns the run that this user started with this nonce by a named command. It is found before the definition is read,
/// which may have changed since: a retry gets its first answer.
async fn find_earlier_named(state: &State, member: &Member, start: &RunStart) -> Result<Option<RunStartOk>, Error> {
    let Some(name) = start.command.clone() else { return Ok(None) };
    member.readable(&state.rooms, &start.room)?;
    let (by, nonce, room, given) = (member.user.id, start.nonce.clone(), start.room.clone(), start.params.clone());
    let find = move |conn: &Connection| {
        let Some(row) = find_by_nonce(conn, by, &nonce)? else { return Ok(None) };
        let StoredOrder { order: earlier, .. } = serde_json::from_str(&row.request).map_err(Error::internal)?;
        let command: Option<CommandRef> =
            row.command.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        let is_same = command.is_some_and(|command| {
            command.name == name && given.iter().all(|(name, value)| command.params.get(name) == Some(value))
        });
        if !is_same || earlier.room != room.as_str() {
            return Err(nonce_is_used());
        }
        row.answer(&earlier).map(Some)
    };
    state.store.read(find).await
}

fn nonce_is_used() -> Error {
    Error::conflict("this nonce was used for another run: make a new one for each")
}

/// A run as stored, as far as a retry needs it.
struct Row {
    id: String,
    n: i64,
    seq: i64,
    host: String,
    request: String,
    command: Option<String>,
}

impl Row {
    fn answer(&self, earlier: &HostStart) -> Result<RunStartOk, Error> {
        let run: RunId = self.id.parse().map_err(Error::internal)?;
        Ok(RunStartOk { run, n: from_sql(self.n), seq: from_sql(self.seq), lease: first_lease(earlier) })
    }
}

fn find_by_nonce(conn: &Connection, by: UserId, nonce: &Nonce) -> rusqlite::Result<Option<Row>> {
    conn.prepare_cached("SELECT id, n, seq, host, request, command FROM runs WHERE by = ?1 AND nonce = ?2")?
        .query_row(params![by.0, nonce.as_str()], |row| {
            Ok(Row {
                id: row.get(0)?,
                n: row.get(1)?,
                seq: row.get(2)?,
                host: row.get(3)?,
                request: row.get(4)?,
                command: row.get(5)?,
            })
        })
        .optional()
}
