//! The steps of `cargo xtask test`, in their order.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::beside::Beside;
use super::fuzz;
use super::step::{Executable, Outcome, Shared, Step};
use crate::{command, page, system, terminal, tidy, tools, workspace};

/// A cold build of everything takes about 6 minutes on two idle cores.
const BUILD_LIMIT: Duration = Duration::from_secs(2_400);
/// The longest of the tests that stay within one crate.
const TESTS_LIMIT: Duration = Duration::from_secs(600);
/// Browsers, proxies, and servers that are killed under load.
const E2E_LIMIT: Duration = Duration::from_secs(1_200);

const E2E: &str = "wardroom-e2e";
/// Tests of the browser that measure: they run after the others, one at a time, because what runs beside them costs points.
const MEASURING: &str = "lighthouse::";

/// All steps.
pub const ALL: [Step; 11] = [
    Step { name: "fmt", needs: &[], must_run: true, run: fmt },
    Step { name: "tidy", needs: &[], must_run: true, run: |_| passed(tidy::check()) },
    Step { name: "page", needs: &[], must_run: true, run: build_page },
    Step { name: "clippy-wasm", needs: &[], must_run: true, run: clippy_wasm },
    Step { name: "clippy", needs: &[], must_run: true, run: clippy },
    Step { name: "build", needs: &["page"], must_run: true, run: build },
    Step { name: "tests", needs: &["build"], must_run: true, run: tests },
    Step { name: "doc-tests", needs: &["build"], must_run: true, run: doc_tests },
    Step { name: "docs", needs: &[], must_run: true, run: docs },
    Step { name: "e2e", needs: &["page", "build"], must_run: true, run: e2e },
    Step { name: "fuzz", needs: &[], must_run: true, run: |_| fuzz::run() },
];

fn passed(done: Result<()>) -> Result<Outcome> {
    done.map(|()| Outcome::Passed)
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(args).current_dir(workspace::root());
    cargo
}

fn run_cargo(args: &[&str]) -> Result<Outcome> {
    passed(command::run(&mut cargo(args), BUILD_LIMIT))
}

fn fmt(_: &mut Shared) -> Result<Outcome> {
    run_cargo(&["fmt", "--all", "--check"])?;
    run_cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"])
}

/// Its last minute is one thread, which optimizes the page as a whole: the lints of the page run beside it, if they are wanted.
fn build_page(shared: &mut Shared) -> Result<Outcome> {
    if shared.wants_clippy_wasm {
        command::timed("the page's tools", tools::page_tools)?;
        shared.clippy_wasm = Some(Beside::start("clippy-wasm", &mut clippy_wasm_command())?);
    }
    terminal::test()?;
    page::build()?;
    println!("{}", page::budget()?);
    Ok(Outcome::Passed)
}

fn clippy(_: &mut Shared) -> Result<Outcome> {
    run_cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn clippy_wasm(shared: &mut Shared) -> Result<Outcome> {
    match shared.clippy_wasm.take() {
        Some(beside) => passed(beside.end(BUILD_LIMIT)),
        None => passed(command::run(&mut clippy_wasm_command(), BUILD_LIMIT)),
    }
}

fn clippy_wasm_command() -> Command {
    cargo(&["clippy", "--package", "wardroom-web-client", "--target", tools::TARGET, "--", "-D", "warnings"])
}

/// Builds the binary and all tests by one command: asked for one by one they would be compiled again and again, with
/// the features that each of them happens to need.
fn build(shared: &mut Shared) -> Result<Outcome> {
    let list = workspace::target().join("xtask");
    std::fs::create_dir_all(&list)?;
    let list = list.join("build.json");
    let mut build = cargo(&["build", "--workspace", "--all-targets", "--message-format=json-render-diagnostics"]);
    build.stdout(File::create(&list)?);
    command::run(&mut build, BUILD_LIMIT)?;
    shared.executables = executables(&std::fs::read_to_string(&list)?)?;
    println!("{} test binaries", shared.executables.len());
    if shared.executables.is_empty() { bail!("cargo built no test") } else { Ok(Outcome::Passed) }
}

/// The test binaries among cargo's messages.
fn executables(messages: &str) -> Result<Vec<Executable>> {
    let mut found = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).with_context(|| format!("cargo said {line}"))?;
        let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
        let (Some(path), true) = (message["executable"].as_str(), is_test) else { continue };
        let manifest = message["manifest_path"].as_str().context("an artifact without a manifest")?;
        let folder = Path::new(manifest).parent().context("a manifest without a folder")?.to_path_buf();
        let package = package_name(message["package_id"].as_str().unwrap_or_default(), &folder);
        found.push(Executable { package, path: path.into(), folder });
    }
    Ok(found)
}

