//! The end of a run. After its last byte is durable, the end is recorded and posted to the room in one commit; then the
//! watchers and the host are told, and the host forgets the run.

use std::sync::Arc;

use rusqlite::params;
use tokio::task::JoinHandle;
use wardroom_protocol::Code;
use wardroom_protocol::event::{EventBody, RunEnded};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{Exit, HostEnded, HostForget, RunEnd};

use super::keyboard::Keyboard;
use super::run::{Phase, Run};
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::{ENDED_CHARS_MAX, ENDED_MAX, EXIT_CHARS_MAX};
use crate::state::State;
use crate::store::{NewEvent, Tx};

/// Ends a run. Calling it again changes nothing: the host is told once the end is recorded.
pub(super) fn ended(state: &Arc<State>, run: &Arc<Run>, ended: HostEnded) {
    if begin(run, ended) {
        drop(spawn(state, run));
    }
}

/// Returns false if the run is over, or not there yet.
fn begin(run: &Run, ended: HostEnded) -> bool {
    let mut life = run.life();
    if !matches!(life.phase, Phase::Committed | Phase::Started) {
        return false;
    }
    life.phase = Phase::Ending;
    life.ended = Some(ended);
    true
}

/// Ends a run of which its host knows nothing.
pub(super) fn end_here(state: &Arc<State>, run: &Arc<Run>, exit: Exit) {
    let mut end = without_output(run, exit);
    end.ms = now_ms().saturating_sub(run.record.at);
    ended(state, run, end);
}

/// Ends a run whose outcome is unknown, unless its host is there, or the run is over. Returns the task that records it.
pub(super) fn lose_if_away(state: &Arc<State>, run: &Arc<Run>, why: &str) -> Option<JoinHandle<()>> {
    let lost = lost(run, why);
    // A host that comes in this moment finds the run open, or over.
    let is_begun = state.runs.hosts.with(run, |link| link.is_none() && begin(run, lost));
    is_begun.then(|| spawn(state, run))
}

/// Ends a run whose outcome is unknown, and returns once it is recorded. A run that is over already stays as it is.
pub(super) async fn lose_now(state: &State, run: &Arc<Run>, why: &str) -> Result<(), Error> {
    if !begin(run, lost(run, why)) {
        return Ok(());
    }
    let recorded = record(state, run).await;
    if recorded.is_err() {
        run.life().phase = Phase::EndRefused;
    }
    recorded
}

/// Ends a run whose host sent more than the run may write. The host is told to forget the run, which ends it there too.
pub(super) fn overrun(state: &Arc<State>, run: &Arc<Run>) {
    let mut over = without_output(run, Exit::Limit { limit: "output".to_owned() });
    over.ms = now_ms().saturating_sub(run.record.at);
    over.truncated = true;
    ended(state, run, over);
}

fn lost(run: &Run, why: &str) -> HostEnded {
    let mut lost = without_output(run, Exit::Lost { lost: why.to_owned() });
    lost.ms = now_ms().saturating_sub(run.record.at);
    lost
}

/// Creates an end without output figures: the output stored here counts.
pub(super) fn without_output(run: &Run, exit: Exit) -> HostEnded {
    HostEnded { run: run.record.id, exit, bytes: 0, ms: 0, truncated: false, left: 0, ended: Vec::new() }
}

/// Tries again to record an end that the store refused.
pub(super) fn again(state: &Arc<State>, run: &Arc<Run>) {
    run.life().phase = Phase::Ending;
    drop(spawn(state, run));
}

fn spawn(state: &Arc<State>, run: &Arc<Run>) -> JoinHandle<()> {
    let (state, run) = (Arc::clone(state), Arc::clone(run));
    let tasks = state.runs.tasks.clone();
    tasks.spawn(async move {
        let recorded = tokio::select! {
            // The host reports the end again to the next core.
            () = state.runs.stopping.cancelled() => return,
            recorded = record(&state, &run) => recorded,
        };
        if let Err(error) = recorded {
            if run.is_held_up("the end", error.code == Code::Busy) {
                tracing::error!(run = %run.record.id, %error, "the end of a run is not on record yet");
            }
            run.life().phase = Phase::EndRefused;
        }
    })
}

