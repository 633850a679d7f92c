//! A shared terminal while it is shown in ours: its output, our keys and escapes, and notes about its keyboard and size.

use bytes::Bytes;
use tokio::time::Instant;
use wardroom_client_core::{Change, Command, Effect, Keyboard, Operation};
use wardroom_protocol::messages::{RunEnd, Signal, TermOp, TermSize};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{RunId, UserName};

use super::super::ended::say_end;
use super::super::input::Input;
use super::super::out::say;
use super::super::printer::{Printer, Style};
use super::super::signals::{Signalled, TerminalSignals};
use super::super::starting::own_size;
use super::super::{ReconnectDeadline, refused};
use super::escapes::{Escapes, HELP, Typed};
use super::notes;
use super::raw::RawTerminal;
use super::view::{View, is_drawn, until};
use crate::exit::Failure;
use crate::limits::{HELP_SHOWN, NOTE_SHOWN, SCREEN_BEHIND, SCREEN_BEHIND_BYTES};
use crate::runner::Runner;

/// A terminal that is shown in ours.
pub(super) struct Attached {
    run: RunId,
    n: u64,
    printer: Printer,
    escapes: Escapes,
    input: Input,
    signals: TerminalSignals,
    /// Who held the keyboard when it was last looked at.
    keyboard: Keyboard,
    /// The screen is watched, not every byte.
    watches_screen: bool,
    /// A picture of the screen was drawn.
    has_picture: bool,
    /// What covers a row: a note, or the list of escapes without words. Until then.
    note: Option<(String, Instant)>,
    /// Output has waited since then for this terminal to take it.
    behind_since: Option<Instant>,
    /// Its screen is drawn here.
    view: Option<View>,
    /// A note has told that typing does nothing here.
    told_watching: bool,
    end: Option<RunEnd>,
    /// Last, so that the terminal is restored after everything else.
    raw: RawTerminal,
}

impl Attached {
    pub(super) fn new(runner: &Runner, run: RunId, n: u64, signals: TerminalSignals) -> Result<Attached, Failure> {
        let keyboard = runner.client().runs().get(&run).map(|run| run.keyboard.clone()).unwrap_or_default();
        let raw = RawTerminal::take().map_err(|e| Failure::failed(format!("cannot use this terminal: {e}")))?;
        Ok(Attached {
            run,
            n,
            printer: Printer::new(Style::Terminal),
            escapes: Escapes::new(),
            input: Input::start(true),
            signals,
            keyboard,
            watches_screen: false,
            has_picture: false,
            note: None,
            behind_since: None,
            view: None,
            told_watching: false,
            end: None,
            raw,
        })
    }

    /// Begins to watch a terminal that is there already.
    pub(super) fn begin(&mut self, runner: &mut Runner, holder: Option<UserName>, asks: bool) {
        self.show_screen(runner);
        self.note(&notes::begin(self.n, holder.as_ref(), asks));
        self.keyboard.holder = holder;
        if asks {
            self.ask(runner);
        }
    }

