//! When a run's output was written, as its index on disk says: for recordings that are played at their own pace.

use std::fs::File;
use std::io;
use std::sync::Arc;

use wardroom_protocol::messages::{RunTimes, RunTimesOk};

use super::list;
use super::output::OutputFolder;
use crate::error::Error;
use crate::policy::Member;
use crate::state::State;

/// Times in one answer: at most 34 bytes each with its descriptor, so that they fit a line.
const TIMES_MAX: usize = 1_000;

/// Returns the times from a byte on.
///
/// # Errors
/// `not_found`, also for a run in a private room that the member is not in.
pub async fn times(state: &Arc<State>, member: &Member, ask: RunTimes) -> Result<RunTimesOk, Error> {
    list::get(state, member, ask.run).await?;
    let folder = OutputFolder::new(&state.runs.folder, ask.run);
    let reading = tokio::task::spawn_blocking(move || read(&folder, ask.from)).await;
    reading
        .map_err(io::Error::other)
        .and_then(|read| read)
        .map_err(|e| Error::internal(format!("run {}: {e}", ask.run)))
}

fn read(folder: &OutputFolder, from: u64) -> io::Result<RunTimesOk> {
    let index = match File::open(folder.0.join("index")) {
        Ok(index) => index,
        // There is no output yet.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(RunTimesOk::default()),
        Err(e) => return Err(e),
    };
    let mut records = wardroom_output_index::records(&index, from, TIMES_MAX.saturating_add(1))?;
    let more = records.len() > TIMES_MAX;
    records.truncate(TIMES_MAX);
    let (times, fds) = records.iter().map(|record| ((record.off, record.at), record.fd)).unzip();
    Ok(RunTimesOk { times, fds, more })
}
