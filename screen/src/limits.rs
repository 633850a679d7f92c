//! What bounds a screen, each with its reason.

/// Lines of scrollback that are kept: eighty screens.
pub const SCROLLBACK_LINES_MAX: usize = 2_000;
/// Cells of scrollback: as many lines as above at 200 columns, fewer in wider terminals. They take 8 MB in memory, and
/// only terminals that are open have them.
pub const SCROLLBACK_CELLS_MAX: usize = 400_000;
/// Bytes of scrollback in a snapshot: what a slow line carries in a second.
pub const SCROLLBACK_BYTES_MAX: usize = 1 << 20;
