//! Where a person sits: a chat at a terminal. Keys go to the editor, what it makes of them to the chat; what stands beneath the
//! room's lines (what is under way, the line, its hint) is put together here. Pipes never come here.

use std::io::IsTerminal;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::sync::mpsc;
use wardroom_client_core::{Command, PostState};
use wardroom_protocol::slash;

use super::command::is_answered_in_words;
use super::hint::{big, hint};
use super::names::names;
use super::typed::{TYPED_LINES, Typed};
use super::{Input, Talk};
use crate::edit::{Act, Capabilities, Decoder, Editor, Frame, Key, Keys, Row, Screen, is_command};
use crate::exit::{ExitCode, Failure};
use crate::limits::{ESCAPE_TIMEOUT, KEY_BATCHES, KEY_BYTES};
use crate::runner::Runner;

/// Said while the end waits for what is on its way.
const LEAVING: &str = "what you said and sent is on its way still; Ctrl-C leaves at once";

/// The terminal and what is written at it.
pub(super) struct Console {
    editor: Editor,
    abilities: Capabilities,
    typed: mpsc::Receiver<Vec<Key>>,
    /// Nobody types any more: that is told once.
    is_closed: bool,
    signals: Signals,
    /// Said once for all keys that came together.
    after_keys: KeyOutcome,
    /// The list of rooms was asked for, for the line that is being written.
    asked_for_rooms: bool,
    /// Last, so that the terminal is given back after all else.
    keys: Keys,
}

/// What keys have brought about.
#[derive(Debug, Default)]
struct KeyOutcome {
    bell: bool,
    changed: bool,
}

/// What happened at it.
pub(super) enum ConsoleEvent {
    Keys(Vec<Key>),
    /// Nobody types any more.
    Closed,
    Resized,
    /// After it was stopped.
    Continued,
    /// Somebody wants the process to end.
    Ended,
}

struct Signals {
    size: SignalStream,
    go_on: SignalStream,
    term: SignalStream,
    interrupt: SignalStream,
    hangup: SignalStream,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            size: signal(SignalKind::window_change())?,
            go_on: signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> ConsoleEvent {
        tokio::select! {
            _ = self.size.recv() => ConsoleEvent::Resized,
            _ = self.go_on.recv() => ConsoleEvent::Continued,
            _ = self.term.recv() => ConsoleEvent::Ended,
            _ = self.interrupt.recv() => ConsoleEvent::Ended,
            _ = self.hangup.recv() => ConsoleEvent::Ended,
        }
    }
}

impl Console {
    /// Takes the terminal, and gives the screen to write to. `None` where lines are to be read as from a pipe: there is none, or it
    /// can do nothing but lines.
    pub(super) fn open() -> Option<(Console, Screen)> {
        let abilities = Capabilities::of(|name| std::env::var(name).ok());
        if !abilities.moves || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return None;
        }
        let signals = Signals::new().ok()?;
        let keys = Keys::one_by_one().ok()?;
        let screen = Screen::new(abilities.utf8, abilities.styles);
        let (editor, after_keys, typed) = (Editor::default(), KeyOutcome::default(), typed_keys());
        Some((
            Console { editor, abilities, typed, is_closed: false, signals, after_keys, asked_for_rooms: false, keys },
            screen,
        ))
    }

    /// What happens next; never, where nobody sits. Cancelling it loses nothing.
    pub(super) async fn next(console: &mut Option<Console>) -> ConsoleEvent {
        let Some(console) = console else { return std::future::pending().await };
        tokio::select! {
            came = console.signals.next() => came,
            keys = console.typed.recv(), if !console.is_closed => match keys {
                Some(keys) => ConsoleEvent::Keys(keys),
                None => {
                    console.is_closed = true;
                    ConsoleEvent::Closed
                }
            },
        }
    }

    /// Puts a line back to the prompt, if that is empty.
    pub(super) fn put_back(&mut self, text: &str) -> bool {
        self.editor.put_back(text)
    }

    /// More was typed than was looked at.
    pub(super) fn has_more(&self) -> bool {
        !self.typed.is_empty()
    }

    fn prompt(&self, room: &str) -> String {
        let sign = if self.abilities.utf8 { "\u{276f}" } else { ">" };
        format!("{room} {sign} ")
    }

    /// What explains what is written.
    fn below(&self) -> Vec<Row> {
        if let Some(text) = self.editor.big() {
            return big(text, self.editor.text(), "Enter");
        }
        if let Some(menu) = self.editor.menu() {
            let shown =
                menu.shown().take(64).map(|(name, chosen)| if chosen { format!("[{name}]") } else { name.to_owned() });
            return vec![Row::dim(shown.collect::<Vec<_>>().join("  "))];
        }
        hint(self.editor.text()).map(Row::dim).into_iter().collect()
    }
}

