//! `ROOM:PATH` in its three forms: the target of an upload, a file, a folder to list.

use std::str::FromStr;

use wardroom_protocol::{RelPath, RoomName};

/// The target of an upload: `ROOM`, `ROOM:PATH`, `ROOM:FOLDER/`.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetPlace {
    /// The room.
    pub room: RoomName,
    /// The path as given; a trailing `/` makes it a folder.
    pub path: Option<String>,
}

/// A file: `ROOM:PATH`.
#[derive(Clone, Debug, PartialEq)]
pub struct FilePlace {
    /// The room.
    pub room: RoomName,
    /// The path.
    pub path: RelPath,
}

/// A folder: `ROOM`, `ROOM:PATH`.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderPlace {
    /// The room.
    pub room: RoomName,
    /// The path.
    pub path: Option<RelPath>,
}

fn room(s: &str) -> Result<RoomName, String> {
    RoomName::parse(s).map_err(|e| e.to_string())
}

fn path(s: &str) -> Result<RelPath, String> {
    RelPath::parse(s.strip_suffix('/').unwrap_or(s)).map_err(|e| e.to_string())
}

impl FromStr for TargetPlace {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let (name, rest) = s.split_once(':').map_or((s, None), |(name, rest)| (name, Some(rest)));
        if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
            path(rest)?;
        }
        Ok(TargetPlace { room: room(name)?, path: rest.map(str::to_owned) })
    }
}

impl FromStr for FilePlace {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let (name, rest) = s.split_once(':').ok_or("a file is ROOM:PATH")?;
        Ok(FilePlace { room: room(name)?, path: RelPath::parse(rest).map_err(|e| e.to_string())? })
    }
}

impl FromStr for FolderPlace {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let (name, rest) = s.split_once(':').map_or((s, ""), |(name, rest)| (name, rest));
        let folder = if rest.is_empty() { None } else { Some(path(rest)?) };
        Ok(FolderPlace { room: room(name)?, path: folder })
    }
}
