//! `wardroom run` on several hosts: the lines of all of them as they come, each after the name of its host, and at the end
//! what failed. Output is acknowledged as it arrives, and written before more is read.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use wardroom_client_core::{Command, Effect, Operation, WatchFrom};
use wardroom_protocol::RunId;
use wardroom_protocol::messages::{Exit, RunEnd, RunLane, RunStart, RunStartOk, Signal};
use wardroom_protocol::visible::visible;

use super::ReconnectDeadline;
use super::out::say;
use crate::exit::Failure;
use crate::runner::Runner;
use crate::text::TerminalFilter;

/// Bytes of a line without an end; a longer one is shown in parts.
const LINE_BYTES_MAX: usize = 8_192;
/// The colours of host names, in turn: those that are readable on dark and light terminals.
const COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// The runs of a group.
pub(super) struct FanOut {
    lanes: Vec<Lane>,
    /// Columns of the longest name.
    width: usize,
    is_json: bool,
    is_raw: bool,
}

struct Lane {
    run: RunId,
    host: String,
    /// Unfinished lines of standard output and error.
    partial: [Vec<u8>; 2],
    filters: [TerminalFilter; 2],
    end: Option<RunEnd>,
}

impl FanOut {
    /// Watches the runs that the server has started.
    pub(super) fn new(
        runner: &mut Runner,
        start: &RunStart,
        started: RunStartOk,
        is_json: bool,
        is_raw: bool,
    ) -> Result<FanOut, Failure> {
        let RunStartOk { run, n, seq, runs, .. } = started;
        // A label may be that of a single host.
        let host = start.hosts.first().cloned().unwrap_or_else(|| label_words(&start.label));
        let runs = if runs.is_empty() { vec![RunLane { run, n, seq, host }] } else { runs };
        let mut started_words = Vec::new();
        let mut out = FanOut { lanes: Vec::new(), width: 0, is_json, is_raw };
        for RunLane { run, n, host, .. } in runs {
            if is_json {
                write_json(&serde_json::json!({ "t": "started", "host": host, "run": run, "n": n }))?;
            }
            started_words.push(format!("r{n} on {}", visible(&host)));
            out.width = out.width.max(host.chars().count());
            out.lanes.push(Lane { run, host, partial: Default::default(), filters: Default::default(), end: None });
            runner.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: true });
        }
        if !is_json && io::stderr().is_terminal() {
            say(&format!("wardroom: started {}", started_words.join(", ")));
        }
        Ok(out)
    }

    /// Sends a signal to all that have not ended.
    pub(super) fn signal(&self, runner: &mut Runner, signal: Signal) {
        for lane in self.lanes.iter().filter(|lane| lane.end.is_none()) {
            runner.command(Command::SignalRun { run: lane.run, signal });
        }
    }

    /// Prints what comes until all have ended or something else happens: cancel-safe. Returns the exit code: the first one
    /// other than 0, in the order of the hosts.
    pub(super) async fn follow(
        &mut self,
        runner: &mut Runner,
        patience: &mut ReconnectDeadline,
    ) -> Result<u8, Failure> {
        while self.lanes.iter().any(|lane| lane.end.is_none()) {
            match patience.next(runner).await? {
                Effect::Output { run, fd, bytes, .. } => self.output(run, fd, &bytes)?,
                Effect::RunEnded(end) => self.ended(end)?,
                Effect::Failed { operation: Operation::Run(run), error } => {
                    say(&format!("wardroom: {}: {}", self.name_of(run), visible(&error.message)));
                }
                Effect::Notice(text) => say(&format!("wardroom: {}", visible(&text))),
                Effect::Disconnected { why } if io::stderr().is_terminal() => {
                    say(&format!("wardroom: {why}; the commands keep running, reconnecting"));
                }
                _ => {}
            }
        }
        if let Some(words) = self.failures() {
            say(&format!("wardroom: {words}"));
        }
        let codes = self.lanes.iter().filter_map(|lane| lane.end.as_ref()).map(|end| end.exit.shell_code());
        Ok(codes.into_iter().find(|code| *code != 0).unwrap_or(0))
    }

    fn name_of(&self, run: RunId) -> String {
        let lane = self.lanes.iter().find(|lane| lane.run == run);
        lane.map_or_else(String::new, |lane| visible(&lane.host).into_owned())
    }

    fn output(&mut self, run: RunId, fd: u8, bytes: &[u8]) -> Result<(), Failure> {
        let (width, is_json, is_raw) = (self.width, self.is_json, self.is_raw);
        let Some((at, lane)) = self.lanes.iter_mut().enumerate().find(|(_, lane)| lane.run == run) else {
            return Ok(());
        };
        if is_json {
            let text = String::from_utf8_lossy(bytes);
            return write_json(&serde_json::json!({ "t": "output", "host": lane.host, "fd": fd, "text": text }));
        }
        let [out, err] = &mut lane.partial;
        let partial = if fd == 2 { err } else { out };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || partial.len() >= LINE_BYTES_MAX {
                let line = std::mem::take(partial);
                let [out, err] = &mut lane.filters;
                let filter = if fd == 2 { err } else { out };
                print_line(&Prefix { host: &lane.host, at, width }, fd, &line, (!is_raw).then_some(filter))?;
            }
        }
        Ok(())
    }

    fn ended(&mut self, end: RunEnd) -> Result<(), Failure> {
        let (width, is_json, is_raw) = (self.width, self.is_json, self.is_raw);
        let Some((at, lane)) = self.lanes.iter_mut().enumerate().find(|(_, lane)| lane.run == end.run) else {
            return Ok(());
        };
        if is_json {
            let RunEnd { exit, bytes, ms, truncated, left, ended, .. } = &end;
            write_json(&serde_json::json!({
                "t": "ended", "host": lane.host, "exit": exit, "bytes": bytes, "ms": ms, "truncated": truncated, "left": left,
                "ended": ended,
            }))?;
        }
        for (fd, partial, filter) in
            [1, 2].into_iter().zip(&mut lane.partial).zip(&mut lane.filters).map(|((a, b), c)| (a, b, c))
        {
            let line = std::mem::take(partial);
            if !line.is_empty() {
                print_line(&Prefix { host: &lane.host, at, width }, fd, &line, (!is_raw).then_some(filter))?;
            }
        }
        lane.end = Some(end);
        Ok(())
    }

    /// Returns `2 of 3 failed: web2 exit 1, db1 timed out`, if any failed.
    fn failures(&self) -> Option<String> {
        let ends: Vec<(&str, &Exit)> =
            self.lanes.iter().filter_map(|lane| Some((lane.host.as_str(), &lane.end.as_ref()?.exit))).collect();
        summary(&ends)
    }
}

