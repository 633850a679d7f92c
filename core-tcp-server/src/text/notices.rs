//! Notices about rooms that are not open: mentions of the user, and direct messages. The user gets a line each time
//! there are more than before, but none about what others say to each other.

use std::collections::HashMap;

use wardroom_protocol::messages::{RoomInfo, RoomState};
use wardroom_protocol::{RoomName, UserName};

/// What is known about the user's rooms.
pub struct Notices {
    me: UserName,
    rooms: HashMap<RoomName, Seen>,
}

#[derive(Default)]
struct Seen {
    /// The other people in a direct message.
    party: Vec<UserName>,
    unread: u64,
    mentions: u64,
}

impl Notices {
    /// Starts without any rooms.
    pub fn new(me: UserName) -> Self {
        Self { me, rooms: HashMap::new() }
    }

    /// Updates a room. Returns a line if there is something to report.
    pub fn changed(&mut self, info: &RoomInfo) -> Option<String> {
        if !info.joined {
            self.rooms.remove(&info.room);
            return None;
        }
        let others = info.dm.iter().filter(|user| **user != self.me).cloned().collect();
        self.rooms.entry(info.room.clone()).or_default().party = others;
        self.moved(&info.room, info.unread, info.mentions)
    }

    /// Updates the read state of a room. Returns a line if there is something to report.
    pub fn state(&mut self, state: &RoomState) -> Option<String> {
        self.moved(&state.room, state.unread, state.mentions)
    }

    fn moved(&mut self, room: &RoomName, unread: u64, mentions: u64) -> Option<String> {
        let seen = self.rooms.entry(room.clone()).or_default();
        let (was_unread, was_named) = (seen.unread, seen.mentions);
        (seen.unread, seen.mentions) = (unread, mentions);
        let lines = |n: u64| if n == 1 { "1 unread line".to_owned() } else { format!("{n} unread lines") };
        if !seen.party.is_empty() {
            let names = |sign: &str| seen.party.iter().map(UserName::as_str).collect::<Vec<_>>().join(sign);
            let line = || format!("# {} to you from {}: /dm {}\n", lines(unread), names(", "), names(" "));
            return (unread > was_unread).then(line);
        }
        let name_you = if mentions == 1 { "names you" } else { "name you" };
        (mentions > was_named).then(|| format!("# {} in {room} {name_you}: /join {room}\n", lines(mentions)))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn info(json: &str) -> RoomInfo {
        serde_json::from_str(json).unwrap()
    }

    fn state(room: &str, unread: u64, mentions: u64) -> RoomState {
        RoomState { room: RoomName::parse(room).unwrap(), head: 9, read: 1, mentions, unread }
    }

    #[test]
    fn a_line_where_there_is_more_to_oneself_than_before() {
        let mut notices = Notices::new(UserName::parse("ann").unwrap());
        assert_eq!(notices.changed(&info(r#"{"room":"ops","head":9,"read":1,"joined":true,"unread":3}"#)), None);
        assert_eq!(notices.state(&state("ops", 5, 0)), None, "what others say to each other");
        assert_eq!(notices.state(&state("ops", 6, 1)).unwrap(), "# 1 unread line in ops names you: /join ops\n");
        assert_eq!(notices.state(&state("ops", 7, 1)), None);
        assert_eq!(notices.state(&state("ops", 8, 2)).unwrap(), "# 2 unread lines in ops name you: /join ops\n");
        assert_eq!(notices.state(&state("ops", 0, 0)), None);
        let dm = r#"{"room":"@x","head":9,"read":1,"joined":true,"unread":1,"dm":["ann","ben","cleo"]}"#;
        let line = "# 1 unread line to you from ben, cleo: /dm ben cleo\n";
        assert_eq!(notices.changed(&info(dm)).unwrap(), line);
        assert_eq!(notices.state(&state("@x", 1, 0)), None);
        assert_eq!(notices.state(&state("@x", 0, 0)), None);
        assert_eq!(notices.state(&state("@x", 1, 1)).unwrap(), line);
    }
}
