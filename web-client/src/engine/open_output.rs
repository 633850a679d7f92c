//! What the open output view knows: which part of the output is loaded, what is loaded next, how lines are counted.

use wardroom_client_core::SortedMap;
use wardroom_protocol::RunId;

use crate::limits::OUTPUT_PLACES_MAX;
use crate::logic::output_find::Streams;
use crate::logic::output_log::OutputLog;

/// The place that is loaded next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// The last lines.
    End,
    /// The lines around a byte.
    Around(u64),
    /// The lines above the first one.
    Before,
    /// The lines below the last one.
    After,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Finding {
    #[default]
    Done,
    /// It has looked up to this byte.
    At(u64),
    /// There is none.
    Missing,
}

/// The output view of a run.
pub struct OpenOutput {
    pub(super) run: RunId,
    /// The loaded lines.
    pub log: OutputLog,
    /// Which streams are shown.
    pub streams: Streams,
    /// Bytes of the whole output, as far as known.
    pub bytes: u64,
    /// The last attempt to load something failed.
    pub has_failed: bool,
    /// Something has been loaded, if there is anything.
    pub is_ready: bool,
    /// The byte whose line is marked, and how often one was asked for.
    pub target: Option<(u64, u32)>,
    pub finding: Finding,
    /// There are no lines of these streams above, or below.
    pub(super) is_at_begin: bool,
    pub(super) is_at_end: bool,
    pub(super) is_loading: bool,
    pub(super) next: Option<Place>,
    /// What is written now is added.
    pub(super) is_live: bool,
    /// The end is being loaded, to follow it.
    pub(super) goes_to_end: bool,
    /// The reader stays at the end.
    pub is_following: bool,
    /// For offsets: line ends before them.
    pub(super) places: SortedMap<u64, u64>,
    pub(super) is_counting: bool,
    /// Counts searches: a new one ends the one before.
    pub(super) search: u32,
}

impl OpenOutput {
    pub(super) fn new(run: RunId, at: Option<u64>) -> OpenOutput {
        OpenOutput {
            run,
            log: OutputLog::default(),
            streams: Streams::default(),
            bytes: 0,
            has_failed: false,
            is_ready: false,
            target: at.map(|at| (at, 0)),
            finding: Finding::Done,
            is_at_begin: false,
            is_at_end: false,
            is_loading: false,
            next: None,
            is_live: false,
            goes_to_end: at.is_none(),
            is_following: at.is_none(),
            places: [(0, 0)].into_iter().collect(),
            is_counting: false,
            search: 0,
        }
    }

    /// The number of the first line, from 1, if it is known.
    pub fn first_number(&self) -> Option<u64> {
        let (begin, _) = self.log.range()?;
        Some(self.places.get(&begin)? + 1).filter(|_| self.streams == Streams::Both)
    }

    /// There are lines below the loaded ones.
    pub fn has_more(&self) -> bool {
        self.log.range().is_some_and(|(_, end)| end < self.bytes) && !self.is_at_end
    }

    /// All of the output is loaded.
    pub fn is_whole(&self) -> bool {
        let begin = self.log.range().map_or(0, |(begin, _)| begin);
        (begin == 0 || self.is_at_begin) && !self.has_more()
    }

    pub(super) fn is_needed(&self, place: Place) -> bool {
        match (place, self.log.range()) {
            (Place::Before, Some((begin, _))) => begin > 0 && !self.is_at_begin,
            (Place::After, Some(_)) => self.has_more(),
            _ => true,
        }
    }

    /// Notes how many line ends are before each chunk, if that is known for one of them.
    pub(super) fn note_places(&mut self) {
        let known = self.log.line_ends_before().find_map(|(off, ends)| self.places.get(&off)?.checked_sub(ends));
        if let Some(first) = known {
            for (off, ends) in self.log.line_ends_before() {
                self.places.insert(off, first + ends);
            }
        }
        while self.places.len() > OUTPUT_PLACES_MAX {
            // Not the beginning, which all others are counted from.
            let Some(second) = self.places.keys().nth(1).copied() else { break };
            self.places.remove(&second);
        }
    }
}
