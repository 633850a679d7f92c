//! Bytes and durations in a few characters.

/// `812 B`, `1.0 MB`: decimal units, as disks and networks are sold.
pub(crate) fn bytes_words(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_000.0;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    // 999.95 would be shown as 1000.0.
    while value >= 999.95 {
        let Some(next) = units.next() else { break };
        value /= 1_000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// `0.2 s`, `41 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn duration_words(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0..=9 => format!("{}.{} s", s, (ms % 1_000) / 100),
        10..=59 => format!("{s} s"),
        60..=3_599 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3_600, (s % 3_600) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_048_576, "1.0 MB"),
            (999_949_999, "999.9 MB"),
            (999_960_000, "1.0 GB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(bytes_words(bytes), words);
        }
    }

    #[test]
    fn durations() {
        for (ms, words) in
            [(0, "0.0 s"), (1_204, "1.2 s"), (41_900, "41 s"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min")]
        {
            assert_eq!(duration_words(ms), words);
        }
    }
}
