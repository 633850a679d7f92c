//! `wardroom chat ROOM`: a room as lines. Typed lines are posted; lines with a slash are commands of `protocol::slash`.
//! The room's lines go to stdout, one each, everything else to stderr, so that it works in a pipe. At a terminal the
//! line is edited beneath them (`console`).
//!
//! Events are printed as lines, an edit as a line of its own: what has scrolled by is not drawn again.

mod asked;
mod command;
mod console;
mod drawn;
mod hint;
mod keyboard;
mod names;
mod output;
mod runs;
mod starting;
mod talk;
mod transfers;
mod turns;
mod typed;

use std::collections::{BTreeMap, VecDeque};
use std::io::IsTerminal;

use wardroom_client_core::{Change, Command, ConnectionState, Effect, OpenFrom, Operation, PostState};
use wardroom_protocol::mention::not_here_words;
use wardroom_protocol::visible::visible;
use wardroom_protocol::{EventBody, RoomName};

use self::console::Console;
use self::drawn::Drawn;
use self::output::Output;
use self::runs::Runs;
use self::talk::{Input, Talk};
use self::transfers::Transfers;
use self::typed::{TYPED_LINES, Typed};
use super::refused;
use super::rooms::{meant_or_new, shown_name};
use crate::edit::Capabilities;
use crate::exit::{ExitCode, Failure};
use crate::limits::{ANSWER_TIMEOUT, CHAT_HISTORY};
use crate::runner::{Runner, Target, now_ms};
use crate::text::connection_words;

/// Which room.
#[derive(Clone, Debug)]
pub struct Chat {
    /// The room.
    pub room: RoomName,
    /// Lines of history to start with.
    pub last: Option<u64>,
    /// At the end of piped input, do not wait for the runs that it started.
    pub no_wait: bool,
    /// Print events as JSON.
    pub json: bool,
}

/// Chats until the input ends.
///
/// # Errors
/// See [`Failure`].
pub async fn chat(target: Target, mut chat: Chat) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target.clone()).await?;
    chat.room = meant_or_new(&mut runner, chat.room).await?;
    open(&mut runner, &chat.room, chat.last);
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let (console, screen) = Some(()).filter(|()| !chat.json).and_then(|()| Console::open()).unzip();
    let mut state = Talk {
        voice: Output::new(screen),
        console,
        transfers: Transfers::new(target),
        runs: Runs::new(is_terminal && Capabilities::of(|name| std::env::var(name).ok()).styles),
        drawn: Drawn::new(chat.json),
        room: chat.room,
        link: ConnectionState::Connecting,
        is_terminal,
        asked: BTreeMap::new(),
        my_last: None,
        starting: 0,
        is_live: false,
        held: VecDeque::new(),
        input: Input::Open,
        refused: 0,
        waits_for_runs: !is_terminal && !chat.no_wait,
        warned: false,
    };
    let done = state.follow(&mut runner).await;
    state.leave();
    runner.finish().await;
    // A script must notice that a line of it was not carried out.
    done.map(|()| if state.refused > 0 && !is_terminal { ExitCode::Failed } else { ExitCode::Ok })
}

fn open(runner: &mut Runner, room: &RoomName, last: Option<u64>) {
    let from = OpenFrom::Last(last.unwrap_or(CHAT_HISTORY));
    runner.command(Command::OpenRoom { room: room.clone(), from });
}

impl Talk {
    async fn follow(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        let mut lines = self.console.is_none().then(typed::lines);
        loop {
            if self.is_over(runner) {
                return Ok(());
            }
            // Once all events are shown: thousands of lines, or of keys, are not drawn one by one.
            if runner.is_idle() && !self.console.as_ref().is_some_and(Console::has_more) {
                self.draw(runner)?;
            }
            let give_up_at = self.give_up_at();
            tokio::select! {
                effect = runner.next() => {
                    self.take(runner, effect)?;
                    self.go_on(runner)?;
                }
                line = next_line(&mut lines), if self.input == Input::Open && self.held.len() < TYPED_LINES => match line {
                    Some(line) => self.take_line(runner, line)?,
                    None => self.input_ends(),
                },
                came = Console::next(&mut self.console) => self.came(runner, came)?,
                told = self.transfers.next() => {
                    self.moved(runner, told)?;
                    self.go_on(runner)?;
                }
                () = tokio::time::sleep_until(give_up_at) => {
                    return Err(Failure::no_connection("the server did not answer; some messages were not sent"));
                }
            }
        }
    }

    /// Notes the end of the input.
    fn input_ends(&mut self) {
        self.input = Input::Ended(tokio::time::Instant::now() + ANSWER_TIMEOUT);
    }

    fn give_up_at(&self) -> tokio::time::Instant {
        match self.input {
            Input::Ended(at) if !self.awaits_runs() => at,
            _ => tokio::time::Instant::now() + ANSWER_TIMEOUT * 60,
        }
    }

    /// Returns true if the input has ended, the room has been shown, and all posts are confirmed.
    fn is_over(&self, runner: &Runner) -> bool {
        match self.input {
            Input::Open => false,
            Input::Quit => true,
            Input::Ended(_) => {
                let is_done =
                    self.held.is_empty() && self.asked.is_empty() && self.transfers.is_idle() && runner.is_idle();
                self.is_live && is_done && !self.is_saying(runner) && !self.awaits_runs()
            }
        }
    }

    /// Returns true if the end of the input waits for a run.
    fn awaits_runs(&self) -> bool {
        self.waits_for_runs && self.runs.has_own()
    }

