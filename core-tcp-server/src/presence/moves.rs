//! Reports once a second which users connected and disconnected, to the connections that requested the members of a
//! room.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{Presence as Told, UserStatus};

use super::{Connection, Inner, Presence};
use crate::accounts::User;
use crate::limits::PRESENCE_USERS_MAX;
use crate::sender::ConnectionSender;
use crate::state::State;
use crate::store::{RoomId, UserId};

impl Presence {
    /// Returns the users who connected, disconnected or set their status since the last call. Those who did both of the first are left out.
    fn moves(&self) -> HashMap<UserId, bool> {
        let mut inner = self.lock();
        let moved = std::mem::take(&mut inner.moved);
        let mut moves = HashMap::new();
        for user in moved {
            let is_here = inner.by_user.contains_key(&user);
            let is_news = if is_here { inner.told.insert(user) } else { inner.told.remove(&user) };
            if is_news {
                moves.insert(user, is_here);
            }
        }
        for user in std::mem::take(&mut inner.restated) {
            if inner.by_user.contains_key(&user) {
                moves.insert(user, true);
            }
        }
        moves
    }

    /// Returns the rooms whose members some connection requested.
    fn asked_rooms(&self) -> Vec<RoomId> {
        self.lock().by_room.keys().copied().collect()
    }

    /// Returns the connections that requested the members of these rooms, each with the rooms that it requested.
    fn askers(&self, rooms: &HashMap<RoomId, Vec<UserId>>) -> HashMap<u64, Asker> {
        let inner = self.lock();
        let mut askers: HashMap<u64, Asker> = HashMap::new();
        for room in rooms.keys() {
            for id in inner.by_room.get(room).into_iter().flatten() {
                let Some(connection) = inner.connections.get(id) else { continue };
                askers.entry(*id).or_insert_with(|| Asker::of(connection)).rooms.push(*room);
            }
        }
        askers
    }

    /// Returns the connections with postponed news, and the users whom it is about.
    fn latecomers(&self) -> Vec<(u64, Asker, HashSet<UserId>)> {
        let mut inner = self.lock();
        let Inner { connections, late, .. } = &mut *inner;
        let taken = std::mem::take(late).into_iter().filter_map(|id| {
            let connection = connections.get_mut(&id)?;
            let users = std::mem::take(&mut connection.late);
            let rooms = connection.asked.clone();
            Some((id, Asker { rooms, ..Asker::of(connection) }, users))
        });
        taken.collect()
    }

    fn put_off(&self, id: u64, users: impl IntoIterator<Item = UserId>) {
        let mut inner = self.lock();
        if let Some(connection) = inner.connections.get_mut(&id) {
            connection.late.extend(users);
            inner.late.insert(id);
        }
    }
}

/// A connection that requested the members of a room.
struct Asker {
    sender: Arc<ConnectionSender>,
    user: UserId,
    rooms: Vec<RoomId>,
}

impl Asker {
    fn of(connection: &Connection) -> Self {
        Self { sender: Arc::clone(&connection.sender), user: connection.user, rooms: Vec::new() }
    }

    /// Keeps only the rooms that the user may still see.
    fn keep_seen(&mut self, state: &State) {
        self.rooms.retain(|id| state.rooms.by_id(*id).is_some_and(|room| room.is_seen_by(self.user)));
        self.rooms.sort_unstable();
    }
}

/// Reports which users connected and disconnected to the connections that requested the members of a room with these
/// users. Called by the sweeper, so that a user who reconnects at once was never away. All changes in a room are one
/// frame, encoded once for all connections that requested that room; a connection with a long queue gets the current
/// state later.
pub fn tell_moves(state: &State) {
    let presence = &state.presence;
    tell_late(state);
    let moves = presence.moves();
    if moves.is_empty() {
        return;
    }
    let users: Vec<UserId> = moves.keys().copied().collect();
    let among = |id: RoomId| Some((id, state.rooms.by_id(id)?.among(&users)));
    let mut rooms: HashMap<RoomId, Vec<UserId>> = presence.asked_rooms().into_iter().filter_map(among).collect();
    rooms.retain(|_, users| !users.is_empty());
    // Most connections requested the same rooms as others.
    let mut frames: HashMap<Vec<RoomId>, Vec<Bytes>> = HashMap::new();
    for (id, mut asker) in presence.askers(&rooms) {
        asker.keep_seen(state);
        let moved = || asker.rooms.iter().filter_map(|room| rooms.get(room)).flatten().copied().collect::<HashSet<_>>();
        if asker.sender.is_crowded() {
            presence.put_off(id, moved());
            continue;
        }
        if !frames.contains_key(&asker.rooms) {
            let is_here = |user| moves.get(&user).copied().unwrap_or(false);
            frames.insert(asker.rooms.clone(), frames_of(state, moved(), is_here));
        }
        for frame in frames.get(&asker.rooms).into_iter().flatten() {
            asker.sender.tell(frame.clone());
        }
    }
}

/// Reports the current state of what was postponed.
fn tell_late(state: &State) {
    for (id, mut asker, mut users) in state.presence.latecomers() {
        if asker.sender.is_crowded() {
            state.presence.put_off(id, users);
            continue;
        }
        asker.keep_seen(state);
        let rooms: Vec<_> = asker.rooms.iter().filter_map(|id| state.rooms.by_id(*id)).collect();
        users.retain(|user| rooms.iter().any(|room| room.has(*user)));
        for frame in frames_of(state, users, |user| state.presence.is_here(user)) {
            asker.sender.tell(frame);
        }
    }
}

/// Returns one frame for all of these users, or several if they do not fit in a line.
fn frames_of(state: &State, users: HashSet<UserId>, is_here: impl Fn(UserId) -> bool) -> Vec<Bytes> {
    let mut users: Vec<_> = users.into_iter().filter_map(|user| state.accounts.by_id(user)).collect();
    users.sort_by(|a, b| a.name.cmp(&b.name));
    let frame = |users: &[Arc<User>]| {
        let (here, gone): (Vec<_>, Vec<_>) = users.iter().partition(|user| is_here(user.id));
        let status = here.iter().map(|user| UserStatus { user: user.name.clone(), text: user.status() });
        let status = status.filter(|status| !status.text.is_empty()).collect();
        let names = |users: Vec<&Arc<User>>| users.into_iter().map(|user| user.name.clone()).collect();
        encode(Number::None, &Told { here: names(here), gone: names(gone), status })
    };
    users.chunks(PRESENCE_USERS_MAX).map(frame).collect()
}
