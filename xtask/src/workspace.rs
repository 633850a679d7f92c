//! Where things are: the root of the repository, and the user's cache folder for pinned tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the repository: the folder above this crate's.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where builds go: `CARGO_TARGET_DIR` as cargo reads it, or `target`.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) if !folder.is_empty() => root().join(folder),
        _ => root().join("target"),
    }
}

/// The folder of pinned tools, shared by all checkouts of this user: `$XDG_CACHE_HOME/wardroom/tools`.
pub fn tools() -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) if Path::new(&folder).is_absolute() => PathBuf::from(folder),
        _ => std::env::home_dir().context("this user has no home folder; set XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(cache.join("wardroom").join("tools"))
}

/// True on a CI machine, where a step that must run may not be skipped.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// All files below `folder`, by path; build output, version control and data folders are left out.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    const NOT_OURS: [&str; 6] = ["target", "dist", "node_modules", ".git", "wardroom-data", "artifacts"];
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_file() => found.push(path),
                Ok(kind) if kind.is_dir() && !NOT_OURS.iter().any(|name| entry.file_name() == *name) => {
                    folders.push(path);
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}
