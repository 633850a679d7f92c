//! What must hold of the queries in a terminal's output, whatever it is.

use wardroom_protocol::terminal_queries::{Query, QueryFilter, QueryScanner};

fn filtered(bytes: &[u8], part: usize) -> Vec<u8> {
    let (mut filter, mut out) = (QueryFilter::default(), Vec::new());
    bytes.chunks(part).for_each(|part| filter.filter(part, &mut out));
    out
}

fn queries(bytes: &[u8], part: usize) -> Vec<(usize, Query)> {
    let (mut scanner, mut found) = (QueryScanner::default(), Vec::new());
    for (index, piece) in bytes.chunks(part).enumerate() {
        scanner.scan(piece, |end, query| found.push((index * part + end, query)));
    }
    found
}

/// Output of a terminal: the same queries however it is cut, and none in what a client's terminal is shown.
pub fn terminal(bytes: &[u8]) {
    let (whole, part) = (bytes.len().max(1), 1 + bytes.len() % 7);
    let shown = filtered(bytes, whole);
    assert_eq!(filtered(bytes, part), shown);
    let found = queries(bytes, whole);
    assert_eq!(queries(bytes, part), found);
    assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0), "in their order");
    assert!(queries(&shown, whole).is_empty());
    assert!(shown.len() <= bytes.len());
}
