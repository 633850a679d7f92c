//! `cargo xtask test`: what CI runs. The steps stand in the order in which they cost least: what is quick comes first,
//! the page before the binary that holds it, and everything is compiled once, since all tests are built by one command.
//! What each step does is in [`steps`]; here is what they have in common: names, times, the table, the closing line.

mod beside;
mod fuzz;
mod step;
mod steps;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use self::step::{Outcome, Shared, Step};
use crate::{command, workspace};

struct Line {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// `cargo xtask test [STEP…]`
pub fn run(args: &[String]) -> Result<ExitCode> {
    if args.iter().any(|arg| arg == "--list") {
        steps::ALL.iter().for_each(|step| println!("{}", step.name));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(unknown) = args.iter().find(|arg| !steps::ALL.iter().any(|step| step.name == arg.as_str())) {
        bail!("there is no step {unknown}; --list names them");
    }
    let start = Instant::now();
    let wanted = wanted(args);
    let wants_clippy_wasm = wanted.iter().any(|step| step.name == "clippy-wasm");
    let mut shared = Shared { wants_clippy_wasm, ..Shared::default() };
    let mut lines: Vec<Line> = Vec::new();
    for step in wanted {
        let blocked = lines.iter().find(|line| step.needs.contains(&line.name) && !line.is_passed());
        let line = match blocked {
            Some(line) => Line { name: step.name, outcome: Outcome::Skipped(needs(line)), took: Duration::ZERO },
            None => take(step, &mut shared),
        };
        lines.push(line);
    }
    print_table(&lines, start.elapsed());
    let is_green = lines.iter().all(|line| !matches!(line.outcome, Outcome::Failed(_)));
    Ok(if is_green { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The steps that were asked for, and those that they need; all, if none was.
fn wanted(args: &[String]) -> Vec<&'static Step> {
    let is_named = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    let is_needed = |name: &str| steps::ALL.iter().any(|step| is_named(step.name) && step.needs.contains(&name));
    steps::ALL.iter().filter(|step| is_named(step.name) || is_needed(step.name)).collect()
}

fn needs(line: &Line) -> String {
    format!("{} did not pass", line.name)
}

fn take(step: &Step, shared: &mut Shared) -> Line {
    println!("\n── {}", step.name);
    let start = Instant::now();
    let outcome = match (step.run)(shared) {
        Ok(Outcome::Skipped(why)) if step.must_run && workspace::is_ci() => {
            Outcome::Failed(format!("it must run here, but: {why}"))
        }
        Ok(outcome) => outcome,
        Err(error) => Outcome::Failed(format!("{error:#}")),
    };
    let line = Line { name: step.name, outcome, took: start.elapsed() };
    println!("── {} {} after {}", line.name, line.outcome.words(), command::words(line.took));
    line
}

impl Line {
    fn is_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
    }
}

fn print_table(lines: &[Line], took: Duration) {
    println!();
    for line in lines {
        println!("{:<14}{:>14}  {}", line.name, command::words(line.took), line.outcome.words());
    }
    println!("{:<14}{:>14}\n", "all", command::words(took));
    let count = |is: fn(&Outcome) -> bool| lines.iter().filter(|line| is(&line.outcome)).count();
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let tail = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!(
        "{} passed, {} failed{tail}",
        count(|outcome| matches!(outcome, Outcome::Passed)),
        count(|outcome| matches!(outcome, Outcome::Failed(_))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_needs_is_run_before_it() {
        let names: Vec<&str> = wanted(&["e2e".to_owned()]).iter().map(|step| step.name).collect();
        assert_eq!(names, ["page", "build", "e2e"]);
        for (at, step) in steps::ALL.iter().enumerate() {
            let before: Vec<&str> = steps::ALL.iter().take(at).map(|step| step.name).collect();
            assert!(step.needs.iter().all(|need| before.contains(need)), "{} stands before what it needs", step.name);
        }
    }
}
