//! Commands that are run: shown before, timed after, and stopped when they take too long.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a running command is looked at. A person does not notice it, and it costs nothing.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command with its output on ours, and fails if it fails or is not done in time.
pub fn run(command: &mut Command, limit: Duration) -> Result<()> {
    let status = status(command, limit)?;
    if !status.success() {
        bail!("{} failed: {status}", shown(command));
    }
    Ok(())
}

/// Runs a command with its output on ours, and gives how it ended.
pub fn status(command: &mut Command, limit: Duration) -> Result<ExitStatus> {
    println!("$ {}", shown(command));
    let mut child = spawn(command.stdin(Stdio::null()))?;
    wait(&mut child, limit).with_context(|| format!("{} was stopped", shown(command)))
}

/// Runs a command quietly and gives its standard output, if it succeeds.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {}", shown(command)))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {}\n{}", shown(command), output.status, why.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts a command; the error names it.
pub fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot run {}", shown(command)))
}

/// Waits for a child, and kills it when `limit` is over.
pub fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let until = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            bail!("it was not done after {}", words(limit));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Does something, says what beforehand and how long it took afterwards.
pub fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("── {what}");
    let start = Instant::now();
    let done = work();
    let end = if done.is_ok() { "done" } else { "failed" };
    println!("── {what}: {end} after {}", words(start.elapsed()));
    done
}

/// A span of time as people say it: `0.4 s`, `2 min 05 s`.
pub fn words(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_stopped() {
        let error = status(Command::new("sleep").arg("60"), Duration::from_millis(50)).err();
        assert!(error.is_some_and(|e| format!("{e:#}").contains("not done after")));
    }

    #[test]
    fn times_are_words() {
        assert_eq!(words(Duration::from_millis(440)), "0.4 s");
        assert_eq!(words(Duration::from_secs(125)), "2 min 05 s");
    }
}
