//! How people and rooms are called: a shown name where one is known, a direct message by those who are in it.

use wardroom_client_core::Command;
use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::{MemberInfo, RoomInfo};

use super::engine::Engine;

impl Engine {
    /// The room that everybody is in.
    pub fn everybodys_room() -> RoomName {
        RoomName::parse("general").expect("a name")
    }

    /// A user as people call them.
    pub fn person(&self, user: &str) -> String {
        self.read(|client| {
            let members =
                client.rooms().values().filter_map(|room| room.people.as_ref()).flat_map(|people| people.iter());
            let mut names = members.filter(|member| member.user.as_str() == user).map(|member| member.name.clone());
            names.next().unwrap_or_else(|| user.to_owned())
        })
    }

    /// There is a user of this name, as far as is known; while nobody is known, there may be.
    pub fn is_person(&self, user: &str) -> bool {
        self.read(|client| {
            let mut people = client.rooms().values().filter_map(|room| room.people.as_ref()).peekable();
            people.peek().is_none() || people.any(|people| people.iter().any(|member| member.user.as_str() == user))
        })
    }

    /// Everybody, as far as is known.
    pub fn everybody(&self) -> Vec<MemberInfo> {
        self.read(|client| {
            let people = client.rooms().get(&Self::everybodys_room()).and_then(|room| room.people.clone());
            people.map(|people| people.iter().cloned().collect()).unwrap_or_default()
        })
    }

    /// Asks who everybody is.
    pub fn load_everybody(&self) {
        self.command(Command::LoadPeople { room: Self::everybodys_room() });
    }

    /// A room as people call it: `#ops`, or those who are in a direct message.
    pub fn room_name(&self, info: &RoomInfo) -> String {
        if info.dm.is_empty() {
            return format!("#{}", info.room);
        }
        let others: Vec<String> =
            info.dm.iter().filter(|user| user.as_str() != self.user()).map(|user| self.person(user.as_str())).collect();
        if others.is_empty() { self.person(self.user()) } else { others.join(", ") }
    }

    /// The same by its name.
    pub fn room_called(&self, room: &RoomName) -> String {
        let info = self.read(|client| client.rooms().get(room).map(|room| room.info.clone()));
        info.map_or_else(|| format!("#{room}"), |info| self.room_name(&info))
    }

    /// Somebody of a direct message is here.
    pub fn is_dm_here(&self, info: &RoomInfo) -> bool {
        let everybody = self.everybody();
        info.dm.iter().any(|user| {
            user.as_str() != self.user() && everybody.iter().any(|member| member.user == *user && member.here)
        })
    }
}
