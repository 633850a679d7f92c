//! Runs with `detach` whose first process has ended: what goes on is told to those who see the run. It is not stored; a
//! host tells it again to the next core.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{Detached, RunDetached};

use super::end::{few, shortened};
use super::run::Run;
use super::typing::tell_readers;
use crate::state::State;

/// Notes what a host says, and tells it to the watchers and to those who have the room open.
pub(super) fn note(state: &State, run: &Arc<Run>, detached: Detached) {
    let detached = Detached { exit: shortened(detached.exit), kept: few(detached.kept) };
    // A host tells it again whenever it connects.
    if run.life().detached.replace(detached.clone()).as_ref() == Some(&detached) {
        return;
    }
    if let Some(room) = state.rooms.by_id(run.record.room) {
        tell_readers(run, &room, &encoded(run.record.id, detached));
    }
}

/// Returns the frame that says what goes on of an open run whose first process has ended. For a member who may read it.
pub(super) fn frame(state: &State, id: RunId) -> Option<Bytes> {
    let run = state.runs.find(id)?;
    let detached = run.life().detached.clone()?;
    Some(encoded(id, detached))
}

fn encoded(run: RunId, Detached { exit, kept }: Detached) -> Bytes {
    encode(Number::None, &RunDetached { run, exit, kept })
}
