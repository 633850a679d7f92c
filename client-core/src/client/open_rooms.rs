//! Open rooms: where they start, and their events as they arrive. After a gap the room is opened again after the last
//! known event; if the server does not know that position, it is opened from scratch. [`OpenFrom::Recent`] also starts
//! from scratch after a long break.
//!
//! While an older window is shown (`history`), the room's live end is kept in [`OpenRoom::tail`]. Events keep arriving
//! there, so none is missed, and amendments also apply to the lines of the window.

use std::sync::Arc;

use wardroom_protocol::messages::{RoomClose, RoomLive, RoomOpen, RoomOpened};
use wardroom_protocol::{Code, Event, EventBody, RoomName};

use super::Client;
use super::state::{OpenRoom, Recovery, RequestKind};
use crate::effect::{Change, Effect, Error, Operation};
use crate::limits::{CATCH_UP_MAX, HISTORY_PAGE, LATE_AMENDMENTS_MAX};
use crate::model::{Added, OpenState, Room};
use crate::position::OpenFrom;

impl Client {
    pub(super) fn open_room(&mut self, room: &RoomName, from: OpenFrom) {
        if self.open_rooms.contains_key(room) {
            return;
        }
        self.open_rooms.insert(room.clone(), OpenRoom::new(from));
        self.ensure_room(room);
        self.change_room(room, |room| room.state = OpenState::Opening);
        self.show_pending(room);
        if self.is_up() {
            self.request_open(room);
        }
    }

    pub(super) fn close_room(&mut self, room: &RoomName) {
        self.send_read_position_now(room);
        if self.open_rooms.remove(room).is_none() {
            return;
        }
        self.send(&RoomClose { room: room.clone() });
        self.change_room(room, |room| {
            room.state = OpenState::Closed;
            room.forget_lines();
            room.jumping = None;
            room.typing = Arc::default();
        });
        self.posts_of_closed_room(room);
    }

    /// After a welcome: continues every open room after its last event.
    pub(super) fn reopen_rooms(&mut self) {
        let rooms: Vec<RoomName> = self.open_rooms.keys().cloned().collect();
        for room in rooms {
            self.request_open(&room);
            // The server sends presence only to connections that asked for it, and this one is new.
            if self.rooms.get(&room).is_some_and(|room| room.people.is_some()) {
                self.load_people(&room);
            }
        }
    }

    pub(super) fn rooms_disconnected(&mut self) {
        let rooms: Vec<RoomName> = self.open_rooms.keys().cloned().collect();
        for room in rooms {
            if let Some(open) = self.open_rooms.get_mut(&room) {
                open.asked = None;
                open.jump_request = None;
            }
            self.change_room(&room, |room| {
                room.state = OpenState::Opening;
                room.typing = Arc::default();
            });
        }
    }

    /// The epoch changed: all positions are void.
    pub(super) fn forget_timelines(&mut self) {
        let rooms: Vec<RoomName> = self.open_rooms.keys().cloned().collect();
        for room in rooms {
            self.forget_timeline(&room);
        }
        for room in self.rooms.values_mut() {
            let room = Arc::make_mut(room);
            (room.counted, room.info.read) = (0, 0);
        }
    }

    fn forget_timeline(&mut self, room: &RoomName) {
        const LAST_AFTER_RESET: u64 = HISTORY_PAGE as u64;
        if let Some(open) = self.open_rooms.get_mut(room) {
            if matches!(open.from, OpenFrom::After(_)) {
                open.from = OpenFrom::Last(LAST_AFTER_RESET);
            }
            open.tail = None;
            open.late.clear();
            open.forget_pages();
        }
        self.change_room(room, Room::forget_lines);
        self.effects.push(Effect::Reset { room: room.clone() });
    }

    /// The last event that arrived live, without a gap before it.
    pub(super) fn live_last(&self, room: &RoomName) -> Option<u64> {
        match self.open_rooms.get(room).and_then(|open| open.tail.as_ref()) {
            Some(tail) => tail.last(),
            None => self.rooms.get(room).and_then(|room| room.timeline.last()),
        }
    }

    fn request_open(&mut self, room: &RoomName) {
        let live_last = self.live_last(room);
        let Some(open) = self.open_rooms.get(room) else { return };
        let (after, last) = match (live_last, open.from) {
            (Some(seq), OpenFrom::Recent(_)) => (Some(seq), Some(CATCH_UP_MAX)),
            (Some(seq), _) | (None, OpenFrom::After(seq)) => (Some(seq), None),
            (None, OpenFrom::Last(count) | OpenFrom::Recent(count)) => (None, Some(count)),
        };
        let epoch = self.session.epoch.filter(|_| after.is_some());
        let message = RoomOpen { room: room.clone(), after, last, epoch };
        self.change_room(room, |room| room.state = OpenState::Opening);
        let id = self.send_request(&message, RequestKind::OpenRoom(room.clone()), Recovery::Forget);
        if let Some(open) = self.open_rooms.get_mut(room) {
            open.asked = Some(id);
        }
    }

