//! The queries that programs send to a terminal (device attributes, cursor position, colours), found in a stream of
//! output that may be cut anywhere. The core answers them, once. A client that shows output on a real terminal removes
//! them first ([`QueryFilter`]): its terminal would answer a second time, into somebody's shell.
//!
//! The lists follow xterm's "Control Sequences" and DEC STD 070. What the answers are is not here: only the core knows
//! the screen.

mod asks;
mod sequences;
mod state;

pub use asks::Query;
use sequences::{Found, Sequences};

/// Removes queries from the output of a terminal. The beginning of what may become a query is held back until it is
/// complete, which may be never: no terminal shows a part of a sequence either.
#[derive(Debug, Default)]
pub struct QueryFilter(Sequences);

impl QueryFilter {
    /// Appends to `out` what is left of the next piece of output.
    pub fn filter(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.0.read(piece, &mut |_, found| {
            if let Found::Bytes(bytes) = found {
                out.extend_from_slice(bytes);
            }
        });
    }
}

/// Finds the queries in the output of a terminal.
#[derive(Debug, Default)]
pub struct QueryScanner(Sequences);

impl QueryScanner {
    /// Reads the next piece of output. `found` gets each query that ends in it, and the number of bytes of the piece up
    /// to and including the query's last one.
    pub fn scan(&mut self, piece: &[u8], mut found: impl FnMut(usize, Query)) {
        self.0.read(piece, &mut |end, part| {
            if let Found::Query(query) = part {
                found(end, query);
            }
        });
    }

