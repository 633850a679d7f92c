//! The open terminal: its screen and output go to it, what is typed comes from it. One at a time is open.

use std::rc::Rc;

use wardroom_client_core::Command;
use wardroom_client_core::protocol::limits::{TERM_COLS_MAX, TERM_ROWS_MAX};
use wardroom_client_core::protocol::messages::{Answer, RunTimes, TermOp, TermSize};
use wardroom_client_core::protocol::{RunId, UserName};
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::Callback;

use super::{Engine, OpenTerminal};
use crate::services::terminal::{Terminal, TerminalEvent};

impl Engine {
    /// Opens the terminal of a run in an element, then calls back: with `false` if it could not be loaded.
    pub fn open_terminal(
        &self,
        run: RunId,
        root: Element,
        lang: &'static str,
        on: Callback<bool>,
        close: Callback<()>,
    ) {
        *self.0.terminal.borrow_mut() = Some(OpenTerminal { run, terminal: None });
        let (engine, heard, counted) = (self.clone(), self.clone(), self.clone());
        spawn_local(async move {
            let hear = move |event| heard.on_terminal(run, event, &close);
            let free = move || counted.read(|client| client.input_free(run));
            let opened = Terminal::open(root, lang, hear, free).await;
            let is_open = opened.is_some();
            if let Some(open) = engine.0.terminal.borrow_mut().as_mut().filter(|open| open.run == run) {
                open.terminal = opened.map(Rc::new);
            } else {
                return;
            }
            if is_open {
                // What the user asked for is acknowledged when it is drawn: a terminal that is behind gets a screen.
                engine.command(Command::WatchScreen { run, auto_ack: false });
            }
            on.emit(is_open);
        });
    }

    /// Closes it.
    pub fn close_terminal(&self, run: RunId) {
        let closed = self.0.terminal.borrow_mut().take_if(|open| open.run == run);
        if closed.is_some() {
            self.command(Command::UnwatchRun { run });
        }
    }

    /// The open terminal of this run.
    pub fn terminal(&self, run: RunId) -> Option<Rc<Terminal>> {
        self.0.terminal.borrow().as_ref().filter(|open| open.run == run)?.terminal.clone()
    }

    /// Tells it that more input is accepted: after the jobs that wait, whose input is not counted yet.
    pub(super) fn input_taken(&self, run: RunId) {
        let engine = self.clone();
        spawn_local(async move {
            if let Some(terminal) = engine.terminal(run) {
                terminal.taken();
            }
        });
    }

    /// Asks for, gives, takes or releases the keyboard of a run.
    pub fn control_keyboard(&self, run: RunId, op: TermOp, to: Option<UserName>) {
        self.command(Command::Keyboard { run, op, to });
    }

    fn on_terminal(&self, run: RunId, event: TerminalEvent, close: &Callback<()>) {
        match event {
            TerminalEvent::Input(bytes) => self.command(Command::RunInput { run, bytes: bytes.into() }),
            TerminalEvent::Drawn(off) => self.command(Command::AckRun { run, off }),
            TerminalEvent::Size(cols, rows) => {
                let size = TermSize { cols: cols.clamp(1, TERM_COLS_MAX), rows: rows.clamp(1, TERM_ROWS_MAX) };
                self.command(Command::ResizeTerminal { run, size });
            }
            TerminalEvent::Control(op, to) => {
                let op = match op.as_str() {
                    "give" => TermOp::Give,
                    "take" => TermOp::Take,
                    "release" => TermOp::Release,
                    _ => TermOp::Ask,
                };
                self.control_keyboard(run, op, to.and_then(|name| UserName::parse(&name).ok()));
            }
            TerminalEvent::Play(at_ms) => self.command(Command::WatchRecording { run, at_ms }),
            TerminalEvent::Times(from) => {
                let engine = self.clone();
                let on = Callback::from(move |answer: Result<Answer, _>| {
                    if let Some(terminal) = engine.terminal(run) {
                        let line = answer.map(|answer| answer.line).unwrap_or_default();
                        terminal.times(from, &String::from_utf8_lossy(&line));
                    }
                });
                self.request(RunTimes { run, from }, on);
            }
            TerminalEvent::Close => close.emit(()),
        }
    }
}
