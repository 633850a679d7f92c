//! Writes a run's output to disk and tells its host how far that is. One at a time for each run, on a thread that may
//! block; it ends when nothing is left to write, so a run that is silent costs no thread.

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

/// Starts the pump of a run. The caller has been told by its log that none is at work.
pub(super) fn start(state: &Arc<State>, run: &Arc<Run>) {
    let (state_, run) = (Arc::clone(state), Arc::clone(run));
    drop(state.runs.tasks.spawn_blocking(move || pump(&state_, &run)));
}

fn pump(state: &State, run: &Run) {
    loop {
        let pieces = run.log.unwritten();
        let Some(last) = pieces.last() else { return };
        if let Err(error) = write(&run.log, &pieces) {
            // Nothing is acknowledged, so nothing is lost; it is tried again when the host's link ticks.
            if run.is_held_up("the output", is_no_room(&error)) {
                tracing::error!(%error, run = %run.record.id, "output of a run cannot be written; it is tried again");
            }
            run.log.stop_pump();
            return;
        }
        run.log.set_written(last.end());
        state.search.printed(run.record.id, last.end());
        state.runs.hosts.tell(&run.record.host, encode(Number::None, &HostAck { run: run.record.id, off: last.end() }));
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
        writer.append(piece.fd, piece.off, at, piece.bytes())?;
    }
    // Kept open only if all went well: after a fault it is opened anew, and begins where the log says.
    *held = Some(writer);
    Ok(())
}
