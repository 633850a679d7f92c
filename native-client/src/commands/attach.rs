//! `wardroom shell ROOM` and `wardroom attach RUN`: a shared terminal in ours. Who holds its keyboard types into it, the
//! others watch. Leaving it, or losing the connection, leaves the run alone.
//!
//! A fresh shell is shown as ssh shows one: its output follows what is on the screen here. Attaching later begins with a
//! picture of the screen, and so does a terminal that cannot keep up with a flood of output.

mod escapes;
mod notes;
mod raw;

use std::collections::BTreeMap;
use std::io::IsTerminal;

use bytes::Bytes;
use tokio::time::Instant;
use wardroom_client_core::{Change, Command, Effect, Keyboard, Operation, WatchFrom};
use wardroom_protocol::limits::RUN_TIMEOUT_MAX_S;
use wardroom_protocol::messages::{RunEnd, RunStart, Signal, TermOp, TermSize, Tty};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{RoomName, RunId};

use self::escapes::{Escapes, HELP, Typed};
use self::raw::RawTerminal;
use super::input::Input;
use super::out::say;
use super::printer::{Printer, Style};
use super::run::{own_size, say_end};
use super::runs::{RunName, find};
use super::signals::{Signalled, TerminalSignals};
use super::starting::Starting;
use super::{ReconnectDeadline, refused};
use crate::exit::Failure;
use crate::limits::{SCREEN_BEHIND, SCREEN_BEHIND_BYTES};
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
    let mut runner = Runner::connect(target).await.map_err(Failure::before_a_run)?;
    let done = start(&mut runner, shell).await;
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

async fn start(runner: &mut Runner, shell: Shell) -> Result<u8, Failure> {
    let mut signals = TerminalSignals::new()?;
    let start = RunStart {
        room: shell.room,
        cmd: None,
        argv: shell.argv,
        host: shell.host,
        cwd: shell.cwd,
        env: shell.env,
        timeout_s: Some(shell.timeout_s.unwrap_or(RUN_TIMEOUT_MAX_S)),
        stdin: false,
        tty: Some(Tty { fixed: shell.fixed, ..own_size() }),
        merge: false,
        detach: shell.detach,
        nonce: new_nonce()?,
    };
    let mut starting = Starting::begin(runner, start);
    let mut patience = ReconnectDeadline::default();
    let (run, n) = loop {
        tokio::select! {
            effect = patience.next(runner) => match effect? {
                Effect::RunStarted { run, n, .. } => break (run, n),
                Effect::Failed { operation: Operation::RunStart(_), error } => starting.failed(runner, error)?,
                _ => {}
            },
            () = starting.again() => starting.retry(runner),
            came = signals.next() => {
                if came == Signalled::Ended {
                    return Ok(INTERRUPTED);
                }
            }
        }
    };
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
    attached.keyboard.holder.clone_from(&info.holder);
    attached.show_screen(runner);
    attached.note(&notes::begin(n, info.holder.as_ref(), attach.control));
    if attach.control {
        attached.ask(runner);
    }
    attached.follow(runner).await
}

/// A terminal that is shown in ours.
struct Attached {
    run: RunId,
    n: u64,
    printer: Printer,
    escapes: Escapes,
    input: Input,
    signals: TerminalSignals,
    /// Who held the keyboard when it was last looked at.
    keyboard: Keyboard,
    /// The screen is watched, not every byte.
    has_screen: bool,
    /// Output has waited since then for this terminal to take it.
    behind_since: Option<Instant>,
    /// The sizes, of the run and here, of which a note has told.
    told_sizes: Option<(TermSize, TermSize)>,
    /// A note has told that typing does nothing here.
    told_watching: bool,
    end: Option<RunEnd>,
    /// Last, so that the terminal is restored after everything else.
    raw: RawTerminal,
}

