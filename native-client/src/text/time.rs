//! Times as people write them on a command line.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Parses `2026-11-23`, `2026-11-23T14:00` (both UTC), or RFC 3339 with an offset, into Unix milliseconds.
///
/// # Errors
/// A sentence that shows the format.
pub fn parse(s: &str) -> Result<u64, String> {
    let utc = |at: DateTime| at.to_zoned(TimeZone::UTC).map(|at| at.timestamp());
    let at = s
        .parse::<Timestamp>()
        .or_else(|_| s.parse::<DateTime>().and_then(utc))
        .or_else(|_| s.parse::<Date>().and_then(|day| utc(day.to_datetime(jiff::civil::Time::midnight()))));
    let ms = at.ok().and_then(|at| u64::try_from(at.as_millisecond()).ok());
    ms.ok_or_else(|| "a time is 2026-11-23 or 2026-11-23T14:00, in UTC, or 2026-11-23T14:00+01:00".to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::parse;

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        let day = 1_795_392_000_000;
        assert_eq!(parse("2026-11-23").unwrap(), day);
        assert_eq!(parse("2026-11-23T14:00").unwrap(), day + 14 * 3_600_000);
        assert_eq!(parse("2026-11-23T14:00:00+01:00").unwrap(), day + 13 * 3_600_000);
        assert_eq!(parse("2026-11-23T14:00:00Z").unwrap(), day + 14 * 3_600_000);
        for bad in ["", "yesterday", "14:00", "2026-13-01", "1960-01-01"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
