//! `wardroom run ROOM -- CMD…`: runs a command on a host as if it ran here: its output on stdout and stderr, its exit
//! code as ours. The output is read by offset, so that a lost connection neither loses nor repeats a byte.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use tokio::signal::unix::SignalKind;
use wardroom_client_core::{Change, Command, Effect, Operation, WatchFrom};
use wardroom_protocol::messages::{RunEnd, RunLimits, RunStart, Signal, TermOp};
use wardroom_protocol::{CommandName, RoomName, RunId};

use super::attach::{Shell, shell};
use super::ended::{say_detached, say_end};
use super::fan_out::FanOut;
use super::input::Input;
use super::out::say;
use super::printer::{Printer, Style};
use super::proposed::Waiting;
use super::rooms::meant;
use super::secrets::{SecretSource, read_secrets};
use super::signals::EndSignals;
use super::starting::{Starting, ask_to_start, own_size};
use super::{ReconnectDeadline, refused};
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target, new_nonce};

/// What to run, and how.
#[derive(Clone, Debug)]
pub struct Run {
    /// The room that shows it.
    pub room: RoomName,
    /// The named command to run, if any.
    pub command: Option<CommandName>,
    /// The program and its arguments, which no shell reads; or the values of a named command.
    pub argv: Vec<String>,
    /// The hosts: the local one if there are none, and no label.
    pub hosts: Vec<String>,
    /// Or the labels of the hosts.
    pub label: BTreeMap<String, String>,
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
    /// Its time limit in seconds.
    pub timeout_s: Option<u64>,
    /// Forward standard input.
    pub stdin: bool,
    /// Run it in a terminal.
    pub tty: bool,
    /// Put standard output and error on one pipe.
    pub merge: bool,
    /// Keep processes that outlive the command.
    pub detach: bool,
    /// Pass output to a terminal unchanged.
    pub raw: bool,
    /// Print events as JSON instead of bytes.
    pub json: bool,
}

/// The exit code after the reader of the output closed it: 128 + SIGPIPE, as in a shell.
const BROKEN_PIPE: u8 = 141;
/// The exit code after Ctrl-C without a run: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

/// Runs it; returns the command's own exit code.
///
/// # Errors
/// See [`Failure`].
pub async fn run(target: Target, run: Run) -> Result<u8, Failure> {
    let is_fan_out = run.hosts.len() > 1 || !run.label.is_empty();
    if is_fan_out && (run.tty || run.stdin) {
        return Err(Failure::usage("--tty and --stdin are for a command on one host").before_a_run());
    }
    let host = run.hosts.first().cloned();
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if run.tty && run.stdin && is_terminal && !run.json {
        // Typed into: with escapes, and raw.
        let Run { room, argv, cwd, env, secrets, limits, sandbox, timeout_s, detach, .. } = run;
        let (argv, fixed) = (Some(argv), false);
        let shell_of = Shell { room, argv, host, cwd, env, secrets, limits, sandbox, timeout_s, fixed, detach };
        return shell(target, shell_of).await;
    }
    let secrets = read_secrets(&run.secrets).await?;
    let mut signals = EndSignals::new()?;
    let mut runner = tokio::select! {
        runner = Runner::connect(target) => runner.map_err(Failure::before_a_run)?,
        _ = signals.next() => return Ok(INTERRUPTED),
    };
    let room = meant(&mut runner, run.room).await.map_err(Failure::before_a_run)?;
    let style = match (run.json, std::io::stdout().is_terminal()) {
        (true, _) => Style::Json,
        (false, true) if run.tty => Style::Terminal,
        (false, true) if !run.raw => Style::Filtered,
        _ => Style::Raw,
    };
    let start = RunStart {
        argv: run.command.is_none().then(|| run.argv.clone()),
        args: if run.command.is_some() { run.argv } else { Vec::new() },
        command: run.command,
        host: host.filter(|_| !is_fan_out),
        hosts: if is_fan_out { run.hosts } else { Vec::new() },
        label: run.label,
        cwd: run.cwd,
        env: run.env,
        secrets,
        limits: Box::new(run.limits),
        sandbox: run.sandbox,
        timeout_s: run.timeout_s,
        stdin: run.stdin && !run.tty,
        tty: run.tty.then(own_size),
        merge: run.merge,
        detach: run.detach,
        ..RunStart::new(room, new_nonce()?)
    };
    if is_fan_out {
        let code = fan_out(&mut runner, &mut signals, &start, (run.json, run.raw)).await;
        runner.finish().await;
        return code.map_err(Failure::beside_a_run);
    }
    let room = start.room.clone();
    let starting = Starting::begin(&mut runner, start);
    let mut state = Running {
        run: None,
        room,
        waiting: None,
        starting,
        printer: Printer::new(style),
        input: run.stdin.then(|| Input::start(run.tty)),
        end: None,
        interrupts: 0,
        unsent: Vec::new(),
        is_detached_told: false,
    };
    let code = state.follow(&mut runner, &mut signals).await;
    runner.finish().await;
    code.map_err(Failure::beside_a_run)
}

