//! Creates rooms and direct messages.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::event::EventBody;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::DM_USERS_MAX;
use wardroom_protocol::messages::{DmOpen, RoomChanged, RoomCreate};
use wardroom_protocol::{Nonce, Role, RoomName, RoomRole, UserName};

use super::names;
use super::room::{MembershipChange, Room, RoomSettings};
use super::set::check_title;
use crate::accounts::User;
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::{DMS_MAX, OWNED_MAX, ROOMS_MAX};
use crate::policy::Member;
use crate::secrets::new_ulid;
use crate::state::State;
use crate::store::{NewEvent, Numbered, RoomId, Tx, UserId, as_sql};

/// Creates a room with the member as its owner.
///
/// # Errors
/// `conflict` if the name is taken or looks like another one; `forbidden`; an error about the name or the title.
pub async fn create(state: &State, member: &Member, create: RoomCreate) -> Result<u64, Error> {
    let by = member.speaker()?.member().clone();
    let title = check_title(&create.title.unwrap_or_default())?;
    let RoomCreate { room: name, private: is_private, nonce, .. } = create;
    names::check_new(&name)?;
    super::check_rate(state, member)?;
    // One at a time: of two names that look the same, the second finds the first.
    let making = state.rooms.making.lock().await;
    if let Some(seq) = made_before(state, &by, &name, nonce.clone()).await? {
        return Ok(seq);
    }
    super::check_joined(state, &member.user)?;
    check_owned(state, member)?;
    check_count(state)?;
    if let Some(other) = state.rooms.look_alike(&name) {
        return Err(Error::conflict(format!("this name looks the same as that of the room {other}: choose another")));
    }
    let room = state
        .store
        .write(move |tx| {
            let Some(id) = insert(tx, &name, &title, is_private, None)? else {
                return Err(Error::conflict(format!("there is a room {name} already")));
            };
            insert_member(tx, id, by.user.id, RoomRole::Owner)?;
            let body = EventBody::Join;
            let joined = tx.append(&NewEvent {
                room: id,
                room_name: name.as_str(),
                by: by.user.id,
                by_name: by.user.name.as_str(),
                kind: body.kind(),
                fields: &body.fields(),
                nonce: nonce.as_ref().map(Nonce::as_str),
            })?;
            super::members::note_read(tx.conn, id, by.user.id, joined.seq)?;
            tx.audit(by.user.name.as_str(), &by.address, "room.create", name.as_str(), &title)?;
            let meta = RoomSettings { title, first: 1, ..RoomSettings::default() };
            Ok(Room::new(id, name, is_private, Vec::new(), meta, joined.seq))
        })
        .await?;
    let head = room.tail.head();
    found(state, room, &[(member.user.id, RoomRole::Owner)]);
    drop(making);
    Ok(head)
}

/// On a retry, returns the `seq` at which the member created this room under this nonce.
async fn made_before(state: &State, by: &Member, name: &RoomName, nonce: Option<Nonce>) -> Result<Option<u64>, Error> {
    let Some(nonce) = nonce else { return Ok(None) };
    let (user, name) = (by.user.id.0, name.to_string());
    let sql = "SELECT e.seq FROM events e JOIN rooms r ON r.id = e.room
               WHERE e.by = ?1 AND e.nonce = ?2 AND e.kind = 'join' AND r.name = ?3";
    let seq: Option<i64> = state
        .store
        .read(move |conn| Ok(conn.query_row(sql, params![user, nonce.as_str(), name], |row| row.get(0)).optional()?))
        .await?;
    Ok(seq.and_then(|seq| u64::try_from(seq).ok()))
}

/// Returns the direct message of the member and these users, and creates it if there is none.
///
/// # Errors
/// `not_found` for an unknown user; `forbidden`; `bad_request` for none or too many.
pub async fn open_dm(state: &State, member: &Member, open: DmOpen) -> Result<RoomName, Error> {
    let by = member.speaker()?.member().clone();
    let users = party(state, member, &open.users)?;
    super::check_rate(state, member)?;
    let ids: Vec<String> = users.iter().map(|user| user.id.0.to_string()).collect();
    let key = ids.join("+");
    let making = state.rooms.making.lock().await;
    let wanted = key.clone();
    let known: Option<String> = state
        .store
        .read(move |conn| {
            Ok(conn.query_row("SELECT name FROM rooms WHERE dm = ?1", [wanted], |row| row.get(0)).optional()?)
        })
        .await?;
    if let Some(name) = known {
        return RoomName::parse(&name).map_err(Error::internal);
    }
    check_count(state)?;
    check_dms(state, member)?;
    let name = format!("@{}", new_ulid(now_ms()).to_string().to_lowercase());
    let name = RoomName::parse(&name).map_err(Error::internal)?;
    let mut shown: Vec<UserName> = users.iter().map(|user| user.name.clone()).collect();
    shown.sort();
    let members: Vec<_> = users.iter().map(|user| (user.id, RoomRole::Member)).collect();
    let (made, founders) = (name.clone(), members.clone());
    let room = state
        .store
        .write(move |tx| {
            let id = insert(tx, &made, "", true, Some(&key))?;
            let id = id.ok_or_else(|| Error::internal("a new ULID is the name of a room"))?;
            for (user, role) in members {
                insert_member(tx, id, user, role)?;
            }
            let detail = shown.iter().map(UserName::as_str).collect::<Vec<_>>().join(" ");
            tx.audit(by.user.name.as_str(), &by.address, "dm.open", made.as_str(), &detail)?;
            Ok(Room::new(id, made, true, shown, RoomSettings { first: 1, ..RoomSettings::default() }, 0))
        })
        .await?;
    found(state, room, &founders);
    drop(making);
    Ok(name)
}

