//! Search over messages, commands, output and file names.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::event::Format;
use crate::ids::{RoomName, RunId, UserName};

/// The kind of a hit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    /// Messages.
    Message,
    /// Commands.
    Run,
    /// Output of commands.
    Output,
    /// File names.
    File,
}

/// Searches the rooms that the caller may see for lines that contain every word, anywhere and in any case. A phrase in
/// quotation marks counts as one word. Newest first. Answer: [`SearchFound`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Search {
    /// The words, each at least [`crate::limits::QUERY_CHARS_MIN`] characters long. Case, accents and full width are
    /// ignored.
    pub q: String,
    /// Only this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Only what this user wrote, ran or shared.
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
    /// Continue after these hits: the `next` of their answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// The most hits to return: 1 to 100, 20 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to [`Search`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SearchFound {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// If there may be more: the `before` of the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Events that the index does not contain yet: hits among them are found later.
    #[serde(default)]
    pub behind: u64,
    /// The number of all hits from `before` on; a run's output counts as one. Counted up to 1,000.
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
    /// The event; for output, that of the run's start.
    pub seq: u64,
    /// Its time, Unix milliseconds; for output, when the run ended.
    pub at: u64,
    /// Who wrote, ran or shared it.
    pub by: UserName,
    /// Its kind.
    pub kind: HitKind,
    /// The words in their context, at most 300 characters.
    pub text: String,
    /// The positions of the words in `text`: pairs of first character and count, in characters.
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
    /// For output: the offset of the line's first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<u64>,
    /// For output: how many lines of the run contain the words, up to 1,000; the newest is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
}

impl SearchFound {
    /// Returns the number of hits for display: `37`, or `1,000+` if not all were counted.
    pub fn total_shown(&self) -> String {
        shown(self.total, self.more)
    }
}

impl Hit {
    /// Returns the number of lines of a run's output that contain the words, for display, if more than the one shown.
    pub fn lines_shown(&self, is_more: bool) -> Option<String> {
        let lines = self.lines.filter(|lines| *lines > 1 || is_more)?;
        Some(shown(lines, is_more || lines >= COUNTED_MAX))
    }
}

/// The highest count of a server.
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