/// Runs it on several hosts; returns the first exit code other than 0, in the order of the hosts.
async fn fan_out(
    runner: &mut Runner,
    signals: &mut EndSignals,
    start: &RunStart,
    (is_json, is_raw): (bool, bool),
) -> Result<u8, Failure> {
    let mut started = ask_to_start(runner, start).await?;
    if let Some(n) = started.proposal {
        let waiting = Waiting::begin(runner, &start.room, n, started.seq, started.until.unwrap_or_default());
        tokio::select! {
            approved = waiting.approved(runner) => approved?,
            _ = signals.next() => {
                waiting.withdraw(runner);
                return Ok(INTERRUPTED);
            }
        }
        // Asked again, the server tells what runs now.
        started = ask_to_start(runner, start).await?;
    }
    let mut group = FanOut::new(runner, start, started, is_json, is_raw)?;
    let mut patience = ReconnectDeadline::default();
    let mut interrupts = 0_u32;
    loop {
        tokio::select! {
            code = group.follow(runner, &mut patience) => return code,
            kind = signals.next() => {
                interrupts = interrupts.saturating_add(1);
                match (interrupts, kind == SignalKind::interrupt()) {
                    (1, true) => group.signal(runner, Signal::Int),
                    (1 | 2, _) => group.signal(runner, Signal::Term),
                    _ => {
                        group.signal(runner, Signal::Kill);
                        return Ok(INTERRUPTED);
                    }
                }
            }
        }
    }
}

/// The state of a run.
struct Running {
    run: Option<(RunId, u64)>,
    room: RoomName,
    /// The proposal that it is, until it is approved.
    waiting: Option<Waiting>,
    starting: Starting,
    printer: Printer,
    input: Option<Input>,
    end: Option<RunEnd>,
    interrupts: u32,
    /// Signals received before the run had an id.
    unsent: Vec<Signal>,
    /// It was said what goes on after the first process.
    is_detached_told: bool,
}

impl Running {
    async fn follow(&mut self, runner: &mut Runner, signals: &mut EndSignals) -> Result<u8, Failure> {
        let mut patience = ReconnectDeadline::default();
        loop {
            if let Some(end) = self.end.as_ref().filter(|_| self.printer.is_idle()) {
                self.printer.finish(Some(end)).await?;
                say_end(end);
                return Ok(end.exit.shell_code());
            }
            let free = self.run.map_or(0, |(run, _)| runner.client().input_free(run));
            tokio::select! {
                effect = patience.next(runner) => self.take(runner, effect?)?,
                printed = self.printer.printed() => match printed {
                    Ok(off) => self.acknowledge(runner, off),
                    Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {
                        self.signal(runner, Signal::Term);
                        return Ok(BROKEN_PIPE);
                    }
                    Err(e) => {
                        self.signal(runner, Signal::Term);
                        return Err(Failure::failed(format!("cannot write the output: {e}; stopping the run")));
                    }
                },
                piece = Input::next(self.input.as_mut(), free) => self.pass_on(runner, piece),
                () = self.starting.again() => self.starting.retry(runner),
                number = signals.next() => {
                    if self.interrupted(runner, number) {
                        return Ok(INTERRUPTED);
                    }
                }
            }
        }
    }

