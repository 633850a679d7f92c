//! Runs whose hosts do not return: they are declared lost after a while, or when somebody asks for it. While a host is
//! away its runs go on there, so this is the only way to end them here. A host that returns after all is told to forget
//! such a run, and so stops it.
//!
//! A host is away from a run if it is not connected, or has come with another spool than the one that the run is in.
//! Ages are counted with the monotonic clock, and kept in the database for the next core. Whatever time the core itself
//! is down counts only for hosts that were away before.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::params;
use tokio_util::sync::CancellationToken;
use wardroom_protocol::messages::RunLose;

use super::run::{Phase, Run};
use super::{control, end};
use crate::clock::{monotonic_ms, now_ms};
use crate::error::Error;
use crate::limits::{LOSE_WAIT_MS, LOST_FIRST_LOOK_MS, LOST_LOOK_MS_MAX, LOST_LOOK_MS_MIN};
use crate::policy::Member;
use crate::state::State;

/// Looks for runs whose hosts have been away for too long, until the core stops.
pub async fn watch(state: Arc<State>, shutdown: CancellationToken) {
    let after_ms = state.runs.lost_after_ms;
    // Hosts that were connected to an earlier core need some time to find this one.
    let mut pause_ms = after_ms.min(LOST_FIRST_LOOK_MS);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
        }
        pause_ms = (after_ms / 20).clamp(LOST_LOOK_MS_MIN, LOST_LOOK_MS_MAX);
        look(&state).await;
    }
}

/// Notes which hosts have gone and come, and loses what has waited for too long.
async fn look(state: &Arc<State>) {
    let mut changed = Vec::new();
    for run in state.runs.all() {
        let is_away = state.runs.hosts.with(&run, |link| link.is_none());
        let now = monotonic_ms();
        let mut life = run.life();
        // The link of a host tries this again as long as there is one.
        let is_refused = is_away && life.phase == Phase::EndRefused;
        let was_away = life.away_since_ms.is_some();
        if is_away != was_away {
            life.away_since_ms = is_away.then_some(now);
            changed.push((run.record.id.to_string(), is_away.then(now_ms)));
        }
        let is_too_long = life.away_since_ms.is_some_and(|since| now.saturating_sub(since) >= state.runs.lost_after_ms);
        drop(life);
        if is_refused {
            end::again(state, &run);
        } else if is_too_long {
            let (host, span) = (&run.record.host, span_words(state.runs.lost_after_ms));
            drop(end::lose_if_away(state, &run, &format!("its host {host} has been away for {span}")));
        }
    }
    if let Err(error) = note(state, changed).await {
        tracing::warn!(%error, "it is not recorded since when hosts are away; a restart of the server starts anew");
    }
}

async fn note(state: &State, changed: Vec<(String, Option<u64>)>) -> Result<(), Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let work = move |tx: &mut crate::store::Tx<'_>| {
        let mut update = tx.conn.prepare_cached("UPDATE runs SET away = ?2 WHERE id = ?1 AND exit IS NULL")?;
        for (run, away) in &changed {
            update.execute(params![run, away.map(|at| i64::try_from(at).unwrap_or(i64::MAX))])?;
        }
        Ok(())
    };
    state.store.write(work).await
}

/// Declares a run lost at once. Returns when that is on record.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict` (the run is over, its host is connected), `busy` (the disk is slow or full).
pub async fn lose(state: &Arc<State>, member: &Member, lose: RunLose) -> Result<(), Error> {
    let by = member.clone();
    let run = control::open_run(state, member, lose.run).await?;
    control::check_may_end(state, member, &run)?;
    check_away(state, &run)?;
    let (name, host) = (by.user.name.clone(), run.record.host.clone());
    let (subject, detail) = (lose.run.to_string(), format!("r{} on {host}", run.record.n));
    state.store.write(move |tx| tx.audit(by.user.name.as_str(), &by.address, "run.lose", &subject, &detail)).await?;
    let Some(recorded) = end::lose_if_away(state, &run, &format!("{name} gave it up while {host} was away")) else {
        // The host has come, or the run has ended, since.
        check_away(state, &run)?;
        return Ok(());
    };
    match tokio::time::timeout(Duration::from_millis(LOSE_WAIT_MS), recorded).await {
        Ok(_) if state.runs.find(lose.run).is_none() => Ok(()),
        _ => {
            Err(Error::busy("the run is lost, but the server cannot record that yet: it goes on trying", LOSE_WAIT_MS))
        }
    }
}

fn check_away(state: &State, run: &Run) -> Result<(), Error> {
    if state.runs.hosts.with(run, |link| link.is_none()) {
        return Ok(());
    }
    let (host, n) = (&run.record.host, run.record.n);
    Err(Error::conflict(format!("the host {host} is connected: stop the run instead, with /stop r{n}")))
}

/// Formats a span in its largest whole unit: `1 day`, `90 minutes`.
fn span_words(ms: u64) -> String {
    let seconds = ms / 1_000;
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let fits = |(unit, _): &&(u64, &str)| seconds >= *unit && seconds.is_multiple_of(*unit);
    let (unit, name) = units.iter().find(fits).copied().unwrap_or((1, "second"));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_whole_units() {
        for (ms, words) in [
            (86_400_000, "1 day"),
            (5_400_000, "90 minutes"),
            (7_200_000, "2 hours"),
            (1_000, "1 second"),
            (200, "0 seconds"),
        ] {
            assert_eq!(span_words(ms), words);
        }
    }
}