    /// Returns true if a post or a requested run is not confirmed yet.
    fn is_saying(&self, runner: &Runner) -> bool {
        let waits = |state: &PostState| !matches!(state, PostState::Failed(_) | PostState::NotSent(_));
        self.starting > 0 || runner.client().outbox().posts().iter().any(|post| waits(&post.state))
    }

    fn take(&mut self, runner: &mut Runner, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::Event(event) if event.room == self.room => {
                let me = runner.client().you().map(|you| you.user.clone());
                if me.as_ref() == Some(&event.by) && matches!(event.body, EventBody::Message(_)) {
                    self.my_last = Some(event.seq);
                }
                if let Some(line) = self.drawn.event(&event, me.as_ref().filter(|_| self.is_live)) {
                    self.voice.line(&line)?;
                }
                self.runs.seen(runner, &event);
                self.see(runner, event.seq);
            }
            Effect::Live { room } if room == self.room => {
                self.is_live = true;
                self.runs.caught_up(runner);
                self.give_back_unknown(runner);
                // Needed to complete their names.
                if self.console.is_some() {
                    runner.command(Command::LoadPeople { room });
                }
            }
            Effect::Answered { request, result } => {
                if let Some(asked) = self.asked.remove(&request) {
                    match result {
                        Ok(answer) => self.answered(runner, asked, &answer)?,
                        Err(error) => self.refused(&error.message),
                    }
                }
            }
            Effect::Changed(Change::Rooms) => self.drawn.rooms(&mut self.voice, runner.client(), &self.room),
            Effect::Changed(Change::Typing(room)) if room == self.room => {
                self.drawn.title(&mut self.voice, runner.client(), &self.room);
            }
            Effect::Output { run, fd, bytes, .. } if !self.drawn.is_json() => {
                for line in self.runs.lines(run, fd, &bytes) {
                    self.voice.line(&line)?;
                }
            }
            Effect::RunEnded(end) => {
                for line in self.runs.ended(end.run).into_iter().filter(|_| !self.drawn.is_json()) {
                    self.voice.line(&line)?;
                }
                self.run_is_over(end.run);
            }
            // The room shows it, and its run once it is approved.
            Effect::RunProposed { .. } => self.starting = self.starting.saturating_sub(1),
            Effect::RunStarted { run, n, .. } => {
                self.starting = self.starting.saturating_sub(1);
                self.runs.started(runner, run, n);
            }
            Effect::Changed(Change::Connection) => self.tell_link(runner)?,
            Effect::Disconnected { why } => self.voice.say(&format!("-- {why}")),
            Effect::Reset { .. } => self.voice.say("-- the room was reset; showing it again"),
            Effect::Notice(text) => self.voice.say(&format!("-- {}", visible(&text))),
            Effect::NotInRoom { users, .. } => {
                not_here_words(&users)
                    .into_iter()
                    .for_each(|told| self.voice.say(&format!("-- {told}: /invite NAME adds people")));
            }
            Effect::Waiting { error, .. } => {
                self.voice.say(&format!("-- waiting to send: {}", visible(&error.message)));
            }
            Effect::Failed { operation: Operation::Open(room), error } if room == self.room => return refused(error),
            Effect::Failed { operation: Operation::RunStart(nonce), error } => {
                self.starting = self.starting.saturating_sub(1);
                self.refused = self.refused.saturating_add(1);
                self.not_started(runner, &nonce, &error);
            }
            Effect::Failed { operation, error } => {
                if let Operation::Run(run) = operation {
                    self.run_is_over(run);
                }
                self.refused(&error.message);
            }
            _ => {}
        }
        Ok(())
    }

    fn run_is_over(&mut self, run: wardroom_protocol::RunId) {
        self.runs.is_over(run);
        if let Input::Ended(_) = self.input {
            self.input_ends();
        }
    }

    /// Reports the state of the link when it has changed; at a prompt also that it is live.
    fn tell_link(&mut self, runner: &Runner) -> Result<(), Failure> {
        let link = runner.client().connection();
        if let ConnectionState::SignedOut { why } = &link {
            return Err(Failure::refused(visible(why).into_owned()));
        }
        let is_same_state = std::mem::discriminant(&link) == std::mem::discriminant(&self.link);
        let was_first = matches!(self.link, ConnectionState::Connecting);
        self.link = link;
        if !is_same_state && (!was_first || self.is_terminal) {
            self.voice.say(&format!("-- {}", connection_words(&self.link, now_ms())));
        }
        Ok(())
    }

    /// Marks the line as read if a person is at the terminal. A pipe may have no reader.
    fn see(&self, runner: &mut Runner, seq: u64) {
        if self.is_terminal {
            runner.command(Command::MarkRead { room: self.room.clone(), seq });
        }
    }

    /// Switches to another room.
    fn go_to(&mut self, runner: &mut Runner, room: RoomName) {
        if room == self.room {
            return;
        }
        runner.command(Command::CloseRoom { room: self.room.clone() });
        self.room = room;
        self.is_live = false;
        self.my_last = None;
        self.runs.leave(runner);
        self.drawn.enter();
        open(runner, &self.room, None);
        let (rooms, me) = (runner.client().rooms(), runner.client().you().map(|you| &you.user));
        let words = rooms.get(&self.room).map(|room| shown_name(&room.info, me));
        self.voice.say(&format!("-- in {}", words.unwrap_or_else(|| self.room.to_string())));
    }
}

/// Returns the next line of a pipe; pending forever if a person edits.
async fn next_line(lines: &mut Option<tokio::sync::mpsc::Receiver<Typed>>) -> Option<Typed> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}
