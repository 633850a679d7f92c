//! Splits a person's bytes into lines of limited length. Skips Telnet's negotiation; CR LF and LF both end a line.
//! Knows no socket.

use bytes::{Buf as _, BytesMut};

use super::limits::LINE_BYTES_MAX;

/// One unit of input.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// A line, without its end.
    Line(String),
    /// The last line, which has no end: it may be truncated.
    Cut(String),
    /// A line longer than [`LINE_BYTES_MAX`]; it was skipped entirely.
    TooLong,
    /// A line that is not UTF-8; it was skipped entirely.
    NotUtf8,
}

/// Splits bytes into lines; holds at most one unfinished line.
#[derive(Default)]
pub struct Splitter {
    line: Vec<u8>,
    telnet: Telnet,
    is_too_long: bool,
}

/// The state of Telnet's negotiation (RFC 854). Its bytes are never text: UTF-8 has no byte 255.
#[derive(Clone, Copy, Default)]
enum Telnet {
    #[default]
    Text,
    /// After IAC.
    Command,
    /// After WILL, WONT, DO or DONT.
    Choice,
    /// Between IAC SB and IAC SE.
    Detail,
    /// After an IAC within that.
    DetailCommand,
}

impl Splitter {
    /// Takes the next line from the front of `buf`. If the line has not ended, returns `None` and leaves `buf` empty.
    pub fn next(&mut self, buf: &mut BytesMut) -> Option<Input> {
        let end = buf.iter().position(|byte| *byte == b'\n');
        let taken = buf.split_to(end.unwrap_or(buf.len()));
        for byte in taken {
            self.push(byte);
        }
        end?;
        buf.advance(1);
        Some(self.line())
    }

    fn push(&mut self, byte: u8) {
        self.telnet = match (self.telnet, byte) {
            (Telnet::Text, 0xff) => Telnet::Command,
            (Telnet::Text, byte) => {
                if self.line.len() < LINE_BYTES_MAX {
                    self.line.push(byte);
                } else {
                    self.is_too_long = true;
                }
                Telnet::Text
            }
            (Telnet::Command, 251..=254) => Telnet::Choice,
            (Telnet::Command, 250) => Telnet::Detail,
            (Telnet::Detail, 0xff) => Telnet::DetailCommand,
            (Telnet::DetailCommand, 240) | (Telnet::Command | Telnet::Choice, _) => Telnet::Text,
            (Telnet::Detail | Telnet::DetailCommand, _) => Telnet::Detail,
        };
    }

    /// A line feed ends a line in any state, so that garbage cannot swallow what follows it.
    fn line(&mut self) -> Input {
        self.telnet = Telnet::Text;
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_too_long) {
            return Input::TooLong;
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_or(Input::NotUtf8, Input::Line)
    }

    /// Returns the last line, which has no end.
    pub fn rest(&mut self) -> Option<Input> {
        if self.line.is_empty() && !self.is_too_long {
            return None;
        }
        Some(match self.line() {
            Input::Line(line) => Input::Cut(line),
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns everything that comes out if the bytes arrive in two parts.
    fn split(bytes: &[u8], at: usize) -> Vec<Input> {
        let mut splitter = Splitter::default();
        let mut all = Vec::new();
        let (first, second) = bytes.split_at(at);
        for part in [first, second] {
            let mut buf = BytesMut::from(part);
            while let Some(input) = splitter.next(&mut buf) {
                all.push(input);
            }
            assert!(buf.is_empty());
        }
        all.extend(splitter.rest());
        all
    }

    fn line(text: &str) -> Input {
        Input::Line(text.to_owned())
    }

    #[test]
    fn lines_at_every_split_point() {
        let bytes = "hello\r\n\ngrüße\nlast".as_bytes();
        for at in 0..=bytes.len() {
            assert_eq!(split(bytes, at), [line("hello"), line(""), line("grüße"), Input::Cut("last".into())], "{at}");
        }
    }

    #[test]
    fn telnet_negotiation_is_skipped_at_every_split_point() {
        // WILL ECHO, a window size, a literal command, then text.
        let bytes = b"\xff\xfb\x01he\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0llo\xff\xf4\r\n";
        for at in 0..=bytes.len() {
            assert_eq!(split(bytes, at), [line("hello")], "{at}");
        }
    }

    #[test]
    fn an_unfinished_negotiation_ends_with_its_line() {
        assert_eq!(split(b"a\xff\xfa\x01\nhello\n", 3), [line("a"), line("hello")]);
    }

    #[test]
    fn what_is_no_text_is_one_input_each() {
        let long = vec![b'x'; 3 * LINE_BYTES_MAX];
        let bytes = [b"\xc3\x28\n".as_slice(), &long, b"\nok\n"].concat();
        assert_eq!(split(&bytes, 20_000), [Input::NotUtf8, Input::TooLong, line("ok")]);
        assert_eq!(split(&long, 9), [Input::TooLong]);
    }

    #[test]
    fn the_longest_line_fits() {
        let long = "x".repeat(LINE_BYTES_MAX);
        assert_eq!(split(format!("{long}\n").as_bytes(), 7), [line(&long)]);
    }

    #[test]
    fn a_line_held_is_bounded() {
        let mut splitter = Splitter::default();
        for _ in 0..100 {
            assert_eq!(splitter.next(&mut BytesMut::from(vec![b'x'; 4_096].as_slice())), None);
        }
        assert!(splitter.line.capacity() <= 2 * LINE_BYTES_MAX);
    }
}
