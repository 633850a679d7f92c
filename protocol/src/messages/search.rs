//! Search, over what was said, run, printed and shared.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::event::Format;
use crate::ids::{RoomName, RunId, UserName};

/// What is searched.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    /// Messages.
    Message,
    /// Commands.
    Run,
    /// What commands printed.
    Output,
    /// The names of files.
    File,
}

/// Lines of rooms that one may see which contain each of the words, anywhere in it, in any case. Words in quotation marks are
/// one. Newest first. Answer: [`SearchFound`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Search {
    /// The words: each of [`crate::limits::QUERY_CHARS_MIN`] characters and more. What looks alike is alike: case, accents, full width.
    pub q: String,
    /// Only this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Only what is this user's doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserName>,
    /// Only this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<HitKind>,
    /// Only from this time on, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Only before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Go on behind these hits: the `next` of their answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// How many at most; 1 to 100, 20 if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to [`Search`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SearchFound {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// There may be more: ask again with this as `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Events that the index does not hold yet: a hit among them is found later.
    #[serde(default)]
    pub behind: u64,
    /// Hits in all, from `before` on; of a run's output one. Up to 1,000 are counted.
    #[serde(default)]
    pub total: u64,
    /// Not all were counted: there may be more than `total`, and more than `lines` of each run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A line that contains the words.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Hit {
    /// The room.
    pub room: RoomName,
    /// The event: for output, that of its run's start.
    pub seq: u64,
    /// When, Unix milliseconds; for output, when its run ended.
    pub at: u64,
    /// Whose doing.
    pub by: UserName,
    /// What it is.
    pub kind: HitKind,
    /// The words with what stands around them, at most 300 characters.
    pub text: String,
    /// Where in `text` the words are: pairs of first character and count, in characters.
    pub marks: Vec<(u32, u32)>,
    /// For a message: what its text is.
    #[serde(default, skip_serializing_if = "Format::is_markdown")]
    pub format: Format,
    /// For a command or its output: the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Its short number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// For output: the byte at which the line begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<u64>,
    /// For output: how many lines of the run contain the words, up to 1,000; the newest is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
}

impl SearchFound {
    /// How many hits there are, for people: `37`, or `1,000+` where not all were counted.
    pub fn total_shown(&self) -> String {
        shown(self.total, self.more)
    }
}

impl Hit {
    /// How many lines of a run's output have the words, for people, where that is more than the one shown.
    pub fn lines_shown(&self, is_more: bool) -> Option<String> {
        let lines = self.lines.filter(|lines| *lines > 1 || is_more)?;
        Some(shown(lines, is_more || lines >= COUNTED_MAX))
    }
}

/// As many as a server counts.
const COUNTED_MAX: u64 = 1_000;

fn shown(count: u64, is_more: bool) -> String {
    let digits = if count >= 1_000 { format!("{},{:03}", count / 1_000, count % 1_000) } else { count.to_string() };
    format!("{digits}{}", if is_more { "+" } else { "" })
}

impl_message! { Search = "search" }

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn counts_are_shown_as_people_write_them() {
        assert_eq!(
            [shown(0, false), shown(37, false), shown(37, true), shown(1_000, true)],
            ["0", "37", "37+", "1,000+"]
        );
    }
}
