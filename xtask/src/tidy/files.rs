//! Rules for single files: what they begin with, how long they are, what they may not say.

use super::source::Source;

/// Lines of a file of code, its tests at the end not counted. Longer ones are two things in one.
const LINES_MAX: usize = 350;

/// Files that were longer when they were looked at, with the reason; none may grow beyond its number.
const LONGER: [(&str, usize, &str); 0] = [];

/// Words that are for the moment, not for the repository. In two halves, so that this list does not name itself.
const UNFINISHED: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK:")];

/// Somebody's own machine.
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

/// Every file of Rust says first what it is.
pub fn headers(sources: &[Source]) -> Vec<String> {
    let rust = sources.iter().filter(|source| source.path.ends_with(".rs"));
    rust.filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("{}: does not begin with //! and what it is", source.path))
        .collect()
}

/// No file of code grows without end.
pub fn lengths(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".rs")) {
        let lines = code_lines(source);
        let bound = LONGER.iter().find(|(path, ..)| *path == source.path).map_or(LINES_MAX, |(_, lines, _)| *lines);
        if lines > bound {
            faults.push(format!("{}: {lines} lines, but at most {bound} are allowed: split it by noun", source.path));
        }
    }
    faults
}

/// No file stands on the list of longer ones that is gone, or no longer long.
pub fn list_of_longer(sources: &[Source]) -> Vec<String> {
    let is_long = |source: &&Source| code_lines(source) > LINES_MAX;
    let is_needed = |path: &str| sources.iter().filter(is_long).any(|source| source.path == path);
    let stale = LONGER.iter().filter(|(path, ..)| !is_needed(path));
    stale.map(|(path, ..)| format!("{path}: is not longer than others any more: take it off the list")).collect()
}

fn code_lines(source: &Source) -> usize {
    source.text.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

/// Nothing unfinished, no path of somebody's machine.
pub fn words(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for (at, line) in source.text.lines().enumerate() {
            let place = format!("{}:{}", source.path, at + 1);
            if let Some(word) = UNFINISHED.iter().find(|word| line.contains(*word)) {
                faults.push(format!("{place}: {word} is not to be landed"));
            }
            if let Some(home) = HOMES.iter().find(|home| begins_within(line, home)) {
                faults.push(format!("{place}: {home} is somebody's own machine"));
            }
        }
    }
    faults
}

/// True if a word that begins with `path` stands in the line: `/x/root/y` is no home of root's.
fn begins_within(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "-_.}/".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> [Source; 1] {
        [Source { path: path.to_owned(), text: text.to_owned() }]
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        assert_eq!(headers(&source("a.rs", "fn main() {}")).len(), 1);
        assert_eq!(headers(&source("a.rs", "//! What it is.\n")).len(), 0);
        assert_eq!(lengths(&source("a.rs", &"\n".repeat(LINES_MAX))).len(), 0);
        assert_eq!(lengths(&source("a.rs", &"\n".repeat(LINES_MAX + 1))).len(), 1);
        assert_eq!(
            words(&source("a.md", concat!("x\n// TO", "DO later"))),
            [concat!("a.md:2: TO", "DO is not to be landed")]
        );
        assert_eq!(words(&source("a.md", concat!("see /ho", "me/ann/x"))).len(), 1);
        assert_eq!(words(&source("a.md", concat!("see /files/ro", "ot/x"))).len(), 0);
        let tested = format!("{}#[cfg(test)]\n{}", "\n".repeat(LINES_MAX), "\n".repeat(9));
        assert_eq!(lengths(&source("a.rs", &tested)).len(), 0);
    }
}
