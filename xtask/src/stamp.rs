//! Stamps: what a build has read, as one number, so that it is not built again when nothing of it has changed.
//! Contents count, times do not: a fresh checkout of the same tree has the same stamp.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace;

/// The stamp of files and folders (relative to the root; those that are missing count as such) and of further words.
pub fn of(inputs: &[&str], words: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    let root = workspace::root();
    for input in inputs {
        input.hash(&mut hasher);
        for file in below(&root.join(input)) {
            file.strip_prefix(&root).unwrap_or(&file).hash(&mut hasher);
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            bytes.hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn below(path: &Path) -> Vec<PathBuf> {
    if path.is_file() { vec![path.to_path_buf()] } else { workspace::files_below(path) }
}

/// Where the stamp called `name` is kept.
fn place(name: &str) -> PathBuf {
    workspace::target().join("xtask").join(name)
}

/// True if the last build called `name` had this stamp.
pub fn is_current(name: &str, stamp: &str) -> bool {
    std::fs::read_to_string(place(name)).is_ok_and(|last| last == stamp)
}

/// Remembers the stamp of a build that succeeded.
pub fn keep(name: &str, stamp: &str) -> Result<()> {
    let place = place(name);
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&place, stamp).with_context(|| format!("cannot write {}", place.display()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::of;

    #[test]
    fn contents_and_words_make_the_stamp() {
        let stamp = of(&["xtask/src"], &["a"]).unwrap();
        assert_eq!(stamp, of(&["xtask/src"], &["a"]).unwrap());
        assert_ne!(stamp, of(&["xtask/src"], &["b"]).unwrap());
        assert_ne!(stamp, of(&["xtask/Cargo.toml"], &["a"]).unwrap());
        assert!(of(&["no/such/folder"], &[]).is_ok());
    }
}
