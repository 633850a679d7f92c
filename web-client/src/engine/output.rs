//! The open output view: which part of a run's output is loaded, and what is loaded next. Bytes come over HTTP, by range;
//! what is written while somebody reads the end comes over the socket. One view at a time is open.

use wardroom_client_core::protocol::messages::{RunFind, RunGet, RunInfo, RunLines, RunLinesOk, RunTimes, RunTimesOk};
use wardroom_client_core::{Command, RunState, WatchFrom};
use wardroom_protocol::RunId;
use wasm_bindgen_futures::spawn_local;

use super::open_output::{OpenOutput, Place};
use super::{Engine, Topic};
use crate::limits::OUTPUT_CHUNK_BYTES;
use crate::logic::output_find::Streams;
use crate::logic::output_log::{Chunk, OutputLog, Part};
use crate::logic::route::run_path;
use crate::services::http;

impl Engine {
    /// Opens the output of a run, at its end or around a byte; `None` closes it.
    pub fn show_output(&self, run: Option<RunId>, at: Option<u64>) {
        let before = self.0.output.borrow_mut().take();
        if let Some(before) = before {
            self.command(Command::UnwatchRun { run: before.run });
            self.watch(before.run);
        }
        let Some(run) = run else { return };
        // The card's watch ends: the view has its own.
        self.command(Command::UnwatchRun { run });
        *self.0.output.borrow_mut() = Some(OpenOutput::new(run, at));
        self.load(run, at.map_or(Place::End, Place::Around));
        self.publish(Topic::OutputLog);
    }

    /// Reads the output view, if it shows this run.
    pub fn read_output<T>(&self, run: RunId, read: impl FnOnce(&OpenOutput) -> T) -> Option<T> {
        self.0.output.borrow().as_ref().filter(|open| open.run == run).map(read)
    }

    pub(super) fn change_output<T>(&self, run: RunId, change: impl FnOnce(&mut OpenOutput) -> T) -> Option<T> {
        let changed = self.0.output.borrow_mut().as_mut().filter(|open| open.run == run).map(change);
        self.publish(Topic::OutputLog);
        changed
    }

    pub(super) fn is_output_open(&self, run: RunId) -> bool {
        self.read_output(run, |_| ()).is_some()
    }

    /// Shows the line of a byte, and marks it.
    pub fn go_to_byte(&self, run: RunId, at: u64) {
        let is_there = self.change_output(run, |open| {
            (open.is_following, open.goes_to_end) = (false, false);
            open.target = Some((at, open.target.map_or(0, |(_, nth)| nth + 1)));
            open.log.line_of(at).is_some()
        });
        if is_there == Some(false) {
            self.load(run, Place::Around(at));
        }
    }

    /// Shows the lines at a byte: somebody drags the scroll bar.
    pub fn scroll_to_byte(&self, run: RunId, at: u64) {
        let is_end = self.change_output(run, |open| {
            (open.target, open.goes_to_end, open.is_following) = (None, false, false);
            at >= open.bytes
        });
        self.load(run, if is_end == Some(true) { Place::End } else { Place::Around(at) });
    }

    /// Goes to the end, and stays there while the run is running.
    pub fn follow_output(&self, run: RunId) {
        let is_there = self.change_output(run, |open| {
            (open.is_following, open.target) = (true, None);
            let is_there = open.is_live || (!open.has_more() && open.is_ready);
            open.goes_to_end = !is_there;
            is_there
        });
        if is_there == Some(false) {
            self.load(run, Place::End);
        }
    }

    /// The reader has scrolled: is near the first or the last loaded line, and at the very end or not.
    pub fn output_scrolled(&self, run: RunId, is_near_begin: bool, is_near_end: bool, is_at_end: bool) {
        let wants = self.0.output.borrow_mut().as_mut().filter(|open| open.run == run && open.is_ready).map(|open| {
            open.is_following = open.goes_to_end || (is_at_end && !open.has_more());
            (is_near_begin && open.is_needed(Place::Before), is_near_end && open.is_needed(Place::After))
        });
        match wants {
            Some((_, true)) => self.load(run, Place::After),
            Some((true, _)) => self.load(run, Place::Before),
            _ => {}
        }
    }

