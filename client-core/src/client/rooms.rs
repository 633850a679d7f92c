//! Rooms: which are open and from where, their lines as they come, the pages before them. A gap is answered by opening
//! the room again after the last line that is there; a position that the server does not know by opening it anew.

use std::sync::Arc;

use wardroom_protocol::messages::{
    RoomClose, RoomCreate, RoomHistory, RoomInfo, RoomList, RoomListed, RoomLive, RoomMembers, RoomMembersListed,
    RoomOpen, RoomOpened, RoomPage, RoomRead, RoomState,
};
use wardroom_protocol::{Code, Event, EventBody, RoomName};

use super::Client;
use super::requests::{Kind, Loss};
use crate::effect::{Change, Effect, Refusal, Subject};
use crate::input::OpenFrom;
use crate::limits::HISTORY_PAGE;
use crate::model::{Added, OpenState, Room};

/// A room that is (to be) open: from where it began, and the question under way.
#[derive(Debug)]
pub(super) struct Opening {
    from: OpenFrom,
    asked: Option<u64>,
}

impl Client {
    pub(super) fn open_room(&mut self, room: &RoomName, from: OpenFrom) {
        if self.rooms_open.contains_key(room) {
            return;
        }
        self.rooms_open.insert(room.clone(), Opening { from, asked: None });
        self.rooms.entry(room.clone()).or_insert_with(|| Arc::new(Room::new(unknown(room))));
        self.change_room(room, |room| room.state = OpenState::Opening);
        self.show_pending(room);
        if self.is_up() {
            self.ask_open(room);
        }
    }

    pub(super) fn close_room(&mut self, room: &RoomName) {
        if self.rooms_open.remove(room).is_none() {
            return;
        }
        self.send_told(&RoomClose { room: room.clone() });
        self.change_room(room, |room| {
            room.state = OpenState::Closed;
            room.timeline = Arc::default();
            room.loading_older = false;
        });
        self.posts_of_closed_room(room);
    }

    /// After a welcome: every room that is shown goes on after its last line.
    pub(super) fn reopen_rooms(&mut self) {
        let rooms: Vec<RoomName> = self.rooms_open.keys().cloned().collect();
        for room in rooms {
            self.ask_open(&room);
        }
    }

    pub(super) fn rooms_link_lost(&mut self) {
        let rooms: Vec<RoomName> = self.rooms_open.keys().cloned().collect();
        for room in rooms {
            if let Some(opening) = self.rooms_open.get_mut(&room) {
                opening.asked = None;
            }
            self.change_room(&room, |room| room.state = OpenState::Opening);
        }
    }

    /// Another epoch: all positions are void.
    pub(super) fn forget_timelines(&mut self) {
        let rooms: Vec<RoomName> = self.rooms_open.keys().cloned().collect();
        for room in rooms {
            self.forget_timeline(&room);
        }
    }

    fn forget_timeline(&mut self, room: &RoomName) {
        const LAST_AFTER_RESET: u64 = HISTORY_PAGE as u64;
        if let Some(opening) = self.rooms_open.get_mut(room)
            && matches!(opening.from, OpenFrom::After(_))
        {
            opening.from = OpenFrom::Last(LAST_AFTER_RESET);
        }
        self.change_room(room, |room| room.timeline = Arc::default());
        self.effects.push(Effect::Reset { room: room.clone() });
    }

    fn ask_open(&mut self, room: &RoomName) {
        let last = self.rooms.get(room).and_then(|room| room.timeline.last());
        let Some(opening) = self.rooms_open.get(room) else { return };
        let (after, last) = match (last, opening.from) {
            (Some(seq), _) => (Some(seq), None),
            (None, OpenFrom::After(seq)) => (Some(seq), None),
            (None, OpenFrom::Last(count)) => (None, Some(count)),
        };
        let epoch = self.session.epoch.filter(|_| after.is_some());
        let message = RoomOpen { room: room.clone(), after, last, epoch };
        self.change_room(room, |room| room.state = OpenState::Opening);
        let id = self.ask(&message, Kind::OpenRoom(room.clone()), Loss::Forget);
        if let Some(opening) = self.rooms_open.get_mut(room) {
            opening.asked = Some(id);
        }
    }

