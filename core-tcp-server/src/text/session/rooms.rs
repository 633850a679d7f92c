//! Commands for rooms.

use std::fmt::Write as _;
use std::sync::Arc;

use wardroom_protocol::limits::HISTORY_LIMIT_MAX;
use wardroom_protocol::messages::{RoomCreate, RoomHistory, RoomPage};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Event, RoomName, RoomRole, UserName};

use super::Session;
use crate::clock::{monotonic_ms, now_ms};
use crate::error::Error;
use crate::rooms::{self, Room};
use crate::sender::Item;
use crate::text::draw::LineRenderer;
use crate::text::limits::{LAST_EVENTS, READ_NOTE_MS};

impl Session {
    /// Tells the user who they are, and opens the first room: `general`, which everybody is in.
    pub(super) async fn welcome(&mut self) {
        let user = &self.member.user;
        let zone = self.calendar.zone_words(now_ms());
        let lines = format!(
            "# You are {} ({}). Times are {zone}. Your messages appear here in order with everyone else's.\n",
            user.name,
            user.role()
        );
        self.tell_lines(lines);
        let joined = self.state.rooms.joined_by(user.id);
        let first = joined.iter().find(|room| room.id == rooms::GENERAL).or_else(|| joined.first());
        match first {
            Some(room) => {
                if let Err(error) = self.enter(Arc::clone(room)).await {
                    self.tell(&error.msg);
                }
            }
            None => self.tell("you are in no room: /rooms lists them, /join ROOM goes to one"),
        }
    }

    /// Starts notices about mentions and direct messages; those that exist already are reported first.
    pub(super) async fn watch_rooms(&self) {
        if let Err(error) = rooms::list_joined(&self.state, &self.member).await {
            // The user gets no notices about other rooms.
            return tracing::warn!(%error, "cannot count what somebody has not read");
        }
        for room in self.state.rooms.joined_by(self.member.user.id) {
            self.sender.push(Item::Joined { room: room.id, known: None });
        }
    }

    /// Opens a room, and closes the one before.
    ///
    /// # Errors
    /// `not_found` if the person was removed from it meanwhile.
    pub(super) async fn enter(&mut self, room: Arc<Room>) -> Result<(), Error> {
        self.note_read().await;
        self.member.still_reads(&room)?;
        if let Some(old) = self.room.take() {
            self.sender.push(Item::Close(old.id));
            for run in self.followed.forget_noticed() {
                self.stop_flow(run);
            }
        }
        let head = room.tail.head();
        let mut line = match room.is_dm() {
            true => format!("# This is a direct message: {}", self.party(&room.dm)),
            false => format!("# This is {}", room.name),
        };
        let title = room.title();
        if !title.is_empty() {
            let _ = write!(line, " ({})", visible(&title));
        }
        let meta = room.meta();
        if meta.is_archived {
            line.push_str(", which is archived");
        }
        match head {
            0 => line.push_str(". Nothing was said here yet.\n"),
            1..=LAST_EVENTS => line.push_str(". Everything so far:\n"),
            _ => {
                let _ = writeln!(line, ". Last {LAST_EVENTS} messages (/log shows more):");
            }
        }
        for topic in meta.topic.lines() {
            let _ = writeln!(line, "# Topic: {}", visible(topic));
        }
        self.tell_lines(line);
        self.followed.open(&room.name, head);
        self.sender.push(Item::Open { room: room.id, cursor: head.saturating_sub(LAST_EVENTS) });
        // The room is opened first and checked afterwards: a removal before this line is noticed here, and a removal
        // after it finds an open room, which the writer closes.
        self.member.still_reads(&room)?;
        self.room = Some(room);
        Ok(())
    }

    pub(super) async fn join(&mut self, name: &RoomName) -> Result<(), Error> {
        rooms::join(&self.state, &self.member, name).await?;
        let room = self.member.readable(&self.state.rooms, name)?.room;
        self.enter(room).await
    }

    pub(super) async fn create(&mut self, name: RoomName, private: bool, title: String) -> Result<(), Error> {
        let create = RoomCreate { room: name.clone(), title: Some(title), private, nonce: None };
        rooms::create(&self.state, &self.member, create).await?;
        let room = self.member.readable(&self.state.rooms, &name)?.room;
        self.enter(room).await
    }

    pub(super) async fn leave(&mut self, name: Option<RoomName>) -> Result<(), Error> {
        let name = match name {
            Some(name) => name,
            None => self.current()?.name.clone(),
        };
        let left = rooms::leave(&self.state, &self.member, &name).await?;
        if left.is_none() {
            self.tell(&format!("you are not a member of {name}"));
        }
        if self.room.as_ref().is_some_and(|room| room.name == name)
            && let Some(general) = self.state.rooms.by_id(rooms::GENERAL)
        {
            self.tell(&format!("you left {name}"));
            self.enter(general).await?;
        } else if left.is_some() {
            self.tell(&format!("you left {name}"));
        }
        Ok(())
    }

