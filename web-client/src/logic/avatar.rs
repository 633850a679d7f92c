//! Avatars: initials and one of eight colours. A colour is a class, because the content security policy forbids inline
//! styles.

/// The classes of the colours.
const COLOURS: [&str; 8] =
    ["avatar--0", "avatar--1", "avatar--2", "avatar--3", "avatar--4", "avatar--5", "avatar--6", "avatar--7"];

/// One or two initials of a display name; for Chinese and the like one character.
pub fn initials(name: &str) -> String {
    let mut words = name.split([' ', '.', '-', '_']).filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let Some(first) = words.next() else { return "?".to_owned() };
    let mut out: String = first.to_uppercase().take(1).collect();
    if let Some(second) = words.next_back().filter(|_| first.is_ascii()) {
        out.extend(second.to_uppercase().take(1));
    }
    out
}

/// The colour of a user, which does not depend on the display name (FNV-1a).
pub fn colour(user: &str) -> &'static str {
    let hash = user.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    COLOURS.get(((hash >> 16) % 8) as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names() {
        for (name, letters) in [
            ("ann", "A"),
            ("Ann Example", "AE"),
            ("Ann van der Example", "AE"),
            ("deploy-bot", "DB"),
            ("李雷", "李"),
            ("李 雷", "李"),
            ("élodie", "É"),
            ("", "?"),
            ("  ☂ ", "?"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn colours_are_spread_and_stay() {
        let users = ["ann", "ben", "chen", "dora", "eve", "fay", "gil", "hua", "ivy", "jan", "kim", "lee", "mo"];
        let found: std::collections::BTreeSet<&str> = users.iter().map(|user| colour(user)).collect();
        assert!(found.len() >= 5, "{found:?}");
        assert_eq!(colour("ann"), colour("ann"));
    }
}
