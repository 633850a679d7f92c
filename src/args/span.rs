//! A span of time as people write it: a number and a unit.

use std::time::Duration;

/// The longest span: 30 days.
const SECONDS_MAX: u64 = 30 * 86_400;

/// Parses `90s`, `30m`, `12h` or `7d`.
pub fn span(text: &str) -> Result<Duration, String> {
    let bad = || "use a number and s, m, h or d, such as 12h; from 1s to 30d".to_owned();
    let unit_at = text.len().checked_sub(1).ok_or_else(bad)?;
    let (number, unit) = text.split_at_checked(unit_at).ok_or_else(bad)?;
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(bad()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_s));
    let seconds = seconds.filter(|seconds| (1..=SECONDS_MAX).contains(seconds)).ok_or_else(bad)?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("12h", 43_200), ("1d", 86_400), ("30d", SECONDS_MAX)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "s", "1", "0s", "31d", "-1s", "1w", "1ü", "99999999999999999999d", "1 d"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
