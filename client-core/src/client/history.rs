//! Pages of history: before and after the loaded lines, around a jump target, and single lines that replies quote. The
//! loaded lines never have a gap: a page either joins them or replaces them.

use std::collections::VecDeque;
use std::sync::Arc;

use wardroom_protocol::messages::{RoomHistory, RoomPage};
use wardroom_protocol::{Event, RoomName};

use super::Client;
use super::state::{OpenRoom, Page, Recovery, RequestKind};
use crate::effect::{Change, Effect, Error, Operation};
use crate::limits::{HISTORY_PAGE, TAIL_LINES};
use crate::model::{Quote, Timeline};

fn history(room: &RoomName) -> RoomHistory {
    RoomHistory { room: room.clone(), before: None, after: None, around: None, at: None, limit: Some(HISTORY_PAGE) }
}

impl Client {
    pub(super) fn load_older(&mut self, room: &RoomName) {
        let Some(shown) = self.rooms.get(room).filter(|shown| shown.timeline.has_more() && !shown.loading_older) else {
            return;
        };
        let Some(base) = shown.timeline.base() else { return };
        self.change_room(room, |room| room.loading_older = true);
        let message = RoomHistory { before: Some(base.saturating_add(1)), ..history(room) };
        let id = self.send_request(&message, RequestKind::History(room.clone(), Page::Older), Recovery::Resend);
        self.note_page_request(room, |open| open.older_request = Some(id));
    }

    pub(super) fn load_newer(&mut self, room: &RoomName) {
        let Some(shown) = self.rooms.get(room).filter(|shown| shown.timeline.has_newer() && !shown.loading_newer)
        else {
            return;
        };
        let Some(last) = shown.timeline.last() else { return };
        self.change_room(room, |room| room.loading_newer = true);
        let message = RoomHistory { after: Some(last), ..history(room) };
        let id = self.send_request(&message, RequestKind::History(room.clone(), Page::Newer), Recovery::Resend);
        self.note_page_request(room, |open| open.newer_request = Some(id));
    }

    /// Shows the lines around `seq`, at once if they are loaded.
    pub(super) fn jump(&mut self, room: &RoomName, seq: u64) {
        if !self.open_rooms.contains_key(room) {
            self.open_room(room, crate::position::OpenFrom::Recent(u64::from(HISTORY_PAGE)));
        }
        let Some(open) = self.open_rooms.get_mut(room) else { return };
        open.jump_request = None;
        let is_shown = self.rooms.get(room).is_some_and(|shown| shown.timeline.covers(seq));
        if !is_shown && open.tail.as_ref().is_some_and(|tail| tail.covers(seq)) {
            self.show_latest(room);
        }
        if self.rooms.get(room).is_some_and(|shown| shown.timeline.covers(seq)) {
            return self.jumped(room, seq);
        }
        self.change_room(room, |room| room.jumping = Some(seq));
        self.request_jump(room);
    }

    /// Requests the page around the jump target, once the room is open.
    pub(super) fn request_jump(&mut self, room: &RoomName) {
        let Some(seq) = self.rooms.get(room).and_then(|shown| shown.jumping) else { return };
        let is_open = self.open_rooms.get(room).is_some_and(|open| open.asked.is_none());
        if !is_open || !self.is_up() || self.live_last(room).is_none() {
            return;
        }
        let message = RoomHistory { around: Some(seq), ..history(room) };
        let id = self.send_request(&message, RequestKind::History(room.clone(), Page::Around(seq)), Recovery::Forget);
        self.note_page_request(room, |open| open.jump_request = Some(id));
    }

    fn note_page_request(&mut self, room: &RoomName, note: impl FnOnce(&mut OpenRoom)) {
        if let Some(open) = self.open_rooms.get_mut(room) {
            note(open);
        }
    }

