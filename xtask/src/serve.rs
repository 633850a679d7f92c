//! `cargo xtask serve`: from a fresh checkout to a running server. Becomes `wardroom serve` in the end, so that signals
//! and the exit code are its own; the links it prints are the last thing one sees.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{command, page, workspace};

const BUILD_LIMIT: Duration = Duration::from_secs(3_600);
/// The data folder where neither a flag nor WARDROOM_DATA names one; ignored by git.
const DATA: &str = "wardroom-data";

/// `cargo xtask serve [--release] [-- FLAGS]`
pub fn run(args: &[String]) -> Result<ExitCode> {
    let start = Instant::now();
    let (own, flags) = match args.iter().position(|arg| arg == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, [].as_slice()),
    };
    let mut release = false;
    for arg in own {
        match arg.as_str() {
            "--release" => release = true,
            other => bail!("serve takes --release; flags of the server stand behind --, as in: serve -- {other}"),
        }
    }
    let root = workspace::root();
    page::build()?;
    command::timed("build the binary", || {
        // The dev profile unless asked otherwise: it has its dependencies optimised, shares them with the tests, and
        // is there in half the time.
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--package", "wardroom", "--quiet"]).current_dir(&root);
        cargo.args(release.then_some("--release"));
        command::run(&mut cargo, BUILD_LIMIT)
    })?;
    let binary = workspace::target().join(if release { "release" } else { "debug" }).join("wardroom");
    let mut serve = Command::new(&binary);
    serve.arg("serve");
    let is_named = flags.iter().any(|flag| flag == "--data" || flag.starts_with("--data="));
    if !is_named && std::env::var_os("WARDROOM_DATA").is_none() {
        serve.arg("--data").arg(root.join(DATA));
    }
    serve.args(flags);
    println!("── ready to serve after {}", command::words(start.elapsed()));
    println!("$ {}", command::shown(&serve));
    let error = serve.exec();
    Err(error).with_context(|| format!("cannot run {}", binary.display()))
}