    /// Shows it until the run ends or is left. The terminal is restored before anything else is said.
    pub(super) async fn follow(mut self, runner: &mut Runner) -> Result<u8, Failure> {
        let left = self.until_left(runner).await;
        let (n, end, is_drawn) = (self.n, self.end.take(), self.view.is_some());
        drop(self);
        match (left, end) {
            (Err(failure), _) => {
                say("\r");
                Err(failure)
            }
            (Ok(()), Some(end)) => {
                if is_drawn {
                    say("\r");
                }
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
            if self.end.is_some() {
                self.draw();
                if self.printer.is_idle() {
                    return Ok(());
                }
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
                () = until(self.note.as_ref().map(|(_, until)| *until)) => self.end_note(runner),
                () = View::due(self.view.as_ref()) => self.draw(),
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
            Effect::Output { off, bytes, .. } => match &mut self.view {
                Some(view) => {
                    view.feed(&bytes);
                    self.printer.skip(off.saturating_add(bytes.len() as u64));
                }
                None => {
                    self.raw.note(&bytes);
                    self.printer.push(1, off, bytes);
                }
            },
            Effect::Screen { off, bytes, cols, rows, .. } if self.is_drawn(runner) => {
                self.printer.restart(off, Bytes::new());
                self.begin_view();
                if let Some(view) = &mut self.view {
                    view.show(TermSize { cols, rows }, off, &bytes);
                }
                self.note_again();
            }
            Effect::Screen { off, bytes, .. } => {
                let mut picture = self.raw.cleared(self.has_picture);
                self.raw.note(&bytes);
                picture.extend_from_slice(&bytes);
                self.has_picture = true;
                self.printer.restart(off, picture.into());
                self.note_again();
                self.compare_sizes(runner);
            }
            Effect::ScreenSize { cols, rows, .. } => {
                if let Some(view) = &mut self.view {
                    view.resize(TermSize { cols, rows });
                }
                self.compare_sizes(runner);
            }
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
                Typed::Help => {
                    self.printer.say(Bytes::from_static(HELP.as_bytes()));
                    self.note = self.has_picture.then(|| (String::new(), Instant::now() + HELP_SHOWN));
                }
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
        self.keyboard = now;
        self.told_watching = false;
        if let Some(note) = note {
            self.note(&note);
        }
        self.fit(runner);
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

    fn is_drawn(&self, runner: &Runner) -> bool {
        is_drawn(self.keyboard.mine, runner.client().runs().get(&self.run).and_then(|run| run.size), own_size().size)
    }

    /// Changes between drawing the terminal here and passing its output on.
    fn compare_sizes(&mut self, runner: &mut Runner) {
        let is_drawn = self.is_drawn(runner);
        let fits = self.view.as_ref().is_none_or(|view| view.own() == own_size().size);
        if is_drawn != self.view.is_some() || !fits {
            self.view = self.view.take().filter(|_| is_drawn);
            if is_drawn {
                self.begin_view();
            }
            self.draw_again(runner);
        }
    }

    /// Makes an empty view for the window here, unless there is one.
    fn begin_view(&mut self) {
        let own = own_size().size;
        if self.view.as_ref().is_none_or(|view| view.own() != own) {
            let cleared = self.raw.cleared(self.has_picture);
            self.printer.say(cleared.into());
            (self.has_picture, self.view) = (true, Some(View::new(own)));
        }
    }

    /// Watches the screen instead of every byte, once output has waited too long for this terminal.
    fn catch_up(&mut self, runner: &mut Runner) {
        if self.watches_screen || self.printer.waiting_bytes() < SCREEN_BEHIND_BYTES {
            self.behind_since = None;
            return;
        }
        if self.behind_since.get_or_insert_with(Instant::now).elapsed() >= SCREEN_BEHIND {
            self.show_screen(runner);
        }
    }

    fn show_screen(&mut self, runner: &mut Runner) {
        self.watches_screen = true;
        runner.command(Command::WatchScreen { run: self.run, auto_ack: false });
    }

    /// Draws what is due in the view.
    fn draw(&mut self) {
        self.view.as_mut().and_then(View::draw).into_iter().for_each(|drawn| self.printer.say(drawn.into()));
    }

    fn draw_again(&mut self, runner: &mut Runner) {
        runner.command(Command::UnwatchRun { run: self.run });
        self.show_screen(runner);
    }

    /// Shows a note of ours: over a picture for a while, or with the first one. What a shell prints as with ssh goes on
    /// below the note.
    fn note(&mut self, words: &str) {
        if !self.watches_screen && !self.raw.is_alternate() {
            return self.printer.say(notes::between_lines(words).into());
        }
        if self.has_picture || !self.watches_screen {
            self.printer.say(notes::on_first_row(words, own_size().size.cols).into());
        }
        self.note = Some((words.to_owned(), Instant::now() + NOTE_SHOWN));
    }

    /// Shows the note over a picture that has just covered it.
    fn note_again(&mut self) {
        if let Some((words, _)) = self.note.take().filter(|(words, _)| !words.is_empty()) {
            self.note(&words);
        }
    }

    /// Draws what a note covers.
    fn end_note(&mut self, runner: &mut Runner) {
        self.note = None;
        match &mut self.view {
            Some(view) => view.draw_all(),
            None if self.end.is_none() => self.draw_again(runner),
            None => {}
        }
    }
}
