//! The writing task of a connection. It owns the cursors of its reader. Each round takes everything new from all of
//! them and writes it in one call: replies first, then events, then bulk data.
//!
//! While it sleeps, the publisher of events writes them on its behalf: see `parked`.
//!
//! If the client does not read, the task waits in a write with the frames of one round; the rest stays in the tails and
//! on disk.

mod bulk;
mod events;
mod open_room;
mod parked;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wardroom_protocol::limits::EVENTS_PER_WRITE_MAX;

use super::messages::{Messages, to_messages};
use super::room_notifier::RoomNotifier;
use super::stream::{Frames, Stream};
use crate::access::ReadAccess;
use crate::flow::Flow;
use crate::limits::{CLOSE_WAIT_MS, EVENT_BYTES_PER_WRITE_MAX, WRITE_BYTES_MAX};
use crate::log::{Form, ReadLimit};
use crate::rooms::Room;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;
use crate::store::UserId;
use open_room::OpenRoom;
use parked::{Parked, Parking};

/// How frames become bytes on this connection: unchanged for programs, as text for people.
pub trait Render: Send {
    /// Returns the bytes to write for a frame that is not a reply; empty if it is not shown.
    fn render(&mut self, frame: Bytes) -> Bytes;
    /// Returns held-back bytes that are due now. Called whenever the writer is woken.
    fn rest(&mut self) -> Bytes;
}

/// The state of the writing task.
pub struct Writer {
    stream: Arc<Stream>,
    sender: Arc<ConnectionSender>,
    state: Arc<State>,
    reader: UserId,
    rooms: Vec<OpenRoom>,
    quiet: RoomNotifier,
    flows: Vec<Box<dyn Flow>>,
    /// A raw flow. While it is set, nothing else is written.
    alone: Option<Box<dyn Flow>>,
    render: Option<Box<dyn Render>>,
    /// Set for a browser, whose frames are WebSocket messages.
    messages: Option<Messages>,
    parking: Arc<Parking>,
}

impl Writer {
    /// Creates the writer of one reader. `joined` lists the rooms that the welcome mentioned.
    pub fn new(
        stream: Arc<Stream>,
        sender: Arc<ConnectionSender>,
        state: Arc<State>,
        reader: UserId,
        render: Option<Box<dyn Render>>,
    ) -> Self {
        let (rooms, quiet, flows) = (Vec::new(), RoomNotifier::new(reader), Vec::new());
        let parking = Arc::<Parking>::default();
        sender.set_deliver(parking.clone());
        Self { stream, sender, state, reader, rooms, quiet, flows, alone: None, render, messages: None, parking }
    }

    /// Sends each frame as a WebSocket message, for a browser.
    pub fn with_messages(mut self) -> Self {
        self.messages = Some(Messages::default());
        self
    }

    /// Writes until the connection is closed or the peer is gone. Then the reading side lets the peer read the last
    /// bytes, and closes the socket.
    pub async fn run(mut self) {
        match self.write_all().await {
            Ok(()) => self.stream.finish(),
            Err(error) => {
                tracing::debug!(%error, "connection broke");
                self.stream.shutdown();
            }
        }
        self.sender.close(None);
    }

    async fn write_all(&mut self) -> io::Result<()> {
        let mut frames = Frames::default();
        loop {
            self.park();
            self.sender.woken().await;
            if let Some(unsent) = self.unpark() {
                frames = unsent;
                self.write(&mut frames).await?;
                frames.clear();
            }
            loop {
                // Checked before the queue, so that the last frame is never missed.
                let is_closing = self.sender.is_closing();
                let is_all = self.collect(&mut frames.all, is_closing).await;
                if frames.all.is_empty() {
                    if !is_closing {
                        break;
                    }
                    let Some(messages) = self.messages.take() else { return Ok(()) };
                    frames.all.push(messages.close(self.sender.close_code.get().copied()));
                    return self.write(&mut frames).await.map(drop);
                }
                let is_woken = self.write(&mut frames).await?;
                frames.clear();
                if is_all && !is_woken && !is_closing {
                    break;
                }
            }
        }
    }

    /// Leaves the cursor of the only open room to the publisher until the writer is woken.
    fn park(&mut self) {
        let is_served = self.render.is_none() && self.flows.is_empty() && self.alone.is_none();
        if !is_served || self.rooms.len() != 1 || !self.rooms.iter().all(|open| open.is_live) {
            return;
        }
        let Some(open) = self.rooms.pop() else { return };
        let (stream, form) = (Arc::clone(&self.stream), self.form());
        self.parking.park(Parked { stream, reader: self.reader, form, open, unsent: Frames::default() });
    }

    /// Takes the cursor back. Returns what the socket did not accept.
    fn unpark(&mut self) -> Option<Frames> {
        let parked = self.parking.unpark()?;
        self.rooms.push(parked.open);
        Some(parked.unsent).filter(|unsent| !unsent.rest().is_empty())
    }

    /// Returns the form of events for this reader.
    fn form(&self) -> Form {
        match (&self.render, &self.messages) {
            (Some(_), _) => Form::Single,
            (None, Some(_)) => Form::Messages,
            (None, None) => Form::Lines,
        }
    }