impl Attached {
    fn new(runner: &Runner, run: RunId, n: u64, signals: TerminalSignals) -> Result<Attached, Failure> {
        let keyboard = runner.client().runs().get(&run).map(|run| run.keyboard.clone()).unwrap_or_default();
        let raw = RawTerminal::take().map_err(|e| Failure::failed(format!("cannot use this terminal: {e}")))?;
        Ok(Attached {
            run,
            n,
            printer: Printer::new(Style::Terminal),
            escapes: Escapes::new(),
            input: Input::start(),
            signals,
            keyboard,
            has_screen: false,
            behind_since: None,
            told_sizes: None,
            told_watching: false,
            end: None,
            raw,
        })
    }

    /// Shows it until the run ends or is left. The terminal is restored before anything else is said.
    async fn follow(mut self, runner: &mut Runner) -> Result<u8, Failure> {
        let left = self.until_left(runner).await;
        let (n, end) = (self.n, self.end.take());
        drop(self);
        match (left, end) {
            (Err(failure), _) => {
                say("\r");
                Err(failure)
            }
            (Ok(()), Some(end)) => {
                say_end(&end);
                Ok(end.exit.shell_code())
            }
            (Ok(()), None) => {
                say(&format!("\r\nwardroom: r{n} goes on; wardroom attach r{n} shows it again"));
                Ok(0)
            }
        }
    }

    async fn until_left(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        let mut patience = ReconnectDeadline::default();
        loop {
            if self.end.is_some() && self.printer.is_idle() {
                return Ok(());
            }
            self.catch_up(runner);
            // Keys are read also while they are not sent: escapes must work.
            let free = if self.keyboard.mine { runner.client().input_free(self.run) } else { usize::MAX };
            tokio::select! {
                effect = patience.next(runner) => self.take(runner, effect?)?,
                printed = self.printer.printed() => match printed {
                    Ok(off) => runner.command(Command::AckRun { run: self.run, off }),
                    Err(e) => return Err(Failure::failed(format!("cannot write to this terminal: {e}"))),
                },
                piece = Input::next(Some(&mut self.input), free) => {
                    if piece.is_none_or(|piece| self.typed(runner, &piece)) {
                        return Ok(());
                    }
                }
                came = self.signals.next() => match came {
                    Signalled::Resized => self.fit(runner),
                    Signalled::Continued => self.raw.again()?,
                    Signalled::Ended => return Err(Failure::failed("ended by a signal; the run goes on")),
                },
            }
        }
    }

