//! A change of a rule.

use std::sync::Arc;

use wardroom_protocol::messages::Right;

use crate::accounts::User;
use crate::policy::Member;
use crate::rooms::Room;
use crate::rules::Place;

/// A change of a rule that was checked.
pub(super) struct Change {
    pub right: Right,
    pub user: Arc<User>,
    pub room: Option<Arc<Room>>,
    pub host: Option<String>,
    pub allow: bool,
    /// The last rule of a place may be removed.
    pub open: bool,
    pub by: Member,
}

impl Change {
    /// Returns the place that the rule is about.
    pub(super) fn place(&self) -> Place {
        Place { room: self.room.as_ref().map(|room| room.id), host: self.host.clone() }
    }

    /// Returns ` --room ops --host db1`.
    pub(super) fn options(&self) -> String {
        let room = self.room.as_ref().map_or_else(String::new, |room| format!(" --room {}", room.name));
        self.host.as_ref().map_or_else(|| room.clone(), |host| format!("{room} --host {host}"))
    }
}
