//! The patterns of parameters: regular expressions that a whole value must match. They come from owners of rooms, so
//! compiling and matching them is bounded: `regex` takes time in proportion to pattern and value, and the sizes of both are
//! limited.

use regex::{Regex, RegexBuilder};
use wardroom_protocol::limits::PATTERN_BYTES_MAX;
use wardroom_protocol::visible::visible;

use crate::error::Error;
use crate::limits::{PATTERN_COMPILED_BYTES_MAX, PATTERN_DEPTH_MAX};

/// Compiles a pattern so that it matches whole values only.
///
/// # Errors
/// `bad_request`, `too_large`.
pub(super) fn compiled(pattern: &str) -> Result<Regex, Error> {
    if pattern.is_empty() || pattern.len() > PATTERN_BYTES_MAX {
        return Err(Error::bad_request("a pattern has 1 to 256 bytes; .* allows everything"));
    }
    // By itself first: a pattern such as `a)|(b` has a meaning only within the group below, and not the one it seems to.
    build(pattern)?;
    build(&format!(r"\A(?:{pattern})\z"))
}

fn build(pattern: &str) -> Result<Regex, Error> {
    let built = RegexBuilder::new(pattern)
        .size_limit(PATTERN_COMPILED_BYTES_MAX)
        .dfa_size_limit(PATTERN_COMPILED_BYTES_MAX)
        .nest_limit(PATTERN_DEPTH_MAX)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            Error::too_large("this pattern is too large: repeat less, or use [0-9A-Za-z] in place of \\w")
        }
        error => {
            // The last line says what is wrong; those above it show the pattern.
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Error::bad_request(format!("{} is not a regular expression: {}", visible(pattern), visible(&why)))
        }
    })
}

/// Returns true if a pattern explicitly allows values that begin with a hyphen: its own first character is one.
pub(super) fn allows_dash(pattern: &str) -> bool {
    let mut rest = pattern;
    loop {
        let inner = rest.trim_start_matches('^');
        let inner = inner.strip_prefix("(?:").or_else(|| inner.strip_prefix('(')).unwrap_or(inner);
        if inner.len() == rest.len() {
            return rest.starts_with('-') || rest.starts_with("\\-");
        }
        rest = inner;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_whole_value_must_match() {
        for (pattern, good, bad) in [
            ("^[0-9.]+$", &["4.2", "1"][..], &["", "4.2; rm", "4.2\n", "\n4.2", "a4.2", "٤"][..]),
            ("[0-9.]+", &["4.2"], &["x4.2", "4.2x", "4.2\n"]),
            ("a|ab", &["a", "ab"], &["abc", "b", ""]),
            ("(?m)^a$", &["a"], &["a\nb", "b\na"]),
            ("(?i)prod|test", &["PROD", "Test"], &["prodtest"]),
            ("", &[], &[]),
            ("x*", &["", "xx"], &["y"]),
        ] {
            if pattern.is_empty() {
                assert!(compiled(pattern).is_err());
                continue;
            }
            let regex = compiled(pattern).unwrap();
            good.iter().for_each(|value| assert!(regex.is_match(value), "{pattern} {value:?}"));
            bad.iter().for_each(|value| assert!(!regex.is_match(value), "{pattern} {value:?}"));
        }
    }

    #[test]
    fn patterns_that_are_none_or_too_large_are_refused() {
        for bad in ["(", "a)|(b", "[", "(?x)a # ", "*", "a{1000}{1000}", &"(".repeat(200), &"a".repeat(257), r"(a)\1"] {
            assert!(compiled(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_hyphen_at_its_start_allows_one() {
        for pattern in ["-x", "^-?[0-9]+$", "^(-a|-b)$", "(?:^-)", "\\-"] {
            assert!(allows_dash(pattern), "{pattern}");
        }
        for pattern in [".*", "^.+$", "[-a]", "a-", "^(a|-b)$", "", "^", "(("] {
            assert!(!allows_dash(pattern), "{pattern}");
        }
    }
}
