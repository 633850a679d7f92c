//! Output of a run as spans with classes: colours and weights by SGR (ECMA-48, 8.3.117), everything else that a
//! terminal would obey is dropped. Called by the run's card and the full view. What comes out is plain text in
//! elements; no byte of a run reaches the page in another way.

use wardroom_protocol::visible;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Style {
    /// Foreground: one of the terminal's 16 colours.
    pub ink: Option<u8>,
    /// Background: one of the terminal's 16 colours.
    pub ground: Option<u8>,
    /// SGR 1.
    pub is_bold: bool,
    /// SGR 2.
    pub is_dim: bool,
    /// SGR 3.
    pub is_italic: bool,
    /// SGR 4.
    pub is_underlined: bool,
    /// SGR 7.
    pub is_reversed: bool,
    /// SGR 9.
    pub is_struck: bool,
}

impl Style {
    /// The classes of `output.css` that draw it; empty for plain text.
    pub fn classes(self) -> String {
        let mut out = String::new();
        let mut add = |is_on: bool, class: &str| {
            if is_on {
                out.push_str(if out.is_empty() { "" } else { " " });
                out.push_str(class);
            }
        };
        add(self.is_bold, "a-b");
        add(self.is_dim, "a-d");
        add(self.is_italic, "a-i");
        add(self.is_underlined, "a-u");
        add(self.is_reversed, "a-r");
        add(self.is_struck, "a-s");
        if let Some(n) = self.ink {
            add(!self.is_reversed, &format!("f-{n}"));
        }
        if let Some(n) = self.ground {
            add(!self.is_reversed, &format!("b-{n}"));
        }
        out
    }

    /// Applies the parameters of one SGR sequence.
    fn apply(&mut self, params: &str) {
        let mut numbers = params.split([';', ':']).map(|p| if p.is_empty() { Some(0) } else { p.parse::<u16>().ok() });
        while let Some(number) = numbers.next() {
            match number {
                Some(0) => *self = Style::default(),
                Some(1) => self.is_bold = true,
                Some(2) => self.is_dim = true,
                Some(3) => self.is_italic = true,
                Some(4) => self.is_underlined = true,
                Some(7) => self.is_reversed = true,
                Some(9) => self.is_struck = true,
                Some(21 | 22) => (self.is_bold, self.is_dim) = (false, false),
                Some(23) => self.is_italic = false,
                Some(24) => self.is_underlined = false,
                Some(27) => self.is_reversed = false,
                Some(29) => self.is_struck = false,
                Some(n @ 30..=37) => self.ink = u8::try_from(n - 30).ok(),
                Some(n @ 90..=97) => self.ink = u8::try_from(n - 90 + 8).ok(),
                Some(39) => self.ink = None,
                Some(n @ 40..=47) => self.ground = u8::try_from(n - 40).ok(),
                Some(n @ 100..=107) => self.ground = u8::try_from(n - 100 + 8).ok(),
                Some(49) => self.ground = None,
                Some(38) => self.ink = extended(&mut numbers).or(self.ink),
                Some(48) => self.ground = extended(&mut numbers).or(self.ground),
                _ => {}
            }
        }
    }
}

/// The colour after 38 or 48: `5;n` or `2;r;g;b`, brought to the nearest of the 16, whose contrast is known to be good.
fn extended(numbers: &mut impl Iterator<Item = Option<u16>>) -> Option<u8> {
    match numbers.next()?? {
        5 => match numbers.next()?? {
            n @ 0..=15 => u8::try_from(n).ok(),
            n @ 16..=231 => {
                let level = |step: u16| if step == 0 { 0 } else { 55 + 40 * step };
                let n = n - 16;
                Some(nearest(level(n / 36), level(n / 6 % 6), level(n % 6)))
            }
            n @ 232..=255 => Some(nearest(8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232))),
            _ => None,
        },
        2 => {
            let (r, g, b) = (numbers.next()??, numbers.next()??, numbers.next()??);
            Some(nearest(r.min(255), g.min(255), b.min(255)))
        }
        _ => None,
    }
}

/// The nearest of the 16: by which of red, green and blue are strong against the strongest, and how bright that is.
fn nearest(r: u16, g: u16, b: u16) -> u8 {
    let most = r.max(g).max(b);
    let least = r.min(g).min(b);
    if most - least < 40 {
        return match most {
            0..=63 => 0,
            64..=143 => 8,
            144..=215 => 7,
            _ => 15,
        };
    }
    let middle = least + (most - least) / 2;
    let hue = u8::from(r > middle) | u8::from(g > middle) << 1 | u8::from(b > middle) << 2;
    if most > 215 { hue + 8 } else { hue }
}

/// A piece of a line in one style.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Span {
    /// Plain text without controls.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

