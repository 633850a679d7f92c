//! Lists of runs, single runs, and their output for watchers, whether the runs are open or over.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::{LINE_BYTES_MAX, QUERY_BYTES_MAX, SCREEN_WINDOW_DEFAULT, WINDOW_DEFAULT, WINDOW_MAX};
use wardroom_protocol::messages::{Exit, RunEnd, RunInfo, RunList, RunListed, RunWatch, RunsIn, TermTextOk, Tty};
use wardroom_protocol::{RunId, UserName};

use super::flow::{Begin, Watch, beyond};
use super::log::RunLog;
use super::text_watch::TextWatch;
use crate::access::{Checked, ReadAccess};
use crate::error::Error;
use crate::flow::Flow;
use crate::policy::Member;
use crate::rooms::Room;
use crate::sender::ConnectionSender;
use crate::state::State;
use crate::store::RoomId;

/// The number of runs in a list if the request names none.
const LIST_DEFAULT: u32 = 20;
/// The maximum number of runs in a list.
const LIST_MAX: u32 = 100;
/// The maximum bytes of the runs in one answer, which is one line.
const LIST_BYTES_MAX: usize = LINE_BYTES_MAX - 1_024;

const COLUMNS: &str =
    "SELECT r.id, r.n, r.room, r.seq, u.name, r.cmd, r.host, r.at, r.bytes, r.exit, r.ms, r.truncated, r.left,
            r.ended, json_extract(r.request, '$.tty'), json_extract(r.request, '$.stdin'),
            json_extract(r.request, '$.isolation'), r.lane_of,
            json_extract(r.request, '$.sandbox')
     FROM runs r JOIN users u ON u.id = r.by";

/// A run as stored.
struct Stored {
    room: RoomId,
    /// The caller, who knows the rooms, fills in its `room`.
    id: RunId,
    n: u64,
    seq: u64,
    by: UserName,
    cmd: String,
    host: String,
    at: u64,
    bytes: u64,
    exit: Option<Exit>,
    ms: Option<u64>,
    truncated: bool,
    left: u32,
    ended: Vec<String>,
    tty: Option<Tty>,
    stdin: bool,
    isolation: Option<String>,
    sandbox: Vec<String>,
    group: Option<RunId>,
}

/// The condition for a page of runs; see [`filter`].
const FILTER: &str = "WHERE (?1 IS NULL OR r.room = ?1) AND (?2 IS NULL OR r.n < ?2)
       AND (?3 IS NULL OR (r.exit IS NULL) = ?3) AND (?4 = 0 OR json_extract(r.exit, '$.code') IS NOT 0)
       AND (?5 IS NULL OR r.host = ?5) AND (?6 IS NULL OR u.name = ?6)
       AND (?7 IS NULL OR instr(lower(r.cmd), lower(?7)) > 0)
       AND r.room NOT IN (SELECT value FROM json_each(?8))
     ORDER BY r.n DESC LIMIT ?9";

/// Returns the last runs, newest first, of one room or of all rooms that this member may read. Returns fewer than
/// requested, and says so, if they would not fit in a line.
///
/// # Errors
/// `not_found` (the room), `bad_request`, `too_large` (the text).
pub async fn list(state: &Arc<State>, member: &Member, list: RunList) -> Result<RunListed, Error> {
    let limit = list.limit.unwrap_or(LIST_DEFAULT);
    if limit == 0 || limit > LIST_MAX {
        return Err(Error::bad_request("limit is 1 to 100"));
    }
    if list.text.as_ref().is_some_and(|text| text.len() > QUERY_BYTES_MAX) {
        return Err(Error::too_large("the text to look for has at most 1,024 bytes"));
    }
    let (room, hidden) = match &list.room {
        Some(name) => (Some(member.readable(&state.rooms, name)?.room.id.0), Vec::new()),
        None => {
            let rooms = state.rooms.all();
            let is_hidden = |room: &&Arc<Room>| !room.is_seen_by(member.user.id);
            (None, rooms.iter().filter(is_hidden).map(|room| room.id.0).collect())
        }
    };
    let hidden = serde_json::to_string::<Vec<i64>>(&hidden).map_err(Error::internal)?;
    let before = list.before.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    let is_running = list.state.map(|state| state == RunsIn::Running);
    let is_failed = list.state == Some(RunsIn::Failed);
    let by = list.by.map(|by| by.to_string());
    let sql = format!("{COLUMNS} {FILTER}");
    // One more than asked for tells whether there are more.
    let stored = state.store.read(move |conn| {
        let found =
            params![room, before, is_running, is_failed, list.host, by, list.text, hidden, limit.saturating_add(1)];
        rows(conn, &sql, found)
    });
    let mut bytes = 0;
    let mut runs = Vec::new();
    for stored in stored.await? {
        if runs.len() >= limit as usize {
            return Ok(RunListed { runs, more: true });
        }
        // Checked again, because the rows were read a while ago.
        if check_readable(state, member, stored.room).is_err() {
            continue;
        }
        let info = info(state, stored)?;
        bytes += serde_json::to_string(&info).map_or(0, |json| json.len() + 1);
        if bytes > LIST_BYTES_MAX && !runs.is_empty() {
            return Ok(RunListed { runs, more: true });
        }
        runs.push(info);
    }
    Ok(RunListed { runs, more: false })
}

