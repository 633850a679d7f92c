//! Splits text with terminal colours into pieces of plain text, each with its style. The parser is `vte`; only SGR
//! (ECMA-48, 8.3.117) is obeyed, and every other control is dropped. The page, `wardroom chat` and the face for `nc`
//! use it, so that colours are shown and no output of a program moves a cursor.

use std::borrow::Cow;

use vte::{Params, Parser, Perform};

use crate::visible;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Style {
    /// Foreground: one of the terminal's 16 colours.
    pub foreground: Option<u8>,
    /// Background: one of the terminal's 16 colours.
    pub background: Option<u8>,
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
    /// Returns the sequence that switches a terminal to this style, whatever its style was before.
    pub fn to_sgr(self) -> String {
        let mut out = "\x1b[0".to_owned();
        for code in self.attributes() {
            out.push_str(&format!(";{code}"));
        }
        for (colour, dark, bright) in [(self.foreground, 30, 82), (self.background, 40, 92)] {
            if let Some(n) = colour {
                out.push_str(&format!(";{}", u16::from(n).saturating_add(if n < 8 { dark } else { bright })));
            }
        }
        out.push('m');
        out
    }

    /// Returns the SGR numbers of the active attributes, without colours.
    pub fn attributes(self) -> impl Iterator<Item = u8> {
        let all = [
            (1, self.is_bold),
            (2, self.is_dim),
            (3, self.is_italic),
            (4, self.is_underlined),
            (7, self.is_reversed),
            (9, self.is_struck),
        ];
        all.into_iter().filter_map(|(code, is_on)| is_on.then_some(code))
    }

    /// Applies the parameters of one SGR sequence.
    fn apply(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            match param {
                [38, colour @ ..] if !colour.is_empty() => self.foreground = of_group(colour).or(self.foreground),
                [48, colour @ ..] if !colour.is_empty() => self.background = of_group(colour).or(self.background),
                [38] => {
                    self.foreground =
                        extended(&mut params.by_ref().filter_map(|n| n.first().copied())).or(self.foreground)
                }
                [48] => {
                    self.background =
                        extended(&mut params.by_ref().filter_map(|n| n.first().copied())).or(self.background)
                }
                [4, 0, ..] => self.is_underlined = false,
                [number, ..] => self.set(*number),
                [] => {}
            }
        }
    }

    fn set(&mut self, number: u16) {
        match number {
            0 => *self = Style::default(),
            1 => self.is_bold = true,
            2 => self.is_dim = true,
            3 => self.is_italic = true,
            4 => self.is_underlined = true,
            7 => self.is_reversed = true,
            9 => self.is_struck = true,
            21 | 22 => (self.is_bold, self.is_dim) = (false, false),
            23 => self.is_italic = false,
            24 => self.is_underlined = false,
            27 => self.is_reversed = false,
            29 => self.is_struck = false,
            n @ 30..=37 => self.foreground = low(n, 30),
            n @ 90..=97 => self.foreground = low(n, 82),
            39 => self.foreground = None,
            n @ 40..=47 => self.background = low(n, 40),
            n @ 100..=107 => self.background = low(n, 92),
            49 => self.background = None,
            _ => {}
        }
    }
}

/// Parses a colour whose numbers are joined by colons (ITU-T T.416), with an optional colour space before the three.
fn of_group(colour: &[u16]) -> Option<u8> {
    match colour {
        [2, _, rgb @ ..] if rgb.len() >= 3 => extended(&mut std::iter::once(2).chain(rgb.iter().copied())),
        colour => extended(&mut colour.iter().copied()),
    }
}

fn low(n: u16, base: u16) -> Option<u8> {
    u8::try_from(n.saturating_sub(base)).ok()
}

