//! What the emulator does not keep: title, mouse, bracketed paste, keypad, shape of the cursor, colours that the program
//! has set. Also remembers which modes are set, for programs that ask.

use std::collections::{BTreeMap, BTreeSet};

use vte::{Params, Parser, Perform};

/// Private modes that a snapshot restores; the emulator restores those that change how text is placed.
const RESTORED: [u16; 16] = [5, 9, 12, 45, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004, 2031];
/// Modes of which the last one that was set counts, and none after a reset of any.
const EXCLUSIVE: [&[u16]; 2] = [&[9, 1000, 1001, 1002, 1003], &[1005, 1006, 1015, 1016]];
/// Other private modes that are known.
const KNOWN: [u16; 8] = [1, 6, 7, 25, 47, 1047, 1048, 1049];
/// Characters of a title: more than a window shows.
const TITLE_CHARS_MAX: usize = 256;
/// Titles that a program may save (XTWINOPS 22), as in xterm.
const TITLES_MAX: usize = 10;
/// Keyboard settings that a program may save.
const KEYBOARDS_MAX: usize = 16;

/// The state of a terminal beside its screen.
#[derive(Default)]
pub struct Modes {
    parser: Parser,
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct State {
    /// Private modes of [`RESTORED`] that are set, in the order in which they were.
    set: Vec<u16>,
    /// The other private modes that are not as after a reset.
    other: BTreeMap<u16, bool>,
    /// ANSI modes that are set.
    ansi: BTreeSet<u16>,
    is_keypad_app: bool,
    /// DECSCUSR.
    cursor: Option<u16>,
    title: String,
    titles: Vec<String>,
    /// Flags of kitty's keyboard protocol; the last are in force.
    keyboards: Vec<u16>,
    /// XTMODKEYS 4.
    modify_keys: Option<u16>,
    palette: BTreeMap<u8, Rgb>,
    /// Text, background and cursor: OSC 10 to 12.
    colours: [Option<Rgb>; 3],
}

/// Red, green and blue, of 16 bits each.
pub type Rgb = [u16; 3];

impl Modes {
    /// Reads output.
    pub fn read(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.state, bytes);
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.state.title
    }

    /// Returns whether a mode is set; `None` if it is not known.
    pub fn is_set(&self, is_private: bool, mode: u16) -> Option<bool> {
        let state = &self.state;
        if !is_private {
            return [4, 20].contains(&mode).then(|| state.ansi.contains(&mode));
        }
        if mode == 66 {
            return Some(state.is_keypad_app);
        }
        if RESTORED.contains(&mode) {
            return Some(state.set.contains(&mode));
        }
        let at_reset = matches!(mode, 7 | 25);
        KNOWN.contains(&mode).then(|| state.other.get(&mode).copied().unwrap_or(at_reset))
    }

    /// Returns a colour of the palette, if the program has set it.
    pub fn palette(&self, n: u8) -> Option<Rgb> {
        self.state.palette.get(&n).copied()
    }

    /// Returns the colour of text (10), background (11) or cursor (12), if the program has set it.
    pub fn colour(&self, number: u8) -> Option<Rgb> {
        self.state.colours.get(usize::from(number.checked_sub(10)?)).copied().flatten()
    }

    /// Writes what restores all this in a terminal that was reset.
    pub fn write(&self, out: &mut Vec<u8>) {
        let state = &self.state;
        let mut text = String::new();
        for title in &state.titles {
            text.push_str(&format!("\x1b]2;{title}\x07\x1b[22;2t"));
        }
        if !state.title.is_empty() || !state.titles.is_empty() {
            text.push_str(&format!("\x1b]2;{}\x07", state.title));
        }
        for (n, rgb) in &state.palette {
            text.push_str(&format!("\x1b]4;{n};{}\x07", spec(*rgb)));
        }
        for (number, rgb) in (10..).zip(&state.colours) {
            if let Some(rgb) = rgb {
                text.push_str(&format!("\x1b]{number};{}\x07", spec(*rgb)));
            }
        }
        for mode in &state.set {
            text.push_str(&format!("\x1b[?{mode}h"));
        }
        if state.is_keypad_app {
            text.push_str("\x1b=");
        }
        if let Some(shape) = state.cursor {
            text.push_str(&format!("\x1b[{shape} q"));
        }
        for flags in &state.keyboards {
            text.push_str(&format!("\x1b[>{flags}u"));
        }
        if let Some(value) = state.modify_keys {
            text.push_str(&format!("\x1b[>4;{value}m"));
        }
        out.extend_from_slice(text.as_bytes());
    }
}

impl State {
    fn private(&mut self, mode: u16, is_on: bool) {
        if mode == 66 {
            self.is_keypad_app = is_on;
        } else if RESTORED.contains(&mode) {
            let exclusive = EXCLUSIVE.iter().find(|modes| modes.contains(&mode));
            self.set.retain(|set| *set != mode && !exclusive.is_some_and(|modes| modes.contains(set)));
            if is_on {
                self.set.push(mode);
            }
        } else if KNOWN.contains(&mode) {
            self.other.insert(mode, is_on);
        }
    }

    fn set_title(&mut self, bytes: &[&[u8]]) {
        let text = String::from_utf8_lossy(&bytes.join(&b';')).into_owned();
        self.title = text.chars().filter(|ch| !ch.is_control()).take(TITLE_CHARS_MAX).collect();
    }