/// Returns one run.
///
/// # Errors
/// `not_found`, also for a run in a private room that the member is not in.
pub async fn get(state: &Arc<State>, member: &Member, run: RunId) -> Result<RunInfo, Error> {
    if let Some(run) = state.runs.find(run) {
        check_readable(state, member, run.record.room)?;
        return Ok(run.info());
    }
    info(state, stored(state, member, run).await?)
}

/// Returns one run by its short number, such as 41 for `r41`.
///
/// # Errors
/// See [`get`].
pub async fn find_by_n(state: &Arc<State>, member: &Member, n: u64) -> Result<RunInfo, Error> {
    let n = i64::try_from(n).unwrap_or(i64::MAX);
    let sql = format!("{COLUMNS} WHERE r.n = ?1");
    let found = state.store.read(move |conn| row(conn, &sql, params![n])).await?.ok_or_else(no_run)?;
    check_readable(state, member, found.room)?;
    info(state, found)
}

/// Watches the output of a run, open or over. The caller answers `ok`, then pushes the returned flow as `Item::Flow`:
/// the writer of `sender` then sends frames of `run.output` and finally one of `run.end`.
///
/// # Errors
/// `not_found`, `bad_request` (an offset beyond the end), `busy` (too many watchers).
pub async fn watch(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    watch: RunWatch,
) -> Result<Box<dyn Flow>, Error> {
    let default = if watch.screen { SCREEN_WINDOW_DEFAULT } else { WINDOW_DEFAULT };
    let window = watch.window.unwrap_or(default).min(WINDOW_MAX);
    if window == 0 {
        return Err(Error::bad_request("a window of 0 bytes would never let anything through"));
    }
    let (log, room) = log_of(state, member, watch.run).await?;
    if log.is_over() && !watch.screen && watch.from > log.head() {
        return Err(beyond(log.head()));
    }
    if watch.screen && log.terminal.is_none() {
        return Err(Error::bad_request("this run has no terminal: watch it without screen"));
    }
    let begin = match (watch.screen, watch.at) {
        (true, Some(at)) => Begin::Moment(at),
        (true, None) => Begin::Screen,
        (false, None) => Begin::Byte(watch.from),
        (false, Some(_)) => return Err(Error::bad_request("a recording begins with a screen: watch it with screen")),
    };
    let flow = Watch::begin(&log, sender, begin, window)?;
    Ok(Checked::over(flow, ReadAccess::new(&room, member.user.id)))
}

/// Watches a terminal as text: the rows that change, as output. For readers without a terminal.
///
/// # Errors
/// `not_found`, `bad_request` (no terminal), `busy` (too many watchers).
pub async fn watch_text(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    run: RunId,
) -> Result<Box<dyn Flow>, Error> {
    let (log, room) = log_of(state, member, run).await?;
    if log.terminal.is_none() {
        return Err(no_terminal());
    }
    let flow = TextWatch::begin(&log, sender)?;
    Ok(Checked::over(flow, ReadAccess::new(&room, member.user.id)))
}

fn no_terminal() -> Error {
    Error::bad_request("this run has no terminal: read its output")
}

/// Returns the visible screen of a terminal as text, open or over.
///
/// # Errors
/// `not_found`; `bad_request` if it has none.
pub async fn text(state: &Arc<State>, member: &Member, run: RunId) -> Result<TermTextOk, Error> {
    let (log, room) = log_of(state, member, run).await?;
    let reading = move || match &log.terminal {
        Some(terminal) => terminal.text(log.written()).map_err(Error::from),
        None => Err(no_terminal()),
    };
    let text = tokio::task::spawn_blocking(reading).await.map_err(Error::internal)??;
    // Checked again, because the disk may have been slow.
    member.still_reads(&room).map_err(|_| no_run())?;
    Ok(text)
}

