//! `cargo xtask tidy`: the rules of this repository that no compiler checks. Each rule is a function from the sources
//! to sentences about what breaks it; all are printed, not only the first.
//!
//! Not here: whether `docs/protocol.md` names every message. That needs the protocol crate, and is one of its tests.

mod cycles;
mod files;
mod layers;
mod map;
mod programs;
mod source;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace;

/// `cargo xtask tidy`
pub fn run(args: &[String]) -> Result<ExitCode> {
    if let Some(arg) = args.first() {
        bail!("tidy takes no argument {arg}");
    }
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// Checks all rules.
pub fn check() -> Result<()> {
    let root = workspace::root();
    let sources = source::all(&root);
    let mut faults = Vec::new();
    faults.extend(files::headers(&sources));
    faults.extend(files::lengths(&sources));
    faults.extend(files::list_of_longer(&sources));
    faults.extend(files::words(&sources));
    faults.extend(layers::crates(&root)?);
    faults.extend(layers::services(&sources));
    faults.extend(cycles::circles(&sources));
    faults.extend(map::paths(&root, &sources));
    faults.extend(programs::called(&sources));
    if faults.is_empty() {
        println!("{} files are tidy", sources.len());
        return Ok(());
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    bail!("{} faults", faults.len())
}
