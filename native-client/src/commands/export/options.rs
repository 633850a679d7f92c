//! What `wardroom export` is asked for.

use std::path::PathBuf;

use wardroom_protocol::RoomName;

/// What to export, and where to.
#[derive(Clone, Debug)]
pub struct Export {
    /// The room.
    pub room: RoomName,
    /// From this time on, Unix milliseconds.
    pub since: Option<u64>,
    /// Before this time.
    pub until: Option<u64>,
    /// As what.
    pub format: Format,
    /// A file, a folder, or `-` for standard output; named after the room if it is not said.
    pub output: Option<PathBuf>,
    /// With the files that were shared, and the output of runs: into a folder.
    pub files: bool,
    /// Say what was made as JSON, on standard output.
    pub json: bool,
}

/// As what a room is exported.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// For people: each line once, as it is after its amendments.
    #[default]
    Markdown,
    /// For programs: every event of the protocol on a line, amendments among them.
    JsonLines,
}

impl Format {
    /// The end of a file's name.
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