    pub(super) async fn list_rooms(&mut self) -> Result<(), Error> {
        self.note_read().await;
        let mut out = String::new();
        for info in rooms::list(&self.state, &self.member).await? {
            let is_current = self.room.as_ref().is_some_and(|room| room.name == info.room);
            let mark = if is_current { '*' } else { ' ' };
            let what = match (info.joined, info.unread, info.mentions) {
                (false, ..) => "not joined".to_owned(),
                (true, 0, _) => String::new(),
                (true, unread, 0) => format!("{unread} unread"),
                (true, unread, mentions) => format!("{unread} unread, {mentions} to you"),
            };
            // The name of a direct message is an id: people know it by its members.
            let (name, title) = match info.dm.is_empty() {
                true => (info.room.to_string(), visible(&info.title)),
                false => (format!("@{}", self.party(&info.dm)), "direct message".into()),
            };
            let archived = if info.archived { " (archived)" } else { "" };
            let line = format!("# {mark} {name:<20} {what:<12} {title}{archived}");
            let _ = writeln!(out, "{}", line.trim_end());
        }
        self.tell_lines(out);
        Ok(())
    }

    pub(super) async fn set_status(&self, text: &str) -> Result<(), Error> {
        self.state.accounts.set_status(&self.state.store, &self.member, text).await?;
        self.state.presence.restate(self.member.user.id);
        self.tell_lines(
            if text.is_empty() { "# your status is cleared\n" } else { "# your status is set\n" }.to_owned(),
        );
        Ok(())
    }

    pub(super) fn list_members(&self) -> Result<(), Error> {
        let room = self.current()?;
        let members: Vec<_> = rooms::members(&self.state, &self.member, &room.name, None)?.collect();
        let mut out = format!(
            "# {} of {} in {} are here:\n",
            members.iter().filter(|m| m.here).count(),
            members.len(),
            room.name
        );
        for member in members {
            let here = if member.here { "here" } else { "" };
            let shown = if member.name == member.user.as_str() { "" } else { member.name.as_str() };
            let room_role = match member.room_role {
                RoomRole::Member => "",
                other => other.as_str(),
            };
            let (user, role) = (member.user.as_str(), member.role.as_str());
            let status = if member.status.is_empty() { "" } else { " – " };
            let (shown, text) = (visible(shown), visible(&member.status));
            let line = format!("#   {user:<20} {role:<9} {here:<5} {room_role:<6} {shown}{status}{text}");
            let _ = writeln!(out, "{}", line.trim_end());
        }
        self.tell_lines(out);
        Ok(())
    }

    /// Shows the last `count` lines, or those before `end`, each with its `seq`. Long lines make a page shorter, so
    /// several pages are read.
    pub(super) async fn log(&mut self, count: u32, end: Option<u64>) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        let (mut pages, mut left, mut before) = (Vec::new(), count.min(HISTORY_LIMIT_MAX), end);
        while left > 0 {
            let ask =
                RoomHistory { room: room.clone(), before, after: None, around: None, at: None, limit: Some(left) };
            let page = rooms::history(&self.state, &self.member, &ask).await?;
            let page: RoomPage = serde_json::from_slice(&page).map_err(Error::internal)?;
            let events: Vec<Event> =
                page.events.iter().filter_map(|event| Event::parse(event.get().as_bytes()).ok()).collect();
            let Some(first) = events.first() else { break };
            (before, left) = (Some(first.seq), left.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX)));
            pages.push(events);
            if !page.more {
                break;
            }
        }
        let mut drawer = LineRenderer::new(self.calendar.clone(), now_ms()).with_places();
        let shown: usize = pages.iter().map(Vec::len).sum();
        let mut out = match end {
            Some(end) => format!("# The {shown} lines of {room} before {end}:\n"),
            None => format!("# The last {shown} lines of {room}:\n"),
        };
        for event in pages.iter().rev().flatten() {
            drawer.event(event, &mut out);
        }
        out.push_str(match end {
            Some(_) => "# End of history.\n",
            None => "# End of history; new messages follow.\n",
        });
        self.tell_lines(out);
        Ok(())
    }

    /// Returns the names of the other people in a direct message.
    fn party(&self, users: &[UserName]) -> String {
        let others = users.iter().filter(|user| **user != self.member.user.name).map(UserName::as_str);
        others.collect::<Vec<_>>().join(", ")
    }

    /// Updates the read state: a user who asks for something has seen what was shown.
    pub(super) async fn note_read(&mut self) {
        let Some(room) = &self.room else { return };
        let shown = self.followed.shown();
        if room.read_by(self.member.user.id).is_none_or(|read| read >= shown) {
            return;
        }
        self.noted_ms = monotonic_ms();
        // If this fails, the next update makes up for it.
        let done = |written: Result<(), Error>| {
            if let Err(error) = written {
                tracing::debug!(%error, "cannot note how far a room was read");
            }
        };
        done(rooms::read(&self.state, &self.member, &room.name, shown, done).await);
    }

    /// Does the same as [`Session::note_read`], but not for every posted line.
    pub(super) async fn note_read_now_and_then(&mut self) {
        if monotonic_ms().saturating_sub(self.noted_ms) >= READ_NOTE_MS {
            self.note_read().await;
        }
    }
}
