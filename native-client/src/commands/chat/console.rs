//! The terminal where a person sits: the keys that come, the signals, the line that is edited, and what explains it. What keys do to
//! the chat is in `keyboard`. Pipes never come here.

use std::io::IsTerminal;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::sync::mpsc;

use super::hint::{big, hint};
use crate::edit::{Capabilities, Decoder, Editor, Key, Keys, Row, Screen};
use crate::limits::{ESCAPE_TIMEOUT, KEY_BATCHES, KEY_BYTES};

/// The terminal and what is written at it.
pub(super) struct Console {
    pub(super) editor: Editor,
    abilities: Capabilities,
    typed: mpsc::Receiver<Vec<Key>>,
    /// Nobody types any more: that is told once.
    is_closed: bool,
    signals: Signals,
    /// Said once for all keys that came together.
    pub(super) after_keys: KeyOutcome,
    /// The list of rooms was asked for, for the line that is being written.
    pub(super) asked_for_rooms: bool,
    /// Last, so that the terminal is given back after all else.
    pub(super) keys: Keys,
}

/// What keys have brought about.
#[derive(Debug, Default)]
pub(super) struct KeyOutcome {
    pub(super) bell: bool,
    pub(super) changed: bool,
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

    pub(super) fn prompt(&self, room: &str) -> String {
        let sign = if self.abilities.utf8 { "\u{276f}" } else { ">" };
        format!("{room} {sign} ")
    }

    /// What explains what is written.
    pub(super) fn below(&self) -> Vec<Row> {
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
