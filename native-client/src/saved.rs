//! The login saved by `wardroom login`: the server and the session's token, in a file that only its owner can read.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The saved login.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct SavedLogin {
    /// The server, in the syntax of [`crate::Server`].
    pub server: String,
    /// Who signed in; for display.
    pub user: String,
    /// The session's token.
    pub token: String,
}

impl std::fmt::Debug for SavedLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SavedLogin").field("server", &self.server).field("user", &self.user).finish_non_exhaustive()
    }
}

impl SavedLogin {
    /// Returns the default path: `wardroom/login.json` in `XDG_CONFIG_HOME` or `~/.config`. `None` without a home
    /// folder.
    pub fn default_path() -> Option<PathBuf> {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
        Some(config.join("wardroom/login.json"))
    }

    /// Reads it; `None` if nobody has signed in.
    ///
    /// # Errors
    /// If others can read the file, or it does not contain a login.
    pub fn load(path: &Path) -> Result<Option<SavedLogin>, String> {
        let shown = path.display();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(format!("cannot read {shown}: {e}")),
        };
        let mode = fs::metadata(path).map_err(|e| format!("cannot read {shown}: {e}"))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!("{shown} is readable by others; run: chmod 600 {shown}"));
        }
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| format!("{shown} is not a valid login file; delete it and run: wardroom login URL NAME"))
    }

    /// Writes it: a new file beside it, then a rename, so that a reader finds either the old file or the new one,
    /// complete.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let beside = folder.join(format!(".login.{}.new", std::process::id()));
        let written = self.write_to(&beside).and_then(|()| fs::rename(&beside, path));
        if written.is_err() {
            fs::remove_file(&beside).ok();
        }
        written
    }

    fn write_to(&self, beside: &Path) -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(beside)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    /// Removes it, if it exists.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn remove(path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn login() -> SavedLogin {
        SavedLogin { server: "tcp://h:7000".to_owned(), user: "ann".to_owned(), token: "s3cret".to_owned() }
    }

    #[test]
    fn it_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wardroom/login.json");
        assert_eq!(SavedLogin::load(&path), Ok(None));
        login().save(&path).unwrap();
        login().save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(SavedLogin::load(&path), Ok(Some(login())));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        SavedLogin::remove(&path).unwrap();
        SavedLogin::remove(&path).unwrap();
        assert_eq!(SavedLogin::load(&path), Ok(None));
    }

    #[test]
    fn one_that_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.json");
        login().save(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(SavedLogin::load(&path).unwrap_err().contains("chmod 600"));
    }

    #[test]
    fn nonsense_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.json");
        fs::write(&path, "{}").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(SavedLogin::load(&path).unwrap_err().contains("wardroom login"));
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", login()).contains("s3cret"));
    }
}
