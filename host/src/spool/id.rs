//! The id of a spool folder: random, and kept in the folder. The core knows by it in which spool a run is.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes of an id: it only has to differ from those of all other spools.
const ID_BYTES: usize = 16;

/// Returns the id of a folder. Creates it if there is none; only the holder of the folder's lock may call this.
pub fn of(folder: &Path) -> io::Result<String> {
    let path = folder.join("id");
    match fs::read_to_string(&path) {
        Ok(id) if is_id(id.trim_end()) => return Ok(id.trim_end().to_owned()),
        // Cut by a full disk or a power loss: the runs of this spool, if any survived, are known by their own ids.
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let id = random()?;
    let part = folder.join("id.part");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(id.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)?;
    Ok(id)
}

fn is_id(text: &str) -> bool {
    text.len() == 2 * ID_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns a name that nothing else has.
///
/// # Errors
/// If the operating system has no random numbers.
pub fn random() -> io::Result<String> {
    let mut raw = [0; ID_BYTES];
    getrandom::fill(&mut raw).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(raw.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let id = of(folder.path()).unwrap();
        assert!(is_id(&id), "{id}");
        assert_eq!(of(folder.path()).unwrap(), id);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(of(other.path()).unwrap(), id);
        fs::write(folder.path().join("id"), "5c").unwrap();
        assert!(is_id(&of(folder.path()).unwrap()), "one that was cut is replaced");
    }
}