    fn take(&mut self, runner: &mut Runner, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::Output { off, bytes, .. } => {
                self.raw.note(&bytes);
                self.printer.push(1, off, bytes);
            }
            Effect::Screen { off, bytes, .. } => {
                let mut picture = self.raw.cleared(self.has_screen);
                self.raw.note(&bytes);
                picture.extend_from_slice(&bytes);
                self.has_screen = true;
                self.printer.restart(off, picture.into());
                self.compare_sizes(runner);
            }
            Effect::ScreenSize { .. } => self.compare_sizes(runner),
            Effect::RunEnded(end) if end.run == self.run => self.end = Some(end),
            Effect::Changed(Change::Run(run)) if run == self.run => self.keyboard_changed(runner),
            Effect::Failed { operation: Operation::Run(_), error } if self.end.is_none() => {
                if !runner.client().runs().get(&self.run).is_some_and(|run| run.watched) {
                    return refused(error);
                }
                self.note(&visible(&error.message));
            }
            Effect::Failed { operation: Operation::Keyboard(_), error } if self.end.is_none() => {
                self.note(&visible(&error.message));
            }
            Effect::Notice(text) => self.note(&visible(&text)),
            Effect::Disconnected { why } => self.note(&format!("{}; the run goes on, reconnecting", visible(&why))),
            _ => {}
        }
        Ok(())
    }

    /// Handles typed bytes; returns true to leave.
    fn typed(&mut self, runner: &mut Runner, bytes: &[u8]) -> bool {
        for typed in self.escapes.take(bytes) {
            match typed {
                Typed::Bytes(bytes) if self.keyboard.mine => {
                    runner.command(Command::RunInput { run: self.run, bytes: bytes.into() });
                }
                Typed::Bytes(_) => {
                    if !std::mem::replace(&mut self.told_watching, true) {
                        self.note("you are watching; ~k asks for the keyboard, ~. leaves, ~? helps");
                    }
                }
                Typed::Leave => return true,
                Typed::Help => self.printer.say(Bytes::from_static(HELP.as_bytes())),
                Typed::Ask => self.ask(runner),
                Typed::Release if self.keyboard.mine => self.control(runner, TermOp::Release),
                Typed::Release => self.note("you do not hold the keyboard; ~k asks for it"),
                Typed::Stop => {
                    runner.command(Command::SignalRun { run: self.run, signal: Signal::Term });
                    self.note("stopping the run");
                }
            }
        }
        false
    }

    /// Asks for the keyboard; the second time, or if this user holds it elsewhere, takes it.
    fn ask(&mut self, runner: &mut Runner) {
        if self.keyboard.mine {
            return self.note("you hold the keyboard; ~K releases it");
        }
        let me = runner.client().you().map(|you| &you.user);
        let has_asked =
            me.is_some_and(|me| self.keyboard.asked.contains(me) || self.keyboard.holder.as_ref() == Some(me));
        self.control(runner, if has_asked { TermOp::Take } else { TermOp::Ask });
    }

    fn control(&mut self, runner: &mut Runner, op: TermOp) {
        runner.command(Command::Keyboard { run: self.run, op, to: None });
    }

    /// Tells how the keyboard has changed hands.
    fn keyboard_changed(&mut self, runner: &mut Runner) {
        let Some(shown) = runner.client().runs().get(&self.run) else { return };
        let now = shown.keyboard.clone();
        let is_known = shown.info.is_some() || now.lease > 0;
        if !is_known || now == self.keyboard || self.end.is_some() {
            return;
        }
        let me = runner.client().you().map(|you| you.user.clone());
        let note = notes::keyboard(&self.keyboard, &now, me.as_ref());
        let is_new = now.mine && !self.keyboard.mine;
        self.keyboard = now;
        self.told_watching = false;
        if let Some(note) = note {
            self.note(&note);
        }
        if is_new {
            self.fit(runner);
        }
    }

    /// Gives the terminal the size of ours, if it may: it follows the holder of the keyboard, never a watcher.
    fn fit(&mut self, runner: &mut Runner) {
        let Some(shown) = runner.client().runs().get(&self.run) else { return };
        let own = own_size().size;
        let is_free = shown.tty.is_none_or(|tty| !tty.fixed);
        if self.keyboard.mine && is_free && shown.size != Some(own) {
            runner.command(Command::ResizeTerminal { run: self.run, size: own });
        }
        self.compare_sizes(runner);
    }

    /// Says once that the terminal is larger than the window here.
    fn compare_sizes(&mut self, runner: &Runner) {
        let size = runner.client().runs().get(&self.run).and_then(|run| run.size);
        let (Some(size), own) = (size, own_size().size) else { return };
        let is_larger = size.cols > own.cols || size.rows > own.rows;
        if is_larger && !self.keyboard.mine && self.told_sizes != Some((size, own)) {
            self.told_sizes = Some((size, own));
            self.note(&notes::sizes(size, own));
        }
    }

    /// Watches the screen instead of every byte, once output has waited too long for this terminal.
    fn catch_up(&mut self, runner: &mut Runner) {
        if self.has_screen || self.printer.waiting_bytes() < SCREEN_BEHIND_BYTES {
            self.behind_since = None;
            return;
        }
        if self.behind_since.get_or_insert_with(Instant::now).elapsed() >= SCREEN_BEHIND {
            self.show_screen(runner);
        }
    }

    fn show_screen(&mut self, runner: &mut Runner) {
        self.has_screen = true;
        runner.command(Command::WatchScreen { run: self.run, auto_ack: false });
    }

    /// Shows a note of ours.
    fn note(&mut self, words: &str) {
        self.printer.say(notes::on_first_row(words, own_size().size.cols).into());
    }
}
