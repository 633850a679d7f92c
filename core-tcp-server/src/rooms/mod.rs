//! Rooms: made, joined, read and talked in. Plain functions over the state; they know no socket.

mod registry;
mod room;
mod timeline;

use std::sync::Arc;

pub use registry::Registry;
pub use room::Room;
use rusqlite::params;
pub use timeline::{Post, history, open_at, post};
use wardroom_protocol::event::EventBody;
use wardroom_protocol::limits::TITLE_CHARS_MAX;
use wardroom_protocol::messages::{MemberInfo, RoomCreate, RoomInfo};
use wardroom_protocol::{Role, RoomName};

use crate::limits::ROOMS_MAX;
use crate::outlet::Item;
use crate::policy::Member;
use crate::refusal::Refusal;
use crate::state::State;
use crate::store::{NewEvent, RoomId};

/// The room that everybody is in; it exists from the start.
pub const GENERAL: RoomId = RoomId(1);
/// Its name.
pub const GENERAL_NAME: &str = "general";

/// All rooms that the member may see, by name.
pub fn list(state: &State, member: &Member) -> Vec<RoomInfo> {
    let rooms = state.rooms.all();
    let is_seen = |room: &&Arc<Room>| !room.is_private || room.has(member.user.id);
    rooms.iter().filter(is_seen).map(|room| room.info(member.user.id)).collect()
}

/// Makes a room, with the member in it.
///
/// # Errors
/// `conflict` for a name that is taken; `forbidden`; what is wrong with the title.
pub async fn create(state: &State, member: &Member, create: RoomCreate) -> Result<u64, Refusal> {
    let by = member.speaker()?.member().clone();
    let title = create.title.unwrap_or_default().trim().to_owned();
    if title.chars().count() > TITLE_CHARS_MAX || title.chars().any(char::is_control) {
        return Err(Refusal::bad_request("a title has at most 120 characters, and no control characters"));
    }
    if state.rooms.count() >= ROOMS_MAX {
        return Err(Refusal::too_large("this server has 10,000 rooms: that is as many as it takes"));
    }
    let name = create.room;
    let room = state
        .store
        .write(move |tx| {
            let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
            let added = tx.conn.execute(
                "INSERT INTO rooms(name, title, private, created) VALUES(?1,?2,?3,?4) ON CONFLICT(name) DO NOTHING",
                params![name.as_str(), title, create.private, now],
            )?;
            if added == 0 {
                return Err(Refusal::conflict(format!("there is a room {name} already")));
            }
            let id = RoomId(tx.conn.last_insert_rowid());
            tx.conn.execute("INSERT INTO members(room, user) VALUES(?1, ?2)", params![id.0, by.user.id.0])?;
            let joined = tx.append(&membership(id, &name, &by, &EventBody::Join))?;
            tx.audit(by.user.name.as_str(), &by.address, "room.create", name.as_str(), &title)?;
            Ok(Room::new(id, name, title, create.private, joined.seq))
        })
        .await?;
    let room = Arc::new(room);
    room.put_member(member.user.id, room.tail.head());
    state.rooms.insert(Arc::clone(&room));
    state
        .presence
        .each_of(member.user.id, |outlet| outlet.push(Item::Joined { room: Arc::clone(&room), is_news: true }));
    Ok(room.tail.head())
}

/// Becomes a member of a public room. `None` if one is already.
///
/// # Errors
/// `not_found`.
pub async fn join(state: &State, member: &Member, name: &RoomName) -> Result<Option<u64>, Refusal> {
    let room = member.readable(&state.rooms, name)?.room;
    if room.has(member.user.id) {
        return Ok(None);
    }
    let (by, id, name) = (member.clone(), room.id, name.clone());
    let joined = state
        .store
        .write(move |tx| {
            let added = tx.conn.execute(
                "INSERT INTO members(room, user) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
                params![id.0, by.user.id.0],
            )?;
            if added == 0 {
                return Ok(None);
            }
            Ok(Some(tx.append(&membership(id, &name, &by, &EventBody::Join))?.seq))
        })
        .await?;
    // Whoever comes starts at the end: a new room is not a thousand unread lines.
    room.put_member(member.user.id, joined.unwrap_or(0));
    state
        .presence
        .each_of(member.user.id, |outlet| outlet.push(Item::Joined { room: Arc::clone(&room), is_news: true }));
    if let Some(seq) = joined {
        read(state, member, &room.name, seq).await?;
    }
    Ok(joined)
}

/// Is a member no more. `None` if one was none.
///
/// # Errors
/// `not_found`; `conflict` for `general`.
pub async fn leave(state: &State, member: &Member, name: &RoomName) -> Result<Option<u64>, Refusal> {
    let room = member.readable(&state.rooms, name)?.room;
    if room.id == GENERAL {
        return Err(Refusal::conflict("everybody is in general, always"));
    }
    let (by, id, name) = (member.clone(), room.id, name.clone());
    let left = state
        .store
        .write(move |tx| {
            let removed =
                tx.conn.execute("DELETE FROM members WHERE room = ?1 AND user = ?2", params![id.0, by.user.id.0])?;
            if removed == 0 {
                return Ok(None);
            }
            Ok(Some(tx.append(&membership(id, &name, &by, &EventBody::Leave))?.seq))
        })
        .await?;
    room.remove_member(member.user.id);
    state.presence.each_of(member.user.id, |outlet| {
        outlet.push(Item::Left(room.id));
        if room.is_private {
            outlet.push(Item::Close(room.id));
        }
    });
    Ok(left)
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
            Ok(tx.conn.prepare_cached(update)?.execute(params![id.0, user.0, sql_seq]).map(drop)?)
        })
        .await?;
    room.put_member(user, seq);
    state.presence.wake_user(user);
    Ok(())
}

/// Who is in a room, by name.
///
/// # Errors
/// `not_found`.
pub fn members(state: &State, member: &Member, name: &RoomName) -> Result<Vec<MemberInfo>, Refusal> {
    let room = member.readable(&state.rooms, name)?.room;
    let users = state.accounts.all();
    let is_in = |id| room.has(id);
    Ok(users
        .iter()
        .filter(|user| !user.is_disabled && is_in(user.id))
        .map(|user| MemberInfo {
            user: user.name.clone(),
            name: user.shown.clone(),
            role: Role::max(user.role, Role::Viewer),
            here: state.presence.is_here(user.id),
            room_role: wardroom_protocol::RoomRole::Member,
            bot: false,
        })
        .collect())
}

fn membership<'a>(room: RoomId, name: &'a RoomName, by: &'a Member, body: &'a EventBody) -> NewEvent<'a> {
    NewEvent {
        room,
        room_name: name.as_str(),
        by: by.user.id,
        by_name: by.user.name.as_str(),
        kind: body.kind(),
        fields: "{}",
        nonce: None,
    }
}