async fn record(state: &State, run: &Arc<Run>) -> Result<(), Error> {
    let Some(ended) = run.life().ended.clone() else { return Ok(()) };
    run.log.all_written().await;
    let bytes = run.log.head();
    if bytes > 0 {
        let log = Arc::clone(&run.log);
        tokio::task::spawn_blocking(move || log.close()).await.map_err(Error::internal)??;
    }
    let HostEnded { exit, ms, truncated, left, ended, .. } = ended;
    let end = RunEnd { run: run.record.id, exit: shortened(exit), bytes, ms, truncated, left, ended: few(ended) };
    let frame = encode(Number::None, &end);
    let recording = Arc::clone(run);
    state.store.write(move |tx| write(tx, &recording, end)).await?;
    // The order matters: a reader that finds the run no longer open must find its end in the store.
    run.log.finish(frame);
    state.runs.remove(run.record.id);
    // Input that waits for room gets its answer.
    run.keyboard.iter().for_each(Keyboard::wake);
    state.runs.hosts.tell(run, encode(Number::None, &HostForget { run: run.record.id }));
    Ok(())
}

fn write(tx: &mut Tx<'_>, run: &Run, end: RunEnd) -> Result<(), Error> {
    let record = &run.record;
    let as_sql = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let exit = serde_json::to_string(&end.exit).map_err(Error::internal)?;
    let left_behind = serde_json::to_string(&end.ended).map_err(Error::internal)?;
    let changed = tx
        .conn
        .prepare_cached(
            "UPDATE runs SET exit = ?2, bytes = ?3, ms = ?4, truncated = ?5, left = ?6, ended = ?7
             WHERE id = ?1 AND exit IS NULL",
        )?
        .execute(params![
            record.id.to_string(),
            exit,
            as_sql(end.bytes),
            as_sql(end.ms),
            end.truncated,
            end.left,
            left_behind
        ])?;
    if changed == 0 {
        return Ok(());
    }
    let detail = format!("r{} {}: {exit}", record.n, record.host);
    tx.audit(record.by_name.as_str(), "host", "run.end", &record.id.to_string(), &detail)?;
    let RunEnd { run: id, exit, bytes, ms, truncated, left, ended } = end;
    let body =
        EventBody::RunEnded(RunEnded { run: id, n: record.n, exit, bytes, ms, truncated, left, ended, late: false });
    let event = NewEvent {
        room: record.room,
        room_name: record.room_name.as_str(),
        by: record.by,
        by_name: record.by_name.as_str(),
        kind: body.kind(),
        fields: &body.fields(),
        nonce: None,
    };
    tx.append(&event).map(drop)
}

/// Shortens the host's list of command lines so that it fits in an event.
pub(super) fn few(mut ended: Vec<String>) -> Vec<String> {
    ended.truncate(ENDED_MAX);
    for line in &mut ended {
        cut(line, ENDED_CHARS_MAX);
    }
    ended
}

fn cut(text: &mut String, chars: usize) {
    if let Some((at, _)) = text.char_indices().nth(chars) {
        text.truncate(at);
    }
}

/// Shortens the host's text so that it fits in an event.
pub(super) fn shortened(mut exit: Exit) -> Exit {
    let words = match &mut exit {
        Exit::StoppedBy { signal, .. } | Exit::Signal { signal } => signal,
        Exit::Limit { limit } => limit,
        Exit::Lost { lost } => lost,
        Exit::Failed { failed } => failed,
        Exit::Code { .. } | Exit::Timeout { .. } => return exit,
    };
    cut(words, EXIT_CHARS_MAX);
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut_between_characters() {
        let failed = shortened(Exit::Failed { failed: "ü".repeat(EXIT_CHARS_MAX + 5) });
        assert_eq!(failed, Exit::Failed { failed: "ü".repeat(EXIT_CHARS_MAX) });
        assert_eq!(shortened(Exit::Code { code: 3 }), Exit::Code { code: 3 });
        let many = few(vec!["ü".repeat(ENDED_CHARS_MAX + 1); ENDED_MAX + 1]);
        assert_eq!(many, vec!["ü".repeat(ENDED_CHARS_MAX); ENDED_MAX]);
    }
}
