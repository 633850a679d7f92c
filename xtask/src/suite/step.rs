//! What all steps of the suite have in common: a name, an outcome, and what one leaves for the next.

use std::path::PathBuf;

use anyhow::Result;

use super::beside::Beside;

/// How a step ended.
pub enum Outcome {
    Passed,
    Failed(String),
    /// It could not run, and why.
    Skipped(String),
}

/// One step.
pub struct Step {
    pub name: &'static str,
    /// Steps without which it makes no sense.
    pub needs: &'static [&'static str],
    /// On a CI machine it may not be skipped.
    pub must_run: bool,
    pub run: fn(&mut Shared) -> Result<Outcome>,
}

/// What one step leaves for the next.
#[derive(Default)]
pub struct Shared {
    pub executables: Vec<Executable>,
    /// Where axe is, for the browser's tests.
    pub axe: Option<PathBuf>,
    /// Where asciinema's player is, for the test of recordings.
    pub asciinema: Option<PathBuf>,
    /// Where Lighthouse is, for the test of how the page loads.
    pub lighthouse: Option<PathBuf>,
    /// Its step comes too.
    pub wants_clippy_wasm: bool,
    pub clippy_wasm: Option<Beside>,
}

/// A test binary that was built.
pub struct Executable {
    pub package: String,
    pub path: PathBuf,
    pub folder: PathBuf,
}

impl Outcome {
    /// For the table and the closing line of a step.
    pub fn words(&self) -> String {
        match self {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(why) => format!("failed: {why}"),
            Outcome::Skipped(why) => format!("skipped: {why}"),
        }
    }
}
