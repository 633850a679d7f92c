//! Orders lines: none overtakes an earlier post, request or transfer that it may depend on. Lines of a pipe and of a
//! person are treated alike.

use wardroom_client_core::Command;
use wardroom_protocol::RoomName;
use wardroom_protocol::slash::{self, BadLine, Command as Slash, Line};

use super::asked::Asked;
use super::command;
use super::talk::{Input, Talk};
use super::transfers::{Told, TransferOutcome};
use super::typed::{Typed, is_long};
use crate::exit::Failure;
use crate::files::LongText;
use crate::runner::{Runner, now_ms, random};

impl Talk {
    /// Takes a typed line. A command must not overtake earlier messages, nor later messages the command: lines wait for
    /// their turn.
    pub(super) fn take_line(&mut self, runner: &mut Runner, line: Typed) -> Result<(), Failure> {
        if matches!(&line, Typed::Line(line) if slash::parse(line.clone()) == Ok(Line::Command(Slash::Quit))) {
            // Leaving now aborts a transfer, so it must be requested twice.
            if self.console.is_some() && !self.transfers.is_idle() && !std::mem::replace(&mut self.warned, true) {
                self.voice.say("-- a transfer is running: Ctrl-D waits for it, /quit again cancels it");
                return Ok(());
            }
            self.input = Input::Quit;
            return Ok(());
        }
        self.held.push_back(line);
        self.go_on(runner)
    }

    /// Handles the lines whose turn it is.
    pub(super) fn go_on(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        while let Some(first) = self.held.front() {
            let is_held_up = self.starting > 0 || self.transfers.holds_up() || self.asked.values().any(Asked::holds_up);
            // Without a connection lines wait here once the outbox is full, and then in the pipe: none is lost.
            let is_full = runner.client().outbox().is_full();
            let parsed = match first {
                Typed::Line(line) => slash::parse(line.clone()),
                Typed::Long(_) => Ok(Line::Message(String::new())),
            };
            let waits = match (&parsed, first) {
                // It must follow earlier messages, and is posted only when the file is stored.
                (_, Typed::Long(_)) => is_held_up || is_full || self.is_saying(runner),
                (Ok(Line::Message(text)), _) if is_long(text) => is_held_up || is_full || self.is_saying(runner),
                (Ok(Line::Message(_)), _) => is_held_up || is_full,
                // The model is ahead of the screen: "my last message" means the last one on the screen.
                (line, _) if command::waits(line) => is_held_up || self.is_saying(runner) || !runner.is_idle(),
                _ => false,
            };
            if waits {
                return Ok(());
            }
            match self.held.pop_front() {
                Some(Typed::Long(text)) => self.transfers.text(self.room.clone(), text, None),
                Some(Typed::Line(line)) => self.take_turn(runner, &line, parsed)?,
                None => {}
            }
        }
        Ok(())
    }

    fn take_turn(&mut self, runner: &mut Runner, line: &str, parsed: Result<Line, BadLine>) -> Result<(), Failure> {
        if let Some(file) = command::file_to_put(line).filter(|_| self.console.is_some()) {
            self.put(file);
            return Ok(());
        }
        match parsed {
            Ok(Line::Empty) => {}
            Ok(Line::Message(text)) => self.post(runner, text, None)?,
            Ok(Line::Command(command)) => self.carry_out(runner, command)?,
            Err(bad) => {
                self.refused = self.refused.saturating_add(1);
                self.voice.say(&command::why_bad(line, &bad));
            }
        }
        Ok(())
    }

    /// Posts a text. One that is too long for a message first becomes a file.
    pub(super) fn post(&mut self, runner: &mut Runner, text: String, reply_to: Option<u64>) -> Result<(), Failure> {
        if is_long(&text) {
            self.transfers.text(self.room.clone(), LongText::from(text), reply_to);
            return Ok(());
        }
        self.post_in(runner, self.room.clone(), text, reply_to)
    }

    fn post_in(
        &mut self,
        runner: &mut Runner,
        room: RoomName,
        text: String,
        reply_to: Option<u64>,
    ) -> Result<(), Failure> {
        let nonce = wardroom_client_core::nonce(now_ms(), random()?);
        runner.command(Command::Post { room, text, reply_to, nonce });
        // Reported for the first one only: a pipe may have thousands.
        if !runner.client().connection().is_up() && runner.client().outbox().posts().len() == 1 {
            self.voice.say("-- waiting to send: no connection");
        }
        Ok(())
    }

    /// Handles the progress or the end of a transfer.
    pub(super) fn moved(&mut self, runner: &mut Runner, told: Told) -> Result<(), Failure> {
        if let Input::Ended(_) = self.input {
            self.input_ends();
        }
        match self.transfers.take(told) {
            None => {}
            Some(Ok(TransferOutcome::Message { room, text, reply_to })) => {
                self.post_in(runner, room, text, reply_to)?
            }
            Some(Ok(TransferOutcome::Done(words))) => self.voice.say(&words),
            Some(Err(failure)) => self.refused(&failure.words),
        }
        Ok(())
    }
}
