//! The binary's own files in a data folder: the page's address when it was last served, for `admin invite`. Also reads
//! keys.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use wardroom_native_client::Failure;

const WEB_URL: &str = "web-url";
/// A key is 64 hexadecimal digits; a longer file is not a key.
const KEY_BYTES_MAX: u64 = 1_024;

/// Saves the page's address. Failure is ignored: the server can run without it.
pub fn save_web_url(data: &Path, url: &str) {
    let beside = data.join(format!("{WEB_URL}.new"));
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        writeln!(file, "{url}")?;
        fs::rename(&beside, data.join(WEB_URL))
    };
    if let Err(error) = write() {
        tracing::warn!(%error, "the page's address could not be kept for admin invite");
    }
}

/// Returns the page's address when it was last served.
pub fn web_url(data: &Path) -> Option<String> {
    let text = fs::read_to_string(data.join(WEB_URL)).ok()?;
    Some(text.trim().to_owned()).filter(|url| !url.is_empty())
}

/// Reads a key from its file.
///
/// # Errors
/// A sentence that says what to do.
pub fn key(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let meta = fs::metadata(path);
    if meta.is_ok_and(|meta| meta.len() > KEY_BYTES_MAX) {
        return Err(Failure::failed(format!("{shown} holds no key")));
    }
    let text = fs::read_to_string(path).map_err(|e| {
        let why = e.to_string();
        let why = why.split(" (os error").next().unwrap_or_default().to_lowercase();
        Failure::failed(format!(
            "the key {shown} cannot be read: {why}; the core makes keys in its data folder, under keys/, and \
             wardroom admin host add makes the token of a host"
        ))
    })?;
    match text.trim() {
        "" => Err(Failure::failed(format!("{shown} holds no key"))),
        key => Ok(key.to_owned()),
    }
}

/// Returns the socket in a data folder on which its core listens.
pub fn core_socket(data: &Path) -> PathBuf {
    data.join("core.sock")
}
