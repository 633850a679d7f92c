//! Names and identifiers as types: their values have been checked.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

use crate::limits::{COMMAND_NAME_MAX, NONCE_BYTES_MAX, ROOM_NAME_BYTES_MAX, ROOM_NAME_MAX, USER_NAME_MAX};
use crate::visible::is_deceptive;

/// Why a name was refused, as a sentence that describes a valid one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct BadName(pub &'static str);

/// Checks for `[a-z0-9][a-z0-9._-]*`, at most `max` long. No name can be `..`, be hidden, or contain a separator.
fn is_name(s: &str, max: usize) -> bool {
    let mut bytes = s.bytes();
    s.len() <= max
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
}

/// Checks a room's name in any script: like [`is_name`], but with the letters, digits and marks of all scripts, none of
/// them upper case. The server checks normal form and mixed scripts when a room is created; that takes large tables.
fn is_room_name(s: &str) -> bool {
    let mut chars = s.strip_prefix('@').unwrap_or(s).chars();
    s.len() <= ROOM_NAME_BYTES_MAX
        && s.chars().count() <= ROOM_NAME_MAX
        && chars.next().is_some_and(|c| c.is_alphanumeric() && !c.is_uppercase())
        && chars.all(|c| match c {
            '.' | '_' | '-' => true,
            c if c.is_ascii() => c.is_ascii_lowercase() || c.is_ascii_digit(),
            // Joiners of scripts and emoji, private use, and variation selectors would make two names look the same.
            '\u{200c}'..='\u{200d}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'.. => false,
            c => !(c.is_uppercase() || c.is_control() || c.is_whitespace() || is_deceptive(c)),
        })
}

/// Checks for `[a-z][a-z0-9_-]*`: a word that can follow a slash, and stand in braces.
fn is_command_name(s: &str) -> bool {
    s.len() <= COMMAND_NAME_MAX
        && s.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

fn is_nonce(s: &str) -> bool {
    !s.is_empty() && s.len() <= NONCE_BYTES_MAX && s.bytes().all(|b| b.is_ascii_graphic())
}

macro_rules! checked_str {
    ($(#[$doc:meta])* $name:ident, $check:expr, $why:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            /// [`BadName`], which describes a valid one.
            pub fn parse(s: &str) -> Result<Self, BadName> {
                if $check(s) { Ok(Self(Arc::from(s))) } else { Err(BadName($why)) }
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadName;
            fn from_str(s: &str) -> Result<Self, BadName> {
                Self::parse(s)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($why)
                    }
                    fn visit_str<E: de::Error>(self, s: &str) -> Result<$name, E> {
                        $name::parse(s).map_err(E::custom)
                    }
                }
                d.deserialize_str(Visitor)
            }
        }
    };
}

checked_str!(
    /// A room's name, by which it is addressed. Direct messages have names that begin with `@`; the server makes those.
    RoomName,
    is_room_name,
    "a room's name is 1 to 64 letters (none in upper case), digits, . _ - and begins with a letter or digit"
);
checked_str!(
    /// A user's name, used to sign in.
    UserName,
    |s| is_name(s, USER_NAME_MAX),
    "a user's name is 1 to 32 of a-z 0-9 . _ - and begins with a letter or digit"
);
impl UserName {
    /// Returns the name meant by somebody who typed this to sign in: in any case, and with spaces around it, as a
    /// phone's keyboard adds them.
    ///
    /// # Errors
    /// [`BadName`] if it is not a name even then.
    pub fn typed(text: &str) -> Result<UserName, BadName> {
        UserName::parse(&text.trim().to_ascii_lowercase())
    }
}

checked_str!(
    /// The name of a named command, or of one of its parameters.
    CommandName,
    is_command_name,
    "a command's or parameter's name is 1 to 32 of a-z 0-9 _ - and begins with a letter"
);
checked_str!(
    /// The client's id of a request, which identifies a retry.
    Nonce,
    is_nonce,
    "a nonce is 1 to 64 printable ASCII characters without spaces"
);

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub Ulid);

        impl $name {
            /// Builds one from the time in Unix milliseconds and 80 random bits: this crate has neither.
            pub fn from_parts(unix_ms: u64, random: u128) -> Self {
                Self(Ulid::from_parts(unix_ms, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadName;
            fn from_str(s: &str) -> Result<Self, BadName> {
                Ulid::from_string(s).map(Self).map_err(|_| BadName("an id is a ULID of 26 characters"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

ulid_id!(
    /// A run.
    RunId
);
ulid_id!(
    /// An upload that has begun.
    UploadId
);
ulid_id!(
    /// A download on one connection.
    StreamId
);
ulid_id!(
    /// The identity of an event store. A store restored from a backup has another one.
    Epoch
);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["ops", "a", "0", "web-1.eu_2", &"x".repeat(64)] {
            assert!(RoomName::parse(good).is_ok(), "{good}");
        }
        for good in ["betrieb-süd", "运维", "дежурные", "संचालन", "@01k9zq4m5c3t8v6wx2ybnrdh7e"]
        {
            assert!(RoomName::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", ".", "..", "-a", "_a", "A", "É", "a/b", "a b", "a\n", "a\"b", "a\\b", "@", "@@a", &"x".repeat(65)]
        {
            assert!(RoomName::parse(bad).is_err(), "{bad:?}");
        }
        for bad in ["a\u{202e}b", "a\u{200b}b", "a\u{3000}b", "a\u{fe0f}", "\u{301}a", &"运".repeat(65)] {
            assert!(RoomName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(UserName::parse("é").is_err());
        assert!(UserName::parse(&"x".repeat(33)).is_err());
    }

    #[test]
    fn a_name_is_known_as_it_is_typed() {
        for typed in ["ann", "Ann", "ANN", "ann ", " Ann", "\tann\r\n", "ann\u{a0}"] {
            assert_eq!(UserName::typed(typed).unwrap().as_str(), "ann", "{typed:?}");
        }
        assert!(UserName::typed("a nn").is_err());
        assert!(UserName::typed("").is_err());
    }

    #[test]
    fn names_are_checked_when_deserialized() {
        assert!(serde_json::from_str::<RoomName>("\"ops\"").is_ok());
        assert!(serde_json::from_str::<RoomName>("\"../x\"").is_err());
        assert!(serde_json::from_str::<Nonce>("\"a b\"").is_err());
    }

    #[test]
    fn ids_are_ulids() {
        let id: RunId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"");
        assert!("../../etc".parse::<RunId>().is_err());
    }
}
