//! The parts of a message's text, and their limits.

use crate::ansi::Span;

/// The depth of nested quotes, lists and emphasis; what is deeper is shown flat.
pub const DEPTH_MAX: usize = 8;
/// Events of one text. A text of 16 KiB has at most one per byte; only tables whose rows are padded with empty cells
/// have more, and such a text is shown unparsed.
pub const EVENTS_MAX: usize = 32_768;

/// A block of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Text; line ends are kept.
    Paragraph(Vec<Inline>),
    /// A heading, of level 1 to 6.
    Heading(u8, Vec<Inline>),
    /// Code in a block.
    Code {
        /// The language that its fence names, or nothing.
        lang: String,
        /// Its lines, without the last line end.
        text: String,
    },
    /// A quotation.
    Quote(Vec<Block>),
    /// A list.
    List {
        /// The first number of a numbered list.
        first: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A table.
    Table {
        /// How each column is aligned.
        align: Vec<Align>,
        /// The rows, the header first.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A horizontal line.
    Rule,
    /// Lines with terminal colours, pasted unchanged.
    Coloured(Vec<Vec<Span>>),
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// For a task: whether it is done.
    pub task: Option<bool>,
    /// Its content.
    pub blocks: Vec<Block>,
}

/// The alignment of a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Align {
    /// The default of the reader's script.
    None,
    /// `:--`
    Left,
    /// `:-:`
    Center,
    /// `--:`
    Right,
}

/// A part of a paragraph.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    /// Text; line ends are kept.
    Text(String),
    /// Between backticks.
    Code(String),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Emphasis.
    Emphasis(Vec<Inline>),
    /// Struck out.
    Strike(Vec<Inline>),
    /// A link to an http, https or mailto address; also an image, by its description.
    Link(String, Vec<Inline>),
    /// `@name` in prose, with its sign: a candidate, see [`crate::tokens::user_readings`].
    Mention(String),
    /// `#room` in prose, with its sign: a candidate, see [`crate::tokens::room_readings`].
    Room(String),
}
