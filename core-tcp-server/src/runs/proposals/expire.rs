//! Proposals that nobody decides expire. Their time is in the database, so that a restart neither shortens nor extends it.

use rusqlite::params;
use wardroom_protocol::RoomName;
use wardroom_protocol::event::{EventBody, RunRefused, WhyNot};

use crate::error::Error;
use crate::limits::PROPOSALS_MAX;
use crate::state::State;
use crate::store::{NewEvent, RoomId, Tx, UserId, as_sql, from_sql};

/// Expires what is due, and tells the rooms. Called every second; usually it only reads.
pub async fn expire(state: &State, now_ms: u64) {
    let due = "SELECT EXISTS(SELECT 1 FROM proposals WHERE state = 'open' AND until <= ?1)";
    let read =
        state.store.read(move |conn| Ok(conn.prepare_cached(due)?.query_row([as_sql(now_ms)], |row| row.get(0))?));
    let expired = async {
        let is_due: bool = read.await?;
        if is_due { state.store.write(expire_some).await } else { Ok(()) }
    };
    if let Err(error) = expired.await {
        tracing::warn!(%error, "proposals that are due have not expired yet");
    }
}

fn expire_some(tx: &mut Tx<'_>) -> Result<(), Error> {
    let sql = "SELECT p.n, p.seq, p.run, o.id, o.name FROM proposals p JOIN rooms o ON o.id = p.room
               WHERE p.state = 'open' AND p.until <= ?1 ORDER BY p.n LIMIT ?2";
    let mut due: Vec<(u64, u64, String, RoomId, RoomName)> = Vec::new();
    {
        let mut statement = tx.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![as_sql(tx.now_ms), PROPOSALS_MAX])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(4)?;
            let name = RoomName::parse(&name).map_err(Error::internal)?;
            due.push((from_sql(row.get(0)?), from_sql(row.get(1)?), row.get(2)?, RoomId(row.get(3)?), name));
        }
    }
    for (n, seq, run, room, name) in due {
        tx.conn.execute(
            "UPDATE proposals SET state = 'expired', decided = ?2 WHERE n = ?1",
            params![as_sql(n), as_sql(tx.now_ms)],
        )?;
        tx.audit("system", "core", "run.expire", &run, &format!("p{n}"))?;
        let body = EventBody::RunRefused(RunRefused { n, proposed: seq, why: WhyNot::Expired });
        let event = NewEvent {
            room,
            room_name: name.as_str(),
            by: UserId::SYSTEM,
            by_name: "system",
            kind: body.kind(),
            fields: &body.fields(),
            nonce: None,
        };
        tx.append(&event)?;
    }
    Ok(())
}
