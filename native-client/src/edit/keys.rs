//! Decodes the bytes of a terminal into keys: control characters, UTF-8, the sequences of ECMA-48 that keyboards send,
//! and bracketed pastes (`ESC [ 200 ~`, `ESC [ 201 ~`). However the bytes are split, the keys are the same. Called by
//! the task that reads the terminal; the effects of keys are elsewhere.

use crate::files::LongText;

/// The longest sequence of a key; a longer one is not a key.
const SEQUENCE_BYTES_MAX: usize = 32;
const PASTE_END: &[u8] = b"\x1b[201~";

/// One key, or one paste.
#[derive(Debug)]
pub(crate) enum Key {
    Char(char),
    /// A control character, by its letter.
    Ctrl(char),
    Alt(char),
    Enter,
    /// Enter that inserts a line instead of ending the text: with Alt, or with Shift if the terminal reports it.
    NewLine,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Home,
    End,
    Esc,
    /// The whole paste, whatever its size; its lines end with line feeds.
    Paste(LongText),
}

/// Decodes keys. It remembers an incomplete sequence at the end of a piece.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    held: Vec<u8>,
    paste: Option<PasteState>,
}

impl Decoder {
    /// Returns the keys that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Key> {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut input = all.as_slice();
        let mut keys = Vec::new();
        while !input.is_empty() {
            let eaten = match &mut self.paste {
                Some(paste) => {
                    let (eaten, is_over) = paste.push(input);
                    if is_over {
                        keys.extend(self.paste.take().map(|paste| Key::Paste(paste.gathered)));
                    }
                    eaten
                }
                None => match one(input) {
                    DecodedKey::Key(eaten, key) => {
                        keys.extend(key);
                        eaten
                    }
                    DecodedKey::PasteBegins(eaten) => {
                        self.paste = Some(PasteState::default());
                        eaten
                    }
                    DecodedKey::Cut => 0,
                },
            };
            input = input.get(eaten..).unwrap_or_default();
            if eaten == 0 {
                break;
            }
        }
        self.held = input.to_vec();
        keys
    }

    /// Returns true if the held bytes are a key of their own unless more follows soon: Escape begins every sequence.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.paste.is_none() && self.held.first() == Some(&0x1b)
    }

    /// Decodes the held bytes, because nothing followed.
    pub(crate) fn settle(&mut self) -> Vec<Key> {
        if !self.is_in_doubt() {
            return Vec::new();
        }
        let held = std::mem::take(&mut self.held);
        let mut keys = vec![Key::Esc];
        // `ESC [` and then nothing: the rest of a sequence was lost, and must not be typed.
        if let Some(rest) = held.get(1..).filter(|rest| !matches!(rest, [] | [b'[' | b'O', ..])) {
            keys.extend(self.push(rest));
        }
        keys
    }
}

/// A paste in progress.
#[derive(Debug, Default)]
struct PasteState {
    gathered: LongText,
    /// The last byte was a carriage return: a line feed after it belongs to the same line end.
    after_return: bool,
}

impl PasteState {
    /// Takes the bytes of the paste: returns their number, and whether it has ended.
    fn push(&mut self, input: &[u8]) -> (usize, bool) {
        let escapes = input.iter().enumerate().filter(|(_, byte)| **byte == 0x1b).map(|(at, _)| at);
        for at in escapes {
            let rest = input.get(at..).unwrap_or_default();
            if rest.starts_with(PASTE_END) {
                self.take(input.get(..at).unwrap_or_default());
                return (at.saturating_add(PASTE_END.len()), true);
            }
            if PASTE_END.starts_with(rest) {
                self.take(input.get(..at).unwrap_or_default());
                return (at, false);
            }
        }
        self.take(input);
        (input.len(), false)
    }

    /// Converts line ends: terminals paste them as carriage returns.
    fn take(&mut self, bytes: &[u8]) {
        let mut plain = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match (byte, self.after_return) {
                (b'\n', true) => {}
                (b'\r' | b'\n', _) => plain.push(b'\n'),
                (byte, _) => plain.push(*byte),
            }
            self.after_return = *byte == b'\r';
        }
        self.gathered.push(&plain);
    }
}

