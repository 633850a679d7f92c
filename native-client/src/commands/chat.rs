//! `wardroom chat ROOM`: a room as lines. What is typed is said; what begins with a slash is a command of
//! `protocol::slash`. The room's lines go to stdout, one each, all other words to stderr, so that it works in a pipe.
//!
//! What comes is drawn as lines, an edit as a line of its own: what has scrolled by is not drawn again.

mod asked;
mod command;
mod drawn;
mod runs;

use std::collections::{BTreeMap, VecDeque};
use std::io::IsTerminal;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use wardroom_client_core::limits::OUTBOX_POSTS_MAX;
use wardroom_client_core::{Change, Command, Effect, Link, OpenFrom, PostState, Subject, Ticket};
use wardroom_protocol::limits::TEXT_BYTES_MAX;
use wardroom_protocol::slash::{self, Command as Slash, Line};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{EventBody, RoomName};

use self::asked::Asked;
use self::drawn::Drawn;
use self::runs::Runs;
use super::out::say;
use super::{Out, refused};
use crate::exit::{ExitCode, Failure};
use crate::limits::{ANSWER_TIMEOUT, CHAT_HISTORY};
use crate::runner::{Runner, Target, now_ms, random};
use crate::text::link_words;

/// Which room.
#[derive(Clone, Debug)]
pub struct Chat {
    /// The room.
    pub room: RoomName,
    /// Lines of history to begin with.
    pub last: Option<u64>,
    /// Events as JSON.
    pub json: bool,
}

/// Lines that were typed and not yet taken.
const TYPED_LINES: usize = 16;

/// Chats until the input ends.
///
/// # Errors
/// See [`Failure`].
pub async fn chat(target: Target, chat: Chat) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    open(&mut runner, &chat.room, chat.last);
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut state = Talk {
        out: Out::new(),
        runs: Runs::default(),
        drawn: Drawn::new(chat.json),
        room: chat.room,
        link: Link::Connecting,
        is_terminal,
        asked: BTreeMap::new(),
        my_last: None,
        starting: 0,
        is_live: false,
        held: VecDeque::new(),
        input: Input::Open,
    };
    let done = state.follow(&mut runner).await;
    state.drawn.leave();
    runner.finish().await;
    done.map(|()| ExitCode::Ok)
}

fn open(runner: &mut Runner, room: &RoomName, last: Option<u64>) {
    let from = OpenFrom::Last(last.unwrap_or(CHAT_HISTORY));
    runner.command(Command::OpenRoom { room: room.clone(), from });
}

/// How the input stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Input {
    Open,
    /// It has ended; what was said is still on its way, until then.
    Ended(tokio::time::Instant),
    /// `/quit`
    Quit,
}

struct Talk {
    out: Out,
    runs: Runs,
    drawn: Drawn,
    room: RoomName,
    link: Link,
    is_terminal: bool,
    /// What was asked and not answered yet.
    asked: BTreeMap<Ticket, Asked>,
    /// The place of what one said last in this room.
    my_last: Option<u64>,
    /// Runs that were asked for and have no id yet.
    starting: usize,
    /// The room's past has been shown.
    is_live: bool,
    /// Lines that wait for their turn.
    held: VecDeque<String>,
    input: Input,
}

impl Talk {
    async fn follow(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        let mut lines = typed_lines();
        loop {
            if self.is_over(runner) {
                return Ok(());
            }
            tokio::select! {
                effect = runner.next() => {
                    self.take(runner, effect)?;
                    self.go_on(runner)?;
                }
                line = lines.recv(), if self.input == Input::Open && self.held.len() < TYPED_LINES => match line {
                    Some(line) => self.take_line(runner, line)?,
                    None => self.input = Input::Ended(tokio::time::Instant::now() + ANSWER_TIMEOUT),
                },
                () = tokio::time::sleep_until(self.give_up_at()) => {
                    return Err(Failure::no_connection("the server did not answer; not everything was said"));
                }
            }
        }
    }

    fn give_up_at(&self) -> tokio::time::Instant {
        match self.input {
            Input::Ended(at) => at,
            _ => tokio::time::Instant::now() + ANSWER_TIMEOUT * 60,
        }
    }

    /// The input is over, the room has been shown, and all that was said stands in it.
    fn is_over(&self, runner: &Runner) -> bool {
        match self.input {
            Input::Open => false,
            Input::Quit => true,
            Input::Ended(_) => {
                let is_done = self.held.is_empty() && self.asked.is_empty() && runner.is_idle();
                self.is_live && is_done && !self.is_saying(runner)
            }
        }
    }

    /// Something that was said, or a run that was asked for, does not stand in the room yet.
    fn is_saying(&self, runner: &Runner) -> bool {
        let waits = |state: &PostState| !matches!(state, PostState::Failed(_));
        self.starting > 0 || runner.client().outbox().posts().iter().any(|post| waits(&post.state))
    }

    /// A line was typed. A command is not to overtake what was said before it, nor what is said after it the command:
    /// lines wait for their turn.
    fn take_line(&mut self, runner: &mut Runner, line: String) -> Result<(), Failure> {
        if slash::parse(line.clone()) == Ok(Line::Command(Slash::Quit)) {
            self.input = Input::Quit;
            return Ok(());
        }
        self.held.push_back(line);
        self.go_on(runner)
    }

