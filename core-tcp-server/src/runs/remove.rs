//! Removes the output of finished runs.

use std::io;

use super::output::OutputFolder;
use crate::error::Error;
use crate::state::State;

/// Removes the output of a finished run. It is not an error if it is already gone.
///
/// # Errors
/// If the folder cannot be removed.
pub async fn remove_output(state: &State, run: wardroom_protocol::RunId) -> Result<(), Error> {
    let folder = OutputFolder::new(&state.runs.folder, run).0;
    let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder));
    match removed.await.map_err(Error::internal)? {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}
