//! What a terminal may receive of a run's output: text, tabs, line feeds, carriage returns and colours (SGR).
//! Everything else that could move the cursor, set a title or query the terminal is shown instead of obeyed. Pipes and
//! files get the bytes unchanged; the filter is only for a terminal, and can be turned off (`--raw`).

use wardroom_protocol::visible::visible;

/// The longest colour sequence that is passed on; a longer one is not a colour.
const SEQUENCE_BYTES_MAX: usize = 64;

/// The filter of one stream: it remembers a character or a sequence that was split between two pieces.
#[derive(Debug, Default)]
pub(crate) struct TerminalFilter {
    held: Vec<u8>,
}

impl TerminalFilter {
    /// Returns the next piece, made harmless. An incomplete end is held back for the next piece.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut input = std::mem::take(&mut self.held);
        input.extend_from_slice(piece);
        let (out, rest) = filter(&input, false);
        self.held = rest.to_vec();
        out
    }

    /// Returns what was held back and cannot be completed any more.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        filter(&std::mem::take(&mut self.held), true).0
    }
}

fn filter(mut input: &[u8], is_end: bool) -> (Vec<u8>, &[u8]) {
    let mut out = Vec::with_capacity(input.len());
    while let Some(&first) = input.first() {
        let (eaten, shown) = match first {
            b'\t' | b'\n' | b'\r' | 0x20..=0x7e => {
                let plain = input.iter().position(|b| !matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
                let plain = plain.unwrap_or(input.len());
                out.extend_from_slice(input.get(..plain).unwrap_or_default());
                (plain, None)
            }
            0x1b => match colour(input) {
                Colour::Whole(len) => {
                    out.extend_from_slice(input.get(..len).unwrap_or_default());
                    (len, None)
                }
                Colour::Cut if !is_end => return (out, input),
                Colour::Cut | Colour::None => (1, Some("\x1b")),
            },
            0x80.. => match character(input) {
                Some(text) => (text.len(), Some(text)),
                None if !is_end && is_cut_character(input) => return (out, input),
                None => (1, Some("\u{fffd}")),
            },
            _ => (1, input.get(..1).and_then(|one| std::str::from_utf8(one).ok())),
        };
        if let Some(shown) = shown {
            out.extend_from_slice(visible(shown).as_bytes());
        }
        input = input.get(eaten.max(1)..).unwrap_or_default();
    }
    (out, input)
}

enum Colour {
    Whole(usize),
    Cut,
    None,
}

/// Parses `ESC [`, digits, `;` and `:`, then `m` (ECMA-48, SGR).
fn colour(input: &[u8]) -> Colour {
    match input.get(1) {
        None => return Colour::Cut,
        Some(b'[') => {}
        Some(_) => return Colour::None,
    }
    let parameters = input.get(2..).unwrap_or_default();
    let end = parameters.iter().position(|b| !matches!(b, b'0'..=b'9' | b';' | b':'));
    match end {
        Some(at) if parameters.get(at) == Some(&b'm') && at <= SEQUENCE_BYTES_MAX => {
            Colour::Whole(at.saturating_add(3))
        }
        None if parameters.len() <= SEQUENCE_BYTES_MAX => Colour::Cut,
        _ => Colour::None,
    }
}

/// Returns the first character, if it is complete and valid.
fn character(input: &[u8]) -> Option<&str> {
    let longest = input.get(..input.len().min(4))?;
    let valid = match std::str::from_utf8(longest) {
        Ok(text) => text,
        Err(e) => std::str::from_utf8(longest.get(..e.valid_up_to())?).ok()?,
    };
    let first = valid.chars().next()?;
    valid.get(..first.len_utf8())
}

/// Returns true for fewer than four bytes that may become a character.
fn is_cut_character(input: &[u8]) -> bool {
    input.len() < 4 && std::str::from_utf8(input).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const NASTY: &[u8] = b"a\x1b[31;1mred\x1b[0m\x1b[2J\x1b]0;title\x07\x9b31m\xc2\x9b\x08\x7f\r\n\tgr\xc3\xbc\xc3\x9fe \xf0\x9f\x91\x8d\xff\xe2\x80\xae\x1b";
    const TAME: &str = "a\x1b[31;1mred\x1b[0m␛[2J␛]0;title␇\u{fffd}31m<U+009B>␈␡\r\n\tgrüße 👍\u{fffd}<U+202E>␛";

    #[test]
    fn only_colours_pass() {
        let mut filter = TerminalFilter::default();
        let mut out = filter.push(NASTY);
        out.extend(filter.finish());
        assert_eq!(String::from_utf8(out).unwrap(), TAME);
    }

    #[test]
    fn it_makes_no_difference_where_the_pieces_are_cut() {
        for at in 0..=NASTY.len() {
            let (a, b) = NASTY.split_at(at);
            let mut filter = TerminalFilter::default();
            let mut out = filter.push(a);
            out.extend(filter.push(b));
            out.extend(filter.finish());
            assert_eq!(String::from_utf8(out).unwrap(), TAME, "cut at {at}");
        }
    }

    #[test]
    fn nothing_is_held_for_long() {
        let mut filter = TerminalFilter::default();
        let out = filter.push(format!("\x1b[{}", "1;".repeat(1_000)).as_bytes());
        assert!(out.starts_with("␛[1;".as_bytes()), "{out:?}");
    }
}