    /// Returns true if no sequence has begun: a scanner may start here.
    pub fn is_between(&self) -> bool {
        self.0.is_between()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filtered(pieces: &[&[u8]]) -> Vec<u8> {
        let (mut filter, mut out) = (QueryFilter::default(), Vec::new());
        pieces.iter().for_each(|piece| filter.filter(piece, &mut out));
        out
    }

    fn scanned(pieces: &[&[u8]]) -> Vec<(usize, Query)> {
        let (mut scanner, mut all, mut before) = (QueryScanner::default(), Vec::new(), 0);
        for piece in pieces {
            scanner.scan(piece, |end, query| all.push((before + end, query)));
            before += piece.len();
        }
        all
    }

    const QUERIES: &[&str] = &[
        "\x05",
        "\x1bZ",
        "\x1b[c",
        "\x1b[0c",
        "\x1b[>c",
        "\x1b[>0c",
        "\x1b[=c",
        "\x1b[5n",
        "\x1b[6n",
        "\x1b[?6n",
        "\x1b[?15n",
        "\x1b[?996n",
        "\x1b[4$p",
        "\x1b[?2004$p",
        "\x1b[>q",
        "\x1b[>0q",
        "\x1b[14t",
        "\x1b[18t",
        "\x1b[21t",
        "\x1b[x",
        "\x1b[1x",
        "\x1b[1;1;1;1;9;9*y",
        "\x1b[?u",
        "\x1b[?4m",
        "\x1b[1$w",
        "\x1b[\"v",
        "\x1b[?1;1;0S",
        "\x1b]4;1;?\x07",
        "\x1b]4;1;?;2;?\x1b\\",
        "\x1b]10;?\x07",
        "\x1b]10;?;?\x1b\\",
        "\x1b]11;?\x1b\\",
        "\x1b]12;?\x07",
        "\x1b]52;c;?\x07",
        "\u{9b}6n",
        "\u{9d}11;?\u{9c}",
        "\x1bP$qm\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    ];

    const OTHERS: &[&str] = &[
        "plain text, ümlaut, 漢字\r\n",
        "\x1b[1;31mred\x1b[m",
        "\x1b[2J\x1b[H",
        "\x1b[?1049h",
        "\x1b[?2004l",
        "\x1b[!p",
        "\x1b[2 q",
        "\x1b[\"q",
        "\x1b[8;24;80t",
        "\x1b[22;0t",
        "\x1b[>1u",
        "\x1b[u",
        "\x1b[5S",
        "\x1b[>4;2m",
        "\x1b]0;what?;?\x07",
        "\x1b]2;a title\x1b\\",
        "\x1b]8;;https://example.org/?q\x1b\\link\x1b]8;;\x1b\\",
        "\x1b]4;1;rgb:00/00/00\x07",
        "\x1b]11;#000000\x1b\\",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1bP0;0;8q#0;2;0;0;0~~\x1b\\",
        "\x1b(0\x1b)B\x1b7\x1b8\x1b=\x1b>",
        "\x1b\x1b[m",
        "\u{9b}31m",
        "\x1b_other\x1b\\",
        "\x1b^private\x1b\\",
        "\x1bXstring\x1b\\",
    ];

    #[test]
    fn each_query_goes_and_all_else_stays() {
        for query in QUERIES {
            let text = format!("a{query}b");
            assert_eq!(filtered(&[text.as_bytes()]), b"ab", "{query:?}");
            let ends: Vec<usize> = scanned(&[text.as_bytes()]).into_iter().map(|(end, _)| end).collect();
            assert_eq!(ends, [1 + query.len()], "{query:?}");
        }
        for other in OTHERS {
            let text = format!("a{other}b");
            assert_eq!(filtered(&[text.as_bytes()]), text.as_bytes(), "{other:?}");
            assert_eq!(scanned(&[text.as_bytes()]), [], "{other:?}");
        }
    }

    #[test]
    fn a_cut_anywhere_changes_nothing() {
        for text in QUERIES.iter().chain(OTHERS) {
            let text = format!("a{text}b{text}c");
            let (whole, queries) = (filtered(&[text.as_bytes()]), scanned(&[text.as_bytes()]));
            for at in 0..=text.len() {
                let (left, right) = text.as_bytes().split_at(at);
                assert_eq!(filtered(&[left, right]), whole, "{text:?} at {at}");
                assert_eq!(scanned(&[left, right]), queries, "{text:?} at {at}");
            }
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(filtered(&bytes), whole);
            assert_eq!(scanned(&bytes), queries);
        }
    }

    #[test]
    fn what_they_ask_is_told() {
        let ask = |text: &str| scanned(&[text.as_bytes()]).pop().unwrap().1;
        assert_eq!(ask("\x1b[c"), Query::PrimaryAttributes);
        assert_eq!(ask("\x1bZ"), Query::PrimaryAttributes);
        assert_eq!(ask("\x1b[>0c"), Query::SecondaryAttributes);
        assert_eq!(ask("\x1b[=c"), Query::TertiaryAttributes);
        assert_eq!(ask("\x1b[5n"), Query::Status);
        assert_eq!(ask("\x1b[06n"), Query::Cursor);
        assert_eq!(ask("\x1b[?6n"), Query::CursorWithPage);
        assert_eq!(ask("\x1b[?2004$p"), Query::Mode { is_private: true, mode: 2004 });
        assert_eq!(ask("\x1b[4$p"), Query::Mode { is_private: false, mode: 4 });
        assert_eq!(ask("\x1b[>q"), Query::Version);
        assert_eq!(ask("\x1b[14t"), Query::SizeInPixels);
        assert_eq!(ask("\x1b[18t"), Query::SizeInCells);
        assert_eq!(ask("\x1b]4;1;?;2;#fff;300;?\x07"), Query::Palette { colours: vec![1], is_bel: true });
        assert_eq!(ask("\x1b]10;?;#fff;?\x1b\\"), Query::Colours { numbers: vec![10, 12], is_bel: false });
        assert_eq!(ask("\x1b]11;?\x1b\\"), Query::Colours { numbers: vec![11], is_bel: false });
        assert_eq!(ask("\x1b[21t"), Query::Other);
    }

    #[test]
    fn no_two_queries_end_at_the_same_byte() {
        let ends = |pieces: &[&[u8]]| scanned(pieces).iter().map(|(end, _)| *end).collect::<Vec<_>>();
        assert_eq!(ends(&[b"\x1b]11;?\x1bZ"]), [7, 8], "the second one would not be answered");
        assert_eq!(ends(&[b"\x1b]11;?\x1b", b"Z"]), [7, 8]);
        assert_eq!(ends(&[b"\x1b_Ga=q\x1bZ"]), [7, 8]);
    }

    #[test]
    fn controls_within_a_query_still_work() {
        assert_eq!(filtered(&[b"a\x1b[6\r\nnb"]), b"a\r\nb");
        assert_eq!(filtered(&[b"a\x1b[6\x05nb"]), b"ab", "but not one that asks too");
        assert_eq!(filtered(&[b"a\x1b[6\x18nb"]), b"a\x1b[6\x18nb", "CAN ends a sequence");
        assert_eq!(filtered(&[b"a\x1b[6\x1b[6nb"]), b"a\x1b[6\x18b", "ESC ends it, and CAN when that goes");
        assert_eq!(filtered(&[b"a\x1b[\x1b[6n6nb"]), b"a\x1b[\x186nb", "no query is left of two");
        assert_eq!(filtered(&[b"\x1b]0;t\x1b[6nb"]), b"\x1b]0;t\x18b", "also in a string");
        assert_eq!(filtered(&["a\u{9b}".as_bytes(), b"\x1b[6n6nb"]), "a\u{9b}\x186nb".as_bytes());
        assert_eq!(filtered(&[b"\x1b]11;?\x1b[31m"]), b"\x1b[31m");
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let title = format!("\x1b]0;{}", "x".repeat(100_000));
        assert_eq!(filtered(&[title.as_bytes()]), title.as_bytes(), "nothing is held back");
        let hidden = format!("a\x1b]4;{}1;?\x07b", "0;#000000;".repeat(10_000));
        assert_eq!(filtered(&[hidden.as_bytes()]), b"ab", "no query hides behind what is not kept");
        let params = format!("\x1b[{}nx", "1;".repeat(10_000));
        assert_eq!(filtered(&[params.as_bytes()]), params.as_bytes());
    }

    proptest! {
        #[test]
        fn any_bytes_cut_anywhere_give_the_same(
            bytes in proptest::collection::vec(
                prop_oneof![3 => proptest::sample::select(&b"\x1b\x1b[]P_;?>$q0156cnptu\x07\\\xc2\x9b\x9c\x9d\x18"[..]), 1 => any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let (mut pieces, mut rest, mut from) = (Vec::new(), &bytes[..], 0);
            for cut in cuts {
                let (piece, after) = rest.split_at(cut - from);
                pieces.push(piece);
                (rest, from) = (after, cut);
            }
            pieces.push(rest);
            let once = filtered(&[&bytes]);
            prop_assert_eq!(&filtered(&pieces), &once);
            prop_assert_eq!(scanned(&pieces), scanned(&[&bytes]));
            prop_assert_eq!(&scanned(&[&once]), &[], "nothing is left to be answered");
        }
    }
}