/// Parses the colour after 38 or 48: `5;n` or `2;r;g;b`, mapped to the nearest of the 16, whose contrast is known to be
/// good.
fn extended(numbers: &mut impl Iterator<Item = u16>) -> Option<u8> {
    match numbers.next()? {
        5 => match numbers.next()? {
            n @ 0..=15 => u8::try_from(n).ok(),
            n @ 16..=231 => {
                let level = |step: u16| if step == 0 { 0 } else { step.saturating_mul(40).saturating_add(55) };
                let n = n.saturating_sub(16);
                Some(nearest(level(n / 36), level(n / 6 % 6), level(n % 6)))
            }
            n @ 232..=255 => {
                let grey = n.saturating_sub(232).saturating_mul(10).saturating_add(8);
                Some(nearest(grey, grey, grey))
            }
            _ => None,
        },
        2 => {
            let (r, g, b) = (numbers.next()?, numbers.next()?, numbers.next()?);
            Some(nearest(r.min(255), g.min(255), b.min(255)))
        }
        _ => None,
    }
}

/// Returns the nearest of the 16 colours, by which of red, green and blue are close to the strongest, and by its
/// brightness.
fn nearest(r: u16, g: u16, b: u16) -> u8 {
    let most = r.max(g).max(b);
    let least = r.min(g).min(b);
    if most.saturating_sub(least) < 40 {
        return match most {
            0..=63 => 0,
            64..=143 => 8,
            144..=215 => 7,
            _ => 15,
        };
    }
    let middle = least.midpoint(most);
    let hue = u8::from(r > middle) | u8::from(g > middle) << 1 | u8::from(b > middle) << 2;
    if most > 215 { hue | 8 } else { hue }
}

/// A piece of a line in one style.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Span {
    /// Plain text without controls.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

/// Parses one line (without its LF). `style` is the style at the end of the previous lines, and is updated for the
/// next.
pub fn spans(line: &str, style: &mut Style) -> Vec<Span> {
    let mut screen = Line { spans: Vec::new(), style: *style, is_rewound: false };
    let mut parser = Parser::<MAX_OSC_BYTES>::new_with_size();
    // A UTF-8 terminal accepts the one-character form of CSI for its two bytes; vte does not.
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{9b}') {
        parser.advance(&mut screen, before.as_bytes());
        parser.advance(&mut screen, b"\x1b[");
        rest = after;
    }
    parser.advance(&mut screen, rest.as_bytes());
    *style = screen.style;
    screen.spans.retain(|span| !span.text.is_empty());
    screen.spans
}

/// Parses a text of several lines.
pub fn lines(text: &str) -> Vec<Vec<Span>> {
    let mut style = Style::default();
    text.split('\n').map(|line| spans(line.strip_suffix('\r').unwrap_or(line), &mut style)).collect()
}

/// Returns the text without terminal controls, for search, copying and screen readers.
pub fn plain(line: &str) -> String {
    spans(line, &mut Style::default()).into_iter().map(|span| span.text).collect()
}

/// Returns a line for a reader without colours: they are removed, and all other terminal controls are made visible.
pub fn shown(line: &str) -> Cow<'_, str> {
    if !line.contains(CSI) {
        return visible::visible(line);
    }
    let (mut out, mut rest) = (String::with_capacity(line.len()), line);
    while let Some((before, after)) = rest.split_once(CSI) {
        out.push_str(before);
        let behind = after.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ';' | ':'));
        rest = behind.strip_prefix('m').unwrap_or_else(|| {
            out.push_str(CSI);
            after
        });
    }
    out.push_str(rest);
    Cow::Owned(visible::visible(&out).into_owned())
}

/// The start of a control sequence.
const CSI: &str = "\x1b[";

/// Bytes of a title or a link that vte collects: nothing here reads them.
const MAX_OSC_BYTES: usize = 16;

/// The output of one line so far.
struct Line {
    spans: Vec<Span>,
    style: Style,
    /// After a carriage return: what is written next starts the line over.
    is_rewound: bool,
}

impl Line {
    fn put(&mut self, text: &str) {
        if std::mem::take(&mut self.is_rewound) {
            self.spans.clear();
        }
        match self.spans.last_mut() {
            Some(last) if last.style == self.style => last.text.push_str(text),
            _ => self.spans.push(Span { text: text.to_owned(), style: self.style }),
        }
    }
}

