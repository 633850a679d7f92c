//! Checks the bound on integers in the text of a line: a number that a double cannot hold exactly is refused in every
//! field, including fields that this version does not know. Only `Request::parse` calls it.

use crate::limits::INTEGER_MAX;

/// Digits of the smallest number over the bound, 9007199254740992: shorter numbers need no comparison.
const DIGITS_OF_MAX: usize = 16;

/// Returns true if every integer of a line is at most 2^53-1 in magnitude. Digits within strings do not count; neither
/// do fractions and exponents, and none of our fields takes them.
///
/// The line must be valid JSON: for other text the result is meaningless, but there is one.
pub(crate) fn all_fit(line: &[u8]) -> bool {
    let mut rest = line;
    loop {
        let Some(quote) = memchr::memchr(b'"', rest) else { return numbers_fit(rest) };
        let (before, string) = rest.split_at(quote);
        if !numbers_fit(before) {
            return false;
        }
        rest = behind_string(string.get(1..).unwrap_or_default());
    }
}

/// Returns what follows a string; `inner` begins with the string's first character.
fn behind_string(mut inner: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', inner) {
        let skipped = if inner.get(at) == Some(&b'"') { 1 } else { 2 };
        inner = inner.get(at.saturating_add(skipped)..).unwrap_or_default();
        if skipped == 1 {
            return inner;
        }
    }
    &[]
}

fn numbers_fit(between_strings: &[u8]) -> bool {
    let tokens = between_strings.split(|b| !matches!(b, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E'));
    tokens.filter(|token| token.len() >= DIGITS_OF_MAX).all(|token| {
        let digits = token.strip_prefix(b"-").unwrap_or(token);
        let is_integer = digits.iter().all(u8::is_ascii_digit);
        !is_integer || std::str::from_utf8(digits).is_ok_and(|d| d.parse::<u64>().is_ok_and(|n| n <= INTEGER_MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::all_fit;

    #[test]
    fn the_bound_is_exact() {
        assert!(all_fit(br#"{"a":9007199254740991,"b":[-9007199254740991]}"#));
        for over in ["9007199254740992", "-9007199254740992", "18446744073709551616", "99999999999999999999999999"] {
            assert!(!all_fit(format!("{{\"a\":{over}}}").as_bytes()), "{over}");
            assert!(!all_fit(format!("{{\"a\":[0,{{\"b\": {over} }}]}}").as_bytes()), "{over} within");
        }
    }

    #[test]
    fn digits_in_strings_and_fractions_are_no_integers() {
        for fits in [
            r#"{"a":"9007199254740992"}"#,
            r#"{"a":"\"9007199254740992"}"#,
            r#"{"a":"\\","b":"9007199254740992"}"#,
            r#"{"9007199254740992":1}"#,
            r#"{"a":0.12345678901234567890}"#,
            r#"{"a":123456789012345678e-9}"#,
        ] {
            assert!(all_fit(fits.as_bytes()), "{fits}");
        }
        assert!(!all_fit(br#"{"a":"\\","b":9007199254740992}"#));
        assert!(!all_fit(br#"{"a":"\\\"","b":9007199254740992}"#));
    }
}
