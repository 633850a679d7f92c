//! What a sequence asks: its name, and the numbers in it.

/// What a program asks its terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Query {
    /// DA1: what kind of terminal it is.
    PrimaryAttributes,
    /// DA2: its version.
    SecondaryAttributes,
    /// DA3: its unit.
    TertiaryAttributes,
    /// DSR 5: whether it works.
    Status,
    /// DSR 6: where the cursor is.
    Cursor,
    /// DECXCPR, DSR ?6: where the cursor is, and on which page.
    CursorWithPage,
    /// DECRQM: whether a mode is set.
    Mode {
        /// The mode is DEC's or xterm's, written with `?`.
        is_private: bool,
        /// Its number.
        mode: u16,
    },
    /// XTVERSION: its name and version.
    Version,
    /// XTWINOPS 14: the size of its text area in pixels.
    SizeInPixels,
    /// XTWINOPS 18: the size of its text area in cells.
    SizeInCells,
    /// OSC 4: colours of the palette.
    Palette {
        /// Those that are asked for.
        colours: Vec<u8>,
        /// The sequence ended with BEL, and so does the answer.
        is_bel: bool,
    },
    /// OSC 10 to 19: colours of text, background, cursor and so on.
    Colours {
        /// Those that are asked for.
        numbers: Vec<u8>,
        /// The sequence ended with BEL, and so does the answer.
        is_bel: bool,
    },
    /// Anything else, which gets no answer here: terminals differ in whether they know it.
    Other,
}

/// Returns what a held sequence is after its introducer.
fn body(held: &[u8]) -> &[u8] {
    held.get(2..).unwrap_or_default()
}

/// Returns the query of a control sequence with this final byte.
pub(super) fn control_query(held: &[u8], last: u8) -> Option<Query> {
    let text: Vec<u8> = body(held).iter().copied().filter(|b| (0x20..0x7f).contains(b)).collect();
    let is_prefix = |b: &u8| (0x3c..=0x3f).contains(b);
    let prefix = text.first().copied().filter(is_prefix);
    let rest = text.get(usize::from(prefix.is_some())..).unwrap_or_default();
    let digits = rest.iter().position(|b| !matches!(b, 0x30..=0x3b)).unwrap_or(rest.len());
    let (params, intermediates) = rest.split_at_checked(digits)?;
    if intermediates.iter().any(|b| !(0x20..0x30).contains(b)) {
        return None;
    }
    let mut numbers = params.split(|b| matches!(b, b';' | b':')).map(number);
    let first = numbers.next().unwrap_or(0);
    match (prefix, intermediates, last) {
        (None, b"", b'c') if first == 0 => Some(Query::PrimaryAttributes),
        (Some(b'>'), b"", b'c') if first == 0 => Some(Query::SecondaryAttributes),
        (Some(b'='), b"", b'c') if first == 0 => Some(Query::TertiaryAttributes),
        (None, b"", b'n') => match first {
            5 => Some(Query::Status),
            6 => Some(Query::Cursor),
            _ => Some(Query::Other),
        },
        (Some(b'?'), b"", b'n') if first == 6 => Some(Query::CursorWithPage),
        (Some(b'?'), b"", b'n') => Some(Query::Other),
        (None, b"$", b'p') => Some(Query::Mode { is_private: false, mode: first }),
        (Some(b'?'), b"$", b'p') => Some(Query::Mode { is_private: true, mode: first }),
        (Some(b'>'), b"", b'q') if first == 0 => Some(Query::Version),
        (None, b"", b't') => match first {
            14 => Some(Query::SizeInPixels),
            18 => Some(Query::SizeInCells),
            11 | 13 | 15 | 16 | 19 | 20 | 21 => Some(Query::Other),
            _ => None,
        },
        (Some(b'?'), b"", b'S') => Some(Query::Other),
        (Some(b'?'), b"", b'u' | b'm') | (None, b"", b'x') => Some(Query::Other),
        (None, b"*", b'y') | (None, b"$", b'w' | b'u') | (None, b"\"", b'v') => Some(Query::Other),
        (None, b"&", b'u') | (None, b"'", b'|') | (None, b"#", b'|' | b'R' | b'S') => Some(Query::Other),
        _ => None,
    }
}

/// Reads a number, at most 65,535; nothing counts as 0.
fn number(digits: &[u8]) -> u16 {
    digits
        .iter()
        .filter(|b| b.is_ascii_digit())
        .fold(0, |n: u16, digit| n.saturating_mul(10).saturating_add(u16::from(digit.wrapping_sub(b'0'))))
}

/// Returns true if an operating system command that begins like this may be a query.
pub(super) fn may_ask(held: &[u8]) -> bool {
    let mut fields = body(held).split(|b| *b == b';');
    let name = fields.next().unwrap_or_default();
    let Some(first) = fields.next() else {
        return name.len() <= 4 && name.iter().all(u8::is_ascii_digit);
    };
    match name {
        b"4" | b"5" | b"10" | b"11" | b"12" | b"13" | b"14" | b"15" | b"16" | b"17" | b"18" | b"19" | b"21" => true,
        b"3" | b"22" | b"50" => first.first().is_none_or(|b| *b == b'?'),
        b"52" => fields.next().is_none_or(|data| data.is_empty() || data == b"?"),
        b"1337" => b"ReportCellSize".starts_with(first) || first.starts_with(b"Report") && first.len() < 64,
        _ => false,
    }
}

/// Returns the query of an operating system command.
pub(super) fn command_query(held: &[u8], is_bel: bool) -> Option<Query> {
    let mut fields = body(held).split(|b| *b == b';');
    let name = fields.next()?;
    let fields: Vec<&[u8]> = fields.collect();
    let asks = |field: &[u8]| field == b"?";
    match name {
        b"4" if fields.iter().any(|field| asks(field)) => {
            let colour = |pair: &[&[u8]]| match pair {
                [n, what] if asks(what) => u8::try_from(number(n)).ok(),
                _ => None,
            };
            Some(Query::Palette { colours: fields.chunks(2).filter_map(colour).collect(), is_bel })
        }
        b"10" | b"11" | b"12" | b"13" | b"14" | b"15" | b"16" | b"17" | b"18" | b"19"
            if fields.iter().any(|field| asks(field)) =>
        {
            let first = u8::try_from(number(name)).unwrap_or(10);
            let all = (first..=19).zip(&fields).filter(|(_, field)| asks(field));
            Some(Query::Colours { numbers: all.map(|(number, _)| number).collect(), is_bel })
        }
        b"5" | b"21" | b"3" | b"22" | b"50" | b"52" => {
            fields.iter().any(|field| field.contains(&b'?')).then_some(Query::Other)
        }
        b"1337" => Some(Query::Other),
        _ => None,
    }
}
