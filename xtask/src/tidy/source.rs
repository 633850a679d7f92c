//! The files that the rules look at.

use std::path::Path;

use crate::workspace;

/// A file of ours, read as text.
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// All text files that people write.
pub fn all(root: &Path) -> Vec<Source> {
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
