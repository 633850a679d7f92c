//! Times in words, in the server's time zone. The greeting names the zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A clock in the server's time zone.
#[derive(Clone, Debug)]
pub struct LocalClock {
    zone: TimeZone,
}

impl LocalClock {
    /// Uses the machine's time zone, or UTC if none is set.
    pub fn local() -> Self {
        Self { zone: TimeZone::system() }
    }

    /// Uses another zone, for tests.
    #[cfg(test)]
    pub fn of(zone: TimeZone) -> Self {
        Self { zone }
    }

    fn zoned(&self, at_ms: u64) -> Zoned {
        // Later times are shown as the year 9999: a server's clock that says so is wrong in any case.
        let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        at.unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone())
    }

    /// Returns `14:03`, and the day.
    pub fn minute(&self, at_ms: u64) -> (String, Date) {
        let at = self.zoned(at_ms);
        (format!("{:02}:{:02}", at.hour(), at.minute()), at.date())
    }

    /// Returns `UTC`, or `UTC+01:00`.
    pub fn zone_words(&self, now_ms: u64) -> String {
        let seconds = self.zoned(now_ms).offset().seconds();
        if seconds == 0 {
            return "UTC".to_owned();
        }
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// Returns `Sunday, 2026-11-22`.
pub fn day_words(day: Date) -> String {
    format!("{:?}, {day}", day.weekday())
}

/// Returns `0.2 s`, `2 min 5 s` or `3 h 12 min`.
pub fn span_words(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{}.{} s", seconds, ms % 1_000 / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// Returns `812 bytes` or `1.0 MB`: powers of ten, as disks are sold and `ls --si` counts.
pub fn size_words(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes == 1 {
        return "1 byte".to_owned();
    }
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    let mut tenths = bytes / 100;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while tenths >= 10_000 {
        let Some(next) = units.next() else { break };
        (tenths, unit) = (tenths / 1_000, Some(next));
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, unit.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saturday, 2026-11-21 23:30 UTC.
    const LATE: u64 = 1_795_303_800_000;

    #[test]
    fn minutes_are_those_of_the_zone() {
        let utc = LocalClock::of(TimeZone::UTC);
        let (minute, day) = utc.minute(LATE);
        assert_eq!((minute.as_str(), day_words(day).as_str()), ("23:30", "Saturday, 2026-11-21"));
        assert_eq!(utc.zone_words(LATE), "UTC");
        let east = LocalClock::of(TimeZone::fixed(jiff::tz::offset(1)));
        let (minute, day) = east.minute(LATE);
        assert_eq!((minute.as_str(), day_words(day).as_str()), ("00:30", "Sunday, 2026-11-22"));
        assert_eq!(east.zone_words(LATE), "UTC+01:00");
    }

    #[test]
    fn any_time_is_a_time() {
        assert_eq!(LocalClock::of(TimeZone::UTC).minute(u64::MAX).1.year(), 9999);
    }

    #[test]
    fn spans_and_sizes() {
        let spans =
            [(0, "0.0 s"), (240, "0.2 s"), (59_999, "59.9 s"), (125_000, "2 min 5 s"), (11_520_000, "3 h 12 min")];
        for (ms, words) in spans {
            assert_eq!(span_words(ms), words);
        }
        let sizes = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (1_048_576, "1.0 MB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (200_000_000, "200.0 MB"),
            (u64::MAX, "18446.7 PB"),
        ];
        for (bytes, words) in sizes {
            assert_eq!(size_words(bytes), words);
        }
    }
}
