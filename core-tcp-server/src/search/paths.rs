//! Where the index, the store and the output of runs are.

use std::path::PathBuf;

/// Where things are.
#[derive(Clone, Debug)]
pub struct Paths {
    pub(super) index: PathBuf,
    pub(super) store: PathBuf,
    pub(super) runs: PathBuf,
}
