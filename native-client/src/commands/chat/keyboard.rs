//! A chat at a terminal: applies the editor's results to the chat, and composes what is below the room's lines
//! (progress, the edited line, its hint).

use rustix::process::Signal;
use wardroom_client_core::{Command, PostState};
use wardroom_protocol::slash;

use super::super::rooms::shown_name;
use super::super::signals::Signalled;
use super::command::is_answered_in_words;
use super::console::ConsoleEvent;
use super::names::names;
use super::talk::{Input, Talk};
use super::typed::{TYPED_LINES, Typed};
use crate::edit::{Act, Frame, Key, Row, Screen, is_command};
use crate::exit::{ExitCode, Failure};
use crate::runner::Runner;

/// Shown while leaving waits for unconfirmed posts.
const LEAVING: &str = "what you said and sent is on its way still; Ctrl-C leaves at once";

impl Talk {
    /// Handles an event of the terminal.
    pub(super) fn came(&mut self, runner: &mut Runner, came: ConsoleEvent) -> Result<(), Failure> {
        match came {
            ConsoleEvent::Keys(keys) => {
                for key in keys {
                    self.key(runner, key)?;
                }
                let after =
                    self.console.as_mut().map(|console| std::mem::take(&mut console.after_keys)).unwrap_or_default();
                if after.changed {
                    self.tell_typing(runner);
                }
                if after.bell {
                    self.on_screen(Screen::bell);
                }
            }
            ConsoleEvent::Closed => self.input_ends(),
            ConsoleEvent::Signal(Signalled::Resized) => self.on_screen(Screen::resize),
            ConsoleEvent::Signal(Signalled::Continued) => {
                if let Some(console) = &self.console {
                    console.keys.take()?;
                }
                self.on_screen(Screen::resize);
            }
            ConsoleEvent::Signal(Signalled::Ended) => {
                return Err(Failure { code: ExitCode::Failed, words: "terminated by a signal".to_owned() });
            }
        }
        Ok(())
    }

    fn key(&mut self, runner: &mut Runner, key: Key) -> Result<(), Failure> {
        let Some(console) = &mut self.console else { return Ok(()) };
        if self.input != Input::Open {
            // Posts are still unconfirmed. A second Ctrl-C or Ctrl-D leaves at once.
            if matches!(key, Key::Ctrl('c' | 'd')) {
                self.input = Input::Quit;
            }
            return Ok(());
        }
        match console.editor.key(key) {
            Act::Draw => {}
            Act::Changed => console.after_keys.changed = true,
            Act::Enter(text) => self.enter(runner, text)?,
            Act::File(text) => self.take_line(runner, Typed::Long(text))?,
            Act::Complete => {
                let (from, names) = names(runner.client(), &self.room, console.editor.before());
                console.after_keys.bell |= matches!(console.editor.offer_names(from, names), Act::Bell);
            }
            Act::HowToLeave => self.voice.say("-- press Ctrl-D or type /quit to exit"),
            Act::Leave => self.input_ends(),
            Act::Suspend => self.suspend(),
            Act::Clear => self.on_screen(Screen::clear),
            Act::Bell => console.after_keys.bell = true,
        }
        Ok(())
    }

    /// Reports typing, but not while the user types a command. When a room's name begins, requests the list of rooms,
    /// which may have a new one.
    fn tell_typing(&mut self, runner: &mut Runner) {
        let Some(console) = &mut self.console else { return };
        let text = console.editor.text();
        let names_a_room = text.starts_with("/join ");
        let was_asked = std::mem::replace(&mut console.asked_for_rooms, names_a_room);
        if names_a_room && !was_asked {
            runner.command(Command::LoadRooms);
        }
        if !text.trim().is_empty() && !is_command(text) {
            runner.command(Command::Typing { room: self.room.clone() });
        }
    }

    fn enter(&mut self, runner: &mut Runner, text: String) -> Result<(), Failure> {
        let room = self.room_words(runner);
        let Some(console) = &mut self.console else { return Ok(()) };
        if self.held.len() >= TYPED_LINES {
            console.editor.give_back(text);
            self.voice.say("-- still sending earlier lines; try again in a moment");
            return Ok(());
        }
        if is_command(&text) && is_answered_in_words(&slash::parse(text.clone())) {
            let asked = format!("{}{}", console.prompt(&room), crate::edit::cut(&text, usize::MAX));
            self.voice.line(&asked)?;
        }
        self.take_line(runner, Typed::Line(text))
    }

    /// Stops the process, as Ctrl-Z does everywhere; [`Signalled::Continued`] follows.
    fn suspend(&mut self) {
        self.on_screen(Screen::leave);
        if let Some(console) = &self.console {
            console.keys.give_back();
            rustix::process::kill_process(rustix::process::getpid(), Signal::TSTP).ok();
        }
    }

    /// Draws on the screen. Errors are ignored: a hangup follows.
    fn on_screen(&mut self, act: impl FnOnce(&mut Screen) -> std::io::Result<()>) {
        if let Some(screen) = self.voice.screen() {
            act(screen).ok();
        }
    }

    fn room_words(&self, runner: &Runner) -> String {
        match runner.client().rooms().get(&self.room) {
            Some(room) if !room.info.dm.is_empty() => {
                shown_name(&room.info, runner.client().you().map(|you| &you.user))
            }
            _ => format!("#{}", self.room),
        }
    }

    /// Draws what is below the room's lines.
    pub(super) fn draw(&mut self, runner: &Runner) -> Result<(), Failure> {
        let prompt = self.room_words(runner);
        let Some(console) = self.console.as_ref().filter(|_| self.input != Input::Quit) else { return Ok(()) };
        let posts = runner.client().outbox().posts().iter().filter(|post| post.room == self.room);
        let pending = posts.filter(|post| matches!(post.state, PostState::Pending | PostState::Posted(_)));
        let pending = pending.map(|post| post.text.clone());
        let held = self.held.iter().map(Typed::words);
        let above = pending.chain(held).map(|words| format!("\u{2026} {words}")).chain(self.transfers.rows());
        let frame = Frame {
            above: above.collect(),
            prompt: console.prompt(&prompt),
            text: console.editor.text(),
            caret: console.editor.caret(),
            below: if self.input == Input::Open { console.below() } else { vec![Row::dim(LEAVING)] },
        };
        match self.voice.screen() {
            Some(screen) => screen.draw(&frame).map_err(|e| super::super::out::failed(&e)),
            None => Ok(()),
        }
    }

    /// Gives the terminal back.
    pub(super) fn leave(&mut self) {
        self.drawn.leave(&mut self.voice);
        self.on_screen(Screen::leave);
        self.console = None;
    }
}