    fn window(&mut self, params: &[u16]) {
        match params {
            [22, rest @ ..] if rest.first().is_none_or(|which| matches!(which, 0 | 2)) => {
                if self.titles.len() >= TITLES_MAX {
                    self.titles.remove(0);
                }
                self.titles.push(self.title.clone());
            }
            [23, rest @ ..] if rest.first().is_none_or(|which| matches!(which, 0 | 2)) => {
                if let Some(title) = self.titles.pop() {
                    self.title = title;
                }
            }
            _ => {}
        }
    }

    fn keyboard(&mut self, prefix: u8, params: &[u16]) {
        let first = params.first().copied().unwrap_or(0);
        match prefix {
            b'>' => {
                if self.keyboards.len() >= KEYBOARDS_MAX {
                    self.keyboards.remove(0);
                }
                self.keyboards.push(first);
            }
            b'<' => {
                let kept = self.keyboards.len().saturating_sub(usize::from(first.max(1)));
                self.keyboards.truncate(kept);
            }
            b'=' => {
                let now = self.keyboards.pop().unwrap_or(0);
                self.keyboards.push(match params.get(1) {
                    Some(2) => now | first,
                    Some(3) => now & !first,
                    _ => first,
                });
            }
            _ => {}
        }
    }
}

impl Perform for State {
    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], is_ignored: bool, action: char) {
        if is_ignored {
            return;
        }
        let params: Vec<u16> = params.iter().filter_map(|param| param.first().copied()).collect();
        match (intermediates, action) {
            (b"?", 'h' | 'l') => params.iter().for_each(|mode| self.private(*mode, action == 'h')),
            (b"", 'h') => self.ansi.extend(params.iter().filter(|mode| [4, 20].contains(*mode))),
            (b"", 'l') => self.ansi.retain(|mode| !params.contains(mode)),
            (b" ", 'q') => self.cursor = params.first().copied().filter(|shape| (1..=6).contains(shape)),
            (b"", 't') => self.window(&params),
            ([prefix @ (b'>' | b'<' | b'=')], 'u') => self.keyboard(*prefix, &params),
            (b">", 'm') if params.first() == Some(&4) => self.modify_keys = params.get(1).copied().filter(|n| *n > 0),
            (b"!", 'p') => {
                self.is_keypad_app = false;
                self.other.clear();
                self.ansi.clear();
            }
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _is_ignored: bool, byte: u8) {
        match (intermediates, byte) {
            (b"", b'c') => *self = Self::default(),
            (b"", b'=') => self.is_keypad_app = true,
            (b"", b'>') => self.is_keypad_app = false,
            _ => {}
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _is_bel: bool) {
        match params {
            [b"0" | b"2", title @ ..] => self.set_title(title),
            [b"4", pairs @ ..] => {
                for pair in pairs.chunks(2) {
                    if let [n, colour] = pair
                        && let (Some(n), Some(rgb)) = (index(n), parsed(colour))
                    {
                        self.palette.insert(n, rgb);
                    }
                }
            }
            [b"104"] => self.palette.clear(),
            [b"104", which @ ..] => which.iter().filter_map(|n| index(n)).for_each(|n| {
                self.palette.remove(&n);
            }),
            [number @ (b"10" | b"11" | b"12"), colours @ ..] => {
                let first = usize::from(index(number).unwrap_or(10).saturating_sub(10));
                for (place, colour) in self.colours.iter_mut().skip(first).zip(colours) {
                    *place = parsed(colour).or(*place);
                }
            }
            [number @ (b"110" | b"111" | b"112"), ..] => {
                let which = usize::from(index(number).unwrap_or(110).saturating_sub(110));
                if let Some(colour) = self.colours.get_mut(which) {
                    *colour = None;
                }
            }
            _ => {}
        }
    }
}

fn index(digits: &[u8]) -> Option<u8> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Writes a colour as XParseColor reads it.
pub fn spec([r, g, b]: Rgb) -> String {
    format!("rgb:{r:04x}/{g:04x}/{b:04x}")
}

/// Reads `rgb:r/g/b` or `#rgb`, with one to four digits each. Names of colours are not known.
fn parsed(colour: &[u8]) -> Option<Rgb> {
    let text = std::str::from_utf8(colour).ok()?;
    let parts: Vec<&str> = match (text.strip_prefix("rgb:"), text.strip_prefix('#')) {
        (Some(parts), _) => parts.split('/').collect(),
        (None, Some(digits)) if digits.is_ascii() && digits.len() % 3 == 0 => {
            let len = digits.len() / 3;
            (0..3).filter_map(|part| digits.get(part * len..(part + 1) * len)).collect()
        }
        _ => return None,
    };
    let scaled = |part: &str| {
        let max = match part.len() {
            1..=4 => (1_u32 << (4 * part.len())).saturating_sub(1),
            _ => return None,
        };
        let n = u32::from_str_radix(part, 16).ok()?;
        u16::try_from(n.saturating_mul(0xffff) / max).ok()
    };
    match parts.as_slice() {
        [r, g, b] => Some([scaled(r)?, scaled(g)?, scaled(b)?]),
        _ => None,
    }
}
