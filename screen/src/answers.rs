//! What a terminal answers to the queries of programs. The answers are those of xterm, so that programs find what
//! `TERM=xterm-256color` promises; every watcher's terminal shows the same.

use wardroom_protocol::terminal_queries::Query;

use crate::modes::{Modes, Rgb, spec};

/// The size of a cell in pixels that programs are told: a common one. Watchers have different ones.
const CELL_PIXELS: (usize, usize) = (8, 16);
/// Text, background and cursor: light on dark, as most terminals.
const COLOURS: [Rgb; 3] = [[0xe5e5; 3], [0; 3], [0xe5e5; 3]];
/// The first 16 colours of xterm's palette, of 8 bits each.
const BASE: [[u16; 3]; 16] = [
    [0x00, 0x00, 0x00],
    [0xcd, 0x00, 0x00],
    [0x00, 0xcd, 0x00],
    [0xcd, 0xcd, 0x00],
    [0x00, 0x00, 0xee],
    [0xcd, 0x00, 0xcd],
    [0x00, 0xcd, 0xcd],
    [0xe5, 0xe5, 0xe5],
    [0x7f, 0x7f, 0x7f],
    [0xff, 0x00, 0x00],
    [0x00, 0xff, 0x00],
    [0xff, 0xff, 0x00],
    [0x5c, 0x5c, 0xff],
    [0xff, 0x00, 0xff],
    [0x00, 0xff, 0xff],
    [0xff, 0xff, 0xff],
];

/// Returns the answer to a query; `None` if this terminal does not know it.
pub(super) fn answer(query: &Query, terminal: &avt::Terminal, modes: &Modes) -> Option<Vec<u8>> {
    let (cols, rows) = terminal.size();
    let cursor = terminal.cursor();
    // After the last column the cursor waits there for a wrap.
    let (row, col) = (cursor.row + 1, (cursor.col + 1).min(cols));
    let text = match query {
        Query::PrimaryAttributes => "\x1b[?62;22c".to_owned(),
        Query::SecondaryAttributes => "\x1b[>0;277;0c".to_owned(),
        Query::TertiaryAttributes => "\x1bP!|00000000\x1b\\".to_owned(),
        Query::Status => "\x1b[0n".to_owned(),
        Query::Cursor => format!("\x1b[{row};{col}R"),
        Query::CursorWithPage => format!("\x1b[?{row};{col};1R"),
        Query::Version => format!("\x1bP>|Wardroom({})\x1b\\", env!("CARGO_PKG_VERSION")),
        Query::SizeInCells => format!("\x1b[8;{rows};{cols}t"),
        Query::SizeInPixels => format!("\x1b[4;{};{}t", rows * CELL_PIXELS.1, cols * CELL_PIXELS.0),
        Query::Mode { is_private, mode } => {
            let value = match modes.is_set(*is_private, *mode) {
                Some(true) => 1,
                Some(false) => 2,
                None => 0,
            };
            format!("\x1b[{}{mode};{value}$y", if *is_private { "?" } else { "" })
        }
        Query::Palette { colours, is_bel } => {
            let colour = |n: &u8| format!("\x1b]4;{n};{}{}", spec(palette(*n, modes)), end(*is_bel));
            colours.iter().map(colour).collect()
        }
        Query::Colours { numbers, is_bel } => {
            let colour = |number: &u8| {
                let default = COLOURS.get(usize::from(number.saturating_sub(10)))?;
                let rgb = modes.colour(*number).unwrap_or(*default);
                Some(format!("\x1b]{number};{}{}", spec(rgb), end(*is_bel)))
            };
            numbers.iter().filter_map(colour).collect()
        }
        Query::Other => return None,
    };
    (!text.is_empty()).then(|| text.into_bytes())
}

fn end(is_bel: bool) -> &'static str {
    if is_bel { "\x07" } else { "\x1b\\" }
}

/// Returns a colour of the palette: xterm's 256, unless the program has set it.
fn palette(n: u8, modes: &Modes) -> Rgb {
    if let Some(rgb) = modes.palette(n) {
        return rgb;
    }
    let level = |step: u16| if step == 0 { 0 } else { step * 40 + 55 };
    let rgb = match (BASE.get(usize::from(n)), u16::from(n)) {
        (Some(rgb), _) => *rgb,
        (None, n @ ..232) => {
            let n = n.saturating_sub(16);
            [level(n / 36), level(n / 6 % 6), level(n % 6)]
        }
        (None, n) => [n.saturating_sub(232) * 10 + 8; 3],
    };
    rgb.map(|eight| eight * 0x101)
}
