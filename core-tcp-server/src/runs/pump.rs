//! Writes a run's output to disk and tells the host how far it got. Each run has at most one pump, on a blocking
//! thread; it stops when nothing is left to write, so a silent run costs no thread.

use std::io;
use std::sync::{Arc, PoisonError};

use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::HostAck;

use super::log::RunLog;
use super::piece::Piece;
use super::run::Run;
use crate::clock::now_ms;
use crate::error::is_no_room;
use crate::state::State;

/// Reads the screen of a terminal in the background, after a restart of the core, and answers queries that may have got
/// no answer.
pub(super) fn restore(state: &Arc<State>, run: &Arc<Run>) {
    let (state_, run) = (Arc::clone(state), Arc::clone(run));
    drop(state.runs.tasks.spawn_blocking(move || {
        let Some(terminal) = &run.log.terminal else { return };
        match terminal.restore(run.log.written()) {
            Ok(replies) => replies.into_iter().for_each(|reply| state_.runs.hosts.tell(&run, reply)),
            Err(error) => tracing::warn!(run = %run.record.id, %error, "the screen of a terminal cannot be read"),
        }
    }));
}

/// Starts the pump of a run. The run's log must have said that none is running.
pub(super) fn start(state: &Arc<State>, run: &Arc<Run>) {
    let (state_, run) = (Arc::clone(state), Arc::clone(run));
    drop(state.runs.tasks.spawn_blocking(move || pump(&state_, &run)));
}

fn pump(state: &State, run: &Run) {
    loop {
        let pieces = run.log.unwritten();
        let Some(last) = pieces.last() else { return };
        if let Err(error) = write(&run.log, &pieces) {
            // Nothing is acknowledged, so nothing is lost. The next tick of the host's link tries again.
            if run.is_held_up("the output", is_no_room(&error)) {
                tracing::error!(%error, run = %run.record.id, "output of a run cannot be written; it is tried again");
            }
            run.log.stop_pump();
            return;
        }
        // Before watchers can fall behind what is written: a screen never lags behind the disk.
        for reply in run.log.terminal.iter().flat_map(|terminal| terminal.feed(&pieces)) {
            state.runs.hosts.tell(run, reply);
        }
        run.log.set_written(last.end());
        state.search.printed(run.record.id, last.end());
        state.runs.hosts.tell(run, encode(Number::None, &HostAck { run: run.record.id, off: last.end() }));
    }
}

fn write(log: &RunLog, pieces: &[Piece]) -> io::Result<()> {
    let mut held = log.writer.lock().unwrap_or_else(PoisonError::into_inner);
    let mut writer = match held.take() {
        Some(writer) => writer,
        None => log.folder.writer(log.written())?,
    };
    let at = now_ms();
    for piece in pieces {
        if let Some(size) = piece.size {
            writer.resize(piece.off, size)?;
        }
        writer.append(piece.fd, piece.off, at, piece.bytes())?;
    }
    // Kept open only if all writes succeeded. After an error, the next writer starts where the log says.
    *held = Some(writer);
    Ok(())
}
