//! Durations and sizes as people write them, the same in all flags.

use std::time::Duration;

/// The longest duration: 30 days.
const SECONDS_MAX: u64 = 30 * 86_400;
const UNITS_S: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Parses `90`, `90s`, `5m`, `2h`, `1h30m` or `7d`: seconds, or numbers with units, the largest first.
pub fn duration(text: &str) -> Result<Duration, String> {
    let seconds = seconds(text).filter(|seconds| (1..=SECONDS_MAX).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "use a duration such as 90, 90s, 5m, 2h, 1h30m or 7d; from 1s to 30d".to_owned())
}

/// As [`duration`], in seconds.
pub fn duration_s(text: &str) -> Result<u64, String> {
    duration(text).map(|duration| duration.as_secs())
}

fn seconds(text: &str) -> Option<u64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let (mut rest, mut sum) = (text, 0_u64);
    for (unit, unit_s) in UNITS_S {
        if let Some((count, after)) = rest.split_once(unit) {
            sum = sum.checked_add(number(count)?.checked_mul(unit_s)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(sum)
}

/// Parses `512`, `64M`, `2G` or `1TiB`. K, M, G and T count by 1,024, with or without `iB`; KB, MB, GB and TB by 1,000.
pub fn size(text: &str) -> Result<u64, String> {
    let bytes = || {
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (count, unit) = text.split_at(unit_at);
        let unit = unit.to_ascii_lowercase();
        let (base, letter): (u64, &str) = match unit.strip_suffix("ib").or(unit.strip_suffix('b')) {
            _ if matches!(unit.as_str(), "" | "b") => (1, "k"),
            Some(letter) if !unit.ends_with("ib") => (1_000, letter),
            Some(letter) => (1_024, letter),
            None => (1_024, unit.as_str()),
        };
        let power = match letter {
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            _ => return None,
        };
        number(count)?.checked_mul(base.checked_pow(power)?).filter(|bytes| *bytes > 0)
    };
    bytes().ok_or_else(|| "use a size such as 512K, 64M, 2G, 1T or 1TiB; KB, MB, GB and TB count by 1,000".to_owned())
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_or_have_units() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("5m", 300),
            ("2h", 7_200),
            ("1h30m", 5_400),
            ("1d12h", 129_600),
            ("1h1m1s", 3_661),
            ("7d", 604_800),
            ("30d", SECONDS_MAX),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(duration_s(text), Ok(seconds), "{text}");
        }
        for bad in [
            "",
            "s",
            "0",
            "0s",
            "31d",
            "-1s",
            "+5",
            "1w",
            "1ü",
            "99999999999999999999d",
            "1 d",
            "30m1h",
            "1h1h",
            "1h30",
            "1.5h",
        ] {
            let why = duration(bad).expect_err(bad);
            assert!(why.contains("1h30m"), "{why}");
        }
    }

    #[test]
    fn sizes_are_bytes_or_have_units() {
        for (text, bytes) in [
            ("512", 512),
            ("512B", 512),
            ("100k", 102_400),
            ("64M", 64 << 20),
            ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("1T", 1 << 40),
            ("1TiB", 1 << 40),
            ("1tib", 1 << 40),
            ("2GB", 2_000_000_000),
            ("1kB", 1_000),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in ["", "G", "0", "0G", "-1", "1P", "1iB", "1KK", "1.5G", "1 G", "1ü", "99999999999999T"] {
            let why = size(bad).expect_err(bad);
            assert!(why.contains("1TiB"), "{why}");
        }
    }
}
