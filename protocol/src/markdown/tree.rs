//! What a message's text consists of, and how much of it there may be.

use crate::ansi::Span;

/// Quotes, lists and emphasis within each other; what is deeper is shown flat.
pub const DEPTH_MAX: usize = 8;
/// Events of one text. A text of 16 KiB has at most one for each byte; more come only of tables whose rows are filled with
/// empty cells, and such a text is shown as it is.
pub const EVENTS_MAX: usize = 32_768;

/// A part of a message that stands by itself.
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
        /// The first number, if it is numbered.
        first: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A table.
    Table {
        /// How each column is aligned.
        align: Vec<Align>,
        /// The first row; then the others.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A horizontal line.
    Rule,
    /// Lines with a terminal's colours, pasted as they were.
    Coloured(Vec<Vec<Span>>),
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Of a task: whether it is done.
    pub task: Option<bool>,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// The alignment of a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Align {
    /// As the reader's script does it.
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
    /// As it was written; line ends are line ends.
    Text(String),
    /// Between backticks.
    Code(String),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Emphasis.
    Emphasis(Vec<Inline>),
    /// Struck out.
    Strike(Vec<Inline>),
    /// A link to an address of http, https or mailto; also a picture, by its description.
    Link(String, Vec<Inline>),
    /// `@name` in prose, with its sign: a candidate, see [`crate::tokens::user_readings`].
    Mention(String),
    /// `#room` in prose, with its sign: a candidate, see [`crate::tokens::room_readings`].
    Room(String),
}