    pub(super) fn on_room_opened(&mut self, room: &RoomName, id: u64, opened: RoomOpened) {
        let had = self.live_last(room);
        let Some(open) = self.open_rooms.get_mut(room).filter(|open| open.asked == Some(id)) else { return };
        open.asked = None;
        let is_other = had.is_some_and(|last| last != opened.after);
        if is_other {
            // The server starts elsewhere: the loaded lines do not join.
            open.tail = None;
            open.forget_pages();
            self.effects.push(Effect::Reset { room: room.clone() });
        }
        let Some(shown) = self.rooms.get_mut(room) else { return };
        let shown = Arc::make_mut(shown);
        if had != Some(opened.after) {
            shown.forget_lines();
            let floor = shown.info.first.unwrap_or(0).saturating_sub(1);
            Arc::make_mut(&mut shown.timeline).begin(opened.after, floor);
        }
        shown.info.head = opened.head;
        shown.state = OpenState::CatchingUp { left: opened.head.saturating_sub(opened.after) };
        let is_uncounted = opened.after > shown.counted;
        self.changed(Change::Room(room.clone()));
        if is_other {
            // Posts among the skipped events are confirmed by now, and runs may have ended.
            if self.outbox.remove_posted(room, opened.after) {
                self.outbox_changed(room);
            }
            self.load_runs(room);
        }
        if is_uncounted {
            // Events that the server has not counted yet were skipped too: get fresh counts.
            self.load_rooms();
        }
        // Not earlier: a page requested after the opening cannot miss an event that does not come live.
        self.request_jump(room);
    }

    pub(super) fn on_open_error(&mut self, room: &RoomName, error: Error) {
        let Some(open) = self.open_rooms.get_mut(room) else { return };
        open.asked = None;
        if error.code == Some(Code::Reset) {
            // Only a position can be rejected with a reset, so this does not loop: the next request has none.
            self.forget_timeline(room);
            return self.request_open(room);
        }
        self.open_rooms.remove(room);
        self.change_room(room, |room| {
            room.state = OpenState::Failed(error.message.clone());
            room.jumping = None;
        });
        self.effects.push(Effect::Failed { operation: Operation::Open(room.clone()), error });
    }

    pub(super) fn on_event(&mut self, event: Event) {
        let name = event.room.clone();
        let me = self.session.you.as_ref().map(|you| you.user.clone());
        let (Some(open), Some(room)) = (self.open_rooms.get_mut(&name), self.rooms.get_mut(&name)) else { return };
        // The new opening sends these events again.
        if open.asked.is_some() {
            return;
        }
        let event = Arc::new(event);
        let room = Arc::make_mut(room);
        let uncounted = room.uncount(&event, open.tail.as_ref(), me.as_ref());
        let live = open.tail.as_mut().unwrap_or_else(|| Arc::make_mut(&mut room.timeline));
        let before_gap = live.last();
        match live.push(event.clone()) {
            Added::Known => return,
            Added::Gap if open.gap_after != before_gap => {
                open.gap_after = before_gap;
                return self.request_open(&name);
            }
            Added::Gap => {
                // The same gap again: the events were removed. Drop the loaded lines, which do not join.
                open.tail = None;
                open.forget_pages();
                room.forget_lines();
                let timeline = Arc::make_mut(&mut room.timeline);
                timeline.begin(event.seq.saturating_sub(1), event.seq.saturating_sub(1));
                timeline.push(event.clone());
                self.effects.push(Effect::Reset { room: name.clone() });
            }
            Added::Next => {}
        }
        open.gap_after = None;
        if event.body.target().is_some() {
            room.amend_quote(&event);
            if open.awaits_pages() {
                open.late.push_back(event.clone());
                if open.late.len() > LATE_AMENDMENTS_MAX {
                    open.late.pop_front();
                }
            }
        }
        if let Some(tail) = &mut open.tail {
            let window = Arc::make_mut(&mut room.timeline);
            window.amend(&event);
            // The live end may have reached a window that was ahead of it.
            if window.join(tail) {
                open.tail = None;
            } else if tail.len() > 2 * crate::limits::TAIL_LINES {
                *tail = tail.end(crate::limits::TAIL_LINES);
            }
        }
        room.info.head = room.info.head.max(event.seq);
        if let OpenState::CatchingUp { left } = &mut room.state {
            *left = left.saturating_sub(1);
        }
        let is_counted = room.count(&event, uncounted, me.as_ref());
        self.changed(Change::Room(name.clone()));
        let is_mine = me.as_ref() == Some(&event.by);
        self.follow_event(&name, &event, is_mine, is_counted);
        self.effects.push(Effect::Event(event));
    }

    /// Applies what an event changes about the room itself.
    fn follow_event(&mut self, name: &RoomName, event: &Arc<Event>, is_mine: bool, is_counted: bool) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let room = Arc::make_mut(room);
        let mut is_other_room = is_counted;
        let mut is_other_people = false;
        match &event.body {
            EventBody::Join | EventBody::Leave => {
                // Joined or left on another connection. The last such event in the timeline is the current state.
                if is_mine {
                    room.info.joined = matches!(event.body, EventBody::Join);
                    is_other_room = true;
                }
                is_other_people = true;
            }
            EventBody::Invited(_) | EventBody::Removed(_) | EventBody::RoleChanged(_) => is_other_people = true,
            EventBody::Title(words) => (room.info.title, is_other_room) = (words.text.clone(), true),
            EventBody::Topic(words) => (room.info.topic, is_other_room) = (words.text.clone(), true),
            EventBody::Archived(switch) => (room.info.archived, is_other_room) = (switch.on, true),
            _ => {}
        }
        let reload_people = is_other_people && room.people.is_some();
        if is_other_room {
            self.changed(Change::Rooms);
        }
        self.stop_typing_of(name, &event.by, event);
        self.settle_own_post(event);
        self.on_run_event(event);
        if reload_people {
            self.load_people(name);
        }
    }

    pub(super) fn on_live(&mut self, live: RoomLive) {
        if self.open_rooms.get(&live.room).is_none_or(|open| open.asked.is_some()) {
            return;
        }
        if self.live_last(&live.room).is_some_and(|last| last < live.head) {
            return self.request_open(&live.room);
        }
        self.change_room(&live.room, |room| {
            room.state = OpenState::Live;
            room.info.head = room.info.head.max(live.head);
        });
        self.effects.push(Effect::Live { room: live.room });
    }
}