fn summary(ends: &[(&str, &Exit)]) -> Option<String> {
    let failed = ends.iter().filter(|(_, exit)| !exit.is_success());
    let failed: Vec<String> =
        failed.map(|(host, exit)| format!("{} {}", visible(host), visible(&exit.words()))).collect();
    (!failed.is_empty()).then(|| format!("{} of {} failed: {}", failed.len(), ends.len(), failed.join(", ")))
}

fn label_words(label: &BTreeMap<String, String>) -> String {
    label.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// What stands before a line.
struct Prefix<'a> {
    host: &'a str,
    /// Which of the hosts it is: says its colour.
    at: usize,
    width: usize,
}

impl Prefix<'_> {
    fn words(&self, is_coloured: bool) -> String {
        let (host, width) = (visible(self.host), self.width);
        let colour = COLOURS.get(self.at % COLOURS.len()).copied().unwrap_or_default();
        if is_coloured { format!("\x1b[{colour}m{host:<width$} |\x1b[0m ") } else { format!("{host:<width$} | ") }
    }
}

/// Prints a line of standard output there, and one of standard error on ours. At a terminal, controls are made visible.
fn print_line(prefix: &Prefix<'_>, fd: u8, line: &[u8], filter: Option<&mut TerminalFilter>) -> Result<(), Failure> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let is_terminal = if fd == 2 { err.is_terminal() } else { out.is_terminal() };
    let mut shown = prefix.words(is_terminal).into_bytes();
    match filter.filter(|_| is_terminal) {
        Some(filter) => shown.extend(filter.push(line)),
        None => shown.extend_from_slice(line),
    }
    if !line.ends_with(b"\n") {
        shown.push(b'\n');
    }
    let written = if fd == 2 { err.write_all(&shown) } else { out.write_all(&shown).and_then(|()| out.flush()) };
    written.map_err(|e| super::out::failed(&e))
}

fn write_json(value: &serde_json::Value) -> Result<(), Failure> {
    super::Out::new().json(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_summed_up() {
        let (good, bad) = (Exit::Code { code: 0 }, Exit::Code { code: 1 });
        let lost = Exit::Lost { lost: "its host is away\x1b".to_owned() };
        assert_eq!(summary(&[("web1", &good), ("web2", &good)]), None);
        assert_eq!(
            summary(&[("web1", &good), ("web2", &bad), ("db1", &lost)]).as_deref(),
            Some("2 of 3 failed: web2 exit 1, db1 lost: its host is away␛")
        );
    }

    #[test]
    fn names_stand_before_lines() {
        let prefix = Prefix { host: "web1", at: 7, width: 6 };
        assert_eq!(prefix.words(false), "web1   | ");
        assert_eq!(prefix.words(true), "\x1b[33mweb1   |\x1b[0m ");
    }
}
