//! Numbers and times for people, the same in every language.

/// Bytes in powers of ten with two or three digits: `812 B`, `1.0 MB`, `38 GB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64;
    let mut unit = "B";
    for next in UNITS {
        // 999.5 would become 1000.
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    // Integers, because float formatting alone would be a fiftieth of the page's size.
    let tenths = (value * 10.0).round() as u64;
    if value < 9.95 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", value.round() as u64)
    }
}

/// A finished duration: `3 ms`, `0.2 s`, `41 s`, `12:07`, `1:02:03`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..=94 => format!("{ms} ms"),
        95..=9_949 => {
            let tenths = (ms + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        9_950..=59_999 => format!("{} s", ms / 1000),
        _ => elapsed(ms),
    }
}

/// A running duration, as a clock: `0:41`, `12:07`, `1:02:03`.
pub fn elapsed(ms: u64) -> String {
    let s = ms / 1000;
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// A local time. The caller knows the zone: the browser's, or none in a test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LocalTime {
    /// Days in the local calendar since any fixed day.
    pub day: i64,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl LocalTime {
    /// From Unix milliseconds and the zone's offset in minutes east of UTC at that time.
    pub fn new(unix_ms: u64, minutes_east: i32) -> Self {
        let minutes = i64::try_from(unix_ms / 60_000).unwrap_or(i64::MAX).saturating_add(i64::from(minutes_east));
        let of_day = minutes.rem_euclid(1440);
        LocalTime {
            day: minutes.div_euclid(1440),
            hour: u8::try_from(of_day / 60).unwrap_or(0),
            minute: u8::try_from(of_day % 60).unwrap_or(0),
        }
    }

    /// `14:03`
    pub fn hh_mm(self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }
}

/// Milliseconds until the day may have changed: until midnight, but at most an hour, because clocks are set, summer
/// time begins and laptops sleep.
pub fn ms_to_day_check(now_ms: u64, now: LocalTime) -> u32 {
    const HOUR_MS: u64 = 3_600_000;
    let minutes_left = 1_440 - (u64::from(now.hour) * 60 + u64::from(now.minute));
    let left_ms = (minutes_left * 60_000).saturating_sub(now_ms % 60_000);
    // Timers may fire a little early.
    u32::try_from(left_ms.min(HOUR_MS) + 20).unwrap_or(u32::MAX)
}

/// Whole percent; 100 only when everything is done.
pub fn percent(done: u64, all: u64) -> u64 {
    if done >= all { 100 } else { (done.saturating_mul(100) / all.max(1)).min(99) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_two_or_three_digits() {
        for (n, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_951, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_048_576, "1.0 MB"),
            (200_000_000, "200 MB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(bytes(n), words);
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration(94), "94 ms");
        assert_eq!(duration(95), "0.1 s");
        assert_eq!(duration(180), "0.2 s");
        assert_eq!(duration(9_949), "9.9 s");
        assert_eq!(duration(9_950), "9 s");
        assert_eq!(duration(727_000), "12:07");
        assert_eq!(elapsed(41_900), "0:41");
        assert_eq!(elapsed(3_723_000), "1:02:03");
    }

    #[test]
    fn local_time_knows_zones() {
        // 2026-11-22 23:30 UTC
        let at = 1_795_390_200_000;
        assert_eq!(LocalTime::new(at, 0).hh_mm(), "23:30");
        let in_shanghai = LocalTime::new(at, 480);
        assert_eq!(in_shanghai.hh_mm(), "07:30");
        assert_eq!(in_shanghai.day, LocalTime::new(at, 0).day + 1);
        assert_eq!(LocalTime::new(0, -60), LocalTime { day: -1, hour: 23, minute: 0 });
    }

    #[test]
    fn a_new_day_is_noticed_at_midnight() {
        // 2026-11-22 23:59:58 UTC
        let at = 1_795_391_998_000;
        let now = LocalTime::new(at, 0);
        let wait = u64::from(ms_to_day_check(at, now));
        assert_eq!(wait, 2_020);
        assert_eq!(LocalTime::new(at + wait, 0).day, now.day + 1);
        assert_eq!(ms_to_day_check(at, LocalTime::new(at, 480)), 3_600_020);
    }

    #[test]
    fn all_is_done_only_at_the_end() {
        assert_eq!(percent(999_999, 1_000_000), 99);
        assert_eq!(percent(0, 0), 100);
        assert_eq!(percent(1, 3), 33);
    }
}
