//! Search over messages, commands, their output and the names of files. It reads the logs like any other reader: a
//! thread with a cursor in each room keeps an index beside the store, which may be deleted at any time. Nobody waits
//! for it; what it has not read yet is found later, and the answer says how much that is.
//!
//! The index only proposes rows (`grams`). What a hit shows is read from the store and compared (`find`), in the rooms
//! that the member may read at that moment.

mod budget;
mod docs;
mod feed;
mod find;
mod fold;
mod grams;
mod index;
mod limits;
mod look;
mod output;
mod part;
mod paths;
mod schema;
mod service;
mod signal;
mod turns;
mod words;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wardroom_protocol::limits::HITS_MAX;
use wardroom_protocol::messages::{Search as Ask, SearchFound};

use self::limits::{BUSY_RETRY_MS, HITS_DEFAULT, SEARCH_MS};
use self::look::Plan;
pub use self::service::Search;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;
use crate::store::open_reader;

/// Runs a search.
///
/// # Errors
/// `bad_request`, `too_large`, `not_found` (the room, the user), `rate_limited`, `busy`.
pub async fn search(state: &State, member: &Member, ask: Ask) -> Result<SearchFound, Error> {
    let plan = plan(state, member, &ask)?;
    let turn = state.search.turn(member.user.id).await?;
    // Determined before the index is read: what is indexed meanwhile counts as behind, never the other way round.
    let Some(behind) = behind(state, &plan) else {
        return Err(Error::busy("the search index is being made: try again in a moment", BUSY_RETRY_MS));
    };
    let paths = Arc::clone(&state.search.paths);
    let (tell, told) = tokio::sync::oneshot::channel();
    let task = tokio::task::spawn_blocking(move || {
        let plan = Plan { deadline: Instant::now() + Duration::from_millis(SEARCH_MS), ..plan };
        let (index, store) = (schema::open_reader(&paths.index)?, open_reader(&paths.store)?);
        // Nobody listens if the search is already over.
        let _ = tell.send(index.get_interrupt_handle());
        let found = find::find(&index, &store, &paths.runs, &plan);
        // Returned here, because the caller may be gone by now.
        drop(turn);
        found
    });
    // The search checks the clock between rows; while SQLite looks for the next one, only an interrupt reaches it.
    let interrupt = async {
        if let Ok(handle) = told.await {
            tokio::time::sleep(Duration::from_millis(SEARCH_MS)).await;
            handle.interrupt();
        }
        std::future::pending::<()>().await;
    };
    let found = tokio::select! {
        found = task => found.map_err(Error::internal)?,
        () = interrupt => return Err(Error::internal("a search that never ends")),
    };
    let mut found = SearchFound { behind, ..found? };
    // Rights may have been lost during the search.
    found.hits.retain(|hit| member.readable(&state.rooms, &hit.room).is_ok());
    Ok(found)
}

fn plan(state: &State, member: &Member, ask: &Ask) -> Result<Plan, Error> {
    let words = words::parse(&ask.q)?;
    let limit = ask.limit.unwrap_or(HITS_DEFAULT);
    if limit == 0 || limit > HITS_MAX {
        return Err(Error::bad_request("limit is 1 to 100"));
    }
    let rooms: Vec<Arc<Room>> = match &ask.room {
        Some(name) => vec![member.readable(&state.rooms, name)?.room],
        None => {
            let is_seen = |room: &Arc<Room>| member.readable(&state.rooms, &room.name).is_ok();
            state.rooms.all().into_iter().filter(is_seen).collect()
        }
    };
    let by = match &ask.by {
        Some(name) => {
            let user = state.accounts.by_name(name.as_str());
            Some(user.ok_or_else(|| Error::not_found(format!("there is no user {name}")))?.id)
        }
        None => None,
    };
    let rooms: HashMap<_, _> = rooms.into_iter().map(|room| (room.id, (room.name.clone(), !room.is_private))).collect();
    Ok(Plan {
        words,
        rooms,
        is_one_room: ask.room.is_some(),
        by,
        kind: ask.kind,
        since: ask.since.unwrap_or(0),
        until: ask.until.unwrap_or(u64::MAX),
        before: ask.before.map_or(i64::MAX, |id| i64::try_from(id).unwrap_or(i64::MAX)),
        limit: usize::try_from(limit).unwrap_or(1),
        deadline: Instant::now(),
    })
}

fn behind(state: &State, plan: &Plan) -> Option<u64> {
    let heads = plan.rooms.keys().filter_map(|id| state.rooms.by_id(*id)).map(|room| (room.id, room.tail.head()));
    state.search.signal.behind(heads)
}
