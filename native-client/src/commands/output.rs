//! `wardroom output RUN`: prints the output of a run, of any age, as it was printed.

use std::io::IsTerminal;

use wardroom_client_core::{Command, Effect, Operation, WatchFrom};

use super::printer::{Printer, Style};
use super::runs::{RunName, find};
use super::{ReconnectDeadline, refused};
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};

/// What to print.
#[derive(Clone, Debug)]
pub struct Output {
    /// The run.
    pub run: RunName,
    /// The first byte, over both streams.
    pub from: u64,
    /// Only this descriptor: 1 for standard output, 2 for standard error.
    pub only: Option<u8>,
    /// Continue until the run ends.
    pub follow: bool,
    /// Pass control characters through to the terminal.
    pub raw: bool,
    /// Print one JSON object per piece.
    pub json: bool,
}

/// Prints it. Without `follow` it prints what there is now.
///
/// # Errors
/// See [`Failure`].
pub async fn output(target: Target, output: Output) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let info = find(&mut runner, output.run).await?;
    let run = info.run;
    let style = match (output.json, output.raw || !std::io::stdout().is_terminal()) {
        (true, _) => Style::Json,
        (false, true) => Style::Raw,
        (false, false) => Style::Filtered,
    };
    let until = if output.follow || info.exit.is_some() { u64::MAX } else { info.bytes };
    let mut printer = Printer::new(style);
    if output.json {
        printer.started(run, info.n);
    }
    let mut patience = ReconnectDeadline::default();
    let (mut end, mut next) = (None, output.from);
    if next < until {
        runner.command(Command::WatchRun { run, from: WatchFrom::Byte(next), auto_ack: false });
    }
    while end.is_none() && next < until || !printer.is_idle() {
        tokio::select! {
            effect = patience.next(&mut runner) => match effect? {
                Effect::Output { fd, off, bytes, .. } => {
                    next = off.saturating_add(bytes.len() as u64);
                    let allowed = usize::try_from(until.saturating_sub(off)).unwrap_or(usize::MAX);
                    let is_wanted = output.only.is_none_or(|only| only == fd);
                    match is_wanted {
                        true => printer.push(fd, off, bytes.slice(..bytes.len().min(allowed))),
                        false => printer.skip(next),
                    }
                }
                Effect::RunEnded(ended) => end = Some(ended),
                Effect::Failed { operation: Operation::Run(_), error } => return refused(error),
                _ => {}
            },
            printed = printer.printed() => match printed {
                Ok(off) => runner.command(Command::AckRun { run, off }),
                Err(e) => return Err(super::out::failed(&e)),
            },
        }
    }
    printer.finish(end.as_ref()).await?;
    runner.finish().await;
    Ok(ExitCode::Ok)
}