impl Perform for Line {
    fn print(&mut self, c: char) {
        let mut shown = [0u8; 4];
        self.put(&visible::visible(c.encode_utf8(&mut shown)));
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            // A progress bar overwrites its own line: the old content disappears, unless nothing follows.
            b'\r' => self.is_rewound = true,
            b'\x08' => {
                if let Some(last) = self.spans.last_mut() {
                    last.text.pop();
                }
            }
            byte => self.put(&visible::visible(char::from(byte).encode_utf8(&mut [0u8; 4]))),
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], is_cut: bool, action: char) {
        if action == 'm' && intermediates.is_empty() && !is_cut {
            self.style.apply(params);
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn styled(line: &str) -> Vec<(String, String)> {
        spans(line, &mut Style::default()).into_iter().map(|span| (span.text, span.style.to_sgr())).collect()
    }

    #[test]
    fn colours_become_styles() {
        assert_eq!(
            styled("a \x1b[1;31mred\x1b[0m b\x1b[92;44mx"),
            [("a ", "\x1b[0m"), ("red", "\x1b[0;1;31m"), (" b", "\x1b[0m"), ("x", "\x1b[0;92;44m")]
                .map(|(text, sgr)| (text.into(), sgr.into()))
        );
    }

    #[test]
    fn a_style_goes_on_to_the_next_line() {
        let mut style = Style::default();
        spans("\x1b[33mone", &mut style);
        assert_eq!(spans("two\x1b[m", &mut style)[0].style.foreground, Some(3));
        assert_eq!(style, Style::default());
        assert_eq!(lines("\x1b[31ma\r\nb")[1][0].style.foreground, Some(1));
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
            ("38:2::0:0:250", 12),
            ("4:0;38;5;196;48;5;22", 9),
        ] {
            let mut style = Style::default();
            spans(&format!("\x1b[{sequence}mx"), &mut style);
            assert_eq!(style.foreground, Some(n), "{sequence}");
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_dropped() {
        assert_eq!(plain("a\x1b[2Jb\x1b[?25lc\x1b]0;title\x07d\x1b]8;;http://x\x1b\\e\x1b(Bf\x1bMg"), "abcdefg");
        assert_eq!(plain("x\x1bPq#0;2;0;0;0\x1b\\y\x1b[>4;1mz"), "xyz");
        let long = format!("a\x1b]0;{}\x07b", "x".repeat(100_000));
        assert_eq!(plain(&long), "ab");
        for line in ["\x1b[1;2", "\x1b", "\x1b[31", "\x1b]0;open"] {
            assert_eq!(plain(line), "", "{line:?}");
        }
    }

    #[test]
    fn a_carriage_return_paints_over() {
        assert_eq!(plain("10 %\r50 %\r100 %"), "100 %");
        assert_eq!(plain("done\r"), "done");
        assert_eq!(plain("ab\x08c"), "ac");
    }

    #[test]
    fn deceptive_characters_are_shown() {
        assert_eq!(plain("x\u{202e}y\0\x7f\u{85}"), "x<U+202E>y␀␡<U+0085>");
        assert_eq!(plain("\u{9b}31mx"), "x");
    }

    #[test]
    fn without_colours_all_else_is_seen() {
        assert_eq!(shown("\x1b[1;31mred\x1b[m \x1b[2J\x1b["), "red ␛[2J␛[");
        assert_eq!(shown("a\rb"), "a␍b");
    }

    #[test]
    fn no_input_panics() {
        for line in ["\x1b[;;;;m", "\x1b[38;5m", "\x1b[38;2;1m", "\x1b[99999999999m", "\x1b[38;5;300mx"] {
            let _ = plain(line);
        }
        let many = format!("\x1b[{}mx", "1;".repeat(10_000));
        assert_eq!(plain(&many), "x");
    }
}
