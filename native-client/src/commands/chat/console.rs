//! The terminal of a person: its keys, signals, edited line and hints. `keyboard` applies the keys to the chat. Not
//! used for pipes.

use std::io::IsTerminal;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

use super::super::signals::{Signalled, TerminalSignals};
use super::hint::{big, hint};
use crate::edit::{Capabilities, Decoder, Editor, Key, Keys, Row, Screen};
use crate::limits::{ESCAPE_TIMEOUT, KEY_BATCHES, KEY_BYTES};

/// The terminal and what is written at it.
pub(super) struct Console {
    pub(super) editor: Editor,
    abilities: Capabilities,
    typed: mpsc::Receiver<Vec<Key>>,
    /// The terminal is closed, which is reported once.
    is_closed: bool,
    signals: TerminalSignals,
    /// Reported once for all keys that arrived together.
    pub(super) after_keys: KeyOutcome,
    /// The list of rooms was requested for the current line.
    pub(super) asked_for_rooms: bool,
    /// Last, so that the terminal is given back after everything else.
    pub(super) keys: Keys,
}

/// The result of keys.
#[derive(Debug, Default)]
pub(super) struct KeyOutcome {
    pub(super) bell: bool,
    pub(super) changed: bool,
}

/// An event of the terminal.
pub(super) enum ConsoleEvent {
    Keys(Vec<Key>),
    /// The terminal is closed.
    Closed,
    Signal(Signalled),
}

impl Console {
    /// Takes the terminal, and returns the screen to write to. `None` if lines are to be read as from a pipe: there is
    /// no terminal, or it supports only lines.
    pub(super) fn open() -> Option<(Console, Screen)> {
        let abilities = Capabilities::of(|name| std::env::var(name).ok());
        if !abilities.moves || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return None;
        }
        let signals = TerminalSignals::new().ok()?;
        let keys = Keys::one_by_one().ok()?;
        let screen = Screen::new(abilities.utf8, abilities.styles);
        let (editor, after_keys, typed) = (Editor::default(), KeyOutcome::default(), typed_keys());
        Some((
            Console { editor, abilities, typed, is_closed: false, signals, after_keys, asked_for_rooms: false, keys },
            screen,
        ))
    }

    /// Waits for the next event; pending forever without a terminal. Cancel-safe.
    pub(super) async fn next(console: &mut Option<Console>) -> ConsoleEvent {
        let Some(console) = console else { return std::future::pending().await };
        tokio::select! {
            came = console.signals.next() => ConsoleEvent::Signal(came),
            keys = console.typed.recv(), if !console.is_closed => match keys {
                Some(keys) => ConsoleEvent::Keys(keys),
                None => {
                    console.is_closed = true;
                    ConsoleEvent::Closed
                }
            },
        }
    }

    /// Puts a line back into the prompt, if that is empty.
    pub(super) fn put_back(&mut self, text: &str) -> bool {
        self.editor.put_back(text)
    }

    /// Returns true if there are unread keys.
    pub(super) fn has_more(&self) -> bool {
        !self.typed.is_empty()
    }

    pub(super) fn prompt(&self, room: &str) -> String {
        let sign = if self.abilities.utf8 { "\u{276f}" } else { ">" };
        format!("{room} {sign} ")
    }

    /// Returns the rows that explain the current line.
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

/// Reads keys on a thread of their own, not on one of the runtime: the runtime waits for its threads when it ends, and
/// this one would wait for a key, even after a panic. It ends with the process.
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
    // A signal at this very moment counts as late.
    matches!(poll(&mut polled, time.as_ref()), Ok(1..))
}