    /// Takes the lines whose turn it is.
    fn go_on(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        while let Some(line) = self.held.front() {
            let parsed = slash::parse(line.clone());
            let is_held_up = self.starting > 0 || self.asked.values().any(Asked::holds_up);
            let waits = match &parsed {
                // Without a connection lines wait here once the outbox is full, and then in the pipe: none is lost.
                Ok(Line::Message(_)) => is_held_up || runner.client().outbox().posts().len() >= OUTBOX_POSTS_MAX,
                // The model is ahead of what has been shown: "my last message" is the last one of those.
                line if command::waits(line) => is_held_up || self.is_saying(runner) || !runner.is_idle(),
                _ => false,
            };
            if waits {
                return Ok(());
            }
            let line = self.held.pop_front().unwrap_or_default();
            match parsed {
                Ok(Line::Empty) => {}
                Ok(Line::Message(text)) => self.post(runner, text, None)?,
                Ok(Line::Command(command)) => self.carry_out(runner, command)?,
                Err(bad) => say(&command::why_bad(&line, &bad)),
            }
        }
        Ok(())
    }

    fn post(&mut self, runner: &mut Runner, text: String, reply_to: Option<u64>) -> Result<(), Failure> {
        if text.len() > TEXT_BYTES_MAX {
            say(&format!(
                "-- that is longer than {TEXT_BYTES_MAX} bytes; send it as a file: wardroom send {} -",
                self.room
            ));
            return Ok(());
        }
        let nonce = wardroom_client_core::nonce(now_ms(), random()?);
        runner.command(Command::Post { room: self.room.clone(), text, reply_to, nonce });
        // Said of the first one only: in a pipe there may be thousands.
        if !runner.client().link().is_up() && runner.client().outbox().posts().len() == 1 {
            say("-- kept here; it is sent when there is a connection");
        }
        Ok(())
    }

    fn take(&mut self, runner: &mut Runner, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::Event(event) if event.room == self.room => {
                let me = runner.client().you().map(|you| you.user.clone());
                if me.as_ref() == Some(&event.by) && matches!(event.body, EventBody::Message(_)) {
                    self.my_last = Some(event.seq);
                }
                if let Some(line) = self.drawn.event(&event, me.as_ref().filter(|_| self.is_live)) {
                    self.out.line(&line)?;
                }
                self.runs.seen(runner, &event);
                self.see(runner, event.seq);
            }
            Effect::Live { room } if room == self.room => {
                self.is_live = true;
                self.runs.caught_up(runner);
            }
            Effect::Answered { ticket, result } => {
                if let Some(asked) = self.asked.remove(&ticket) {
                    match result {
                        Ok(answer) => self.answered(runner, asked, &answer)?,
                        Err(refusal) => Self::refused(&refusal.words),
                    }
                }
            }
            Effect::Changed(Change::Rooms) => self.drawn.rooms(runner.client(), &self.room),
            Effect::Changed(Change::Typing(room)) if room == self.room => {
                self.drawn.title(runner.client(), &self.room);
            }
            Effect::Output { run, fd, bytes, .. } if !self.drawn.is_json() => {
                for line in self.runs.lines(run, fd, &bytes) {
                    self.out.line(&line)?;
                }
            }
            Effect::RunEnded(end) if !self.drawn.is_json() => {
                for line in self.runs.ended(end.run) {
                    self.out.line(&line)?;
                }
            }
            Effect::RunStarted { .. } => self.starting = self.starting.saturating_sub(1),
            Effect::Changed(Change::Link) => self.tell_link(runner)?,
            Effect::Lost { why } => say(&format!("-- {why}")),
            Effect::Reset { .. } => say("-- the room is shown anew"),
            Effect::Notice(text) => say(&format!("-- {}", visible(&text))),
            Effect::Waiting { refusal, .. } => {
                say(&format!("-- not sent yet: {}; it is tried again", visible(&refusal.words)));
            }
            Effect::Failed { subject: Subject::Open(room), refusal } if room == self.room => return refused(refusal),
            Effect::Failed { subject, refusal } => {
                if matches!(subject, Subject::RunStart(_)) {
                    self.starting = self.starting.saturating_sub(1);
                }
                say(&format!("-- {}", visible(&refusal.words)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Says how the link stands when that is another state than before; at a prompt also that it is live.
    fn tell_link(&mut self, runner: &Runner) -> Result<(), Failure> {
        let link = runner.client().link();
        if let Link::SignedOut { why } = &link {
            return Err(Failure::refused(visible(why).into_owned()));
        }
        let is_same_state = std::mem::discriminant(&link) == std::mem::discriminant(&self.link);
        let was_first = matches!(self.link, Link::Connecting);
        self.link = link;
        if !is_same_state && (!was_first || self.is_terminal) {
            say(&format!("-- {}", link_words(&self.link, now_ms())));
        }
        Ok(())
    }

    /// Somebody sits there and has seen it. What goes into a pipe may be read by nobody.
    fn see(&self, runner: &mut Runner, seq: u64) {
        if self.is_terminal {
            runner.command(Command::Seen { room: self.room.clone(), seq });
        }
    }

    /// Goes on in another room.
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
        let words = runner.client().rooms().get(&self.room).map(|room| asked::room_words(&room.info));
        say(&format!("-- in {}", words.unwrap_or_else(|| self.room.to_string())));
    }
}

/// The lines of standard input, read on a task of their own.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(TYPED_LINES);
    tokio::spawn(async move {
        let mut input = BufReader::new(tokio::io::stdin());
        let mut line = Vec::new();
        // Bytes, so that a line that is no UTF-8 does not end the chat.
        while let Ok(1..) = input.read_until(b'\n', &mut line).await {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            line.clear();
            if sender.send(text).await.is_err() {
                return;
            }
        }
    });
    lines
}