    /// Writes all frames. Returns true if the writer was woken meanwhile, so that there may be news.
    async fn write(&mut self, frames: &mut Frames) -> io::Result<bool> {
        let mut is_woken = false;
        while !frames.rest().is_empty() {
            match self.stream.try_write(frames) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => is_woken |= self.wait_writable().await?,
                Err(e) => return Err(e),
            }
        }
        Ok(is_woken)
    }

    /// Waits for the socket, but for no longer than [`CLOSE_WAIT_MS`] once the connection is closing. Returns true if
    /// the writer was woken meanwhile.
    async fn wait_writable(&mut self) -> io::Result<bool> {
        let mut is_woken = false;
        loop {
            if self.sender.is_closing() {
                let wait = Duration::from_millis(CLOSE_WAIT_MS);
                return tokio::time::timeout(wait, self.stream.writable()).await?.map(|()| is_woken);
            }
            tokio::select! {
                ready = self.stream.writable() => return ready.map(|()| is_woken),
                // New items wait for their turn; only a close is checked now.
                () = self.sender.woken() => is_woken = true,
            }
        }
    }

    /// Takes what is new into `out`. Returns false if something is left that will not wake the writer.
    async fn collect(&mut self, out: &mut Vec<Bytes>, is_closing: bool) -> bool {
        if self.alone.is_some() && !is_closing {
            self.take_alone(out).await;
            return false;
        }
        let (mut bytes, mut is_all) = (0, false);
        while bytes < WRITE_BYTES_MAX && out.len() < EVENTS_PER_WRITE_MAX && self.alone.is_none() {
            let Some(item) = self.sender.pop() else {
                is_all = true;
                break;
            };
            match item {
                Item::Frame(frame) => {
                    bytes += frame.len();
                    match &mut self.messages {
                        Some(messages) => messages.push(frame, out),
                        None => out.push(frame),
                    }
                }
                Item::Control(control) => out.push(control),
                item => self.apply(item),
            }
        }
        if is_closing {
            return is_all;
        }
        let mut limit = ReadLimit { events: EVENTS_PER_WRITE_MAX, bytes: EVENT_BYTES_PER_WRITE_MAX };
        is_all &= self.take_events(&mut limit, out).await;
        is_all &= limit.events > 0 && limit.bytes > 0;
        self.take_states(out);
        is_all &= !self.quiet.is_waiting();
        if limit.events > 0 && limit.bytes > 0 {
            let from = out.len();
            self.take_bulk(out).await;
            if self.messages.is_some() {
                to_messages(out, from);
            }
        } else if let [_, _, ..] = self.rooms.as_slice() {
            // A room that fills every write must not starve the next one.
            self.rooms.rotate_left(1);
        }
        if let Some(render) = &mut self.render {
            let rest = render.rest();
            if !rest.is_empty() {
                out.push(rest);
            }
        }
        if self.alone.is_some() {
            // Its turn comes after everything before it is written.
            self.sender.wake();
        }
        if self.render.is_some() && !out.is_empty() {
            out.retain(|frame| !frame.is_empty());
            if out.is_empty() {
                // Nothing of what was taken is shown; there may be more after it.
                self.sender.wake();
            }
        }
        is_all
    }

    fn apply(&mut self, item: Item) {
        match item {
            Item::Frame(_) | Item::Control(_) => {}
            Item::Open { room, cursor } => {
                // Rooms are never removed from the registry.
                let Some(room) = self.state.rooms.by_id(room) else { return };
                if let Some(open) = self.rooms.iter_mut().find(|open| open.room.id == room.id) {
                    (open.cursor, open.is_live) = (cursor, false);
                    return;
                }
                room.tail.subscribe(&self.sender);
                let access = ReadAccess::new(&room, self.reader);
                self.rooms.push(OpenRoom { room, access, cursor, is_live: false });
            }
            Item::Close(id) => {
                if let Some(at) = self.rooms.iter().position(|open| open.room.id == id) {
                    let open = self.rooms.swap_remove(at);
                    open.room.tail.unsubscribe(&self.sender);
                    self.quiet.closed_at(id, open.cursor);
                }
            }
            Item::Joined { room, known } => {
                if let Some(room) = self.state.rooms.by_id(room) {
                    self.quiet.join(room, known, &self.sender);
                }
            }
            Item::Left(id) => self.quiet.leave(id, &self.sender),
            Item::Flow(flow) if flow.is_raw() => self.alone = Some(flow),
            Item::Flow(flow) => {
                self.flows.retain(|old| old.key() != flow.key());
                self.flows.push(flow);
            }
            Item::Ack(key, off) => {
                if let Some(flow) = self.flows.iter_mut().find(|flow| flow.key() == key) {
                    flow.ack(off);
                }
            }
            Item::Stop(key) => self.flows.retain(|flow| flow.key() != key),
        }
    }

    fn take_states(&mut self, out: &mut Vec<Bytes>) {
        let (rooms, from) = (&self.rooms, out.len());
        let info_of = |room: &Room| room.info(self.reader, self.state.ruled());
        let cursor_of = |id| rooms.iter().find(|open| open.room.id == id).map(|open| open.cursor);
        self.quiet.take(self.sender.take_moved(), info_of, cursor_of, out);
        if self.messages.is_some() {
            to_messages(out, from);
        }
        if let Some(render) = &mut self.render {
            for frame in out.iter_mut().skip(from) {
                *frame = render.render(std::mem::take(frame));
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.unpark();
        for open in &self.rooms {
            open.room.tail.unsubscribe(&self.sender);
        }
        self.quiet.leave_all(&self.sender);
    }
}