/// Keys, read on a thread of their own and not on one of the runtime: that waits for its threads when it ends, and this one would wait
/// for a key, after a panic too. It goes with the process.
fn typed_keys() -> mpsc::Receiver<Vec<Key>> {
    let (sender, keys) = mpsc::channel(KEY_BATCHES);
    std::thread::spawn(move || {
        let input = std::io::stdin();
        let mut decoder = Decoder::default();
        let mut bytes = vec![0; KEY_BYTES];
        loop {
            let keys = if decoder.is_in_doubt() && !is_readable_within(&input, ESCAPE_TIMEOUT) {
                decoder.settle()
            } else {
                match rustix::io::read(&input, &mut bytes) {
                    Ok(len @ 1..) => decoder.push(bytes.get(..len).unwrap_or_default()),
                    Err(Errno::INTR) => continue,
                    Ok(_) | Err(_) => return,
                }
            };
            if !keys.is_empty() && sender.blocking_send(keys).is_err() {
                return;
            }
        }
    });
    keys
}

fn is_readable_within(input: &std::io::Stdin, time: Duration) -> bool {
    let mut polled = [PollFd::new(input, PollFlags::IN)];
    let time = Timespec::try_from(time).ok();
    // A signal in just this moment counts as late.
    matches!(poll(&mut polled, time.as_ref()), Ok(1..))
}

impl Talk {
    /// Something happened at the terminal.
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
            ConsoleEvent::Resized => self.on_screen(Screen::resize),
            ConsoleEvent::Continued => {
                if let Some(console) = &self.console {
                    console.keys.take()?;
                }
                self.on_screen(Screen::resize);
            }
            ConsoleEvent::Ended => {
                return Err(Failure { code: ExitCode::Failed, words: "terminated by a signal".to_owned() });
            }
        }
        Ok(())
    }

    fn key(&mut self, runner: &mut Runner, key: Key) -> Result<(), Failure> {
        let Some(console) = &mut self.console else { return Ok(()) };
        if self.input != Input::Open {
            // What was said is still on its way. Who does not want to wait says so again.
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

    /// Others are told that one writes, but not that one looks for a command. Who is about to name a room may mean one that is new.
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

    /// Stops, as Ctrl-Z does everywhere; [`ConsoleEvent::Continued`] follows.
    fn suspend(&mut self) {
        self.on_screen(Screen::leave);
        if let Some(console) = &self.console {
            console.keys.give_back();
            rustix::process::kill_process(rustix::process::getpid(), Signal::TSTP).ok();
        }
    }

    /// The terminal takes no more: then its hangup follows.
    fn on_screen(&mut self, act: impl FnOnce(&mut Screen) -> std::io::Result<()>) {
        if let Some(screen) = self.voice.screen() {
            act(screen).ok();
        }
    }

    fn room_words(&self, runner: &Runner) -> String {
        match runner.client().rooms().get(&self.room) {
            Some(room) if !room.info.dm.is_empty() => {
                let me = runner.client().you().map(|you| &you.user);
                let others = room.info.dm.iter().filter(|user| Some(*user) != me);
                others.map(|user| format!("@{user}")).collect::<Vec<_>>().join(" ")
            }
            _ => format!("#{}", self.room),
        }
    }

    /// Draws what stands beneath the room's lines.
    pub(super) fn draw(&mut self, runner: &Runner) -> Result<(), Failure> {
        let prompt = self.room_words(runner);
        let Some(console) = self.console.as_ref().filter(|_| self.input != Input::Quit) else { return Ok(()) };
        let posts = runner.client().outbox().posts().iter().filter(|post| post.room == self.room);
        let pending = posts.filter(|post| matches!(post.state, PostState::Pending | PostState::Stood(_)));
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

    /// The terminal is its owner's again.
    pub(super) fn leave(&mut self) {
        self.drawn.leave(&mut self.voice);
        self.on_screen(Screen::leave);
        self.console = None;
    }
}
