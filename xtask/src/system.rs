//! System packages that the tests drive: a browser, proxies, `nc`. Installed where that is allowed; otherwise the exact
//! command is printed for somebody who may.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::command;

/// A program as the tests call it, and Debian's package that has it. `cargo xtask tidy` holds the list against the tests.
pub const FOR_TESTS: [(&str, &str); 14] = [
    ("chromium", "chromium"),
    ("less", "less"),
    ("vim", "vim"),
    ("htop", "htop"),
    ("dialog", "dialog"),
    ("tmux", "tmux"),
    ("git", "git"),
    ("chromedriver", "chromium-driver"),
    ("nginx", "nginx-light"),
    ("caddy", "caddy"),
    ("nc.openbsd", "netcat-openbsd"),
    ("ncat", "ncat"),
    ("curl", "curl"),
    ("faketime", "faketime"),
];

/// A font, and Debian's package that has it. The page has a fallback of its size for the time until its own font is there;
/// without it texts are drawn twice in different sizes, and Lighthouse counts the second time.
const FONT: (&str, &str) = ("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf", "fonts-liberation");

const INSTALL_LIMIT: Duration = Duration::from_secs(900);

/// What of the packages is there.
pub enum Found {
    /// Everything.
    All,
    /// Some are missing; the sentence says which, and how to get them.
    Missing(String),
}

/// Looks for what the tests need, and installs it if this user may.
pub fn for_tests() -> Result<Found> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(Found::All);
    }
    let install = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !is_on_path("apt-get") {
        return Ok(Found::Missing(format!("missing here: {} (Debian's names)", missing.join(", "))));
    }
    if !is_root()? {
        return Ok(Found::Missing(format!("missing here; run: sudo {install}")));
    }
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        // RUNLEVEL=1 keeps the proxies' packages from starting a service on port 80.
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
        command
    };
    command::run(&mut apt(&["update", "-q"]), INSTALL_LIMIT)?;
    let mut words = vec!["install", "-y", "-q", "--no-install-recommends"];
    words.extend(&missing);
    command::run(&mut apt(&words), INSTALL_LIMIT)?;
    let still = self::missing();
    if still.is_empty() { Ok(Found::All) } else { Ok(Found::Missing(format!("not to be had: {}", still.join(", ")))) }
}

fn missing() -> Vec<&'static str> {
    let programs = FOR_TESTS.iter().filter(|(program, _)| !is_on_path(program)).map(|(_, package)| *package);
    programs.chain((!Path::new(FONT.0).exists()).then_some(FONT.1)).collect()
}

/// True if a program is on PATH, or where Debian keeps servers.
pub fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin"].map(|folder| Path::new(folder).to_path_buf()));
    folders.iter().any(|folder| folder.join(program).is_file())
}

fn is_root() -> Result<bool> {
    Ok(command::output(Command::new("id").arg("-u"))?.trim() == "0")
}
