//! Alternative names for a file whose name is taken: `a.log`, `a (2).log`, `a (3).log` and so on.

use wardroom_protocol::RelPath;
use wardroom_protocol::limits::PATH_PART_BYTES_MAX;

use crate::limits::RENAMES_MAX;

/// Returns the path itself, then the alternatives, as long as they are valid paths.
pub fn candidates(path: &RelPath) -> impl Iterator<Item = RelPath> + '_ {
    let others = (2..=RENAMES_MAX).map_while(|n| numbered(path, n));
    std::iter::once(path.clone()).chain(others)
}

fn numbered(path: &RelPath, n: u32) -> Option<RelPath> {
    let name = path.file_name();
    // A name whose only dot is its first character (`.env`) has no extension.
    let (stem, extension) = match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    };
    let mark = format!(" ({n})");
    let room = PATH_PART_BYTES_MAX.checked_sub(mark.len() + extension.len())?;
    let cut = (0..=stem.len().min(room)).rev().find(|at| stem.is_char_boundary(*at))?;
    let stem = stem.get(..cut)?;
    let name = format!("{stem}{mark}{extension}");
    let text = path.parent().map_or_else(|| name.clone(), |parent| format!("{parent}/{name}"));
    RelPath::parse(&text).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn second(path: &str) -> String {
        candidates(&RelPath::parse(path).unwrap()).nth(1).unwrap().to_string()
    }

    #[test]
    fn the_number_stands_before_the_extension() {
        for (path, other) in [
            ("a.log", "a (2).log"),
            ("logs/a.log", "logs/a (2).log"),
            ("d.x/a", "d.x/a (2)"),
            (".env", ".env (2)"),
            ("a.tar.gz", "a.tar (2).gz"),
        ] {
            assert_eq!(second(path), other);
        }
        let third = candidates(&RelPath::parse("a").unwrap()).nth(2).unwrap();
        assert_eq!(third.as_str(), "a (3)");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let long = format!("{}.log", "é".repeat(125));
        let other = second(&long);
        assert!(other.len() <= PATH_PART_BYTES_MAX && other.ends_with("é (2).log"), "{other}");
        let long = "x".repeat(255);
        assert_eq!(second(&long), format!("{} (2)", "x".repeat(251)));
    }

    #[test]
    fn they_end() {
        assert_eq!(candidates(&RelPath::parse("a").unwrap()).count(), usize::try_from(RENAMES_MAX).unwrap());
    }
}