    /// Returns to the latest lines.
    pub(super) fn show_latest(&mut self, room: &RoomName) {
        let Some(open) = self.open_rooms.get_mut(room) else { return };
        open.jump_request = None;
        let tail = open.tail.take();
        if tail.is_some() {
            open.forget_pages();
        }
        self.change_room(room, |room| {
            room.jumping = None;
            if let Some(tail) = tail {
                room.timeline = Arc::new(tail);
                room.loading_older = false;
                room.loading_newer = false;
            }
        });
    }

    fn jumped(&mut self, room: &RoomName, seq: u64) {
        self.change_room(room, |room| room.jumping = None);
        let Some(shown) = self.rooms.get(room) else { return };
        // If `seq` is not a line (an amendment, or deleted), go to the line before it.
        let at = shown.timeline.index_after(seq);
        let line = at.checked_sub(1).and_then(|at| shown.timeline.at(at)).or_else(|| shown.timeline.at(at));
        if let Some(line) = line {
            let line = line.seq;
            self.effects.push(Effect::Jumped { room: room.clone(), seq, line });
        } else {
            self.on_page_error(room, Page::Around(seq), 0, gone());
        }
    }

    pub(super) fn on_page(&mut self, room: &RoomName, page: Page, id: u64, came: &RoomPage) {
        let Some(open) = self.open_rooms.get_mut(room) else { return };
        let asked = match page {
            Page::Older => &mut open.older_request,
            Page::Newer => &mut open.newer_request,
            Page::Around(_) => &mut open.jump_request,
            Page::Quote(_) => &mut Some(id),
        };
        if asked.take_if(|asked| *asked == id).is_none() {
            return;
        }
        let events = read_page(room, came, &open.late);
        match page {
            Page::Older => self.on_older_page(room, &events, came.more),
            Page::Newer => self.on_newer_page(room, &events, came.more),
            Page::Around(seq) => self.on_page_around(room, seq, &events, came.more),
            Page::Quote(seq) => return self.on_quote(room, seq, &events),
        }
        for event in &events {
            self.settle_own_post(event);
            self.on_run_event(event);
        }
        self.on_pages_done(room);
    }

    fn on_older_page(&mut self, room: &RoomName, events: &[Arc<Event>], more: bool) {
        let (Some(open), Some(shown)) = (self.open_rooms.get_mut(room), self.rooms.get_mut(room)) else { return };
        let shown = Arc::make_mut(shown);
        shown.loading_older = false;
        let timeline = Arc::make_mut(&mut shown.timeline);
        timeline.prepend(events, more);
        if timeline.is_over() {
            open.tail.get_or_insert_with(|| timeline.end(TAIL_LINES));
            timeline.drop_newest();
        }
        self.changed(Change::Room(room.clone()));
    }

    fn on_newer_page(&mut self, room: &RoomName, events: &[Arc<Event>], more: bool) {
        let (Some(open), Some(shown)) = (self.open_rooms.get_mut(room), self.rooms.get_mut(room)) else { return };
        let shown = Arc::make_mut(shown);
        shown.loading_newer = false;
        self.effects.push(Effect::Changed(Change::Room(room.clone())));
        let Some(tail) = &open.tail else { return };
        let timeline = Arc::make_mut(&mut shown.timeline);
        let last = timeline.last();
        timeline.append(events);
        if timeline.join(tail) {
            open.tail = None;
        } else if !more && timeline.last() == last && tail.base() > last {
            // The server has nothing after the window, yet the live end is later: the lines between were removed.
            open.forget_pages();
            shown.loading_older = false;
            shown.timeline = Arc::new(open.tail.take().unwrap_or_default());
        }
    }

    fn on_page_around(&mut self, room: &RoomName, seq: u64, events: &[Arc<Event>], more: bool) {
        let (Some(open), Some(shown)) = (self.open_rooms.get_mut(room), self.rooms.get_mut(room)) else { return };
        let shown = Arc::make_mut(shown);
        let Some(mut window) = Timeline::window(events, more) else {
            return self.on_page_error(room, Page::Around(seq), 0, gone());
        };
        let tail = open.tail.take().unwrap_or_else(|| Timeline::clone(&shown.timeline));
        if !window.join(&tail) {
            open.tail = Some(tail.end(TAIL_LINES));
        }
        open.forget_pages();
        shown.timeline = Arc::new(window);
        shown.loading_older = false;
        shown.loading_newer = false;
        self.jumped(room, seq);
    }