/// Returns the log of a run, open or over, and its room.
async fn log_of(state: &Arc<State>, member: &Member, run: RunId) -> Result<(Arc<RunLog>, Arc<Room>), Error> {
    if let Some(run) = state.runs.find(run) {
        return Ok((Arc::clone(&run.log), check_readable(state, member, run.record.room)?));
    }
    let stored = stored(state, member, run).await?;
    let room = check_readable(state, member, stored.room)?;
    Ok((over(state, stored)?, room))
}

/// Returns the log of a run that is over.
fn over(state: &State, stored: Stored) -> Result<Arc<RunLog>, Error> {
    let Stored { id: run, bytes, ms, truncated, left, ended, tty, .. } = stored;
    let exit = stored.exit.ok_or_else(|| Error::internal(format!("run {run} is neither open nor over")))?;
    let end = RunEnd { run, exit, bytes, ms: ms.unwrap_or(0), truncated, left, ended };
    Ok(Arc::new(RunLog::over(&state.runs.folder, run, bytes, tty, encode(Number::None, &end))))
}

/// Returns the room of a run, if this member may read it.
///
/// # Errors
/// `not_found`, with the same message as for a run that does not exist.
pub(super) fn check_readable(state: &State, member: &Member, room: RoomId) -> Result<Arc<Room>, Error> {
    let room = state.rooms.by_id(room).ok_or_else(no_run)?;
    member.still_reads(&room).map_err(|_| no_run())?;
    Ok(room)
}

async fn stored(state: &State, member: &Member, run: RunId) -> Result<Stored, Error> {
    let (sql, id) = (format!("{COLUMNS} WHERE r.id = ?1"), run.to_string());
    let found = state.store.read(move |conn| row(conn, &sql, params![id])).await?.ok_or_else(no_run)?;
    check_readable(state, member, found.room)?;
    Ok(found)
}

fn no_run() -> Error {
    Error::not_found("there is no such run")
}

/// Returns the run as members see it. An open run has more bytes than the store knows of.
fn info(state: &State, stored: Stored) -> Result<RunInfo, Error> {
    if let Some(run) = state.runs.find(stored.id).filter(|_| stored.exit.is_none()) {
        return Ok(run.info());
    }
    let room = state.rooms.by_id(stored.room).ok_or_else(no_run)?.name.clone();
    let Stored { id: run, n, seq, by, cmd, host, at, bytes, exit, ms, ended, tty, stdin, .. } = stored;
    let (isolation, sandbox, group, holder) = (stored.isolation, stored.sandbox, stored.group, None);
    Ok(RunInfo {
        run,
        n,
        room,
        seq,
        by,
        cmd,
        host,
        at,
        bytes,
        exit,
        ms,
        ended,
        detached: None,
        tty,
        stdin,
        holder,
        isolation,
        sandbox,
        group,
    })
}

fn rows(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Stored>, Error> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn row(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Option<Stored>, Error> {
    conn.prepare_cached(sql)?.query_row(params, |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Stored, Error> {
    let from_sql = |n: i64| u64::try_from(n).unwrap_or(0);
    let (id, by): (String, String) = (row.get(0)?, row.get(4)?);
    let (exit, tty): (Option<String>, Option<String>) = (row.get(9)?, row.get(14)?);
    let (group, sandbox): (Option<String>, Option<String>) = (row.get(17)?, row.get(18)?);
    Ok(Stored {
        id: id.parse().map_err(Error::internal)?,
        n: from_sql(row.get(1)?),
        room: RoomId(row.get(2)?),
        seq: from_sql(row.get(3)?),
        by: UserName::parse(&by).map_err(Error::internal)?,
        cmd: row.get(5)?,
        host: row.get(6)?,
        at: from_sql(row.get(7)?),
        bytes: from_sql(row.get(8)?),
        exit: exit.map(|json| serde_json::from_str(&json)).transpose().map_err(Error::internal)?,
        ms: row.get::<_, Option<i64>>(10)?.map(from_sql),
        truncated: row.get(11)?,
        left: row.get(12)?,
        ended: serde_json::from_str(&row.get::<_, String>(13)?).map_err(Error::internal)?,
        tty: tty.map(|json| serde_json::from_str(&json)).transpose().map_err(Error::internal)?,
        stdin: row.get(15)?,
        isolation: row.get(16)?,
        sandbox: sandbox
            .map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(Error::internal)?
            .unwrap_or_default(),
        group: group.map(|id| id.parse()).transpose().map_err(Error::internal)?,
    })
}
