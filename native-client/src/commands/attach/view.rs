//! A terminal that is larger than the window here, as text: its last rows, cut to the window. The bytes that draw it would
//! wrap and scroll in a smaller window, and only its holder may change its size.

use std::time::Duration;

use tokio::time::Instant;
use wardroom_client_core::RequestId;
use wardroom_protocol::messages::{TermSize, TermTextOk};
use wardroom_protocol::visible::visible;

/// How often it is drawn: as fast as text is read, and few enough requests for a program that never rests.
const EVERY: Duration = Duration::from_millis(200);

/// When it is drawn next, and from which answer.
#[derive(Debug)]
pub(super) struct TextView {
    due: Option<Instant>,
    pub(super) asked: Option<RequestId>,
}

impl TextView {
    pub(super) fn new() -> TextView {
        TextView { due: Some(Instant::now()), asked: None }
    }

    /// There is something new.
    pub(super) fn touch(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + EVERY);
    }

    /// Waits until it is to be drawn; for ever without a change, and while an answer is awaited.
    pub(super) async fn due(view: Option<&TextView>) {
        until(view.and_then(|view| view.due.filter(|_| view.asked.is_none()))).await;
    }

    /// The text was requested.
    pub(super) fn wait_for(&mut self, request: RequestId) {
        (self.due, self.asked) = (None, Some(request));
    }
}

/// Waits until then; for ever without a time.
pub(super) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Returns the bytes that draw the text in a window, with a row that says what it is.
pub(super) fn drawn(text: &TermTextOk, size: TermSize, own: TermSize) -> Vec<u8> {
    let (cols, rows) = (usize::from(own.cols), usize::from(own.rows).saturating_sub(1));
    let mut out = String::from("\x1b[?25l\x1b[0m\x1b[H");
    let first = text.lines.len().saturating_sub(rows);
    for line in text.lines.iter().skip(first) {
        out.push_str(&crate::edit::cut(&visible(line), cols));
        out.push_str("\x1b[K\r\n");
    }
    let TermSize { cols: wide, rows: high } = size;
    let words = format!(" {wide}x{high} as text: your window is {}x{}; ~? helps ", own.cols, own.rows);
    out.push_str(&format!("\x1b[J\x1b[{};1H\x1b[7m{}\x1b[0m\x1b[K", own.rows, crate::edit::cut(&words, cols)));
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rows_are_cut_to_the_window() {
        let lines = (0..9).map(|n| format!("{n} {}", "wide ".repeat(30))).collect();
        let text = TermTextOk { off: 0, title: String::new(), lines };
        let (size, own) = (TermSize { cols: 200, rows: 50 }, TermSize { cols: 20, rows: 5 });
        let shown = String::from_utf8_lossy(&drawn(&text, size, own)).into_owned();
        assert!(!shown.contains("4 wide") && shown.contains("5 wide") && shown.contains("8 wide"), "{shown:?}");
        assert!(shown.contains("\x1b[5;1H"), "the last row says what it is: {shown:?}");
        assert!(shown.split("\r\n").all(|row| row.chars().count() < 70), "{shown:?}");
    }
}