/// The name in a package id: `path+file:///x/e2e#wardroom-e2e@0.1.0`, or `path+file:///x/xtask#0.1.0`, where the name
/// is that of the folder.
fn package_name(id: &str, folder: &Path) -> String {
    match id.rsplit_once('#').and_then(|(_, name)| name.split_once('@')) {
        Some((name, _)) => name.to_owned(),
        None => folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

/// Runs the test binaries of the packages that `is_wanted`, all of them, and says which failed.
fn run_tests(shared: &Shared, limit: Duration, args: &[&str], is_wanted: fn(&str) -> bool) -> Result<Outcome> {
    let binary = workspace::target().join("debug").join("wardroom");
    let mut failed = Vec::new();
    for executable in shared.executables.iter().filter(|executable| is_wanted(&executable.package)) {
        println!("\n{}:", executable.package);
        let mut test = Command::new(&executable.path);
        test.args(args).current_dir(&executable.folder).env("CARGO_MANIFEST_DIR", &executable.folder);
        test.env("WARDROOM_BIN", &binary);
        if let Some(axe) = &shared.axe {
            test.env("WARDROOM_AXE", axe);
        }
        if let Some(asciinema) = &shared.asciinema {
            test.env("WARDROOM_ASCIINEMA", asciinema);
        }
        if let Some(lighthouse) = &shared.lighthouse {
            test.env("WARDROOM_LIGHTHOUSE", lighthouse);
        }
        if let Err(error) = command::run(&mut test, limit) {
            println!("{error:#}");
            failed.push(executable.package.as_str());
        }
    }
    failed.dedup();
    if failed.is_empty() { Ok(Outcome::Passed) } else { bail!("tests of {}", failed.join(", ")) }
}

fn tests(shared: &mut Shared) -> Result<Outcome> {
    run_tests(shared, TESTS_LIMIT, &[], |package| package != E2E)
}

fn doc_tests(_: &mut Shared) -> Result<Outcome> {
    run_cargo(&["test", "--workspace", "--doc"])
}

fn docs(_: &mut Shared) -> Result<Outcome> {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    passed(command::run(&mut doc, BUILD_LIMIT))
}

fn e2e(shared: &mut Shared) -> Result<Outcome> {
    if let system::Found::Missing(how) = system::for_tests()? {
        return Ok(Outcome::Skipped(how));
    }
    shared.axe = Some(command::timed("axe, for the browser's tests", tools::axe)?);
    shared.asciinema = Some(command::timed("asciinema's player, for the test of recordings", tools::asciinema)?);
    shared.lighthouse = Some(command::timed("Lighthouse, for the test of how the page loads", tools::lighthouse)?);
    let is_e2e = |package: &str| package == E2E;
    let others = run_tests(shared, E2E_LIMIT, &["--skip", MEASURING], is_e2e);
    let measuring = run_tests(shared, E2E_LIMIT, &[MEASURING, "--test-threads=1"], is_e2e);
    others.and(measuring)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn test_binaries_are_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","package_id":"path+file:///x/e2e#wardroom-e2e@0.1.0","manifest_path":"/x/e2e/Cargo.toml","profile":{"test":true},"executable":"/x/target/debug/deps/it-1"}
{"reason":"compiler-artifact","package_id":"path+file:///x/xtask#0.1.0","manifest_path":"/x/xtask/Cargo.toml","profile":{"test":true},"executable":"/x/target/debug/deps/xtask-1"}
{"reason":"compiler-artifact","package_id":"path+file:///x#wardroom@0.1.0","manifest_path":"/x/Cargo.toml","profile":{"test":false},"executable":"/x/target/debug/wardroom"}
{"reason":"build-finished","success":true}"#;
        let found = executables(messages).unwrap();
        let names: Vec<&str> = found.iter().map(|executable| executable.package.as_str()).collect();
        assert_eq!(names, [E2E, "xtask"]);
        assert_eq!(found[0].folder, Path::new("/x/e2e"));
    }
}
