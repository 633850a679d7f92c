//! Paths of files in a room, checked as text. The server opens them beneath the room's folder with the kernel's help
//! (`openat2`); this check is the first of the two, and the one that explains errors.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::BadName;
use crate::limits::{PATH_BYTES_MAX, PATH_DEPTH_MAX, PATH_PART_BYTES_MAX};

/// A relative path with `/`, of 1 to 32 components, none of them `.`, `..`, hidden bookkeeping or unprintable.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

impl RelPath {
    /// Checks the text.
    ///
    /// # Errors
    /// [`BadName`], which says what is wrong.
    pub fn parse(s: &str) -> Result<Self, BadName> {
        if s.len() > PATH_BYTES_MAX {
            return Err(BadName("a path is at most 1,024 bytes long"));
        }
        if s.split('/').count() > PATH_DEPTH_MAX {
            return Err(BadName("a path is at most 32 folders deep"));
        }
        s.split('/').try_for_each(check_part)?;
        Ok(Self(s.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Returns the path without its last component; `None` if it has only one.
    pub fn parent(&self) -> Option<RelPath> {
        self.0.rsplit_once('/').map(|(folder, _)| RelPath(folder.to_owned()))
    }
}

fn check_part(part: &str) -> Result<(), BadName> {
    if part.is_empty() {
        return Err(BadName("a path is relative, without empty components"));
    }
    if part == "." || part == ".." {
        return Err(BadName("a path has no . or .. in it"));
    }
    if part.len() > PATH_PART_BYTES_MAX {
        return Err(BadName("a name is at most 255 bytes long"));
    }
    if part.chars().any(|c| c.is_control() || c == '\\' || crate::visible::is_deceptive(c)) {
        return Err(BadName("a name has no backslash, control or direction character in it"));
    }
    if part.starts_with(' ') || part.ends_with([' ', '.']) {
        return Err(BadName("a name neither begins nor ends with a space, nor ends with a dot"));
    }
    if part == ".staging" {
        return Err(BadName(".staging is the server's own folder"));
    }
    Ok(())
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RelPath {
    type Error = BadName;
    fn try_from(s: String) -> Result<Self, BadName> {
        Self::parse(&s)
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> String {
        path.0
    }
}

impl std::str::FromStr for RelPath {
    type Err = BadName;
    fn from_str(s: &str) -> Result<Self, BadName> {
        Self::parse(s)
    }
}

#[cfg(test)]
mod tests {
    use super::RelPath;

    #[test]
    fn good_paths() {
        for good in ["a", "logs/app.log", "日志/应用.log", ".env", "a b.txt", "..a", "a..b", &"d/".repeat(31).add("f")]
        {
            assert!(RelPath::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn bad_paths() {
        let long = "x".repeat(256);
        let deep = "d/".repeat(32) + "f";
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            ".",
            "..",
            "../x",
            "a/../b",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\u{202e}b",
            " a",
            "a ",
            "a.",
            ".staging",
            ".staging/x",
            "x/.staging",
            &long,
            &deep,
        ] {
            assert!(RelPath::parse(bad).is_err(), "{bad:?}");
        }
    }

    use std::ops::Add;
}
