//! Pinned tools: each into a folder of its name and version in the user's cache, so that a second checkout does not pay
//! again. An install goes into a folder of its own first and is renamed when it is whole; two at once wait for each other.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{command, system, terminal, workspace};

/// What the page is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// A debug build of Trunk takes 3 minutes on two idle cores; a busy or slower machine is given ten times that.
const INSTALL_LIMIT: Duration = Duration::from_secs(1_800);

/// How a tool is installed.
enum Source {
    /// `cargo install`, with these further arguments. Debug builds: they compile in a third of the time, and what these
    /// tools do takes seconds either way.
    Cargo(&'static [&'static str]),
    /// `npm install`: Debian's own is too old for what rustc writes.
    Npm,
}

/// A tool of one version.
struct Tool {
    package: &'static str,
    version: &'static str,
    source: Source,
    /// The program within its folder.
    program: &'static str,
}

const TRUNK: Tool = Tool {
    package: "trunk",
    version: "0.21.14",
    source: Source::Cargo(&["--locked", "--no-default-features"]),
    program: "bin/trunk",
};

/// The version must be that of the `wasm-bindgen` crate in Cargo.toml. Without `--locked`: its lock file names a crate
/// that the registry does not have.
const WASM_BINDGEN: Tool =
    Tool { package: "wasm-bindgen-cli", version: "0.2.130", source: Source::Cargo(&[]), program: "bin/wasm-bindgen" };

const BINARYEN: Tool =
    Tool { package: "binaryen", version: "132.0.0", source: Source::Npm, program: "node_modules/.bin/wasm-opt" };

/// What looks at the page for those who cannot see it, or not well. No part of what is shipped: the browser's test gives it
/// to the page that it looks at.
const AXE: Tool =
    Tool { package: "axe-core", version: "4.14.1", source: Source::Npm, program: "node_modules/axe-core/axe.min.js" };

/// What measures how the page loads. It is a program of the tests, too.
const LIGHTHOUSE: Tool =
    Tool { package: "lighthouse", version: "13.5.0", source: Source::Npm, program: "node_modules/.bin/lighthouse" };

/// What terminals are measured beside. Its binding to the system's terminals is compiled here, so that it needs a C++ compiler.
const WETTY: Tool =
    Tool { package: "wetty", version: "3.2.0", source: Source::Npm, program: "node_modules/.bin/wetty" };

/// The player of asciinema, which must take what `wardroom output --cast` writes. A program of the tests.
const ASCIINEMA: Tool = Tool {
    package: "asciinema-player",
    version: "3.18.0",
    source: Source::Npm,
    program: "node_modules/asciinema-player/dist/bundle/asciinema-player.min.js",
};

const ALL: [&Tool; 3] = [&TRUNK, &WASM_BINDGEN, &BINARYEN];

/// The versions, for stamps: another tool builds another page.
pub fn versions() -> Vec<String> {
    ALL.iter().map(|tool| format!("{}-{}", tool.package, tool.version)).collect()
}

/// `cargo xtask setup`
pub fn run(args: &[String]) -> Result<ExitCode> {
    if let Some(arg) = args.first() {
        bail!("setup takes no argument {arg}");
    }
    command::timed("set up the page's tools", page_tools)?;
    terminal::packages()?;
    command::timed("system packages for the tests", || match system::for_tests()? {
        system::Found::All => Ok(()),
        system::Found::Missing(how) => {
            println!("{how}");
            Ok(())
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Installs what the page is built with, and gives a PATH on which it is found.
pub fn page_tools() -> Result<OsString> {
    wasm_target()?;
    let mut folders: Vec<PathBuf> = Vec::new();
    for tool in ALL {
        let program = tool.install()?;
        folders.extend(program.parent().map(Path::to_path_buf));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}

/// The script of axe, installed if it is not there.
pub fn axe() -> Result<PathBuf> {
    AXE.install()
}

/// The script of asciinema's player, installed if it is not there.
pub fn asciinema() -> Result<PathBuf> {
    ASCIINEMA.install()
}

/// The program of Lighthouse, installed if it is not there.
pub fn lighthouse() -> Result<PathBuf> {
    LIGHTHOUSE.install()
}

/// The program of wetty, installed if it is not there.
pub fn wetty() -> Result<PathBuf> {
    WETTY.install()
}

/// The machine that we are on, as rustc calls it: `x86_64-unknown-linux-gnu`.
pub fn machine() -> Result<String> {
    let version = command::output(Command::new("rustc").arg("-vV"))?;
    let machine = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    Ok(machine.to_owned())
}

/// The standard library for wasm.
fn wasm_target() -> Result<()> {
    let sysroot = command::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir()
        || std::env::var_os("CARGO_UNSTABLE_BUILD_STD").is_some()
    {
        return Ok(());
    }
    command::timed("install the wasm target", || {
        command::run(Command::new("rustup").args(["target", "add", TARGET]), INSTALL_LIMIT).context(
            "the wasm target cannot be installed by rustup; README.md, \"Without rustup\", says what else works",
        )
    })
}

impl Tool {
    /// The program, installed if it is not there.
    fn install(&self) -> Result<PathBuf> {
        let tools = workspace::tools()?;
        let name = format!("{}-{}", self.package, self.version);
        let home = tools.join(&name);
        let program = home.join(self.program);
        if program.exists() {
            return Ok(program);
        }
        std::fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
        let lock = File::create(tools.join(format!("{name}.lock")))?;
        if lock.try_lock().is_err() {
            println!("{name} is being installed by another run; waiting for it");
            lock.lock()?;
        }
        if program.exists() {
            return Ok(program);
        }
        let staging = tools.join(format!("{name}.part"));
        for leftover in [&staging, &home] {
            if leftover.exists() {
                std::fs::remove_dir_all(leftover)?;
            }
        }
        command::timed(&format!("install {name} into {}", tools.display()), || self.install_into(&staging))?;
        if !staging.join(self.program).exists() {
            bail!("{name} was installed, but has no {}", self.program);
        }
        std::fs::rename(&staging, &home)?;
        Ok(program)
    }

    fn install_into(&self, folder: &Path) -> Result<()> {
        let mut install = match self.source {
            Source::Cargo(further) => {
                let mut cargo = Command::new("cargo");
                cargo.args(["install", self.package, "--version", self.version, "--debug", "--root"]).arg(folder);
                cargo.args(further);
                cargo
            }
            Source::Npm => {
                let mut npm = Command::new("npm");
                npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(folder);
                npm.arg(format!("{}@{}", self.package, self.version));
                std::fs::create_dir_all(folder)?;
                npm
            }
        };
        // Run at the tools' own folder: the settings of this workspace are not for them.
        if let Some(above) = folder.parent() {
            install.current_dir(above);
        }
        install.env_remove("CARGO_TARGET_DIR");
        command::run(&mut install, INSTALL_LIMIT).with_context(|| match self.source {
            Source::Cargo(_) => "is crates.io reached from here?",
            Source::Npm => "Node and npm are needed (nodejs.org, or: apt-get install nodejs npm)",
        })
    }
}