/// Reads one line (without its LF). `style` is what the lines before it left, and is left to the next.
pub fn spans(line: &str, style: &mut Style) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => escape(&mut chars, style),
            '\u{9b}' => control_sequence(&mut chars, style),
            // A progress bar paints over its own line: what was before is gone, unless nothing follows.
            '\r' => {
                if chars.peek().is_some() {
                    out.clear();
                }
            }
            '\x08' => {
                if let Some(last) = out.last_mut() {
                    last.text.pop();
                }
            }
            c => push(&mut out, c, *style),
        }
    }
    out.retain(|span| !span.text.is_empty());
    out
}

fn push(out: &mut Vec<Span>, c: char, style: Style) {
    let mut shown = [0u8; 4];
    let shown = visible::visible(c.encode_utf8(&mut shown)).into_owned();
    match out.last_mut() {
        Some(last) if last.style == style => last.text.push_str(&shown),
        _ => out.push(Span { text: shown, style }),
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// After ESC: a control sequence, a string that ends with BEL or ST, or a short escape.
fn escape(chars: &mut Chars<'_>, style: &mut Style) {
    match chars.next() {
        Some('[') => control_sequence(chars, style),
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\x07' || c == '\u{9c}' {
                    return;
                }
                if c == '\x1b' && chars.next_if_eq(&'\\').is_some() {
                    return;
                }
            }
        }
        // nF escapes have intermediates before their final character.
        Some(' '..='/') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next();
        }
        _ => {}
    }
}

/// Parameters, intermediates and a final character; obeyed only if it is `m` without a private mark.
fn control_sequence(chars: &mut Chars<'_>, style: &mut Style) {
    let mut params = String::new();
    while let Some(&c) = chars.peek() {
        match c {
            '\x20'..='\x3f' => {
                params.push(c);
                chars.next();
            }
            '\x40'..='\x7e' => {
                chars.next();
                if c == 'm' && params.chars().all(|p| p.is_ascii_digit() || p == ';' || p == ':') {
                    style.apply(&params);
                }
                return;
            }
            // Not a sequence after all: what follows is text again.
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &str) -> String {
        spans(line, &mut Style::default()).into_iter().map(|s| s.text).collect()
    }

    fn classes(line: &str) -> Vec<(String, String)> {
        spans(line, &mut Style::default()).into_iter().map(|s| (s.text, s.style.classes())).collect()
    }

    #[test]
    fn colours_become_classes() {
        assert_eq!(
            classes("a \x1b[1;31mred\x1b[0m b\x1b[92;44mx"),
            [("a ", ""), ("red", "a-b f-1"), (" b", ""), ("x", "f-10 b-4")].map(|(t, c)| (t.into(), c.into()))
        );
    }

    #[test]
    fn a_style_goes_on_to_the_next_line() {
        let mut style = Style::default();
        spans("\x1b[33mone", &mut style);
        assert_eq!(spans("two\x1b[m", &mut style)[0].style.ink, Some(3));
        assert_eq!(style, Style::default());
    }

    #[test]
    fn many_colours_come_down_to_sixteen() {
        for (sequence, n) in [
            ("38;5;1", 1),
            ("38;5;196", 9),
            ("38;5;22", 2),
            ("38;5;244", 8),
            ("38;2;255;255;255", 15),
            ("38;2;0;0;0", 0),
            ("38;2;200;160;0", 3),
            ("38:2:0:0:250", 12),
        ] {
            let mut style = Style::default();
            spans(&format!("\x1b[{sequence}mx"), &mut style);
            assert_eq!(style.ink, Some(n), "{sequence}");
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_dropped() {
        assert_eq!(plain("a\x1b[2Jb\x1b[?25lc\x1b]0;title\x07d\x1b]8;;http://x\x1b\\e\x1b(Bf\x1bMg"), "abcdefg");
        assert_eq!(plain("\x1b[1;2"), "");
        assert_eq!(plain("\x1b"), "");
        assert_eq!(plain("\x1b[31"), "");
        assert_eq!(plain("x\x1bPq#0;2;0;0;0\x1b\\y"), "xy");
    }

    #[test]
    fn a_carriage_return_paints_over() {
        assert_eq!(plain("10 %\r50 %\r100 %"), "100 %");
        assert_eq!(plain("done\r"), "done");
        assert_eq!(plain("ab\x08c"), "ac");
    }

    #[test]
    fn deceptive_characters_are_shown() {
        assert_eq!(plain("x\u{202e}y\0"), "x<U+202E>y␀");
    }

    #[test]
    fn no_input_panics() {
        for line in ["\x1b[;;;;m", "\x1b[38;5m", "\x1b[38;2;1m", "\x1b[99999999999m", "\x1b[38;5;300mx", "\u{9b}31mx"] {
            let _ = plain(line);
        }
        assert_eq!(plain("\u{9b}31mx"), "x");
    }
}
