//! `cargo xtask page`: builds the page into `dist/`, unless nothing that it is built from has changed, and holds it
//! against its budget.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{command, stamp, terminal, tools, workspace};

/// Bytes of wasm and JavaScript after brotli at quality 11: what the page weighs (600 KiB), and 4 KiB for changes. A phone on 3G
/// (1.6 Mbit/s) has it in 3 seconds; the sign-in form and the frame of a room stand in index.html and do not wait for it.
/// What the weight is spent on: 57 KiB are the CommonMark parser, with tables of Unicode characters and of HTML's named ones that it
/// cannot be built without; 34 KiB are icons, settings that ask first, the account menu, dropped folders and drafts; 21 KiB are
/// avatars, folded lines, alert cards, dates and the emoji picker, whose list is fetched when it first opens; 11 KiB are the
/// output view, which reads any part of a gigabyte; 6 KiB are proposals with their card, limits of runs, and the list of hosts;
/// 30 KiB are commands on several hosts, and the forms that define and run named commands;
/// 6 KiB are the rights that rules give in each room, and the form that makes rules and says first what they take from others;
/// 2 KiB are sandboxes, and what goes on of a run whose command has ended; 2 KiB draw the page in steps, which a slow phone needs;
/// 1 KiB says under what a run runs, and who approved it; 9 KiB are the dialogs for password and sessions, the
/// form for webhooks, and search hits that are rendered.
const PAGE_BYTES_MAX: u64 = 604 * 1024;
const BUILD_LIMIT: Duration = Duration::from_secs(1_200);
const STAMP: &str = "page.stamp";

/// Everything that Trunk reads.
const INPUTS: [&str; 7] =
    ["web-client", "client-core", "protocol/src", "protocol/Cargo.toml", "static", "Trunk.toml", "Cargo.lock"];

/// `cargo xtask page`
pub fn run(args: &[String]) -> Result<ExitCode> {
    if let Some(arg) = args.first() {
        bail!("page takes no argument {arg}");
    }
    build()?;
    println!("{}", budget()?);
    Ok(ExitCode::SUCCESS)
}

/// Builds `dist/` if it is not that of the sources as they stand.
pub fn build() -> Result<()> {
    let root = workspace::root();
    let mut words = tools::versions();
    // Of the workspace's manifest only what can change the page: its profile, and the versions of dependencies.
    words.push(std::fs::read_to_string(root.join("Cargo.toml")).context("cannot read Cargo.toml")?);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let now = stamp::of(&INPUTS, &words)?;
    if root.join("dist/index.html").is_file() && stamp::is_current(STAMP, &now) {
        println!("── the page in dist/ is that of the sources");
        return Ok(());
    }
    let path = command::timed("the page's tools", tools::page_tools)?;
    command::timed("build the page into dist/", || {
        let mut fetch = Command::new("cargo");
        fetch.args(["fetch", "--quiet", "--target", tools::TARGET, "--target", &tools::machine()?]).current_dir(&root);
        command::run(&mut fetch, BUILD_LIMIT)?;
        // Offline: Trunk is to use the tools that are pinned here, and fetch none.
        let mut trunk = Command::new("trunk");
        trunk.args(["build", "--release", "--offline"]).current_dir(&root).env("PATH", &path);
        // Trunk reads NO_COLOR as a boolean and stops at its customary value, 1.
        trunk.env_remove("NO_COLOR");
        command::run(&mut trunk, BUILD_LIMIT)?;
        terminal::build(&root.join("dist"))
    })?;
    stamp::keep(STAMP, &now)
}

/// Weighs `dist/`.
///
/// The sentence says how heavy it is; too heavy is an error.
pub fn budget() -> Result<String> {
    let dist = workspace::root().join("dist");
    let (mut total, mut of_terminal) = (0, 0);
    let mut parts = Vec::new();
    for file in shipped(&dist)? {
        let bytes = brotli_bytes(&file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(terminal::PREFIX) {
            of_terminal = bytes;
            continue;
        }
        total += bytes;
        parts.push(format!("{name} {} KiB", bytes.div_ceil(1024)));
    }
    if parts.is_empty() {
        bail!("there is no wasm in dist/: build the page first");
    }
    let sentence = format!(
        "wasm and js: {} KiB of {} KiB after brotli ({}); the terminal, on demand: {} KiB of {} KiB",
        total.div_ceil(1024),
        PAGE_BYTES_MAX / 1024,
        parts.join(", "),
        of_terminal.div_ceil(1024),
        terminal::BYTES_MAX / 1024
    );
    if total > PAGE_BYTES_MAX || of_terminal > terminal::BYTES_MAX {
        bail!("the page is too heavy: {sentence}")
    }
    Ok(sentence)
}

fn shipped(dist: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![dist.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "wasm" || ext == "js") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Bytes of a file after brotli at its best: by Node, which is needed for the page anyhow.
fn brotli_bytes(file: &Path) -> Result<u64> {
    const SCRIPT: &str = "const {brotliCompressSync: b, constants: c} = require('zlib');\
        const params = {[c.BROTLI_PARAM_QUALITY]: 11};\
        console.log(b(require('fs').readFileSync(process.argv[1]), {params}).length)";
    let printed = command::output(Command::new("node").args(["-e", SCRIPT]).arg(file)).context("Node is needed")?;
    printed.trim().parse().with_context(|| format!("Node said {printed:?}"))
}
