//! A search as one line: words and filters, such as `in:ops by:ben kind:output since:2026-11-20 until:2026-11-23`. The
//! same for `/search` in the page, in the chat and with `nc`; on the wire the filters are separate fields.

use crate::ids::{RoomName, UserName};
use crate::messages::{HitKind, Search};

/// Parses a line. Text in quotation marks is a word, whatever it looks like. The day of `until` is part of the search.
/// `begins` returns when a day (`2026-11-23`) begins, or the day that many days after it, in Unix milliseconds: in UTC
/// ([`day_utc`]) or in the reader's time zone.
///
/// # Errors
/// A sentence that names the part that cannot be parsed, and its format.
pub fn read(line: &str, begins: impl Fn(&str, i32) -> Option<u64>) -> Result<Search, String> {
    let mut search = Search {
        q: String::new(),
        room: None,
        by: None,
        kind: None,
        since: None,
        until: None,
        before: None,
        limit: None,
    };
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 1 {
            search.q.push_str(&format!("\"{part}\" "));
            continue;
        }
        for word in part.split_whitespace() {
            if !narrow(&mut search, word, &begins)? {
                search.q.push_str(word);
                search.q.push(' ');
            }
        }
    }
    search.q.truncate(search.q.trim_end().len());
    Ok(search)
}

/// Returns `true` if this is not a word but a filter, and applies it.
fn narrow(search: &mut Search, word: &str, begins: impl Fn(&str, i32) -> Option<u64>) -> Result<bool, String> {
    let day = |digits: &str, later| {
        begins(digits, later).map(Some).ok_or_else(|| format!("`{word}`: a day is written as 2026-11-23"))
    };
    match word.split_once(':') {
        Some(("in", room)) => {
            let room = RoomName::parse(room.trim_start_matches('#'));
            search.room = Some(room.map_err(|_| format!("`{word}`: that is no name of a room"))?);
        }
        Some(("by", user)) => {
            let user = UserName::parse(user.trim_start_matches('@'));
            search.by = Some(user.map_err(|_| format!("`{word}`: that is no name of a user"))?);
        }
        Some(("kind", kind)) => search.kind = Some(kind_of(kind).ok_or("a kind is message, run, output or file")?),
        Some(("since", digits)) => search.since = day(digits, 0)?,
        Some(("until", digits)) => search.until = day(digits, 1)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn kind_of(kind: &str) -> Option<HitKind> {
    Some(match kind {
        "message" => HitKind::Message,
        "run" => HitKind::Run,
        "output" => HitKind::Output,
        "file" => HitKind::File,
        _ => return None,
    })
}

/// Returns when a day begins in UTC, or the day `later` days after it, in Unix milliseconds; `None` if it is not a day,
/// or before 1970. Counts the days before each month of a year that begins in March, so that a leap day is its last.
pub fn day_utc(digits: &str, later: i32) -> Option<u64> {
    const DAY_MS: i64 = 86_400_000;
    let mut parts = digits.splitn(3, '-').map(str::parse::<i64>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) = (parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = 365 * year + year / 4 - year / 100 + year / 400;
    let before_month = (153 * month + 2) / 5;
    // 719,468 days lie between 1 March of the year 0 and 1 January 1970.
    let days = before_year + before_month + day - 1 - 719_468 + i64::from(later);
    u64::try_from(days * DAY_MS).ok()
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_narrows_them() {
        let line = "pool in:#ops \"in: the middle\" by:@ben kind:output since:2026-11-20 full until:2026-11-23";
        let search = read(line, day_utc).unwrap();
        assert_eq!(search.q, "pool \"in: the middle\" full");
        assert_eq!(search.room.unwrap().as_str(), "ops");
        assert_eq!(search.by.unwrap().as_str(), "ben");
        assert_eq!(search.kind, Some(HitKind::Output));
        assert_eq!((search.since, search.until), (Some(1_795_132_800_000), Some(1_795_478_400_000)));
        let plain = read("https://wiki.example/ops ERROR:timeout 10.4.1.74", day_utc).unwrap();
        assert_eq!(plain.q, "https://wiki.example/ops ERROR:timeout 10.4.1.74", "other colons are none of ours");
        for bad in ["x in:", "x by:a b!c by:!", "x kind:mail", "x since:yesterday", "x until:2026-02-30"] {
            assert!(read(bad, day_utc).is_err(), "{bad}");
        }
    }

    #[test]
    fn days() {
        assert_eq!(day_utc("1970-01-01", 0), Some(0));
        assert_eq!(day_utc("2024-02-29", 0), Some(1_709_164_800_000));
        assert_eq!(day_utc("2024-02-28", 2), day_utc("2024-03-01", 0));
        assert_eq!(day_utc("2026-12-31", 1), day_utc("2027-01-01", 0));
        assert_eq!(day_utc("2026-11-23", 0), Some(1_795_392_000_000));
        for bad in ["", "2026", "2026-11", "2026-11-23T14:00", "2023-02-29", "1969-12-31", "2026-13-01", "2026-11-0"] {
            assert_eq!(day_utc(bad, 0), None, "{bad}");
        }
    }
}
