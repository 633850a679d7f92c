//! The paths of the index, the store and the output of runs.

use std::path::PathBuf;

/// The paths that search uses.
#[derive(Clone, Debug)]
pub struct Paths {
    pub(super) index: PathBuf,
    pub(super) store: PathBuf,
    pub(super) runs: PathBuf,
}
