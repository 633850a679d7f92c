//! `cargo xtask tidy`: the rules of this repository that no compiler checks. Each rule is a function from the sources
//! to sentences about what breaks it; all are printed, not only the first.
//!
//! Not here: whether `docs/protocol.md` names every message. That needs the protocol crate, and is one of its tests.

mod files;
mod layers;
mod map;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace;

/// A file of ours, read as text.
struct Source {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

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
    let sources = sources(&root);
    let mut faults = Vec::new();
    faults.extend(files::headers(&sources));
    faults.extend(files::lengths(&sources));
    faults.extend(files::list_of_longer(&sources));
    faults.extend(files::words(&sources));
    faults.extend(layers::crates(&root)?);
    faults.extend(layers::services(&sources));
    faults.extend(map::paths(&root, &sources));
    if faults.is_empty() {
        println!("{} files are tidy", sources.len());
        return Ok(());
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    bail!("{} faults", faults.len())
}

/// All text files that people write.
fn sources(root: &Path) -> Vec<Source> {
    const WRITTEN: [&str; 10] = ["rs", "toml", "md", "css", "html", "js", "conf", "yml", "service", "sh"];
    let mut sources = Vec::new();
    for path in workspace::files_below(root) {
        let is_written = path.extension().is_some_and(|ext| WRITTEN.iter().any(|written| ext == *written));
        let Ok(relative) = path.strip_prefix(root) else { continue };
        if let (true, Ok(text)) = (is_written, std::fs::read_to_string(&path)) {
            sources.push(Source { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
    sources
}
