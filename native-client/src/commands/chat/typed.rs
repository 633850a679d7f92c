//! Input lines: a line, or a text that is too long to be one. At a terminal `console` makes them from keys; this reads
//! those of a pipe.

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use wardroom_protocol::limits::TEXT_BYTES_MAX;

use crate::files::LongText;

/// Typed lines that wait to be handled.
pub(super) const TYPED_LINES: usize = 16;

/// A typed line.
#[derive(Debug)]
pub(super) enum Typed {
    Line(String),
    /// It becomes a file, whatever it begins with.
    Long(LongText),
}

impl Typed {
    fn of(gathered: LongText) -> Typed {
        match gathered.text() {
            Some(text) => Typed::Line(text.trim_end_matches('\r').to_owned()),
            None => Typed::Long(gathered),
        }
    }

    /// Returns its text for a user who waits for it to be posted.
    pub(super) fn words(&self) -> String {
        match self {
            Typed::Line(line) => line.clone(),
            Typed::Long(text) => format!("{} lines", text.lines()),
        }
    }
}

/// Returns true if the text is too long for a message.
pub(super) fn is_long(text: &str) -> bool {
    text.len() > TEXT_BYTES_MAX
}

/// Reads the lines of standard input on a task of their own: as bytes, so that invalid UTF-8 does not end the chat, and
/// piece by piece, so that an endless line does not fill the memory.
pub(super) fn lines() -> mpsc::Receiver<Typed> {
    let (sender, lines) = mpsc::channel(TYPED_LINES);
    tokio::spawn(async move {
        let mut input = BufReader::new(tokio::io::stdin());
        let mut line = LongText::default();
        while let Ok(piece) = input.fill_buf().await {
            let end = piece.iter().position(|byte| *byte == b'\n');
            line.push(piece.get(..end.unwrap_or(piece.len())).unwrap_or_default());
            let (is_over, eaten) = (piece.is_empty(), end.map_or(piece.len(), |end| end.saturating_add(1)));
            input.consume(eaten);
            let is_whole = end.is_some() || (is_over && line.bytes() > 0);
            if is_whole && sender.send(Typed::of(std::mem::take(&mut line))).await.is_err() {
                return;
            }
            if is_over {
                return;
            }
        }
    });
    lines
}
