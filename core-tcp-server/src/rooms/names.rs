//! Room names in any script. No two may look the same, and every way to type a name leads to the same room.

use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _, skeleton};
use wardroom_protocol::RoomName;

use crate::error::Error;

/// Returns the name in normal form (NFC), or `None` if it already is.
pub fn normalized(name: &RoomName) -> Option<RoomName> {
    if name.as_str().is_ascii() || is_nfc(name.as_str()) {
        return None;
    }
    RoomName::parse(&name.as_str().nfc().collect::<String>()).ok()
}

/// Checks the name of a new room.
///
/// # Errors
/// `bad_request`, with the reason.
pub fn check_new(name: &RoomName) -> Result<(), Error> {
    let text = name.as_str();
    if text.starts_with('@') {
        return Err(Error::bad_request("a name that begins with @ is a direct message's: dm.open makes those"));
    }
    if !is_nfc(text) {
        return Err(Error::bad_request("this name is not in its normal form: it must be in Unicode NFC"));
    }
    if let Some(c) = text.chars().find(|c| !c.identifier_allowed()) {
        let c = u32::from(c);
        return Err(Error::bad_request(format!("a room's name has no character U+{c:04X}: use letters and digits")));
    }
    if !text.is_single_script() {
        return Err(Error::bad_request("this name mixes scripts whose letters look alike: use letters of one script"));
    }
    Ok(())
}

/// Returns true if two different names look the same, like Cyrillic `оса` and Latin `oca`. Two names in ASCII are left
/// for the reader to tell apart.
pub fn look_alike(a: &RoomName, b: &RoomName) -> bool {
    let (a, b) = (a.as_str(), b.as_str());
    a != b && !(a.is_ascii() && b.is_ascii()) && skeleton(a).eq(skeleton(b))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn name(text: &str) -> RoomName {
        RoomName::parse(text).unwrap()
    }

    #[test]
    fn names_of_every_script() {
        for good in [
            "ops",
            "web-1.eu_2",
            "betrieb-süd",
            "运维",
            "дежурные",
            "संचालन",
            "運用チーム",
            "운영",
            "λειτουργία",
            "العمليات",
        ] {
            assert!(check_new(&name(good)).is_ok(), "{good}");
        }
        for (bad, words) in [
            ("@ops", "dm.open"),
            ("u\u{308}ber", "NFC"),
            ("pаypal", "one script"),
            ("运维о", "one script"),
            ("a\u{fb01}", "U+FB01"),
        ] {
            let error = check_new(&RoomName::parse(bad).unwrap()).unwrap_err();
            assert!(error.msg.contains(words), "{bad}: {error}");
        }
    }

    #[test]
    fn a_name_is_found_in_each_form_and_no_two_look_the_same() {
        assert_eq!(normalized(&name("u\u{308}ber")), Some(name("über")));
        assert_eq!(normalized(&name("über")), None);
        assert!(look_alike(&name("оса"), &name("oca")));
        assert!(!look_alike(&name("l1"), &name("11")));
        assert!(!look_alike(&name("оса"), &name("оса")));
    }
}
