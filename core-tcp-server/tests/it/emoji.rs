//! `static/emoji.txt`, which the page's picker reads, has every emoji that the core takes as a reaction.

use std::fmt::Write as _;

/// One line per emoji: it, and the names by which it is found. Without skin tones, which a reader may paste.
fn list() -> String {
    let mut out = String::new();
    for emoji in emojis::iter() {
        let mut names = emoji.name().to_lowercase();
        for code in emoji.shortcodes().map(|code| code.replace('_', " ")) {
            if !names.contains(&code) {
                let _ = write!(names, ", {code}");
            }
        }
        let _ = writeln!(out, "{} {names}", emoji.as_str());
    }
    out
}

#[test]
fn the_picker_has_every_emoji() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/emoji.txt");
    if std::env::var_os("WARDROOM_WRITE").is_some() {
        std::fs::write(&path, list()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == list(), "{} is not that of the emojis crate: run this test with WARDROOM_WRITE=1", path.display());
    assert!(kept.lines().count() > 1_800);
}
