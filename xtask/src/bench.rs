//! `cargo xtask bench`: builds what is shipped, and measures it. The measuring is `benches/`; here is only the way there.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{command, page, tools, workspace};

/// A release build with link-time optimisation, of the binary and of the load.
const BUILD_LIMIT: Duration = Duration::from_secs(3_600);

/// `cargo xtask bench [NAME…]`
pub fn run(names: &[String]) -> Result<ExitCode> {
    let root = workspace::root();
    page::build()?;
    command::timed("build the binary and the load", || {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--package", "wardroom", "--package", "wardroom-bench"]).current_dir(&root);
        command::run(&mut cargo, BUILD_LIMIT)
    })?;
    let built = workspace::target().join("release");
    let bench = built.join("wardroom-bench");
    let mut measure = Command::new(&bench);
    measure.arg(built.join("wardroom")).args(names);
    if names.is_empty() || names.iter().any(|name| name.starts_with("terminals")) {
        // The bench says that it was not measured; the others are.
        match tools::wetty() {
            Ok(wetty) => drop(measure.env("WARDROOM_WETTY", wetty)),
            Err(error) => println!("wetty cannot be installed: {error:#}"),
        }
    }
    println!("$ {}", command::shown(&measure));
    let error = measure.exec();
    Err(error).with_context(|| format!("cannot run {}", bench.display()))
}
