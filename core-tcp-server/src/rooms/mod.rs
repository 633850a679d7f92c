//! Rooms: how they are created, joined, managed, read and posted to. Plain functions over the state, which know no
//! socket.

mod amend;
mod general;
mod info;
mod lines;
mod make;
mod members;
mod memberships;
mod mention;
mod names;
mod people;
mod recount;
mod registry;
mod room;
mod set;
mod timeline;
mod typing;
mod typing_users;

use std::sync::Arc;

pub use amend::{delete, edit, last_said, react};
pub use general::{GENERAL, GENERAL_NAME};
pub use make::{create, open_dm};
pub use members::{invite, join, leave, members, remove, set_role};
pub use mention::mentions_of;
pub use people::ReadState;
pub use recount::know_all_here;
pub use registry::Registry;
pub use room::{MembershipChange, Room};
pub use set::set;
pub use timeline::{Post, history, is_too_long, open_at, post};
pub use typing::typing;
use wardroom_protocol::event::EventBody;
use wardroom_protocol::messages::RoomInfo;
use wardroom_protocol::{Role, RoomName};

use crate::accounts::User;
use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::limits::{JOINED_MAX, ROOMS_OF_A_LINE_MAX};
use crate::policy::Member;
use crate::sender::Item;
use crate::state::State;
use crate::store::{Effect, NewEvent, RoomId, Tx, as_sql};

/// Returns all rooms that the member may see, by name.
///
/// # Errors
/// If the member's unread lines cannot be counted.
pub async fn list(state: &State, member: &Member) -> Result<Vec<RoomInfo>, Error> {
    infos(state, member, seen_by(state, member).collect()).await
}

/// As [`list`], but only rooms after a name, and no more than a line could hold.
///
/// # Errors
/// As [`list`].
pub async fn list_after(state: &State, member: &Member, after: Option<&RoomName>) -> Result<Vec<RoomInfo>, Error> {
    let behind = seen_by(state, member).filter(|room| after.is_none_or(|after| room.name > *after));
    infos(state, member, behind.take(ROOMS_OF_A_LINE_MAX).collect()).await
}

/// Returns the rooms that the member may see, by name.
fn seen_by(state: &State, member: &Member) -> impl Iterator<Item = Arc<Room>> {
    let user = member.user.id;
    state.rooms.all().into_iter().filter(move |room| room.is_seen_by(user))
}

/// Returns the rooms that the member is in.
///
/// # Errors
/// As [`list`].
pub async fn list_joined(state: &State, member: &Member) -> Result<Vec<RoomInfo>, Error> {
    infos(state, member, state.rooms.joined_by(member.user.id)).await
}

async fn infos(state: &State, member: &Member, rooms: Vec<Arc<Room>>) -> Result<Vec<RoomInfo>, Error> {
    let user = member.user.id;
    recount::know(state, &rooms, user).await?;
    // That took a while: a user who was removed from a room meanwhile is not told about it.
    Ok(rooms
        .iter()
        .filter(|room| member.still_reads(room).is_ok())
        .map(|room| room.info(user, state.ruled()))
        .collect())
}

/// Records that the member has read up to `seq`, and tells all their connections. A read position never moves back.
/// `done` is called once it is on disk, but not if this function returns an error.
///
/// # Errors
/// `not_found`, `forbidden`; `bad_request` beyond the head.
pub async fn read<D>(state: &Arc<State>, member: &Member, name: &RoomName, seq: u64, done: D) -> Result<(), Error>
where
    D: FnOnce(Result<(), Error>) + Send + 'static,
{
    let room = member.joined(&state.rooms, name)?.room;
    if seq > room.tail.head() {
        return Err(Error::bad_request(format!("{name} has no event {seq} yet")));
    }
    let (user, id) = (member.user.id, room.id);
    if room.read_by(user).is_some_and(|read| read >= seq) {
        done(Ok(()));
        return Ok(());
    }
    // One row, one statement, no event: a thousand members who read a post are one commit.
    let work = move |tx: &mut Tx<'_>| {
        let update = "UPDATE members SET read = ?3 WHERE room = ?1 AND user = ?2 AND read < ?3";
        tx.conn.prepare_cached(update)?.execute(rusqlite::params![id.0, user.0, as_sql(seq)])?;
        Ok(())
    };
    let of = Arc::clone(state);
    let told = move |written: Result<(), Error>| {
        if written.is_ok() {
            room.read_to(user, seq);
        }
        // The reply first, so that it and the new state leave in one write.
        done(written);
        if room.missing(user).is_none() {
            return of.presence.each_of(user, |sender| sender.room_moved(id));
        }
        tokio::spawn(async move {
            if let Err(error) = recount::know(&of, &[room], user).await {
                tracing::warn!(%error, "cannot count what somebody has not read");
            }
            of.presence.each_of(user, |sender| sender.room_moved(id));
        });
    };
    state.store.append(work, told).await
}

/// Tells the connections of users who joined or left a room. Called by the publisher, so that they hear it in the right
/// order.
pub fn tell_moved(state: &State, moved: Vec<(Arc<Room>, MembershipChange)>) {
    for (room, who) in moved {
        match who {
            MembershipChange::Joined(user) => {
                state.presence.each_of(user, |sender| sender.push(Item::Joined { room: room.id, known: None }))
            }
            // This also wakes the streams they read there: see [`crate::access`].
            MembershipChange::Went(user) => state.presence.each_of(user, |sender| sender.push(Item::Left(room.id))),
        }
    }
}

/// Tells the members of a room, or of all rooms, that rules have changed.
pub fn tell_ruled(state: &State, room: Option<RoomId>) {
    let rooms = room.map_or_else(|| state.rooms.all(), |room| state.rooms.by_id(room).into_iter().collect());
    rooms.iter().for_each(|room| room.rules_changed());
}

/// Limits how often a member writes: posts, edits, reactions and changes to rooms. Admins are exempt, since they
/// import.
///
/// # Errors
/// `rate_limited`
pub fn check_rate(state: &State, member: &Member) -> Result<(), Error> {
    if member.user.role() >= Role::Admin {
        return Ok(());
    }
    let counted = state.rooms.count_write(member.user.id, monotonic_ms());
    counted.map_err(|retry_ms| {
        Error::too_often(
            "you post too often: 50 a second are taken, after 5,000 at once; try again in a moment",
            retry_ms,
        )
    })
}

/// Refuses another room for a user who is in the maximum number. Direct messages do not count for their recipients.
///
/// # Errors
/// `too_large`
fn check_joined(state: &State, user: &User) -> Result<(), Error> {
    let joined = || state.rooms.joined_by(user.id).iter().filter(|room| !room.is_dm()).count();
    if user.role() < Role::Admin && joined() >= JOINED_MAX {
        let whose = format!("{} is in 2,000 rooms, which is as many as one may be: leave one first", user.name);
        return Err(Error::too_large(whose));
    }
    Ok(())
}

/// Appends an event by the member to a room, with its effect.
fn append(tx: &mut Tx<'_>, room: &Room, by: &Member, body: &EventBody, effect: Effect) -> Result<u64, Error> {
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

/// Refuses what a direct message does not support.
fn check_no_dm(room: &Room) -> Result<(), Error> {
    if room.is_dm() {
        return Err(Error::conflict("a direct message stays what it is: make a room for more"));
    }
    Ok(())
}
