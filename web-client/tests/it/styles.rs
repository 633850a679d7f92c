//! Classes are names that no compiler checks: each one that the page uses has a rule, and each rule is used.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// Classes without a rule: `alert` is drawn as critical by default, and the browser tests look for the class.
const WITHOUT_RULE: [&str; 1] = ["alert--critical"];

/// Prefixes of classes that are put together: text attributes, foregrounds and backgrounds of terminal output.
const NUMBERED: [&str; 3] = ["sgr-", "f-", "b-"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder whose names end like this.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn is_class(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

/// The words in the quoted strings of a source that may be classes.
fn words(source: &str) -> BTreeSet<String> {
    let strings = source.lines().flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned));
    strings.flat_map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>()).filter(|w| is_class(w)).collect()
}

/// The classes that the style sheets have rules for.
fn rules() -> BTreeSet<String> {
    let sheets = files(&root().join("../static/css"), ".css");
    let mut found = BTreeSet::new();
    for sheet in sheets {
        let text = read_to_string(sheet).unwrap();
        // Comments end in file names.
        let rules: String = text.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, rest)| rest)).collect();
        for part in rules.split('.').skip(1) {
            let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(part.len());
            found.extend(part.get(..end).filter(|class| is_class(class)).map(str::to_owned));
        }
    }
    found
}

fn used() -> BTreeSet<String> {
    let mut sources = files(&root().join("src"), ".rs");
    sources.retain(|path| !path.ends_with("testids.rs"));
    sources.extend([root().join("index.html"), root().join("../static/boot.js")]);
    sources.iter().flat_map(|path| words(&read_to_string(path).unwrap())).collect()
}

#[test]
fn every_class_has_a_rule() {
    let rules = rules();
    // Only parts and variants of a block (`card__head`, `card--file`) are surely classes.
    let classes = used().into_iter().filter(|word| word.contains("__") || word.contains("--"));
    let missing: Vec<String> =
        classes.filter(|class| !rules.contains(class) && !WITHOUT_RULE.contains(&class.as_str())).collect();
    assert!(missing.is_empty(), "no style sheet has a rule for {missing:?}");
}

#[test]
fn every_rule_is_used() {
    let used = used();
    let is_numbered = |class: &str| NUMBERED.iter().any(|prefix| class.starts_with(prefix));
    let unused: Vec<String> =
        rules().into_iter().filter(|class| !used.contains(class) && !is_numbered(class)).collect();
    assert!(unused.is_empty(), "nothing in the page has the class {unused:?}");
}
