//! Lays out what is below the room's lines, row by row, none wider than the terminal. Pure arithmetic; the screen
//! writes it.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;
use wardroom_protocol::visible::visible;

use super::terminal::Size;

/// What to show below the room's lines.
#[derive(Debug, Default)]
pub(crate) struct Frame<'a> {
    /// Work in progress: a row each.
    pub(crate) above: Vec<String>,
    /// The prompt.
    pub(crate) prompt: String,
    pub(crate) text: &'a str,
    /// A byte offset in the text.
    pub(crate) caret: usize,
    /// Explanations: a row each.
    pub(crate) below: Vec<Row>,
}

/// A row of words.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Row {
    pub(crate) words: String,
    pub(crate) style: Style,
}

/// The style of text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Style {
    #[default]
    Plain,
    Dim,
    Bold,
}

impl Row {
    pub(crate) fn dim(words: impl Into<String>) -> Row {
        Row { words: words.into(), style: Style::Dim }
    }

    pub(crate) fn bold(words: impl Into<String>) -> Row {
        Row { words: words.into(), style: Style::Bold }
    }
}

/// The rows, and the caret's position in them.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Layout {
    pub(crate) rows: Vec<Row>,
    pub(crate) caret_row: usize,
    pub(crate) caret_column: usize,
}

/// Lays a frame out.
pub(crate) fn layout(frame: &Frame<'_>, size: Size) -> Layout {
    // The last column stays free: terminals disagree about the cursor after a character there.
    let columns = size.columns.saturating_sub(1).max(1);
    let below = frame.below.len().min(size.rows.saturating_sub(2));
    let above = frame.above.len().min(size.rows.saturating_sub(below).saturating_sub(1) / 2);
    let text_rows = size.rows.saturating_sub(below).saturating_sub(above).max(1);
    let (text, row, column) = text_rows_of(frame, columns);
    // If the text is higher than the terminal, the rows around the caret are shown.
    let first = row.saturating_add(1).saturating_sub(text_rows);
    let mut rows: Vec<Row> = Vec::new();
    let under_way = frame.above.get(frame.above.len().saturating_sub(above)..).unwrap_or_default();
    rows.extend(under_way.iter().map(|words| Row::dim(cut(words, columns))));
    rows.extend(text.into_iter().skip(first).take(text_rows));
    let explained = frame.below.iter().take(below);
    rows.extend(explained.map(|row| Row { words: cut(&row.words, columns), style: row.style }));
    Layout { rows, caret_row: above.saturating_add(row).saturating_sub(first), caret_column: column }
}

/// Returns the rows of prompt and text, and the caret's row and column.
fn text_rows_of(frame: &Frame<'_>, columns: usize) -> (Vec<Row>, usize, usize) {
    // A prompt that leaves no room to write is cut.
    let prompt = cut(&frame.prompt, columns.saturating_sub(columns / 3).max(1));
    let mut width = prompt.width();
    let mut rows = vec![Row { words: prompt, style: Style::Plain }];
    let mut caret = (0, width);
    for (at, cluster) in frame.text.grapheme_indices(true) {
        if at == frame.caret {
            caret = (rows.len().saturating_sub(1), width);
        }
        // A carriage return and a line feed are one cluster.
        let is_feed = cluster.ends_with('\n');
        let shown = if is_feed { String::new() } else { shown(cluster) };
        let wide = shown.width();
        if is_feed || width.saturating_add(wide) > columns {
            if at == frame.caret && !is_feed {
                caret = (rows.len(), 0);
            }
            rows.push(Row::default());
            width = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.words.push_str(&shown);
        }
        width = width.saturating_add(wide);
    }
    if frame.caret >= frame.text.len() {
        caret = (rows.len().saturating_sub(1), width);
    }
    (rows, caret.0, caret.1)
}

/// Returns a visible cluster: controls as pictures, a tab as blanks, because its width would depend on its position.
fn shown(cluster: &str) -> String {
    if cluster == "\t" { "    ".to_owned() } else { visible(cluster).into_owned() }
}

/// Cuts a text to this width.
pub(crate) fn cut(words: &str, columns: usize) -> String {
    let words = visible(words);
    let words = words.replace('\t', " ");
    if words.width() <= columns {
        return words;
    }
    let mut out = String::new();
    let mut width = 0usize;
    for cluster in words.graphemes(true) {
        width = width.saturating_add(cluster.width());
        if width > columns.saturating_sub(1) {
            break;
        }
        out.push_str(cluster);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { columns: 11, rows: 6 };

    fn words(layout: &Layout) -> Vec<&str> {
        layout.rows.iter().map(|row| row.words.as_str()).collect()
    }

    fn frame(text: &str, caret: usize) -> Frame<'_> {
        Frame { prompt: "#ops> ".to_owned(), text, caret, ..Frame::default() }
    }

    #[test]
    fn a_text_goes_on_in_the_next_row() {
        let laid = layout(&frame("hello there", 11), SIZE);
        assert_eq!(words(&laid), ["#ops> hell", "o there"]);
        assert_eq!((laid.caret_row, laid.caret_column), (1, 7));
        let laid = layout(&frame("hello", 4), SIZE);
        assert_eq!((laid.caret_row, laid.caret_column), (1, 0), "before the character that went on in the next row");
        let laid = layout(&frame("日志回滚", 12), SIZE);
        assert_eq!((words(&laid), laid.caret_column), (vec!["#ops> 日志", "回滚"], 4));
    }

    #[test]
    fn lines_of_a_text_are_rows_and_controls_are_seen() {
        let laid = layout(&frame("a\n\tb\n\x1b[2J", 2), SIZE);
        assert_eq!(words(&laid), ["#ops> a", "    b", "␛[2J"]);
        assert_eq!((laid.caret_row, laid.caret_column), (1, 0));
    }

    #[test]
    fn nothing_is_wider_or_higher_than_the_terminal() {
        let text = "line\n".repeat(40);
        let frame = Frame {
            above: vec!["sending".to_owned(); 9],
            below: vec![Row::dim("/role NAME ROLE  what a member may do here"); 9],
            ..frame(&text, text.len())
        };
        for columns in 0..40 {
            for rows in 0..12 {
                let laid = layout(&frame, Size { columns, rows });
                assert!(laid.rows.len() <= rows.max(2), "{rows} rows: {laid:?}");
                assert!(laid.rows.iter().all(|row| row.words.width() < columns.max(2)), "{columns}: {laid:?}");
                assert!(laid.caret_row < laid.rows.len());
            }
        }
        assert_eq!(cut("/role NAME ROLE", 10), "/role NAM…");
        assert_eq!(cut("日志回滚", 5), "日志…");
    }
}
