//! What people type into a run, and its terminal: input, who holds the keyboard, the screen and its size. Runs that read
//! standard input without a terminal use the same keyboard.

use serde::{Deserialize, Serialize};

use super::impl_message;
use crate::ids::{RunId, UserName};

/// The size of a terminal, in cells.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TermSize {
    /// Columns: 1 to [`crate::limits::TERM_COLS_MAX`].
    pub cols: u16,
    /// Rows: 1 to [`crate::limits::TERM_ROWS_MAX`].
    pub rows: u16,
}

/// The terminal that a run asks for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "TtyFields")]
pub struct Tty {
    /// Its first size.
    #[serde(flatten)]
    pub size: TermSize,
    /// It keeps this size; otherwise it follows the holder of the keyboard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fixed: bool,
}

/// [`Tty`] as it is read: field by field. Reading `flatten` collects all fields in between, which is slow, and 4 KiB of
/// the page.
#[derive(Deserialize)]
struct TtyFields {
    cols: u16,
    rows: u16,
    #[serde(default)]
    fixed: bool,
}

impl From<TtyFields> for Tty {
    fn from(fields: TtyFields) -> Tty {
        Tty { size: TermSize { cols: fields.cols, rows: fields.rows }, fixed: fields.fixed }
    }
}

/// The screen of a terminal, sent to watchers that asked for it: first, and whenever they fall far behind. Output from
/// `off` on follows. The body is what a terminal of this size must read to show the screen: scrollback, both buffers,
/// modes, cursor and title.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(from = "SnapshotFields")]
pub struct RunSnapshot {
    /// The run.
    pub run: RunId,
    /// The offset of the first byte of output that the screen does not contain.
    pub off: u64,
    /// The size of the terminal.
    #[serde(flatten)]
    pub size: TermSize,
    /// Raw bytes of this part that follow.
    pub len: u64,
    /// More parts of this snapshot follow: show it when all are there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// [`RunSnapshot`] as it is read; see [`TtyFields`].
#[derive(Deserialize)]
struct SnapshotFields {
    run: RunId,
    off: u64,
    cols: u16,
    rows: u16,
    len: u64,
    #[serde(default)]
    more: bool,
}

impl From<SnapshotFields> for RunSnapshot {
    fn from(fields: SnapshotFields) -> RunSnapshot {
        let SnapshotFields { run, off, cols, rows, len, more } = fields;
        RunSnapshot { run, off, size: TermSize { cols, rows }, len, more }
    }
}

/// Raw bytes for the run's standard input or terminal, from the holder of its keyboard. Answered by [`RunInputAck`], and
/// by `err` with `run` if it is refused.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunInput {
    /// The run.
    pub run: RunId,
    /// The generation of the sender's lease. An older one gets `conflict`.
    #[serde(rename = "gen")]
    pub lease: u64,
    /// The offset of the first byte in the run's input. Bytes that the run has already are ignored; a gap gets
    /// `conflict`.
    pub off: u64,
    /// The number of raw bytes that follow.
    pub len: u64,
}

/// The command has been given all input before `off`: it is in its pipe or terminal.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunInputAck {
    /// The run.
    pub run: RunId,
    /// The generation of the lease under which it was sent.
    #[serde(rename = "gen")]
    pub lease: u64,
    /// The offset after the last such byte.
    pub off: u64,
}

/// The end of the run's standard input, from the holder of its keyboard. Not for terminals, which read Ctrl-D.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RunEof {
    /// The run.
    pub run: RunId,
    /// The generation of the sender's lease.
    #[serde(rename = "gen")]
    pub lease: u64,
    /// The length of the input. The end is refused with `conflict` until all of it has arrived.
    pub off: u64,
}

/// Asks for, gives, takes or releases the keyboard of a run. Answer: [`TermControlOk`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TermControl {
    /// The run.
    pub run: RunId,
    /// What to do.
    pub op: TermOp,
    /// With `give`: who gets it; the first who asked, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UserName>,
}

/// What to do with a keyboard.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TermOp {
    /// Gets it if nobody holds it; otherwise the holder is told who asked.
    Ask,
    /// Passes it on. The holder only.
    Give,
    /// Takes it from its holder: admins, owners of the room, and anyone after
    /// [`crate::limits::KEYBOARD_SILENCE_MS`] without input.
    Take,
    /// Lays it down, for the first who asked or for anyone.
    Release,
}

/// The answer to [`TermControl`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct TermControlOk {
    /// The generation of the lease that is now in force. It grows by one whenever the keyboard changes hands.
    #[serde(rename = "gen")]
    pub lease: u64,
    /// The caller holds the keyboard.
    pub holds: bool,
    /// The offset that the holder's next input must have.
    pub off: u64,
}

/// The keyboard or the size of a run has changed. Sent to the run's watchers and to everybody who has its room open;
/// clients ignore one with an older `gen` than the last.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TermState {
    /// The run.
    pub run: RunId,
    /// The generation of the lease.
    #[serde(rename = "gen")]
    pub lease: u64,
    /// Who holds the keyboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<UserName>,
    /// Who asked for it, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<UserName>,
    /// The terminal; absent for standard input without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Tty>,
}

/// Changes the size of a terminal that is not fixed. From the holder of the keyboard. Answer: `ok`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct TermResize {
    /// The run.
    pub run: RunId,
    /// The generation of the holder's lease.
    #[serde(rename = "gen")]
    pub lease: u64,
    /// The new size.
    #[serde(flatten)]
    pub size: TermSize,
}

/// Returns the visible screen of a terminal as text. Answer: [`TermTextOk`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct TermText {
    /// The run.
    pub run: RunId,
}

/// The answer to [`TermText`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TermTextOk {
    /// The offset of the first byte of output that the screen does not contain.
    pub off: u64,
    /// The title that the program has set; empty if none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The rows from the top, without spaces at their ends and without empty rows at the bottom.
    pub lines: Vec<String>,
}

impl_message! {
    RunInput = "run.input", RunInputAck = "run.input_ack", RunEof = "run.eof",
    RunSnapshot = "run.snapshot", TermControl = "term.control", TermState = "term.state", TermResize = "term.resize",
    TermText = "term.text",
}
