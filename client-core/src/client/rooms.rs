//! The rooms that the user may see: the list and its updates, membership, people, and changes by owners.

use std::collections::BTreeSet;
use std::sync::Arc;

use wardroom_protocol::messages::{
    DmOpen, DmOpened, MemberInfo, RoomChanged, RoomCreate, RoomInfo, RoomList, RoomListed, RoomMembers,
    RoomMembersListed, RoomRead, RoomState,
};
use wardroom_protocol::{Code, Message, RoomName, UserName};

use super::Client;
use super::state::{Recovery, RequestKind};
use crate::effect::{Change, Effect, Error};
use crate::model::Room;

impl Client {
    /// The welcome names all joined rooms, unless it says that there are `more`.
    pub(super) fn rooms_of_welcome(&mut self, infos: Vec<RoomInfo>, more: bool) {
        if more {
            // Rooms that are gone are known only when all pages of the list have arrived.
            self.take_infos(infos);
            self.changed(Change::Rooms);
            return self.load_rooms();
        }
        let joined: Vec<RoomName> = infos.iter().map(|info| info.room.clone()).collect();
        self.take_infos(infos);
        let open_rooms = &self.open_rooms;
        self.rooms.retain(|name, room| !room.info.joined || joined.contains(name) || open_rooms.contains_key(name));
        for (name, room) in self.rooms.iter_mut() {
            if room.info.joined && !joined.contains(name) {
                Arc::make_mut(room).info.joined = false;
            }
        }
        self.changed(Change::Rooms);
    }

    /// A page of the list. A known room between its first and last entry that it does not name is gone.
    pub(super) fn on_rooms(&mut self, after: Option<&RoomName>, listed: RoomListed) {
        let names: BTreeSet<RoomName> = listed.rooms.iter().map(|info| info.room.clone()).collect();
        let last = names.last().filter(|_| listed.more).cloned();
        let open_rooms = &self.open_rooms;
        let told = &self.told_rooms;
        let is_gone = |name: &RoomName| is_between(name, after, last.as_ref()) && !names.contains(name);
        self.rooms.retain(|name, _| !is_gone(name) || told.contains(name) || open_rooms.contains_key(name));
        self.take_infos(listed.rooms);
        self.changed(Change::Rooms);
        if last.is_some() {
            self.send_request(&RoomList { after: last.clone() }, RequestKind::Rooms(last), Recovery::Resend);
        }
    }

    fn take_infos(&mut self, infos: Vec<RoomInfo>) {
        for info in infos {
            self.apply_info(info);
        }
    }

    fn apply_info(&mut self, info: RoomInfo) {
        let name = info.room.clone();
        let me = self.session.you.as_ref().map(|you| you.user.clone());
        let Some(room) = self.rooms.get_mut(&name) else {
            self.rooms.insert(name.clone(), Arc::new(Room::new(info)));
            return self.show_pending(&name);
        };
        let first = info.first;
        let (told_read, before) = (info.read, room.clone());
        let mut now = Room::clone(room);
        let tail = self.open_rooms.get_mut(&name).and_then(|open| open.tail.as_mut());
        now.apply_info(info, tail.as_deref(), me.as_ref());
        if let Some(first) = first {
            if now.timeline.base().is_some_and(|base| base.saturating_add(1) < first) {
                Arc::make_mut(&mut now.timeline).drop_before(first);
            }
            if let Some(tail) = tail {
                tail.drop_before(first);
            }
        }
        let read = now.info.read;
        // Compare pointers: comparing ten thousand lines would cost more than it saves.
        let is_same = before.info == now.info && before.counted == now.counted;
        if !is_same || !Arc::ptr_eq(&before.timeline, &now.timeline) {
            *room = Arc::new(now);
            self.changed(Change::Room(name.clone()));
        }
        // Send what was read here while offline.
        if told_read < read {
            self.read_positions.told(&name);
            self.send(&RoomRead { room: name, seq: read });
        }
    }

    pub(super) fn on_room_changed(&mut self, changed: RoomChanged) {
        let info = changed.info;
        let name = info.room.clone();
        // A public room that somebody else created is news; a private one that is not known was left long ago.
        if !self.rooms.contains_key(&name) && !info.joined && info.private {
            return;
        }
        if !info.joined && info.private {
            self.room_lost(&name);
        } else {
            self.apply_info(info);
            self.told_rooms.insert(name);
        }
        self.changed(Change::Rooms);
    }

