//! The members of a room, and their roles.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::event::{EventBody, RoleOf, UserRef};
use wardroom_protocol::messages::{MemberInfo, RoomInvite, RoomRemove, RoomSetRole};
use wardroom_protocol::{RoomName, RoomRole, UserName};

use super::room::Room;
use super::{GENERAL, append, check_no_dm};
use crate::accounts::User;
use crate::error::Error;
use crate::policy::{Member, unarchived};
use crate::state::State;
use crate::store::{Effect, RoomId, UserId};

/// Joins a public room. Returns `None` if the user is already a member.
///
/// # Errors
/// `not_found`; `conflict` if it is archived.
pub async fn join(state: &State, member: &Member, name: &RoomName) -> Result<Option<u64>, Error> {
    let room = member.readable(&state.rooms, name)?.room;
    if room.has(member.user.id) {
        return Ok(None);
    }
    let room = unarchived(room)?;
    super::check_rate(state, member)?;
    super::check_joined(state, &member.user)?;
    let by = member.clone();
    let seq = state
        .store
        .write(move |tx| {
            if !insert(tx.conn, room.id, by.user.id, RoomRole::Member)? {
                return Ok(None);
            }
            let effect = Effect::Joined(by.user.id, RoomRole::Member);
            let seq = append(tx, &room, &by, &EventBody::Join, effect)?;
            // New members start at the end, so that a new room does not show a thousand unread lines.
            note_read(tx.conn, room.id, by.user.id, seq)?;
            Ok(Some(seq))
        })
        .await?;
    Ok(seq)
}

/// Leaves a room. Returns `None` if the user is not a member.
///
/// # Errors
/// `not_found`; `conflict` for `general`, a direct message, and the last owner.
pub async fn leave(state: &State, member: &Member, name: &RoomName) -> Result<Option<u64>, Error> {
    let room = member.readable(&state.rooms, name)?.room;
    check_leavable(&room)?;
    super::check_rate(state, member)?;
    let by = member.clone();
    state
        .store
        .write(move |tx| {
            if !delete(tx.conn, room.id, by.user.id)? {
                return Ok(None);
            }
            append(tx, &room, &by, &EventBody::Leave, Effect::Went(by.user.id)).map(Some)
        })
        .await
}

/// Adds a user to a room. Returns `None` if they are already a member.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict`.
pub async fn invite(state: &State, member: &Member, invite: RoomInvite) -> Result<Option<u64>, Error> {
    let room = member.readable(&state.rooms, &invite.room)?.room;
    check_no_dm(&room)?;
    let role = invite.role.unwrap_or_default();
    if room.is_private || role != RoomRole::Member {
        member.owner_in(&state.rooms, &invite.room)?;
    } else if !member.is_owner_of(&room) {
        member.speaker_in(&state.rooms, &invite.room)?;
    }
    let room = unarchived(room)?;
    let (by, whom) = (member.clone(), somebody(state, &invite.user)?);
    super::check_rate(state, member)?;
    super::check_joined(state, &whom)?;
    state
        .store
        .write(move |tx| {
            if !insert(tx.conn, room.id, whom.id, role)? {
                return Ok(None);
            }
            audit(tx, &by, "room.invite", &room, &whom, role.as_str())?;
            let body = EventBody::Invited(RoleOf { user: whom.name.clone(), role });
            let seq = append(tx, &room, &by, &body, Effect::Joined(whom.id, role))?;
            note_read(tx.conn, room.id, whom.id, seq)?;
            Ok(Some(seq))
        })
        .await
}

/// Removes a user from a room. Returns `None` if they are not a member.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict`.
pub async fn remove(state: &State, member: &Member, remove: RoomRemove) -> Result<Option<u64>, Error> {
    let room = member.readable(&state.rooms, &remove.room)?.room;
    check_leavable(&room)?;
    member.owner_in(&state.rooms, &remove.room)?;
    let (by, whom) = (member.clone(), known(state, &remove.user)?);
    let (user, line) = (whom.id, format!("# {} removed you from {}\n", member.user.name, room.name));
    let removed = state
        .store
        .write(move |tx| {
            if !delete(tx.conn, room.id, whom.id)? {
                return Ok(None);
            }
            audit(tx, &by, "room.remove", &room, &whom, "")?;
            let body = EventBody::Removed(UserRef { user: whom.name.clone() });
            append(tx, &room, &by, &body, Effect::Went(whom.id)).map(Some)
        })
        .await?;
    if removed.is_some() {
        // Programs get room.changed.
        state.presence.each_person_of(user, |sender| sender.tell(line.clone().into()));
    }
    Ok(removed)
}

/// Changes a member's role. Returns `None` if they already have it.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict`.
pub async fn set_role(state: &State, member: &Member, set: RoomSetRole) -> Result<Option<u64>, Error> {
    let room = member.readable(&state.rooms, &set.room)?.room;
    check_no_dm(&room)?;
    member.owner_in(&state.rooms, &set.room)?;
    let (by, whom, role) = (member.clone(), known(state, &set.user)?, set.role);
    state
        .store
        .write(move |tx| {
            let was = role_of(tx.conn, room.id, whom.id)?;
            let Some(was) = was else {
                return Err(Error::not_found(format!("{} is no member of {}: invite them", whom.name, room.name)));
            };
            if was == role {
                return Ok(None);
            }
            if was == RoomRole::Owner {
                check_not_last(tx.conn, room.id, whom.id, true)?;
            }
            let sql = "UPDATE members SET role = ?3 WHERE room = ?1 AND user = ?2";
            tx.conn.execute(sql, params![room.id.0, whom.id.0, role.as_str()])?;
            audit(tx, &by, "room.role", &room, &whom, role.as_str())?;
            let body = EventBody::RoleChanged(RoleOf { user: whom.name.clone(), role });
            append(tx, &room, &by, &body, Effect::Role(whom.id, role)).map(Some)
        })
        .await
}