    fn take(&mut self, runner: &mut Runner, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::RunStarted { run, n, .. } => self.started(runner, run, n),
            Effect::RunProposed { n, seq, until, .. } => {
                self.waiting = Some(Waiting::begin(runner, &self.room, n, seq, until));
            }
            Effect::Event(event) => {
                if let Some(waiting) = &self.waiting
                    && let Some((run, n)) = waiting.decided(&event)?
                {
                    self.waiting = None;
                    self.started(runner, run, n);
                    // The keyboard is ours from the start; its generation is in the answer.
                    if self.input.is_some() {
                        runner.command(Command::Keyboard { run, op: TermOp::Ask, to: None });
                    }
                }
            }
            Effect::Output { fd, off, bytes, .. } => self.printer.push(fd, off, bytes),
            Effect::RunEnded(end) => self.end = Some(end),
            Effect::Changed(Change::Run(run)) if !self.is_detached_told => {
                let shown = runner.client().runs().get(&run);
                if let Some(detached) = shown.and_then(|run| run.detached.as_ref()) {
                    self.is_detached_told = true;
                    say_detached(detached);
                }
            }
            Effect::Failed { operation: Operation::RunStart(_), error } => self.starting.failed(runner, error)?,
            Effect::Failed { operation: Operation::Run(_), error } if self.end.is_none() => {
                if !runner.client().runs().values().any(|run| run.watched) {
                    return refused(error);
                }
                say(&format!("wardroom: {}", wardroom_protocol::visible::visible(&error.message)));
            }
            Effect::Failed { operation: Operation::Keyboard(_), error } => {
                if let Some(input) = &mut self.input {
                    input.refused(&error);
                }
            }
            Effect::Notice(text) => say(&format!("wardroom: {}", wardroom_protocol::visible::visible(&text))),
            Effect::Disconnected { why } if std::io::stderr().is_terminal() => {
                say(&format!("wardroom: {why}; the command keeps running, reconnecting"));
            }
            _ => {}
        }
        Ok(())
    }

    fn started(&mut self, runner: &mut Runner, run: RunId, n: u64) {
        self.run = Some((run, n));
        self.printer.started(run, n);
        for signal in std::mem::take(&mut self.unsent) {
            self.signal(runner, signal);
        }
        runner.command(Command::WatchRun { run, from: WatchFrom::Byte(0), auto_ack: false });
    }

    fn acknowledge(&mut self, runner: &mut Runner, off: u64) {
        if let Some((run, _)) = self.run {
            runner.command(Command::AckRun { run, off });
        }
    }

    fn pass_on(&mut self, runner: &mut Runner, piece: Option<bytes::Bytes>) {
        if let (Some(input), Some((run, _))) = (&mut self.input, self.run) {
            input.pass_on(runner, run, piece);
        }
    }

    fn signal(&mut self, runner: &mut Runner, signal: Signal) {
        match self.run {
            Some((run, _)) => runner.command(Command::SignalRun { run, signal }),
            None => self.unsent.push(signal),
        }
    }

    /// Handles a signal. The first Ctrl-C interrupts the command, the second stops it, the third one exits; SIGTERM and
    /// SIGHUP stop it at once. Returns `true` to exit now.
    fn interrupted(&mut self, runner: &mut Runner, kind: SignalKind) -> bool {
        if let Some(waiting) = &self.waiting {
            waiting.withdraw(runner);
            return true;
        }
        self.interrupts = self.interrupts.saturating_add(1);
        let is_interrupt = kind == SignalKind::interrupt();
        match (self.interrupts, is_interrupt) {
            (1, true) => {
                self.signal(runner, Signal::Int);
                if std::io::stderr().is_terminal() {
                    say("wardroom: sent INT; press Ctrl-C again to stop the run");
                }
                false
            }
            (1 | 2, _) => {
                self.signal(runner, Signal::Term);
                false
            }
            _ => {
                self.signal(runner, Signal::Kill);
                true
            }
        }
    }
}

/// Converts the exit code of this process.
impl From<ExitCode> for u8 {
    fn from(code: ExitCode) -> u8 {
        code as u8
    }
}
