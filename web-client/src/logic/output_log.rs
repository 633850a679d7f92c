//! The output of a run in the output view: which lines are kept, with the colours that each starts with, and which are
//! drawn. The lines are an [`OutputTail`] of `client-core`.

use wardroom_client_core::{OutputTail, TailLimits};
use wardroom_protocol::ansi::{Span, Style, spans};

use crate::limits::{OUTPUT_LINE_BYTES_MAX, OUTPUT_LINES_MAX, OUTPUT_LOG_BYTES_MAX, OUTPUT_OVERSCAN_LINES};

/// The lines of the output view, with their colours.
pub type OutputLog = OutputTail<Style>;

/// A log that starts at this byte and finds the line with the wanted byte.
pub fn starting_at(off: u64, wanted: Option<u64>) -> OutputLog {
    let bounds = TailLimits { bytes: OUTPUT_LOG_BYTES_MAX, line_bytes: OUTPUT_LINE_BYTES_MAX, lines: OUTPUT_LINES_MAX };
    OutputLog::beginning_at(off, wanted, bounds)
}

/// Adds the next bytes of a stream, which are at `off` in the output.
pub fn push(log: &mut OutputLog, fd: u8, off: u64, bytes: &[u8]) {
    log.push(fd, off, bytes, |style, text| drop(spans(text, style)));
}

/// The line at `index`: its stream, its number if known, and its text in spans.
pub fn line(log: &OutputLog, index: usize) -> Option<(u8, Option<u64>, Vec<Span>)> {
    let line = log.at(index)?;
    let mut style = line.start;
    Some((line.fd, log.number(line), spans(&line.text, &mut style)))
}

/// Which of `all` lines to draw, scrolled to `top` in a view of `height` pixels: the visible ones and some on both
/// sides.
pub fn window(all: usize, top: f64, height: f64, line_height: f64) -> std::ops::Range<usize> {
    let line_height = line_height.max(1.0);
    let first = (top.max(0.0) / line_height) as usize;
    let count = (height.max(0.0) / line_height) as usize + 1;
    let from = first.saturating_sub(OUTPUT_OVERSCAN_LINES).min(all);
    from..(first.saturating_add(count).saturating_add(OUTPUT_OVERSCAN_LINES)).min(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_over_line_ends() {
        let mut log = starting_at(0, None);
        push(&mut log, 1, 0, b"\x1b[31ma\nb\n");
        let (fd, number, second) = line(&log, 1).unwrap_or_default();
        assert_eq!((fd, number), (1, Some(2)));
        assert_eq!(second.first().and_then(|s| s.style.foreground), Some(1));
    }

    #[test]
    fn it_is_bounded() {
        let mut log = starting_at(0, None);
        push(&mut log, 1, 0, &vec![b'x'; OUTPUT_LINE_BYTES_MAX * 2 + 1]);
        assert_eq!(log.lines().len(), 3);
        for _ in 0..OUTPUT_LOG_BYTES_MAX / OUTPUT_LINE_BYTES_MAX + 4 {
            push(&mut log, 1, 0, &vec![b'x'; OUTPUT_LINE_BYTES_MAX]);
        }
        assert!(log.lines().map(|line| line.text.len()).sum::<usize>() <= OUTPUT_LOG_BYTES_MAX);
        assert!(log.skipped_bytes() > 0 && line(&log, 0).is_some_and(|(_, number, _)| number > Some(1)));
        let mut empty_lines = starting_at(0, None);
        push(&mut empty_lines, 1, 0, &vec![b'\n'; OUTPUT_LINES_MAX + 5]);
        assert_eq!(empty_lines.lines().len(), OUTPUT_LINES_MAX);
        assert_eq!(line(&empty_lines, 0).and_then(|(_, number, _)| number), Some(6));
    }

    #[test]
    fn only_what_is_seen_is_drawn() {
        let drawn = window(1_000_000, 500_000.0, 600.0, 20.0);
        assert!(drawn.contains(&25_000) && drawn.contains(&25_030) && drawn.len() < 30 + 2 * OUTPUT_OVERSCAN_LINES + 3);
        assert_eq!(window(3, 9999.0, 600.0, 20.0), 3..3);
        assert_eq!(window(0, 0.0, 0.0, 0.0), 0..0);
    }
}