    /// Shows other streams, at the same place.
    pub fn show_streams(&self, run: RunId, streams: Streams, at: Option<u64>) {
        self.change_output(run, |open| {
            open.streams = streams;
            (open.is_at_begin, open.is_at_end, open.is_ready) = (false, false, false);
            open.log = OutputLog::new(streams);
        });
        self.load(run, at.map_or(Place::End, Place::Around));
    }

    /// Asks how long the output is now, unless it comes by itself.
    pub fn measure_output(&self, run: RunId) {
        if self.read_output(run, |open| !open.is_live) != Some(true) {
            return;
        }
        let engine = self.clone();
        spawn_local(async move {
            let info = engine.ask::<_, RunInfo>(RunGet { run }).await;
            if let Some(info) = info {
                engine.change_output(run, |open| open.bytes = open.bytes.max(info.bytes));
                engine.go_on(run);
            }
        });
    }

    fn load(&self, run: RunId, place: Place) {
        let started = self.change_output(run, |open| {
            if open.is_loading {
                // Where somebody goes is more important than what is near.
                let is_jump = matches!(place, Place::End | Place::Around(_));
                open.next = if is_jump { Some(place) } else { open.next.or(Some(place)) };
                return None;
            }
            open.is_loading = true;
            Some((open.streams, open.log.range()))
        });
        let Some((streams, range)) = started.flatten() else { return };
        let engine = self.clone();
        spawn_local(async move {
            let chunk = engine.fetch(run, place, streams.fd(), range).await;
            engine.loaded(run, place, streams, chunk);
            engine.go_on(run);
        });
    }

    fn loaded(&self, run: RunId, place: Place, streams: Streams, chunk: Result<Option<Chunk>, ()>) {
        self.change_output(run, |open| {
            open.is_loading = false;
            open.goes_to_end &= place != Place::End;
            if open.streams != streams {
                return;
            }
            open.has_failed = chunk.is_err();
            let Ok(chunk) = chunk else { return };
            open.is_ready = true;
            match (place, chunk) {
                (Place::Before, Some(chunk)) => {
                    open.log.push_front(chunk);
                    open.is_at_end = false;
                }
                (Place::After, Some(chunk)) => open.is_at_begin &= !open.log.push_back(chunk),
                (Place::Before, None) => open.is_at_begin = true,
                (Place::After, None) => open.is_at_end = true,
                (_, chunk) => {
                    open.log = OutputLog::new(streams);
                    (open.is_at_begin, open.is_at_end) = (false, chunk.is_none());
                    if let Some(chunk) = chunk {
                        open.log.push_back(chunk);
                    }
                }
            }
            let end = open.log.range().map_or(0, |(_, end)| end);
            open.bytes = open.bytes.max(end);
            open.note_places();
        });
    }

    /// Does what is next: loads, follows what is written, counts lines.
    fn go_on(&self, run: RunId) {
        let is_running = self.read(|client| client.runs().get(&run).is_none_or(|run| run.state == RunState::Running));
        let Some(Some(next)) = self.change_output(run, |open| (!open.is_loading).then(|| open.next.take())) else {
            return;
        };
        if let Some(place) = next.filter(|place| self.read_output(run, |open| open.is_needed(*place)) == Some(true)) {
            return self.load(run, place);
        }
        let follow = self.change_output(run, |open| {
            let end = if open.is_at_end { open.bytes } else { open.log.range().map_or(0, |(_, end)| end) };
            let starts = is_running && open.is_ready && !open.is_live && !open.log.is_full() && !open.has_more();
            open.is_live |= starts;
            starts.then_some(end)
        });
        if let Some(Some(end)) = follow {
            self.command(Command::WatchRun { run, from: WatchFrom::Byte(end), auto_ack: false });
        }
        self.count_lines(run);
    }

