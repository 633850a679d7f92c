//! What is done once a second for a connected host: retries, and starts that are not on record yet.

use std::sync::Arc;

use super::run::Phase;
use super::{end, pump, typing};
use crate::state::State;

/// Retries what the disk or the store refused, and records starts.
pub(super) async fn tick(state: &Arc<State>, host: &str) {
    let mut started = Vec::new();
    let runs = state.runs.of_host(host);
    typing::revoke_lost(state, &runs).await;
    for run in runs {
        if run.log.wants_pump() {
            pump::start(state, &run);
        }
        if run.log.terminal.as_ref().is_some_and(|terminal| !terminal.is_restored()) {
            pump::restore(state, &run);
        }
        let mut life = run.life();
        let is_new = life.phase == Phase::Started && !std::mem::replace(&mut life.is_noted, true);
        let is_refused = life.phase == Phase::EndRefused;
        drop(life);
        if is_new {
            started.push(run.record.id.to_string());
        }
        if is_refused {
            end::again(state, &run);
        }
    }
    if started.is_empty() {
        return;
    }
    let note = move |tx: &mut crate::store::Tx<'_>| {
        let mut update = tx.conn.prepare_cached("UPDATE runs SET started = 1 WHERE id = ?1")?;
        started.iter().try_for_each(|id| update.execute([id]).map(drop))?;
        Ok(())
    };
    // Not awaited: an unrecorded start matters only if both this core and the host's record are lost.
    drop(state.store.append(note, |_| {}).await);
}
