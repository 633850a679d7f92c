//! The sizes of a terminal after its first one, each with the offset of the output from which it counts: a line of JSON
//! for each.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::TermSize;

use crate::limits::SIZES_BYTES_MAX;

const NAME: &str = "sizes";

/// The size of a terminal from an offset on, as in the file `sizes`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SizeRecord {
    /// The offset.
    pub off: u64,
    /// The size.
    #[serde(flatten)]
    pub size: TermSize,
    /// When it changed, Unix milliseconds.
    pub at: u64,
}

/// Adds a size to those in a folder.
///
/// # Errors
/// If the operating system refuses.
pub fn append(folder: &Path, record: SizeRecord) -> io::Result<()> {
    let mut line = serde_json::to_vec(&record)?;
    line.push(b'\n');
    OpenOptions::new().append(true).create(true).mode(0o600).open(folder.join(NAME))?.write_all(&line)
}

/// Returns the sizes in a folder.
pub fn read(folder: &Path) -> Vec<SizeRecord> {
    let mut text = String::new();
    if File::open(folder.join(NAME)).and_then(|file| file.take(SIZES_BYTES_MAX).read_to_string(&mut text)).is_err() {
        return Vec::new();
    }
    // The last line may be cut.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
