//! The terminal of the page: `web-client/terminal` and the packages of its lock file, bundled into one file of `dist/`. The
//! page loads it when a terminal opens.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{command, stamp, workspace};

/// Bytes after brotli at quality 11: what it weighs (109 KiB), and a twelfth for the next release of xterm.js. On 3G it is there
/// half a second after a terminal is opened.
pub const BYTES_MAX: u64 = 118 * 1024;
/// What the file's name begins with; a digest follows.
pub const PREFIX: &str = "terminal-";
/// Where index.html names the file.
const PLACE: &str = "<meta name=\"terminal\" content=\"";
const SOURCES: &str = "web-client/terminal";
const LOCK: &str = "web-client/terminal/package-lock.json";
/// npm fetches 7 packages, which takes 2 seconds on a fast network.
const INSTALL_LIMIT: Duration = Duration::from_secs(600);
/// `node --test` takes half a second.
const TEST_LIMIT: Duration = Duration::from_secs(60);

/// The packages of the lock file, installed if they are not there: a folder of the user's cache for each lock file.
pub fn packages() -> Result<PathBuf> {
    let home = workspace::tools()?.join(format!("terminal-{}", stamp::of(&[LOCK], &[])?));
    let installed = home.join("node_modules/@xterm/xterm/package.json");
    if installed.is_file() {
        return Ok(home);
    }
    let staging = home.with_extension("part");
    if staging.exists() {
        std::fs::remove_dir_all(&staging)?;
    }
    std::fs::create_dir_all(&staging).with_context(|| format!("cannot make {}", staging.display()))?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(workspace::root().join(SOURCES).join(name), staging.join(name))?;
    }
    command::timed("install the packages of the terminal", || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&staging);
        command::run(&mut npm, INSTALL_LIMIT)
            .context("Node and npm are needed (nodejs.org, or: apt-get install nodejs npm)")
    })?;
    // Another checkout may have been faster.
    if std::fs::rename(&staging, &home).is_err() && !installed.is_file() {
        bail!("the packages of the terminal were installed, but are not in {}", home.display());
    }
    Ok(home)
}

/// Bundles it into `dist/`, and names the file in index.html.
pub fn build(dist: &Path) -> Result<()> {
    let packages = packages()?;
    let script = workspace::root().join(SOURCES).join("build.js");
    let name = command::output(Command::new("node").arg(script).arg(packages).arg(dist))?;
    let index = dist.join("index.html");
    let html = std::fs::read_to_string(&index)?;
    let named = name_in(&html, name.trim()).context("index.html has no place for the terminal's name")?;
    std::fs::write(&index, named).context("cannot write index.html")
}

fn name_in(html: &str, name: &str) -> Option<String> {
    let (before, after) = html.split_once(PLACE)?;
    let (_, rest) = after.split_once('"')?;
    Some(format!("{before}{PLACE}{name}\"{rest}"))
}

/// Runs its own tests, which need no browser and no packages.
pub fn test() -> Result<()> {
    let mut node = Command::new("node");
    node.args(["--test", "test/"]).current_dir(workspace::root().join(SOURCES));
    command::run(&mut node, TEST_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn the_name_is_put_in_again_and_again() {
        let html = "<head><meta name=\"terminal\" content=\"\"><title>";
        let once = name_in(html, "terminal-1.js").unwrap_or_default();
        assert_eq!(once, "<head><meta name=\"terminal\" content=\"terminal-1.js\"><title>");
        assert_eq!(
            name_in(&once, "terminal-2.js").as_deref(),
            Some("<head><meta name=\"terminal\" content=\"terminal-2.js\"><title>")
        );
        assert_eq!(name_in("<head>", "x"), None);
    }
}
