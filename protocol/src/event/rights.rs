//! The event of a rule about who may run commands in a room.

use serde::{Deserialize, Serialize};

use crate::ids::UserName;
use crate::messages::Right;

/// A rule of the room was made or removed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RightChanged {
    /// The right.
    pub right: Right,
    /// Whom it names.
    pub user: UserName,
    /// The host; all hosts if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// False if it was removed.
    pub on: bool,
}
