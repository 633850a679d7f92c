//! Who may use whom. Between crates the table of ARCHITECTURE.md is the rule, and is read from there; within the core,
//! the services never look up at the faces that call them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::source::Source;
use crate::command;

/// The heading under which ARCHITECTURE.md has its table.
const HEADING: &str = "## Who may use whom";
/// The services of the core, and the faces that they may not know.
const SERVICES: [&str; 4] = ["rooms", "runs", "files", "accounts"];
const FACES: [&str; 3] = ["wire", "text", "listen"];

/// A row of the table: a crate, and those of ours that it may depend on.
#[derive(Debug, Eq, PartialEq)]
struct Row {
    name: String,
    may_use: Vec<String>,
}

/// Every crate of the workspace is in the table, has our lints and a licence, and uses only whom it may.
pub fn crates(root: &Path) -> Result<Vec<String>> {
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("cannot read ARCHITECTURE.md")?;
    let rows = table(&map)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--format-version=1", "--offline"]).current_dir(root);
    let metadata: Value = serde_json::from_str(&command::output(&mut cargo)?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no package")?;
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        match rows.iter().find(|row| row.name == name) {
            Some(row) => faults.extend(uses(package, row)),
            None => faults.push(format!("ARCHITECTURE.md: {name} is not in the table of who may use whom")),
        }
        if package["license"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{name}: its Cargo.toml names no license"));
        }
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap_or_default())?;
        if !manifest.contains("[lints]\nworkspace = true") {
            faults.push(format!("{name}: its Cargo.toml does not take the lints of the workspace"));
        }
    }
    Ok(faults)
}

fn uses(package: &Value, row: &Row) -> Vec<String> {
    let mut faults = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let name = dependency["name"].as_str().unwrap_or_default();
        // A test may start what its crate talks to; but nothing is built on the tests or on this tool.
        let is_for_tests = dependency["kind"] == "dev" && name != "wardroom-e2e" && name != "xtask";
        let is_ours = dependency["path"].is_string();
        if is_ours && !is_for_tests && !row.may_use.iter().any(|allowed| allowed == name) {
            faults.push(format!("{}: may not use {name} (ARCHITECTURE.md, {})", row.name, &HEADING[3..]));
        }
    }
    faults
}

/// Reads the rows `| crate | those it may use |` below the heading.
fn table(map: &str) -> Result<Vec<Row>> {
    let (_, below) = map.split_once(HEADING).with_context(|| format!("ARCHITECTURE.md has no \"{HEADING}\""))?;
    let section = below.split("\n## ").next().unwrap_or_default();
    let rows: Vec<Row> = section.lines().filter_map(row).collect();
    if rows.is_empty() { bail!("ARCHITECTURE.md has no table below \"{HEADING}\"") } else { Ok(rows) }
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
    let may_use = cells.next()?.split(',').map(|cell| cell.trim().trim_matches('`').to_owned());
    Some(Row { name, may_use: may_use.filter(|name| !name.is_empty() && name != "nothing").collect() })
}

/// The core's services know no face.
pub fn services(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let Some(inner) = source.path.strip_prefix("core-tcp-server/src/") else { continue };
        if !SERVICES.iter().any(|service| is_of(inner, service)) {
            continue;
        }
        for (at, line) in source.text.lines().enumerate() {
            if let Some(face) = FACES.iter().find(|face| names(line, face)) {
                faults.push(format!("{}:{}: a service may not use {face}", source.path, at + 1));
            }
        }
    }
    faults
}

/// True for `rooms.rs` and `rooms/post.rs`, not for `rooms_of.rs`.
fn is_of(path: &str, service: &str) -> bool {
    path.strip_prefix(service).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn names(line: &str, face: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["crate::", "super::"].iter().any(|above| code.contains(&format!("{above}{face}::")))
        || code.contains(&format!("use crate::{face};"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read() {
        let map = "# x\n## Who may use whom\n\n| crate | may use |\n|---|---|\n| `a` | nothing |\n| `b` | `a`, `c` |\n\n## Next\n| `d` | `e` |\n";
        let rows = table(map).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0], Row { name: "a".to_owned(), may_use: vec![] });
        assert_eq!(rows[1].may_use, ["a", "c"]);
        assert!(table("# nothing").is_err());
    }

    #[test]
    fn a_forbidden_use_is_found() {
        let package: Value =
            serde_json::from_str(r#"{"dependencies":[{"name":"b","path":"/b","kind":null},{"name":"serde","kind":null},{"name":"c","path":"/c","kind":"dev"}]}"#).unwrap();
        let row = Row { name: "a".to_owned(), may_use: vec![] };
        assert_eq!(uses(&package, &row), ["a: may not use b (ARCHITECTURE.md, Who may use whom)"]);
    }

    #[test]
    fn a_service_that_looks_up_is_found() {
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let bad = source("core-tcp-server/src/rooms/post.rs", "use crate::wire::Connection;\n");
        assert_eq!(services(&[bad]), ["core-tcp-server/src/rooms/post.rs:1: a service may not use wire"]);
        let good = source("core-tcp-server/src/wire/mod.rs", "use crate::text::Line;\n// crate::wire::x\n");
        assert!(services(&[good]).is_empty());
    }
}
