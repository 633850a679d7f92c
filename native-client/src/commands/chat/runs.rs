//! The runs of a chat: their output, cut into lines.

use std::collections::{BTreeMap, BTreeSet};

use wardroom_client_core::{Command, WatchFrom};
use wardroom_protocol::ansi::Style;
use wardroom_protocol::messages::{RunListed, Signal};
use wardroom_protocol::{Event, EventBody, RunId};

use crate::runner::Runner;
use crate::text::output_line;

/// Bytes that are shown of the output of a run that started before the chat.
const LAST_BYTES: u64 = 2_048;
/// Bytes of a line without an end; a longer one is shown in parts.
const LINE_BYTES_MAX: usize = 8_192;

/// The runs.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The short numbers of all known runs.
    numbers: BTreeMap<RunId, u64>,
    /// The runs that are still running.
    running: BTreeSet<RunId>,
    /// The unfinished line of each stream.
    partial: BTreeMap<(RunId, u8), Vec<u8>>,
    /// The style at the end of each stream's previous lines.
    styles: BTreeMap<(RunId, u8), Style>,
    is_live: bool,
    /// Running ones that were started here.
    own: BTreeSet<RunId>,
    watched: BTreeSet<RunId>,
    /// Standard output is a terminal that shows colours.
    is_coloured: bool,
}

impl Runs {
    pub(super) fn new(is_coloured: bool) -> Runs {
        Runs { is_coloured, ..Runs::default() }
    }

    /// A run that was started here has an id.
    pub(super) fn started(&mut self, runner: &mut Runner, run: RunId, n: u64) {
        self.numbers.insert(run, n);
        self.own.insert(run);
        self.watch(runner, run, WatchFrom::Byte(0));
    }

    /// Returns true if a run that was started here has not ended.
    pub(super) fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// A run has ended, or its output cannot be watched any more.
    pub(super) fn is_over(&mut self, run: RunId) {
        self.own.remove(&run);
    }

    /// Handles an event of the room: a run started, or ended.
    pub(super) fn seen(&mut self, runner: &mut Runner, event: &Event) {
        match &event.body {
            EventBody::RunStarted(run) => {
                self.numbers.insert(run.run, run.n);
                self.running.insert(run.run);
                if self.is_live {
                    self.watch(runner, run.run, WatchFrom::Byte(0));
                }
            }
            EventBody::RunEnded(run) => {
                self.running.remove(&run.run);
            }
            _ => {}
        }
    }

    /// Watches the runs that are still running once history has been shown.
    pub(super) fn caught_up(&mut self, runner: &mut Runner) {
        self.is_live = true;
        let left: Vec<RunId> = self.running.iter().copied().collect();
        for run in left {
            self.watch(runner, run, WatchFrom::Last(LAST_BYTES));
        }
    }

    fn watch(&mut self, runner: &mut Runner, run: RunId, from: WatchFrom) {
        if self.watched.insert(run) {
            runner.command(Command::WatchRun { run, from, auto_ack: true });
        }
    }

    /// Stops watching the runs of this room, because the chat switches to another.
    pub(super) fn leave(&mut self, runner: &mut Runner) {
        let is_coloured = self.is_coloured;
        for run in std::mem::replace(self, Runs::new(is_coloured)).watched {
            runner.command(Command::UnwatchRun { run });
        }
    }

    /// Watches the run with this number from its first byte on; returns `false` if it is not in the list.
    pub(super) fn watch_listed(&mut self, runner: &mut Runner, n: u64, listed: &RunListed) -> bool {
        let Some(run) = listed.runs.iter().find(|run| run.n == n) else { return false };
        self.numbers.insert(run.run, n);
        self.unwatch(runner, n);
        self.watch(runner, run.run, WatchFrom::Byte(0));
        true
    }

    /// Stops watching the run with this number.
    pub(super) fn unwatch(&mut self, runner: &mut Runner, n: u64) {
        let run = self.watched.iter().copied().find(|run| self.number(*run) == n);
        if let Some(run) = run {
            self.watched.remove(&run);
            self.partial.retain(|(of, _), _| *of != run);
            runner.command(Command::UnwatchRun { run });
        }
    }

    /// Returns the run with this number, if it is known here.
    pub(super) fn find(&self, n: u64) -> Option<RunId> {
        self.numbers.iter().find(|(_, number)| **number == n).map(|(run, _)| *run)
    }

    /// Stops the run with this number, or the last running one; returns `false` if there is none.
    pub(super) fn stop(&self, runner: &mut Runner, n: Option<u64>) -> bool {
        let meant = |run: &&RunId| n.is_none_or(|n| self.number(**run) == n);
        let Some(run) = self.running.iter().filter(meant).max_by_key(|run| self.number(**run)) else { return false };
        runner.command(Command::SignalRun { run: *run, signal: Signal::Term });
        true
    }

    /// Returns the lines that these bytes complete.
    pub(super) fn lines(&mut self, run: RunId, fd: u8, bytes: &[u8]) -> Vec<String> {
        let n = self.number(run);
        let partial = self.partial.entry((run, fd)).or_default();
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || partial.len() >= LINE_BYTES_MAX {
                lines.push(shown(n, partial, self.styles.entry((run, fd)).or_default(), self.is_coloured));
                partial.clear();
            }
        }
        lines
    }

    /// Returns what an ended run left without a line end.
    pub(super) fn ended(&mut self, run: RunId) -> Vec<String> {
        let n = self.number(run);
        let mut lines = Vec::new();
        for fd in [1, 2] {
            let mut style = self.styles.remove(&(run, fd)).unwrap_or_default();
            if let Some(partial) = self.partial.remove(&(run, fd)).filter(|partial| !partial.is_empty()) {
                lines.push(shown(n, &partial, &mut style, self.is_coloured));
            }
        }
        lines
    }

    fn number(&self, run: RunId) -> u64 {
        self.numbers.get(&run).copied().unwrap_or(0)
    }
}

fn shown(n: u64, line: &[u8], style: &mut Style, is_coloured: bool) -> String {
    let text = String::from_utf8_lossy(line);
    output_line(n, text.trim_end_matches(['\r', '\n']), style, is_coloured)
}