    pub(super) fn room_opened(&mut self, room: &RoomName, id: u64, opened: RoomOpened) {
        let Some(opening) = self.rooms_open.get_mut(room).filter(|opening| opening.asked == Some(id)) else { return };
        opening.asked = None;
        let had = self.rooms.get(room).and_then(|room| room.timeline.last());
        if had.is_some_and(|last| last != opened.after) {
            self.effects.push(Effect::Reset { room: room.clone() });
        }
        let left = opened.head.saturating_sub(opened.after);
        self.change_room(room, |room| {
            if had != Some(opened.after) {
                Arc::make_mut(&mut room.timeline).begin(opened.after);
            }
            room.info.head = opened.head;
            room.state = OpenState::CatchingUp { left };
        });
    }

    pub(super) fn room_refused(&mut self, room: &RoomName, refusal: Refusal) {
        let Some(opening) = self.rooms_open.get_mut(room) else { return };
        opening.asked = None;
        if refusal.code == Some(Code::Reset) {
            // Only a position can be reset, so this does not go round in circles: the next question bears none.
            self.forget_timeline(room);
            return self.ask_open(room);
        }
        self.rooms_open.remove(room);
        self.change_room(room, |room| room.state = OpenState::Failed(refusal.words.clone()));
        self.effects.push(Effect::Failed { subject: Subject::Open(room.clone()), refusal });
    }

    pub(super) fn on_event(&mut self, event: Event) {
        let name = event.room.clone();
        // Lines of an opening that has been given up since are sent again by the new one.
        if self.rooms_open.get(&name).is_none_or(|opening| opening.asked.is_some()) {
            return;
        }
        let is_mine = self.you().is_some_and(|you| you.user == event.by);
        let Some(room) = self.rooms.get_mut(&name) else { return };
        let event = Arc::new(event);
        let room = Arc::make_mut(room);
        match Arc::make_mut(&mut room.timeline).push(event.clone()) {
            Added::Known => return,
            Added::Gap => return self.ask_open(&name),
            Added::Next => {}
        }
        room.info.head = room.info.head.max(event.seq);
        if let OpenState::CatchingUp { left } = &mut room.state {
            *left = left.saturating_sub(1);
        }
        let who_changed = matches!(event.body, EventBody::Join | EventBody::Leave);
        if who_changed && is_mine {
            // Joined or left on another connection. The last such line of a timeline says how it stands.
            room.info.joined = matches!(event.body, EventBody::Join);
        }
        let reload_people = who_changed && room.people.is_some();
        self.changed(Change::Room(name.clone()));
        if who_changed && is_mine {
            self.changed(Change::Rooms);
        }
        self.post_seen(&event);
        self.note_run(&event);
        if reload_people {
            self.load_people(&name);
        }
        self.effects.push(Effect::Event(event));
    }

    pub(super) fn on_live(&mut self, live: RoomLive) {
        if self.rooms_open.get(&live.room).is_none_or(|opening| opening.asked.is_some()) {
            return;
        }
        let last = self.rooms.get(&live.room).and_then(|room| room.timeline.last());
        if last.is_some_and(|last| last < live.head) {
            return self.ask_open(&live.room);
        }
        self.change_room(&live.room, |room| {
            room.state = OpenState::Live;
            room.info.head = room.info.head.max(live.head);
        });
        self.effects.push(Effect::Live { room: live.room });
    }

    pub(super) fn on_room_state(&mut self, state: RoomState) {
        // Only members are told: a room that is not known as joined was joined on another connection.
        if self.rooms.get(&state.room).is_none_or(|room| !room.info.joined) {
            return self.load_rooms();
        }
        self.change_room(&state.room, |room| {
            // An open room's head is what its own lines say.
            if !room.state.is_open() {
                room.info.head = state.head;
            }
            room.info.read = room.info.read.max(state.read);
            room.info.mentions = state.mentions;
        });
        self.changed(Change::Rooms);
    }

    /// The rooms that the welcome names are those that one has joined.
    pub(super) fn rooms_of_welcome(&mut self, infos: Vec<RoomInfo>) {
        let joined: Vec<RoomName> = infos.iter().map(|info| info.room.clone()).collect();
        self.take_infos(infos);
        let rooms_open = &self.rooms_open;
        self.rooms.retain(|name, room| !room.info.joined || joined.contains(name) || rooms_open.contains_key(name));
        for (name, room) in &mut self.rooms {
            if room.info.joined && !joined.contains(name) {
                Arc::make_mut(room).info.joined = false;
            }
        }
        self.changed(Change::Rooms);
    }

