//! Rooms: made, joined, kept, read and talked in. Plain functions over the state; they know no socket.

mod amend;
mod info;
mod make;
mod members;
mod mention;
mod names;
mod people;
mod recount;
mod registry;
mod room;
mod set;
mod timeline;
mod typing;

use std::sync::Arc;

pub use amend::{delete, edit, last_said, react};
pub use make::{create, open_dm};
pub use members::{invite, join, leave, members, remove, set_role};
pub use mention::mentions_of;
pub use people::Standing;
pub use recount::know_all_here;
pub use registry::Registry;
pub use room::{Moved, Room};
pub use set::set;
pub use timeline::{Post, history, is_too_long, open_at, post};
pub use typing::typing;
use wardroom_protocol::RoomName;
use wardroom_protocol::event::EventBody;
use wardroom_protocol::messages::RoomInfo;

use crate::limits::ROOMS_OF_A_LINE_MAX;
use crate::outlet::Item;
use crate::policy::Member;
use crate::refusal::Refusal;
use crate::state::State;
use crate::store::{Effect, NewEvent, RoomId, Tx};

/// The room that everybody is in; it exists from the start.
pub const GENERAL: RoomId = RoomId(1);
/// Its name.
pub const GENERAL_NAME: &str = "general";

/// All rooms that the member may see, by name.
///
/// # Errors
/// Where it cannot be counted what the member has not read.
pub async fn list(state: &State, member: &Member) -> Result<Vec<RoomInfo>, Refusal> {
    infos(state, member, |_| true).await
}

/// As [`list`], the rooms behind a name, and no more of them than a line could hold.
///
/// # Errors
/// As [`list`].
pub async fn list_after(state: &State, member: &Member, after: Option<&RoomName>) -> Result<Vec<RoomInfo>, Refusal> {
    let mut left = ROOMS_OF_A_LINE_MAX;
    let is_listed = |room: &Room| {
        let is_listed = left > 0 && after.is_none_or(|after| room.name > *after);
        left -= usize::from(is_listed);
        is_listed
    };
    infos(state, member, is_listed).await
}

/// The rooms that the member is in.
///
/// # Errors
/// As [`list`].
pub async fn list_joined(state: &State, member: &Member) -> Result<Vec<RoomInfo>, Refusal> {
    infos(state, member, |room| room.has(member.user.id)).await
}

async fn infos(
    state: &State,
    member: &Member,
    mut is_listed: impl FnMut(&Room) -> bool,
) -> Result<Vec<RoomInfo>, Refusal> {
    let user = member.user.id;
    let seen = state.rooms.all().into_iter().filter(|room| room.is_seen_by(user));
    let rooms: Vec<_> = seen.filter(|room| is_listed(room)).collect();
    recount::know(state, &rooms, user).await?;
    // That took a while: who was taken out of a room meanwhile is not told of it.
    Ok(rooms.iter().filter(|room| member.still_reads(room).is_ok()).map(|room| room.info(user)).collect())
}

/// The member has read up to here; all their connections are told. Never goes back.
///
/// # Errors
/// `not_found`, `forbidden`; `bad_request` beyond the head.
pub async fn read(state: &State, member: &Member, name: &RoomName, seq: u64) -> Result<(), Refusal> {
    let room = member.joined(&state.rooms, name)?.room;
    if seq > room.tail.head() {
        return Err(Refusal::bad_request(format!("{name} has no event {seq} yet")));
    }
    if room.read_by(member.user.id).is_some_and(|read| read >= seq) {
        return Ok(());
    }
    let (user, id) = (member.user.id, room.id);
    let sql_seq = i64::try_from(seq).unwrap_or(i64::MAX);
    state
        .store
        .write(move |tx| {
            let update = "UPDATE members SET read = max(read, ?3) WHERE room = ?1 AND user = ?2";
            Ok(tx.conn.prepare_cached(update)?.execute(rusqlite::params![id.0, user.0, sql_seq]).map(drop)?)
        })
        .await?;
    recount::settle(state, &room, user, seq).await?;
    state.presence.each_of(user, |outlet| outlet.room_moved(room.id));
    Ok(())
}

/// Tells the connections of those who came to a room, or went. Called by the publisher, so that it is told in the order
/// in which it happened.
pub fn tell_moved(state: &State, moved: Vec<(Arc<Room>, Moved)>) {
    for (room, who) in moved {
        match who {
            Moved::Came(user) => state
                .presence
                .each_of(user, |outlet| outlet.push(Item::Joined { room: Arc::clone(&room), known: None })),
            // This also wakes what they read there: see [`crate::access`].
            Moved::Went(user) => state.presence.each_of(user, |outlet| outlet.push(Item::Left(room.id))),
        }
    }
}

/// Appends a line of the member's own to a room, which changes something.
fn append(tx: &mut Tx<'_>, room: &Room, by: &Member, body: &EventBody, effect: Effect) -> Result<u64, Refusal> {
    let event = NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: by.user.id,
        by_name: by.user.name.as_str(),
        kind: body.kind(),
        fields: &body.fields(),
        nonce: None,
    };
    tx.append_with(&event, Some(effect)).map(|appended| appended.seq)
}

/// Refuses what is not done with a direct message.
fn check_no_dm(room: &Room) -> Result<(), Refusal> {
    if room.is_dm() {
        return Err(Refusal::conflict("a direct message stays what it is: make a room for more"));
    }
    Ok(())
}
