//! The trait of all messages of the wire: a type name and fields.

use serde::Serialize;

/// A message of the wire: an object with its type's name.
pub trait Message: Serialize {
    /// The `t` of its frames.
    const T: &'static str;
}