    pub(super) fn rooms_came(&mut self, listed: RoomListed) {
        let names: Vec<RoomName> = listed.rooms.iter().map(|info| info.room.clone()).collect();
        let rooms_open = &self.rooms_open;
        self.rooms.retain(|name, _| names.contains(name) || rooms_open.contains_key(name));
        self.take_infos(listed.rooms);
        self.changed(Change::Rooms);
    }

    fn take_infos(&mut self, infos: Vec<RoomInfo>) {
        for mut info in infos {
            let name = info.room.clone();
            let Some(room) = self.rooms.get_mut(&name) else {
                self.rooms.insert(name.clone(), Arc::new(Room::new(info)));
                self.show_pending(&name);
                continue;
            };
            // What was read here while the link was down is told now.
            let read_here = room.info.read.min(info.head);
            let is_behind = info.read < read_here;
            if is_behind {
                info.read = read_here;
            }
            if **room != (Room { info: info.clone(), ..Room::clone(room) }) {
                Arc::make_mut(room).info = info;
                self.changed(Change::Room(name.clone()));
            }
            if is_behind {
                self.send_told(&RoomRead { room: name, seq: read_here });
            }
        }
    }

    pub(super) fn mark_read(&mut self, room: &RoomName, seq: u64) {
        let Some(info) = self.rooms.get(room).map(|room| &room.info) else { return };
        let seq = seq.min(info.head);
        if seq <= info.read {
            return;
        }
        self.change_room(room, |room| {
            room.info.read = seq;
            if seq == room.info.head {
                room.info.mentions = 0;
            }
        });
        self.changed(Change::Rooms);
        self.send_told(&RoomRead { room: room.clone(), seq });
    }

    pub(super) fn load_older(&mut self, room: &RoomName) {
        let Some(shown) = self.rooms.get(room) else { return };
        let Some(base) = shown.timeline.base().filter(|_| shown.timeline.has_more() && !shown.loading_older) else {
            return;
        };
        self.change_room(room, |room| room.loading_older = true);
        let before = Some(base.saturating_add(1));
        let message = RoomHistory { room: room.clone(), before, after: None, around: None, limit: Some(HISTORY_PAGE) };
        self.ask(&message, Kind::History(room.clone()), Loss::Resend);
    }

    pub(super) fn history_came(&mut self, room: &RoomName, page: RoomPage) {
        let events: Vec<Arc<Event>> = page
            .events
            .iter()
            .filter_map(|raw| Event::parse(raw.get().as_bytes()).ok())
            .filter(|event| event.room == *room)
            .map(Arc::new)
            .collect();
        self.change_room(room, |room| {
            room.loading_older = false;
            Arc::make_mut(&mut room.timeline).prepend(&events, page.more);
        });
        for event in &events {
            self.post_seen(event);
            self.note_run(event);
        }
    }

    pub(super) fn history_failed(&mut self, room: &RoomName) {
        self.change_room(room, |room| room.loading_older = false);
    }

    pub(super) fn load_people(&mut self, room: &RoomName) {
        self.ask(&RoomMembers { room: room.clone() }, Kind::People(room.clone()), Loss::Resend);
    }

    pub(super) fn people_came(&mut self, room: &RoomName, listed: RoomMembersListed) {
        let Some(shown) = self.rooms.get_mut(room) else { return };
        if shown.people.as_deref() != Some(&listed.members) {
            Arc::make_mut(shown).people = Some(Arc::new(listed.members));
            self.changed(Change::People(room.clone()));
        }
    }

    pub(super) fn load_rooms(&mut self) {
        self.ask(&RoomList {}, Kind::Rooms, Loss::Resend);
    }

    pub(super) fn create_room(&mut self, create: &RoomCreate) {
        self.ask(create, Kind::RoomChange(create.room.clone()), Loss::Fail);
    }

    /// Made, joined or left: the list says how it stands now.
    pub(super) fn room_changed(&mut self, room: &RoomName) {
        self.rooms.entry(room.clone()).or_insert_with(|| Arc::new(Room::new(unknown(room))));
        self.load_rooms();
    }

    /// Changes a room of the model, and says so if that made a difference.
    pub(super) fn change_room(&mut self, room: &RoomName, change: impl FnOnce(&mut Room)) {
        if let Some(shown) = self.rooms.get_mut(room) {
            change(Arc::make_mut(shown));
            self.changed(Change::Room(room.clone()));
        }
    }
}

/// A room of which only the name is known yet.
fn unknown(room: &RoomName) -> RoomInfo {
    RoomInfo::named(room.clone())
}
