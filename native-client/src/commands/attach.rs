//! `wardroom shell ROOM` and `wardroom attach RUN`: a shared terminal in ours. Who holds its keyboard types into it, the
//! others watch. Leaving it, or losing the connection, leaves the run alone.
//!
//! A fresh shell is shown as ssh shows one: its output follows what is on the screen here. Attaching later begins with a
//! picture of the screen, and so does a terminal that cannot keep up with a flood of output.

mod attached;
mod escapes;
mod notes;
mod raw;
mod view;

use std::collections::BTreeMap;
use std::io::IsTerminal;

use wardroom_client_core::{Command, Effect, Operation, WatchFrom};
use wardroom_protocol::RoomName;
use wardroom_protocol::limits::RUN_TIMEOUT_MAX_S;
use wardroom_protocol::messages::{RunLimits, RunStart, Secrets, TermOp, Tty};
use wardroom_protocol::visible::visible;

use self::attached::Attached;
use super::ReconnectDeadline;
use super::proposed::Waiting;
use super::rooms::meant;
use super::runs::{RunName, find};
use super::secrets::{SecretSource, read_secrets};
use super::signals::{Signalled, TerminalSignals};
use super::starting::{Starting, own_size, say_started};
use crate::exit::Failure;
use crate::runner::{Runner, Target, new_nonce};

/// The exit code after Ctrl-C without a run: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

/// What to start in a terminal.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The room that shows it.
    pub room: RoomName,
    /// The program and its arguments; a login shell, if absent.
    pub argv: Option<Vec<String>>,
    /// The host.
    pub host: Option<String>,
    /// The working directory.
    pub cwd: Option<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Variables that are on no record, and masked in the output.
    pub secrets: Vec<SecretSource>,
    /// What it may use.
    pub limits: RunLimits,
    /// What it does without.
    pub sandbox: Vec<String>,
    /// Its time limit in seconds: by default the longest.
    pub timeout_s: Option<u64>,
    /// The terminal keeps the size that it starts with.
    pub fixed: bool,
    /// Keep processes that outlive the command.
    pub detach: bool,
}

/// What to attach to.
#[derive(Clone, Copy, Debug)]
pub struct Attach {
    /// The run.
    pub run: RunName,
    /// Ask for the keyboard at once.
    pub control: bool,
}

/// Starts a terminal and attaches to it; returns the command's own exit code, or 0 if it was left.
///
/// # Errors
/// See [`Failure`].
pub async fn shell(target: Target, shell: Shell) -> Result<u8, Failure> {
    check_terminal()?;
    let secrets = read_secrets(&shell.secrets).await?;
    let mut runner = Runner::connect(target).await.map_err(Failure::before_a_run)?;
    let done = Box::pin(start(&mut runner, shell, secrets)).await;
    runner.finish().await;
    done.map_err(Failure::beside_a_run)
}

/// Attaches to a terminal; returns the command's own exit code, or 0 if it was left.
///
/// # Errors
/// See [`Failure`].
pub async fn attach(target: Target, attach: Attach) -> Result<u8, Failure> {
    check_terminal()?;
    let mut runner = Runner::connect(target).await.map_err(Failure::before_a_run)?;
    let done = join(&mut runner, attach).await;
    runner.finish().await;
    done.map_err(Failure::beside_a_run)
}

fn check_terminal() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    let words = "this needs a terminal; in a pipe use wardroom run --tty, or wardroom output --follow";
    Err(Failure::usage(words).before_a_run())
}

async fn start(runner: &mut Runner, shell: Shell, secrets: Secrets) -> Result<u8, Failure> {
    let mut signals = TerminalSignals::new()?;
    let room = meant(runner, shell.room).await?;
    let start = RunStart {
        argv: shell.argv,
        host: shell.host,
        hosts: Vec::new(),
        label: Default::default(),
        cwd: shell.cwd,
        env: shell.env,
        secrets,
        limits: Box::new(shell.limits),
        sandbox: shell.sandbox,
        timeout_s: Some(shell.timeout_s.unwrap_or(RUN_TIMEOUT_MAX_S)),
        tty: Some(Tty { fixed: shell.fixed, ..own_size() }),
        detach: shell.detach,
        ..RunStart::new(room.clone(), new_nonce()?)
    };
    let mut waiting = None;
    let mut starting = Starting::begin(runner, start);
    let mut patience = ReconnectDeadline::default();
    let (run, n) = loop {
        tokio::select! {
            effect = patience.next(runner) => match effect? {
                Effect::RunStarted { run, n, .. } => break (run, n),
                Effect::RunProposed { n, seq, until, .. } => {
                    waiting = Some(Waiting::begin(runner, &room, n, seq, until));
                }
                Effect::Event(event) => {
                    if let Some(decided) = waiting.as_ref().map(|waiting: &Waiting| waiting.decided(&event)).transpose()?.flatten() {
                        runner.command(Command::Keyboard { run: decided.0, op: TermOp::Ask, to: None });
                        break decided;
                    }
                }
                Effect::Failed { operation: Operation::RunStart(_), error } => starting.failed(runner, error)?,
                _ => {}
            },
            () = starting.again() => starting.retry(runner),
            came = signals.next() => {
                if came == Signalled::Ended {
                    if let Some(waiting) = &waiting {
                        waiting.withdraw(runner);
                    }
                    return Ok(INTERRUPTED);
                }
            }
        }
    };
    say_started(n, &format!("; others join with: wardroom attach r{n}"));
    runner.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: false });
    Attached::new(runner, run, n, signals)?.follow(runner).await
}

async fn join(runner: &mut Runner, attach: Attach) -> Result<u8, Failure> {
    let info = find(runner, attach.run).await?;
    let (run, n) = (info.run, info.n);
    if info.tty.is_none() {
        let words = format!("r{n} has no terminal; wardroom output r{n} --follow shows its output");
        return Err(Failure::refused(words));
    }
    if let Some(exit) = &info.exit {
        let how = visible(&exit.words()).into_owned();
        return Err(Failure::refused(format!("r{n} has ended: {how}; wardroom output r{n} shows its output")));
    }
    let signals = TerminalSignals::new()?;
    let mut attached = Attached::new(runner, run, n, signals)?;
    attached.begin(runner, info.holder, attach.control);
    attached.follow(runner).await
}
