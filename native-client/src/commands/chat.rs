//! `wardroom chat ROOM`: a room as lines. What is typed is said; `/run CMD`, `/stop rN`, `/rooms`, `/join`, `/help`,
//! `/quit`. The room's lines go to stdout, one each, words about the connection to stderr, so that it works in a pipe.

mod command;
mod runs;

use std::collections::VecDeque;
use std::io::IsTerminal;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use wardroom_client_core::limits::OUTBOX_POSTS_MAX;
use wardroom_client_core::{Change, Command, Effect, Link, OpenFrom, PostState, Subject};
use wardroom_protocol::RoomName;
use wardroom_protocol::limits::TEXT_BYTES_MAX;
use wardroom_protocol::visible::visible;

use self::command::Typed;
use self::runs::Runs;
use super::out::say;
use super::{Out, refused};
use crate::exit::{ExitCode, Failure};
use crate::limits::{ANSWER_TIMEOUT, CHAT_HISTORY};
use crate::runner::{Runner, Target, now_ms, random};
use crate::text::{event_json, event_line, link_words};

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
    let mut state = Talk {
        out: Out::new(),
        runs: Runs::default(),
        room: chat.room,
        json: chat.json,
        link: Link::Connecting,
        is_terminal: std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        starting: 0,
        is_live: false,
        held: VecDeque::new(),
        input: Input::Open,
    };
    let done = state.follow(&mut runner).await;
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
    room: RoomName,
    json: bool,
    link: Link,
    is_terminal: bool,
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
            Input::Ended(_) => self.is_live && self.held.is_empty() && runner.is_idle() && !self.is_saying(runner),
        }
    }

    /// Something that was said, or a run that was asked for, does not stand in the room yet.
    fn is_saying(&self, runner: &Runner) -> bool {
        let waits = |state: &PostState| !matches!(state, PostState::Failed(_));
        self.starting > 0 || runner.client().outbox().posts().iter().any(|post| waits(&post.state))
    }

    /// A line was typed. A run is not to overtake what was said before it, nor what is said after it the run: lines
    /// wait for their turn.
    fn take_line(&mut self, runner: &mut Runner, line: String) -> Result<(), Failure> {
        if Typed::parse(&line) == Typed::Quit {
            self.input = Input::Quit;
            return Ok(());
        }
        self.held.push_back(line);
        self.go_on(runner)
    }

    /// Takes the lines whose turn it is.
    fn go_on(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        while let Some(line) = self.held.front() {
            let waits = match Typed::parse(line) {
                Typed::Run(_) | Typed::Join(_) => self.is_saying(runner),
                // Without a connection lines wait here once the outbox is full, and then in the pipe: none is lost.
                Typed::Say(_) => self.starting > 0 || runner.client().outbox().posts().len() >= OUTBOX_POSTS_MAX,
                _ => false,
            };
            match self.held.pop_front() {
                Some(line) if waits => {
                    self.held.push_front(line);
                    return Ok(());
                }
                Some(line) => self.typed(runner, &line)?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn take(&mut self, runner: &mut Runner, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::Event(event) if event.room == self.room => {
                let line = if self.json { event_json(&event) } else { event_line(&event) };
                self.out.line(&line)?;
                self.runs.seen(runner, &event);
            }
            Effect::Live { room } if room == self.room => {
                self.is_live = true;
                self.runs.caught_up(runner);
            }
            Effect::Output { run, fd, bytes, .. } if !self.json => {
                for line in self.runs.lines(run, fd, &bytes) {
                    self.out.line(&line)?;
                }
            }
            Effect::RunEnded(end) if !self.json => {
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

    fn typed(&mut self, runner: &mut Runner, line: &str) -> Result<(), Failure> {
        match Typed::parse(line) {
            Typed::Nothing => {}
            Typed::Say(text) if text.len() > TEXT_BYTES_MAX => {
                say(&format!("-- that is longer than {TEXT_BYTES_MAX} bytes; send it as a file: wardroom put"));
            }
            Typed::Say(text) => {
                let nonce = wardroom_client_core::nonce(now_ms(), random()?);
                runner.command(Command::Post { room: self.room.clone(), text: text.to_owned(), reply_to: None, nonce });
            }
            Typed::Run(cmd) => {
                let nonce = wardroom_client_core::nonce(now_ms(), random()?);
                self.starting = self.starting.saturating_add(1);
                self.runs.start(runner, &self.room, cmd, nonce);
            }
            Typed::Stop(n) => match self.runs.stop(runner, n) {
                true => {}
                false => say("-- there is no such run here; /stop rN stops the run that shows as [rN]"),
            },
            Typed::Rooms => {
                let now = runner.client().rooms().values().map(|room| room.info.room.to_string());
                say(&format!("-- rooms: {}", now.collect::<Vec<_>>().join(" ")));
            }
            Typed::Join(name) => match RoomName::parse(name) {
                Ok(room) => self.join(runner, room),
                Err(e) => say(&format!("-- {e}")),
            },
            Typed::Help => say(command::HELP),
            Typed::Quit => self.input = Input::Quit,
            Typed::Unknown(name) => say(&format!("-- there is no {}; /help lists the commands", visible(name))),
        }
        Ok(())
    }

    /// Joins a room, and goes on in it.
    fn join(&mut self, runner: &mut Runner, room: RoomName) {
        if room == self.room {
            return;
        }
        runner.command(Command::JoinRoom { room: room.clone() });
        runner.command(Command::CloseRoom { room: self.room.clone() });
        self.room = room;
        self.is_live = false;
        self.runs.leave(runner);
        open(runner, &self.room, None);
        say(&format!("-- in {}", self.room));
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
