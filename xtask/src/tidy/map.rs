//! The map: every path that ARCHITECTURE.md and README.md name is there.

use std::path::Path;

use super::source::Source;

/// Endings by which a word in backticks is a file of ours even without a `/`.
const FILES: [&str; 4] = [".rs", ".toml", ".md", ".css"];

/// Every path that the map and the front page name.
pub fn paths(root: &Path, sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    let pages = sources.iter().filter(|source| source.path == "ARCHITECTURE.md" || source.path == "README.md");
    for page in pages {
        for (at, line) in outside_fences(&page.text) {
            for path in line.split('`').skip(1).step_by(2).filter(|word| is_path(word)) {
                if !root.join(path).exists() {
                    faults.push(format!("{}:{}: there is no {path}", page.path, at + 1));
                }
            }
        }
    }
    faults
}

fn outside_fences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_fenced = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        !is_fenced && !is_fence
    })
}

/// A path of this repository: relative, of plain characters, with a folder or an ending that only files here have.
fn is_path(word: &str) -> bool {
    let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'));
    let is_relative = word.starts_with(|c: char| c.is_ascii_lowercase() || c == '.') || word.ends_with(".md");
    let is_built = word.starts_with("target/") || word.starts_with("dist/");
    let is_named = FILES.iter().any(|ending| word.ends_with(ending) && word.len() > ending.len());
    is_plain && is_relative && !is_built && (word.contains('/') || is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_other_words() {
        for path in ["protocol/src/frame.rs", "docs/", ".ci/run", "ARCHITECTURE.md", "static/css/tokens.css"] {
            assert!(is_path(path), "{path}");
        }
        for word in [
            "target/release/wardroom",
            "room.post",
            "/ws",
            "cargo xtask test",
            "GET /files",
            "unix:/run/x",
            "Bytes",
            ".rs",
        ] {
            assert!(!is_path(word), "{word}");
        }
    }

    #[test]
    fn a_path_that_is_gone_is_named() {
        let text = "see `no/such.rs`\n```\n`no/other.rs`\n```\nand `xtask/src/main.rs`\n";
        let page = Source { path: "ARCHITECTURE.md".to_owned(), text: text.to_owned() };
        assert_eq!(paths(&crate::workspace::root(), &[page]), ["ARCHITECTURE.md:1: there is no no/such.rs"]);
    }
}