/// Returns the members of a room by name, after this user. The iterator looks each member up when it reaches them, so a
/// page costs only what it holds.
///
/// # Errors
/// `not_found`.
pub fn members<'a>(
    state: &'a State,
    member: &Member,
    name: &RoomName,
    after: Option<&UserName>,
) -> Result<impl Iterator<Item = MemberInfo> + use<'a>, Error> {
    let room = member.readable(&state.rooms, name)?.room;
    let of = Arc::clone(&room);
    let info = move |user: Arc<User>| {
        Some(MemberInfo {
            user: user.name.clone(),
            name: user.shown.clone(),
            role: user.role(),
            here: state.presence.is_here(user.id),
            room_role: of.role_of(user.id)?,
            bot: user.is_bot,
            status: user.status(),
        })
    };
    Ok(accounts_of(state, &room, after)
        .filter(|user| !user.is_disabled() && user.id != UserId::SYSTEM)
        .filter_map(info))
}

/// Returns the accounts to check for the members of a room, by name. If most accounts are members, these are all
/// accounts, so that nothing needs sorting.
fn accounts_of<'a>(
    state: &'a State,
    room: &Room,
    after: Option<&UserName>,
) -> Box<dyn Iterator<Item = Arc<User>> + Send + 'a> {
    let members = room.members();
    if members.len() * 4 >= state.accounts.count() {
        let first = state.accounts.next_after(after);
        return Box::new(std::iter::successors(first, |user| state.accounts.next_after(Some(&user.name))));
    }
    let users = members.into_iter().filter_map(|(user, _)| state.accounts.by_id(user));
    let mut users: Vec<_> = users.filter(|user| after.is_none_or(|after| user.name > *after)).collect();
    users.sort_by(|a, b| a.name.cmp(&b.name));
    Box::new(users.into_iter())
}

/// Returns an account, even if it is closed.
fn known(state: &State, name: &UserName) -> Result<Arc<User>, Error> {
    let user = state.accounts.by_name(name.as_str()).filter(|user| user.id != UserId::SYSTEM);
    user.ok_or_else(|| Error::not_found(format!("there is no user {name}")))
}

/// Returns an account that is not closed.
///
/// # Errors
/// `not_found`; `conflict` if it is closed.
pub(super) fn somebody(state: &State, name: &UserName) -> Result<Arc<User>, Error> {
    let user = known(state, name)?;
    if user.is_disabled() {
        return Err(Error::conflict(format!("the account of {name} is closed")));
    }
    Ok(user)
}

fn check_leavable(room: &Room) -> Result<(), Error> {
    check_no_dm(room)?;
    if room.id == GENERAL {
        return Err(Error::conflict("everybody is in general, always"));
    }
    Ok(())
}

/// Inserts a member. Returns false if they are already one.
fn insert(conn: &Connection, room: RoomId, user: UserId, role: RoomRole) -> Result<bool, Error> {
    let sql = "INSERT INTO members(room, user, role) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING";
    Ok(conn.execute(sql, params![room.0, user.0, role.as_str()])? == 1)
}

/// Records the initial read position of a new member.
///
/// # Errors
/// If the database fails.
pub(super) fn note_read(conn: &Connection, room: RoomId, user: UserId, seq: u64) -> Result<(), Error> {
    let sql = "UPDATE members SET read = ?3 WHERE room = ?1 AND user = ?2";
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    Ok(conn.execute(sql, params![room.0, user.0, seq]).map(drop)?)
}

/// Deletes a member. Returns false if they are not one.
fn delete(conn: &Connection, room: RoomId, user: UserId) -> Result<bool, Error> {
    let Some(role) = role_of(conn, room, user)? else { return Ok(false) };
    if role == RoomRole::Owner {
        check_not_last(conn, room, user, false)?;
    }
    Ok(conn.execute("DELETE FROM members WHERE room = ?1 AND user = ?2", params![room.0, user.0])? == 1)
}

fn role_of(conn: &Connection, room: RoomId, user: UserId) -> Result<Option<RoomRole>, Error> {
    let sql = "SELECT role FROM members WHERE room = ?1 AND user = ?2";
    let role: Option<String> = conn.query_row(sql, params![room.0, user.0], |row| row.get(0)).optional()?;
    Ok(role.map(|role| role.parse().unwrap_or_default()))
}

/// Makes sure that an owner remains. The very last member may leave, but may not stay (`is_staying`) in a lesser role.
fn check_not_last(conn: &Connection, room: RoomId, user: UserId, is_staying: bool) -> Result<(), Error> {
    let sql = "SELECT count(*), coalesce(sum(role = 'owner'), 0) FROM members WHERE room = ?1 AND user <> ?2";
    let (others, owners): (i64, i64) =
        conn.query_row(sql, params![room.0, user.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if owners == 0 && (is_staying || others > 0) {
        return Err(Error::conflict("a room keeps an owner: make somebody else one first"));
    }
    Ok(())
}

fn audit(
    tx: &crate::store::Tx<'_>,
    by: &Member,
    action: &str,
    room: &Room,
    whom: &User,
    detail: &str,
) -> Result<(), Error> {
    let detail = format!("{} {detail}", whom.name);
    tx.audit(by.user.name.as_str(), &by.address, action, room.name.as_str(), detail.trim_end())
}
