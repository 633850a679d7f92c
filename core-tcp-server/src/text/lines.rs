//! Reads a person's lines off a socket, bounded, and raw bytes where a command announced them. Telnet's negotiation is
//! skipped, CR LF and LF both end a line. What a line means is not here.

use std::io;
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};

use super::limits::{LINE_BYTES_MAX, RAW_BYTES_MAX};
use crate::limits::READ_BYTES_MIN;
use crate::outlet::Outlet;
use crate::wire::stream::Stream;

/// What came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// A line, without its end.
    Line(String),
    /// The last line, which has no end: it may have been cut off.
    Cut(String),
    /// A line that is longer than [`LINE_BYTES_MAX`]; all of it was skipped.
    TooLong,
    /// A line that is not UTF-8; all of it was skipped.
    NotUtf8,
}

/// Why nothing more comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The other side has said all that it had to say.
    Eof,
    /// We are closing.
    Closing,
    /// More bytes than are allowed.
    TooMuch,
    /// The socket broke.
    Broken,
}

/// The incoming side of a person's connection.
pub struct LineReader {
    stream: Arc<Stream>,
    outlet: Arc<Outlet>,
    buf: BytesMut,
    splitter: Splitter,
    is_eof: bool,
    /// Bytes that may still be read; none where it does not matter.
    left: Option<usize>,
}

impl LineReader {
    /// Over a socket of which `buf` has been read already; at most `bytes_max` are read.
    pub fn new(stream: Arc<Stream>, outlet: Arc<Outlet>, buf: BytesMut, bytes_max: usize) -> Self {
        let left = Some(bytes_max.saturating_sub(buf.len()));
        Self { stream, outlet, buf, splitter: Splitter::default(), is_eof: false, left }
    }

    /// Signed in: as many bytes as there are.
    pub fn unbind(&mut self) {
        self.left = None;
    }

    /// What was read and not taken.
    pub fn into_buf(self) -> BytesMut {
        self.buf
    }

    /// The first byte of the next line that is not empty. Takes empty lines only.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn peek(&mut self) -> Result<u8, End> {
        loop {
            while let Some(b'\r' | b'\n') = self.buf.first() {
                self.buf.advance(1);
            }
            match self.buf.first() {
                Some(first) => return Ok(*first),
                None => self.fill(READ_BYTES_MIN).await?,
            }
        }
    }

    /// The next line. Nothing is lost where the wait for it is given up.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn next(&mut self) -> Result<Input, End> {
        loop {
            if self.outlet.is_closing() {
                return Err(End::Closing);
            }
            if let Some(input) = self.splitter.next(&mut self.buf) {
                return Ok(input);
            }
            match self.fill(READ_BYTES_MIN).await {
                Err(End::Eof) => return self.splitter.rest().ok_or(End::Eof),
                other => other?,
            }
        }
    }

    /// The next raw bytes: at least one, at most `count`, which is not 0.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn raw(&mut self, count: u64) -> Result<Bytes, End> {
        while self.buf.is_empty() {
            if self.outlet.is_closing() {
                return Err(End::Closing);
            }
            self.fill(RAW_BYTES_MAX).await?;
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(RAW_BYTES_MAX).min(self.buf.len());
        Ok(self.buf.split_to(count).freeze())
    }

    /// Reads and drops what still comes, until the other side ends too: a socket that is closed over unread bytes
    /// resets, and what we wrote last would be lost.
    pub async fn drain(&mut self) {
        self.left = None;
        while !self.is_eof {
            self.buf.clear();
            if self.stream.readable().await.is_err() || matches!(self.read(READ_BYTES_MIN), Err(_) | Ok(false)) {
                return;
            }
        }
    }

    async fn fill(&mut self, count: usize) -> Result<(), End> {
        if self.buf.is_empty() {
            // An idle connection holds no buffer.
            self.buf = BytesMut::new();
        }
        loop {
            if self.is_eof {
                return Err(End::Eof);
            }
            tokio::select! {
                ready = self.stream.readable() => if ready.is_err() { return Err(End::Broken) },
                () = self.outlet.closed() => return Err(End::Closing),
            }
            if self.read(count)? {
                return Ok(());
            }
        }
    }

    /// Takes what is there; false if that is nothing.
    fn read(&mut self, count: usize) -> Result<bool, End> {
        let left = self.left.unwrap_or(usize::MAX);
        if left == 0 {
            return Err(End::TooMuch);
        }
        self.buf.reserve(count.min(left));
        match self.stream.try_read(&mut self.buf) {
            Ok(0) => {
                self.is_eof = true;
                Err(End::Eof)
            }
            Ok(count) => {
                self.left = self.left.map(|left| left.saturating_sub(count));
                Ok(true)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                if self.buf.is_empty() {
                    self.buf = BytesMut::new();
                }
                Ok(false)
            }
            Err(_) => Err(End::Broken),
        }
    }
}

/// Splits bytes into lines; holds at most one that has no end yet.
#[derive(Default)]
struct Splitter {
    line: Vec<u8>,
    telnet: Telnet,
    is_too_long: bool,
}

/// Where we are in telnet's negotiation (RFC 854). Its bytes are never text: UTF-8 has no byte 255.
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
    /// After an IAC in there.
    DetailCommand,
}

impl Splitter {
    /// Takes the next line off the front of `buf`; `None` if its end has not come, and then `buf` is empty.
    fn next(&mut self, buf: &mut BytesMut) -> Option<Input> {
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

    /// A line feed ends a line wherever it stands, so that garbage cannot swallow what follows it.
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

    /// What has no end.
    fn rest(&mut self) -> Option<Input> {
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

    /// All that comes out if the bytes arrive in two parts.
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
