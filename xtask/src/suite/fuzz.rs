//! The step that fuzzes: a few seconds for each target, from the corpora in `fuzz/`. A smoke test; a search is somebody's
//! own `cargo fuzz` (`fuzz/README.md`).
//!
//! It runs on a stable compiler: coverage is asked of LLVM itself, and what only nightly has, the address sanitizer,
//! would find nothing in crates that forbid `unsafe`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::step::Outcome;
use crate::{command, system, tools, workspace};

/// What cargo-fuzz passes for coverage.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
const TARGETS: [&str; 6] = ["decoder", "request", "rel_path", "message", "websocket", "terminal"];
/// Seconds for each target.
const RUN_S: u64 = 4;
const RUN_LIMIT: Duration = Duration::from_secs(120);
const BUILD_LIMIT: Duration = Duration::from_secs(900);

/// Builds the targets and runs each.
pub fn run() -> Result<Outcome> {
    if !system::is_on_path("c++") {
        return Ok(Outcome::Skipped("libFuzzer wants a C++ compiler (apt-get install g++)".to_owned()));
    }
    let root = workspace::root();
    let machine = tools::machine()?;
    let built = workspace::target().join("fuzz");
    // The target is named, although it is this machine's, so that build scripts are not instrumented.
    let mut build = Command::new("cargo");
    build.args(["build", "--features", "libfuzzer", "--manifest-path", "fuzz/Cargo.toml", "--target"]);
    build.arg(&machine).current_dir(&root).env("RUSTFLAGS", COVERAGE).env("CARGO_TARGET_DIR", &built);
    command::run(&mut build, BUILD_LIMIT)?;
    for target in TARGETS {
        fuzz(target, &built.join(&machine).join("debug").join(target), &root, &built)?;
    }
    Ok(Outcome::Passed)
}

/// Runs one target from the corpus of the repository; what it finds on its way stays in the build folder.
fn fuzz(target: &str, program: &Path, root: &Path, built: &Path) -> Result<()> {
    let found = built.join("corpus").join(target);
    let artifacts = root.join("fuzz/artifacts").join(target);
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&artifacts)?;
    let mut fuzz = Command::new(program);
    fuzz.arg(format!("-max_total_time={RUN_S}")).args(["-verbosity=0", "-print_funcs=0", "-timeout=5"]);
    fuzz.arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzz.arg(&found).arg(root.join("fuzz/corpus").join(target));
    command::run(&mut fuzz, RUN_LIMIT).with_context(|| format!("the input is in {}", artifacts.display()))
}
