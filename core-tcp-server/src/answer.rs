//! Replies to requests that succeeded. Refusals are in `error`.

use bytes::Bytes;
use serde::Serialize;
use wardroom_protocol::frame::{Number, encode_named};
use wardroom_protocol::limits::LINE_BYTES_MAX;

/// Bytes reserved in a list's line for everything around the list.
const ENVELOPE_BYTES: usize = 1_024;

/// The fields of an `ok` that has none.
#[derive(Debug, Default, Serialize)]
pub struct Empty {}

/// Encodes an `ok`, if the request has an id and thus wants a reply.
pub fn ok<T: Serialize>(id: Option<u64>, fields: &T) -> Option<Bytes> {
    id.map(|id| encode_named("ok", Number::Re(id), fields, &[]))
}

/// Returns as many items as fit on a line, and whether there are more. Lists that grow with the server (rooms, members,
/// accounts) must never outgrow a line: a client that gets a longer one can only close the connection.
pub fn page<T: Serialize>(all: impl IntoIterator<Item = T>) -> (Vec<T>, bool) {
    let (mut page, mut bytes) = (Vec::new(), 0);
    for item in all {
        // One byte for the comma. An item that cannot be serialised counts as empty.
        bytes += serde_json::to_vec(&item).map_or(0, |text| text.len()) + 1;
        if bytes > LINE_BYTES_MAX - ENVELOPE_BYTES {
            return (page, true);
        }
        page.push(item);
    }
    (page, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_fits_a_line_whatever_is_in_it() {
        for item in ["", "x", "\"\u{1}", &"é".repeat(1_000)] {
            let (page, more) = page(std::iter::repeat_n(item, 100_000));
            let line = ok(Some(9_007_199_254_740_991), &serde_json::json!({"rooms": page, "more": more}));
            let bytes = line.map_or(0, |line| line.len());
            assert!(more && bytes <= LINE_BYTES_MAX && bytes > LINE_BYTES_MAX - 4 * ENVELOPE_BYTES, "{bytes}");
        }
        assert_eq!(page(["a", "b"]), (vec!["a", "b"], false));
    }
}
