//! The options of `wardroom export`.

use std::path::PathBuf;

use wardroom_protocol::RoomName;

/// What to export, and the target.
#[derive(Clone, Debug)]
pub struct Export {
    /// The room.
    pub room: RoomName,
    /// From this time on, Unix milliseconds.
    pub since: Option<u64>,
    /// Before this time.
    pub until: Option<u64>,
    /// The format.
    pub format: Format,
    /// A file, a folder, or `-` for standard output; by default named after the room.
    pub output: Option<PathBuf>,
    /// Include shared files and the output of runs; writes a folder.
    pub files: bool,
    /// Print the result as JSON on standard output.
    pub json: bool,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// For people: each line once, in its state after its amendments.
    #[default]
    Markdown,
    /// For programs: every event of the protocol on a line, including amendments.
    JsonLines,
}

impl Format {
    /// Returns the extension of the file's name.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Format::Markdown => "md",
            Format::JsonLines => "jsonl",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "md" => Ok(Format::Markdown),
            "jsonl" => Ok(Format::JsonLines),
            _ => Err("a format is md or jsonl"),
        }
    }
}