/// The first key of the input.
enum DecodedKey {
    /// The number of bytes, and their key, if known.
    Key(usize, Option<Key>),
    PasteBegins(usize),
    /// It is incomplete.
    Cut,
}

fn one(input: &[u8]) -> DecodedKey {
    let key = |key| DecodedKey::Key(1, Some(key));
    match input.first().copied().unwrap_or_default() {
        0x1b => escaped(input),
        b'\r' | b'\n' => key(Key::Enter),
        b'\t' => key(Key::Tab),
        0x7f | 0x08 => key(Key::Backspace),
        byte @ 0x01..=0x1a => key(Key::Ctrl(char::from(byte.saturating_add(b'a' - 1)))),
        0x00 | 0x1c..=0x1f => DecodedKey::Key(1, None),
        _ => match character(input) {
            Some((c, len)) => DecodedKey::Key(len, Some(Key::Char(c))),
            None => DecodedKey::Cut,
        },
    }
}

/// Returns the first character and its length; invalid bytes are shown as such. `None` if it is incomplete.
fn character(input: &[u8]) -> Option<(char, usize)> {
    let longest = input.get(..input.len().min(4)).unwrap_or_default();
    let bad = Some((char::REPLACEMENT_CHARACTER, 1));
    let valid = match std::str::from_utf8(longest) {
        Ok(text) => text,
        Err(e) if e.valid_up_to() > 0 => {
            std::str::from_utf8(longest.get(..e.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(e) if e.error_len().is_none() && input.len() < 4 => return None,
        Err(_) => return bad,
    };
    valid.chars().next().map(|c| (c, c.len_utf8())).or(bad)
}

fn escaped(input: &[u8]) -> DecodedKey {
    match input.get(1).copied() {
        None => DecodedKey::Cut,
        Some(b'[') => control_sequence(input),
        Some(b'O') => match input.get(2) {
            None => DecodedKey::Cut,
            Some(last) => DecodedKey::Key(3, moved(*last, "")),
        },
        Some(0x1b) => DecodedKey::Key(1, Some(Key::Esc)),
        Some(b'\r' | b'\n') => DecodedKey::Key(2, Some(Key::NewLine)),
        Some(0x7f | 0x08) => DecodedKey::Key(2, Some(Key::Ctrl('w'))),
        Some(_) => match character(input.get(1..).unwrap_or_default()) {
            Some((c, len)) => DecodedKey::Key(len.saturating_add(1), Some(Key::Alt(c))),
            None => DecodedKey::Cut,
        },
    }
}

/// Decodes `ESC [`, parameters, and a last byte (ECMA-48, 5.4).
fn control_sequence(input: &[u8]) -> DecodedKey {
    let rest = input.get(2..).unwrap_or_default();
    let Some(end) = rest.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) else {
        return if rest.len() < SEQUENCE_BYTES_MAX { DecodedKey::Cut } else { DecodedKey::Key(input.len(), None) };
    };
    let last = rest.get(end).copied().unwrap_or_default();
    let parameters = std::str::from_utf8(rest.get(..end).unwrap_or_default()).unwrap_or_default();
    // A control in the middle ends it, and is a key of its own.
    if !matches!(last, 0x40..=0x7e) {
        return DecodedKey::Key(end.saturating_add(2), None);
    }
    let eaten = end.saturating_add(3);
    match (last, parameters) {
        (b'~', "200") => DecodedKey::PasteBegins(eaten),
        // The console of Linux: `ESC [ [ A` is F1.
        (b'[', "") if rest.len() < 2 => DecodedKey::Cut,
        (b'[', "") => DecodedKey::Key(eaten.saturating_add(1), None),
        _ => DecodedKey::Key(eaten, moved(last, parameters)),
    }
}

/// Returns the key that moves or deletes, by the last byte of its sequence. A second parameter contains the modifiers.
fn moved(last: u8, parameters: &str) -> Option<Key> {
    let (first, held) = parameters.split_once(';').unwrap_or((parameters, ""));
    let by_word = matches!(held, "3" | "5" | "7");
    Some(match (last, first) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) if by_word => Key::WordRight,
        (b'D', _) if by_word => Key::WordLeft,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', "1" | "7") => Key::Home,
        (b'F', _) | (b'~', "4" | "8") => Key::End,
        (b'~', "3") => Key::Delete,
        (b'Z', _) => Key::BackTab,
        (b'M', "") => Key::Enter,
        (b'u', "13") if !held.is_empty() => Key::NewLine,
        (b'u', "13") => Key::Enter,
        (b'u', "27") => Key::Esc,
        _ => return None,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn shown(keys: Vec<Key>) -> String {
        let one = |key: Key| match key {
            Key::Paste(text) => format!("Paste({:?})", String::from_utf8_lossy(text.begin())),
            key => format!("{key:?}"),
        };
        keys.into_iter().map(one).collect::<Vec<_>>().join(" ")
    }

    const TYPED: &[u8] =
        "aü👍\r\t\x7f\x03\x1b[A\x1bOB\x1b[1;5C\x1b[3~\x1bb\x1b\r\x1b[200~x\r\ny\rz\x1b[31m\x1b[201~q\x1b[99;9X!"
            .as_bytes();
    const KEYS: &str = "Char('a') Char('ü') Char('👍') Enter Tab Backspace Ctrl('c') Up Down WordRight Delete Alt('b') NewLine \
                        Paste(\"x\\ny\\nz\\u{1b}[31m\") Char('q') Char('!')";

    #[test]
    fn bytes_are_keys_wherever_they_are_cut() {
        assert_eq!(shown(Decoder::default().push(TYPED)), KEYS);
        for at in 0..=TYPED.len() {
            let (a, b) = TYPED.split_at(at);
            let mut decoder = Decoder::default();
            let mut keys = decoder.push(a);
            keys.extend(decoder.push(b));
            assert_eq!(shown(keys), KEYS, "cut at {at}");
        }
        let mut decoder = Decoder::default();
        let keys = TYPED.iter().flat_map(|byte| decoder.push(&[*byte])).collect();
        assert_eq!(shown(keys), KEYS);
    }

    #[test]
    fn escape_is_a_key_once_nothing_follows() {
        let mut decoder = Decoder::default();
        assert!(decoder.push(b"\x1b").is_empty() && decoder.is_in_doubt());
        assert_eq!(shown(decoder.settle()), "Esc");
        assert!(!decoder.is_in_doubt());
        assert_eq!(shown(decoder.push(b"\x1b\x1b[B")), "Esc Down");
        assert!(decoder.push(b"\x1b[20").is_empty());
        assert_eq!(shown(decoder.settle()), "Esc", "and no digits are typed");
    }

    #[test]
    fn what_is_no_text_does_no_harm() {
        let mut decoder = Decoder::default();
        let keys = shown(decoder.push(b"\xff\xc3\x28\x1b[[A\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17~z"));
        assert!(keys.starts_with("Char('\u{fffd}') Char('\u{fffd}') Char('(')"), "{keys}");
        assert!(keys.ends_with("Char('z')"), "{keys}");
    }

    #[test]
    fn a_large_paste_is_one_key_and_not_held_in_memory() {
        let mut decoder = Decoder::default();
        let mut keys = decoder.push(b"\x1b[200~");
        for _ in 0..2_000 {
            keys.extend(decoder.push("a line of a log\r".repeat(256).as_bytes()));
        }
        keys.extend(decoder.push(b"\x1b[201~"));
        let Some(Key::Paste(text)) = keys.pop() else { panic!("a paste") };
        assert_eq!((text.bytes(), text.lines()), (2_000 * 256 * 16, 2_000 * 256));
        assert!(text.begin().len() < 2 << 20);
        assert_eq!(keys.len(), 0);
        let mut text = text;
        assert_eq!(std::fs::metadata(text.path().unwrap()).unwrap().len(), 2_000 * 256 * 16);
    }
}