    /// The user may no longer see this room. If it is open it says so instead of its lines; otherwise it disappears.
    fn room_lost(&mut self, name: &RoomName) {
        self.told_rooms.remove(name);
        if !self.open_rooms.contains_key(name) {
            self.rooms.remove(name);
            return;
        }
        self.change_room(name, |room| {
            room.info.joined = false;
            room.forget_lines();
        });
        let error = Error { code: Some(Code::NotFound), ..Error::local("you are not a member of this room any more") };
        self.on_open_error(name, error);
    }

    pub(super) fn on_room_state(&mut self, state: RoomState) {
        // Only members are told: a room that is not marked as joined was joined on another connection.
        if self.rooms.get(&state.room).is_none_or(|room| !room.info.joined) {
            return self.load_rooms();
        }
        let me = self.session.you.as_ref().map(|you| you.user.clone());
        let Some(room) = self.rooms.get_mut(&state.room) else { return };
        let tail = self.open_rooms.get(&state.room).and_then(|open| open.tail.as_ref());
        Arc::make_mut(room).apply_state(&state, tail, me.as_ref());
        self.changed(Change::Room(state.room));
        self.changed(Change::Rooms);
    }

    pub(super) fn load_people(&mut self, room: &RoomName) {
        self.load_people_after(room, None);
    }

    fn load_people_after(&mut self, room: &RoomName, after: Option<UserName>) {
        let ask = RoomMembers { room: room.clone(), after: after.clone() };
        self.send_request(&ask, RequestKind::People(room.clone(), after), Recovery::Resend);
    }

    /// A page of people. It replaces what was known between its first and last member.
    pub(super) fn on_people(&mut self, room: &RoomName, after: Option<&UserName>, listed: RoomMembersListed) {
        for member in &listed.members {
            self.note_presence(&member.user, member.here);
        }
        let Some(shown) = self.rooms.get_mut(room) else { return };
        let last = listed.members.last().filter(|_| listed.more).map(|member| member.user.clone());
        let is_covered = |member: &MemberInfo| is_between(&member.user, after, last.as_ref());
        let known = shown.people.iter().flat_map(|people| people.iter());
        let mut people: Vec<MemberInfo> = known.filter(|member| !is_covered(member)).cloned().collect();
        people.extend(listed.members);
        people.sort_by(|a, b| a.user.cmp(&b.user));
        if shown.people.as_deref() != Some(&people) {
            Arc::make_mut(shown).people = Some(Arc::new(people));
            self.changed(Change::People(room.clone()));
        }
        if last.is_some() {
            self.load_people_after(room, last);
        }
    }

    pub(super) fn load_rooms(&mut self) {
        self.told_rooms.clear();
        self.send_request(&RoomList::default(), RequestKind::Rooms(None), Recovery::Resend);
    }

    pub(super) fn create_room(&mut self, create: &RoomCreate) {
        self.send_request(create, RequestKind::RoomChange(create.room.clone()), Recovery::Fail);
    }

    /// Sends a change of a room: now or not at all, because nobody expects it an hour later. Its events and
    /// `room.changed` report the result.
    pub(super) fn send_room_change<M: Message>(&mut self, room: &RoomName, message: &M) {
        self.send_request(message, RequestKind::RoomSet(room.clone()), Recovery::Fail);
    }

    pub(super) fn open_dm(&mut self, users: Vec<UserName>) {
        self.send_request(&DmOpen { users: users.clone() }, RequestKind::Dm(users), Recovery::Fail);
    }

    pub(super) fn on_dm_opened(&mut self, users: Vec<UserName>, opened: DmOpened) {
        let is_new = !self.rooms.contains_key(&opened.room);
        self.ensure_room(&opened.room);
        if is_new {
            self.load_rooms();
        }
        self.effects.push(Effect::DmOpened { room: opened.room, users });
    }

    /// Created, joined or left: the list has the new state.
    pub(super) fn on_room_change_done(&mut self, room: &RoomName) {
        self.ensure_room(room);
        self.load_rooms();
    }

    /// Adds the room to the model, if only by its name.
    pub(super) fn ensure_room(&mut self, room: &RoomName) {
        let unknown = || Arc::new(Room::new(RoomInfo::named(room.clone())));
        self.rooms.entry(room.clone()).or_insert_with(unknown);
    }

    /// Changes a room of the model, and reports it.
    pub(super) fn change_room(&mut self, room: &RoomName, change: impl FnOnce(&mut Room)) {
        if let Some(shown) = self.rooms.get_mut(room) {
            change(Arc::make_mut(shown));
            self.changed(Change::Room(room.clone()));
        }
    }
}

/// The range that a page of a list covers: the names after `after`, up to its `last` or the end.
fn is_between<T: Ord>(name: &T, after: Option<&T>, last: Option<&T>) -> bool {
    after.is_none_or(|after| name > after) && last.is_none_or(|last| name <= last)
}