/// Returns the member and the others, without duplicates, ordered by id.
fn party(state: &State, member: &Member, names: &[UserName]) -> Result<Vec<Arc<User>>, Error> {
    // Checked before the look-up, so that a long list causes no work.
    if names.len() >= 2 * DM_USERS_MAX {
        return Err(too_many());
    }
    let mut users = vec![Arc::clone(&member.user)];
    for name in names {
        users.push(super::members::somebody(state, name)?);
    }
    users.sort_by_key(|user| user.id);
    users.dedup_by_key(|user| user.id);
    match users.len() {
        0 | 1 => Err(Error::bad_request("a direct message is with somebody else: name one")),
        2..=DM_USERS_MAX => Ok(users),
        _ => Err(too_many()),
    }
}

fn too_many() -> Error {
    Error::bad_request("a direct message has at most 16 members: make a room for more")
}

/// Limits how many rooms a user owns, so that nobody uses up what the server can hold.
fn check_owned(state: &State, member: &Member) -> Result<(), Error> {
    let is_own = |room: &Arc<Room>| room.role_of(member.user.id) == Some(RoomRole::Owner);
    let owned = || state.rooms.joined_by(member.user.id).into_iter().filter(is_own).count();
    if member.user.role() < Role::Admin && owned() >= OWNED_MAX {
        return Err(Error::too_large(
            "you own 500 rooms: make somebody else the owner of some and leave them, or ask an admin",
        ));
    }
    Ok(())
}

/// Limits direct messages in the same way.
fn check_dms(state: &State, member: &Member) -> Result<(), Error> {
    let dms = || state.rooms.joined_by(member.user.id).into_iter().filter(|room| room.is_dm()).count();
    if member.user.role() < Role::Admin && dms() >= DMS_MAX {
        return Err(Error::too_large(
            "you have 1,000 direct messages: make a room instead, or ask an admin to write for you",
        ));
    }
    Ok(())
}

fn check_count(state: &State) -> Result<(), Error> {
    if state.rooms.count() >= ROOMS_MAX {
        return Err(Error::too_large("this server has 10,000 rooms: that is as many as it takes"));
    }
    Ok(())
}

/// Inserts the room's row. Returns `None` if the name is taken.
fn insert(
    tx: &Tx<'_>,
    name: &RoomName,
    title: &str,
    is_private: bool,
    dm: Option<&str>,
) -> Result<Option<RoomId>, Error> {
    let id = tx.next_id(Numbered::Rooms)?;
    let added = tx.conn.execute(
        "INSERT INTO rooms(id, name, title, private, created, dm) VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(name) DO NOTHING",
        params![id, name.as_str(), title, is_private, as_sql(tx.now_ms), dm],
    )?;
    Ok((added == 1).then_some(RoomId(id)))
}

fn insert_member(tx: &Tx<'_>, room: RoomId, user: UserId, role: RoomRole) -> Result<(), Error> {
    let sql = "INSERT INTO members(room, user, role) VALUES(?1, ?2, ?3)";
    Ok(tx.conn.execute(sql, params![room.0, user.0, role.as_str()]).map(drop)?)
}

/// Registers a room that is on disk, and tells its members.
fn found(state: &State, room: Room, members: &[(UserId, RoomRole)]) {
    for (user, role) in members {
        room.put_founder(*user, *role);
    }
    let room = Arc::new(room);
    state.rooms.insert(Arc::clone(&room));
    if !room.is_private {
        // The same for everybody who is not a member; the members are told below.
        let info = room.info(UserId::SYSTEM, state.ruled());
        state.presence.tell_all(&encode(Number::None, &RoomChanged { info }));
    }
    super::tell_moved(
        state,
        members.iter().map(|(user, _)| (Arc::clone(&room), MembershipChange::Joined(*user))).collect(),
    );
}
