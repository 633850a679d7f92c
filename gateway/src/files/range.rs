//! `Range` (RFC 9110, section 14): which bytes of a file a request asks for.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a request asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RangeRequest {
    /// The whole file: no range, or one that may be ignored.
    Whole,
    /// `len` bytes from `first`, all within the file.
    Part { first: u64, len: u64 },
    /// No byte that the file has: 416.
    Unsatisfiable,
}

impl RangeRequest {
    /// Parses a `Range` header for a file of `size` bytes. Several ranges at once are answered with the whole file,
    /// which the RFC allows: downloaders do not use them, and they cost more than they give.
    pub fn of(range: Option<&str>, size: u64) -> RangeRequest {
        let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else {
            return RangeRequest::Whole;
        };
        let Some((first, last)) = spec.trim().split_once('-').filter(|_| !spec.contains(',')) else {
            return RangeRequest::Whole;
        };
        match (number(first), number(last)) {
            (ParsedRange::No, ParsedRange::Yes(suffix)) => {
                let len = suffix.min(size);
                if len == 0 { RangeRequest::Unsatisfiable } else { RangeRequest::Part { first: size - len, len } }
            }
            (ParsedRange::Yes(first), ParsedRange::No) => part(first, u64::MAX, size),
            (ParsedRange::Yes(first), ParsedRange::Yes(last)) if last >= first => part(first, last, size),
            _ => RangeRequest::Whole,
        }
    }
}

impl RangeRequest {
    /// Writes the headers of the answer, and returns its status and its bytes.
    ///
    /// # Errors
    /// If the range is not satisfiable.
    pub fn describe(self, size: u64, head: &mut HeaderMap) -> Result<(StatusCode, u64, u64), Unsatisfiable> {
        let (status, first, len) = match self {
            RangeRequest::Whole => (StatusCode::OK, 0, size),
            RangeRequest::Part { first, len } => (StatusCode::PARTIAL_CONTENT, first, len),
            RangeRequest::Unsatisfiable => return Err(Unsatisfiable { size }),
        };
        if status == StatusCode::PARTIAL_CONTENT
            && let Ok(range) = HeaderValue::from_str(&format!("bytes {first}-{}/{size}", first + len - 1))
        {
            head.insert(header::CONTENT_RANGE, range);
        }
        head.insert(header::CONTENT_LENGTH, HeaderValue::from(len));
        Ok((status, first, len))
    }
}

/// The answer to a range that the file does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsatisfiable {
    size: u64,
}

impl IntoResponse for Unsatisfiable {
    fn into_response(self) -> Response {
        let range = format!("bytes */{}", self.size);
        (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)]).into_response()
    }
}

fn part(first: u64, last: u64, size: u64) -> RangeRequest {
    if first >= size {
        return RangeRequest::Unsatisfiable;
    }
    let end = last.saturating_add(1).min(size);
    RangeRequest::Part { first, len: end - first }
}

enum ParsedRange {
    Yes(u64),
    No,
    Wrong,
}

fn number(text: &str) -> ParsedRange {
    if text.is_empty() {
        return ParsedRange::No;
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return ParsedRange::Wrong;
    }
    // A number with too many digits is beyond every file.
    ParsedRange::Yes(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::RangeRequest::{self, Part, Unsatisfiable, Whole};

    #[test]
    fn ranges() {
        for (range, size, wanted) in [
            ("bytes=0-", 10, Part { first: 0, len: 10 }),
            ("bytes=0-0", 10, Part { first: 0, len: 1 }),
            ("bytes=3-5", 10, Part { first: 3, len: 3 }),
            ("bytes=3-99", 10, Part { first: 3, len: 7 }),
            ("bytes=9-", 10, Part { first: 9, len: 1 }),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=-3", 10, Part { first: 7, len: 3 }),
            ("bytes=-30", 10, Part { first: 0, len: 10 }),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-1", 0, Unsatisfiable),
            ("bytes=0-18446744073709551615", 10, Part { first: 0, len: 10 }),
            ("bytes=99999999999999999999999-", 10, Unsatisfiable),
            ("bytes=5-3", 10, Whole),
            ("bytes=0-1,3-4", 10, Whole),
            ("bytes=", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=--1", 10, Whole),
            ("lines=0-1", 10, Whole),
            ("", 10, Whole),
        ] {
            assert_eq!(RangeRequest::of(Some(range), size), wanted, "{range} of {size}");
        }
        assert_eq!(RangeRequest::of(None, 10), Whole);
    }
}