    /// Fetches a quoted line, unless it is loaded, requested or known to be gone.
    pub(super) fn load_quote(&mut self, room: &RoomName, seq: u64) {
        let (Some(open), Some(shown)) = (self.open_rooms.get_mut(room), self.rooms.get(room)) else { return };
        if shown.line(seq) != Quote::Unknown {
            return;
        }
        open.quote_requests = open.quote_requests.saturating_add(1);
        self.change_room(room, |room| room.quote(seq, Quote::Loading));
        let message = RoomHistory { before: Some(seq.saturating_add(1)), limit: Some(1), ..history(room) };
        self.send_request(&message, RequestKind::History(room.clone(), Page::Quote(seq)), Recovery::Resend);
    }

    fn on_quote(&mut self, room: &RoomName, seq: u64, events: &[Arc<Event>]) {
        if let Some(open) = self.open_rooms.get_mut(room) {
            open.quote_requests = open.quote_requests.saturating_sub(1);
        }
        let line = events.iter().find(|event| event.seq == seq).cloned();
        self.change_room(room, |room| room.quote(seq, line.map_or(Quote::Gone, Quote::Line)));
        self.on_pages_done(room);
    }

    pub(super) fn on_page_error(&mut self, room: &RoomName, page: Page, id: u64, error: Error) {
        let Some(open) = self.open_rooms.get_mut(room) else { return };
        match page {
            Page::Older => drop(open.older_request.take_if(|asked| *asked == id)),
            Page::Newer => drop(open.newer_request.take_if(|asked| *asked == id)),
            Page::Around(_) => open.jump_request = None,
            Page::Quote(_) => open.quote_requests = open.quote_requests.saturating_sub(1),
        }
        let (has_older, has_newer) = (open.older_request.is_some(), open.newer_request.is_some());
        self.change_room(room, |room| {
            (room.loading_older, room.loading_newer) = (has_older, has_newer);
            match page {
                Page::Around(_) => room.jumping = None,
                Page::Quote(seq) => room.quote(seq, Quote::Gone),
                Page::Older | Page::Newer => {}
            }
        });
        self.on_pages_done(room);
        // A missing quote is shown where the quote is.
        if !matches!(page, Page::Quote(_)) {
            self.effects.push(Effect::Failed { operation: Operation::Load(room.clone()), error });
        }
    }

    /// Once no page is in flight, amendments apply directly and need not be kept.
    fn on_pages_done(&mut self, room: &RoomName) {
        if let Some(open) = self.open_rooms.get_mut(room)
            && !open.awaits_pages()
        {
            open.late.clear();
        }
    }
}

fn gone() -> Error {
    Error::local("that line is not there any more")
}

/// The events of a page, up to the first gap, with the amendments that arrived before the page did.
fn read_page(room: &RoomName, page: &RoomPage, late: &VecDeque<Arc<Event>>) -> Vec<Arc<Event>> {
    let mut events: Vec<Arc<Event>> = Vec::with_capacity(page.events.len());
    for raw in &page.events {
        let Ok(event) = Event::parse(raw.get().as_bytes()) else { break };
        let joins = events.last().is_none_or(|last| last.seq.saturating_add(1) == event.seq);
        if event.room != *room || !joins {
            break;
        }
        events.push(Arc::new(event));
    }
    for amendment in late {
        let Some(target) = amendment.body.target() else { continue };
        let Ok(at) = events.binary_search_by_key(&target, |event| event.seq) else { continue };
        let Some(event) = events.get_mut(at) else { continue };
        Arc::make_mut(event).body.amend(amendment.seq, &amendment.by, &amendment.body);
    }
    events
}