    /// Output as it is written. What is read elsewhere is loaded when somebody scrolls there.
    pub(super) fn output(&self, run: RunId, fd: u8, off: u64, bytes: &[u8]) {
        let end = off + bytes.len() as u64;
        let now_ms = self.server_now_ms();
        if !self.is_output_open(run) {
            self.0.acks.borrow_mut().insert(run, end);
            return;
        }
        let goes_on = self.change_output(run, |open| {
            open.bytes = open.bytes.max(end);
            let has_room = open.is_following || !open.log.is_full();
            open.is_live = open.is_live && has_room && open.log.append(off, fd, now_ms, bytes);
            open.note_places();
            open.is_live
        });
        if goes_on == Some(true) {
            self.0.acks.borrow_mut().insert(run, end);
        } else {
            self.command(Command::UnwatchRun { run });
        }
    }

    /// Fetches the bytes of a place, with their times; `None` if there are none.
    async fn fetch(
        &self,
        run: RunId,
        place: Place,
        fd: Option<u8>,
        range: Option<(u64, u64)>,
    ) -> Result<Option<Chunk>, ()> {
        let (begin, end) = range.unwrap_or_default();
        let find = |from: Option<u64>, back: bool| self.find_all(0, RunFind { run, texts: Vec::new(), fd, from, back });
        let has_filter = fd.is_some();
        let (from, upto) = match place {
            Place::Before if has_filter => match find(Some(begin), true).await? {
                Some(at) => ((at + 1).saturating_sub(OUTPUT_CHUNK_BYTES), at + 1),
                None => return Ok(None),
            },
            Place::After if has_filter => match find(Some(end), false).await? {
                Some(at) => (at, at + OUTPUT_CHUNK_BYTES),
                None => return Ok(None),
            },
            Place::Before => (begin.saturating_sub(OUTPUT_CHUNK_BYTES), begin),
            Place::After => (end, end + OUTPUT_CHUNK_BYTES),
            Place::End | Place::Around(_) => {
                let info: RunInfo = self.ask(RunGet { run }).await.ok_or(())?;
                self.change_output(run, |open| open.bytes = open.bytes.max(info.bytes));
                let upto = match place {
                    Place::Around(at) => at.min(info.bytes).saturating_add(OUTPUT_CHUNK_BYTES / 2).min(info.bytes),
                    _ => info.bytes,
                };
                let upto = match place {
                    Place::End if has_filter => find(None, true).await?.map_or(0, |at| at + 1),
                    _ => upto,
                };
                (upto.saturating_sub(OUTPUT_CHUNK_BYTES), upto)
            }
        };
        if from >= upto {
            return Ok(None);
        }
        let bytes = http::get_range(&run_path(run), from, upto).await.map_err(drop)?;
        let end = from + bytes.len() as u64;
        let mut parts: Vec<Part> = Vec::new();
        loop {
            let next = parts.last().map_or(from, |last| last.off + 1);
            let page: RunTimesOk = self.ask(RunTimes { run, from: next }).await.ok_or(())?;
            let known = parts.last().map(|last| last.off);
            let read = page.times.iter().zip(&page.fds).map(|((off, at), fd)| Part { off: *off, fd: *fd, at: *at });
            parts.extend(read.filter(|part| part.off < end && known.is_none_or(|known| part.off > known)));
            let is_over = page.times.last().is_none_or(|(off, _)| *off >= end);
            if is_over || !page.more || parts.last().map(|last| last.off) == known {
                return Ok(Some(Chunk::new(from, bytes, parts)));
            }
        }
    }

    /// Counts the lines before the first loaded one, a part at a time.
    fn count_lines(&self, run: RunId) {
        let wanted = self.change_output(run, |open| {
            let (begin, _) = open.log.range()?;
            if open.is_counting || open.streams != Streams::Both || open.places.contains_key(&begin) {
                return None;
            }
            open.is_counting = true;
            let (from, before) = open.places.iter().rev().find(|(off, _)| **off <= begin)?;
            Some((*from, *before, begin))
        });
        let Some(Some((from, before, to))) = wanted else { return };
        let engine = self.clone();
        spawn_local(async move {
            let counted = engine.ask::<_, RunLinesOk>(RunLines { run, from, to }).await;
            engine.change_output(run, |open| {
                open.is_counting = false;
                if let Some(counted) = counted {
                    open.places.insert(counted.to, before + counted.lines);
                    open.note_places();
                }
            });
            if counted.is_some_and(|counted| counted.to > from) {
                engine.count_lines(run);
            }
        });
    }
}
