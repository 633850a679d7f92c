//! The escapes of a person who types into a terminal of ours, as in ssh: a tilde at the beginning of a line, and a letter.
//! Everything else is input. What is pasted is never an escape, whatever is in it.

/// What the typed bytes mean, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Typed {
    /// Input for the run.
    Bytes(Vec<u8>),
    /// `~.`
    Leave,
    /// `~?`
    Help,
    /// `~k`
    Ask,
    /// `~K`
    Release,
    /// `~s`
    Stop,
}

/// What `~?` shows.
pub(super) const HELP: &str = "\
~.  leave; the run goes on          ~s  stop the run\r\n\
~k  ask for the keyboard; again: take it    ~K  release the keyboard\r\n\
~~  type a tilde                    (each at the beginning of a line)\r\n";

const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// Finds escapes in what is typed, however it is cut.
#[derive(Debug)]
pub(super) struct Escapes {
    at_line_start: bool,
    /// A tilde at the beginning of a line is held back until the next key.
    has_tilde: bool,
    is_pasting: bool,
    /// How many bytes of the next mark of a paste have come.
    mark: usize,
}

impl Escapes {
    pub(super) fn new() -> Escapes {
        Escapes { at_line_start: true, has_tilde: false, is_pasting: false, mark: 0 }
    }

    /// Takes typed bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Typed> {
        let (mut all, mut plain) = (Vec::new(), Vec::new());
        for byte in bytes.iter().copied() {
            self.note_paste(byte);
            if std::mem::take(&mut self.has_tilde) {
                let escape = match byte {
                    b'.' => Some(Typed::Leave),
                    b'?' => Some(Typed::Help),
                    b'k' => Some(Typed::Ask),
                    b'K' => Some(Typed::Release),
                    b's' => Some(Typed::Stop),
                    _ => None,
                };
                if let Some(escape) = escape {
                    if !plain.is_empty() {
                        all.push(Typed::Bytes(std::mem::take(&mut plain)));
                    }
                    all.push(escape);
                    self.at_line_start = true;
                    continue;
                }
                plain.push(b'~');
                self.at_line_start = false;
                if byte == b'~' {
                    continue;
                }
            } else if byte == b'~' && self.at_line_start && !self.is_pasting && self.mark == 0 {
                self.has_tilde = true;
                continue;
            }
            plain.push(byte);
            self.at_line_start = matches!(byte, b'\r' | b'\n') && !self.is_pasting;
        }
        if !plain.is_empty() {
            all.push(Typed::Bytes(plain));
        }
        all
    }

    /// Follows the marks that a terminal puts around a paste.
    fn note_paste(&mut self, byte: u8) {
        let mark = if self.is_pasting { PASTE_ENDS } else { PASTE_BEGINS };
        self.mark = match mark.get(self.mark) {
            Some(expected) if *expected == byte => self.mark.saturating_add(1),
            _ => usize::from(byte == b'\x1b'),
        };
        if self.mark == mark.len() {
            self.is_pasting = !self.is_pasting;
            self.mark = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Typed {
        Typed::Bytes(text.as_bytes().to_vec())
    }

    /// All at once, and key by key; neighbouring bytes joined.
    fn both(text: &str) -> Vec<Typed> {
        let whole = Escapes::new().take(text.as_bytes());
        let mut one = Escapes::new();
        let mut joined: Vec<Typed> = Vec::new();
        for typed in text.bytes().flat_map(|byte| one.take(&[byte])) {
            match (joined.last_mut(), typed) {
                (Some(Typed::Bytes(before)), Typed::Bytes(more)) => before.extend(more),
                (_, typed) => joined.push(typed),
            }
        }
        assert_eq!(whole, joined, "{text:?}");
        whole
    }

    #[test]
    fn escapes_stand_at_the_beginning_of_a_line() {
        assert_eq!(both("~."), [Typed::Leave]);
        assert_eq!(both("ls\r~."), [bytes("ls\r"), Typed::Leave]);
        assert_eq!(both("~?~k~K~s"), [Typed::Help, Typed::Ask, Typed::Release, Typed::Stop]);
        assert_eq!(both("cp ~.bak ~/x\r"), [bytes("cp ~.bak ~/x\r")]);
        assert_eq!(both("~~.\r"), [bytes("~.\r")]);
        assert_eq!(both("~/bin\r"), [bytes("~/bin\r")]);
        assert_eq!(both("\r~x~."), [bytes("\r~x~.")]);
    }

    #[test]
    fn a_paste_has_no_escapes() {
        assert_eq!(both("\x1b[200~a\r~.\r~k\x1b[201~"), [bytes("\x1b[200~a\r~.\r~k\x1b[201~")]);
        let pasted = both("\x1b[200~a\r\x1b[201~x\r~.");
        assert_eq!(pasted.last(), Some(&Typed::Leave), "after it they work again");
        assert_eq!(both("\x1b[200~\x1b[20\r~.\x1b[201~").len(), 1);
        assert_eq!(both("\r\x1b[3~"), [bytes("\r\x1b[3~")], "a key whose sequence has a tilde");
    }
}
