//! The proposals that wait.

use std::sync::Arc;

use bytes::BytesMut;
use rusqlite::{Connection, params};
use serde_json::value::RawValue;
use wardroom_protocol::event::StoredEvent;
use wardroom_protocol::limits::LINE_BYTES_MAX;
use wardroom_protocol::messages::{ProposalList, ProposalListed};

use crate::clock::now_ms;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;
use crate::store::{RoomId, as_sql, from_sql};

/// Proposals in one answer: as many as one room holds.
const LIST_MAX: usize = 64;
/// Bytes of the proposals in one answer, which is one line.
const LIST_BYTES_MAX: usize = LINE_BYTES_MAX - 1_024;

struct Waiting {
    n: u64,
    room: RoomId,
    seq: u64,
    at: u64,
    by: String,
    kind: String,
    fields: String,
}

/// Returns the proposals that nobody has decided in the rooms that this member may read, oldest first. Returns fewer, and
/// says so, if they would not fit in a line.
///
/// # Errors
/// If the database fails.
pub async fn list(state: &State, member: &Member, ask: ProposalList) -> Result<ProposalListed, Error> {
    let rooms = state.rooms.all();
    let is_hidden = |room: &&Arc<Room>| !room.is_seen_by(member.user.id);
    let hidden: Vec<i64> = rooms.iter().filter(is_hidden).map(|room| room.id.0).collect();
    let hidden = serde_json::to_string(&hidden).map_err(Error::internal)?;
    let after = ask.after.unwrap_or(0);
    let waiting = state.store.read(move |conn| Ok(read(conn, after, &hidden)?)).await?;
    let mut listed = ProposalListed { proposals: Vec::new(), more_after: None };
    let (mut bytes, mut last) = (0, after);
    for (at, proposal) in waiting.into_iter().enumerate() {
        if at == LIST_MAX {
            listed.more_after = Some(last);
            break;
        }
        // Checked again, because the rows were read a while ago.
        let room = state.rooms.by_id(proposal.room).filter(|room| member.still_reads(room).is_ok());
        let Some(room) = room else { continue };
        let json = element(&proposal, room.name.as_str())?;
        bytes += json.get().len() + 1;
        if bytes > LIST_BYTES_MAX && !listed.proposals.is_empty() {
            listed.more_after = Some(last);
            break;
        }
        listed.proposals.push(json);
        last = proposal.n;
    }
    Ok(listed)
}

fn element(proposal: &Waiting, room: &str) -> Result<Box<RawValue>, Error> {
    let Waiting { seq, at, by, kind, fields, .. } = proposal;
    let mut out = BytesMut::new();
    StoredEvent { room, seq: *seq, at: *at, by, kind, fields }.encode_element(None, &mut out);
    let json = String::from_utf8(out.into()).map_err(Error::internal)?;
    RawValue::from_string(json).map_err(Error::internal)
}

/// Reads one more than an answer has.
fn read(conn: &Connection, after: u64, hidden: &str) -> rusqlite::Result<Vec<Waiting>> {
    let sql = "SELECT p.n, p.room, e.seq, e.at, u.name, e.kind, e.fields
               FROM proposals p JOIN events e ON e.room = p.room AND e.seq = p.seq JOIN users u ON u.id = e.by
               WHERE p.state = 'open' AND p.until > ?1 AND p.n > ?2
               AND p.room NOT IN (SELECT value FROM json_each(?3)) ORDER BY p.n LIMIT ?4";
    let limit = i64::try_from(LIST_MAX + 1).unwrap_or(i64::MAX);
    let mut statement = conn.prepare_cached(sql)?;
    let one = |row: &rusqlite::Row<'_>| {
        Ok(Waiting {
            n: from_sql(row.get(0)?),
            room: RoomId(row.get(1)?),
            seq: from_sql(row.get(2)?),
            at: from_sql(row.get(3)?),
            by: row.get(4)?,
            kind: row.get(5)?,
            fields: row.get(6)?,
        })
    };
    statement.query_map(params![as_sql(now_ms()), as_sql(after), hidden, limit], one)?.collect()
}
