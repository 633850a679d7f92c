//! How people and rooms are called: a shown name where one is known, a direct message by those who are in it.

use wardroom_client_core::Command;
use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::{MemberInfo, RoomInfo};

use super::Engine;

impl Engine {
    /// The room that everybody is in.
    pub fn company_room() -> RoomName {
        RoomName::parse("general").expect("a name")
    }

    /// A user as people call them.
    pub fn display_name(&self, user: &str) -> String {
        self.read(|client| {
            let members =
                client.rooms().values().filter_map(|room| room.people.as_ref()).flat_map(|people| people.iter());
            let mut names = members.filter(|member| member.user.as_str() == user).map(|member| member.name.clone());
            names.next().unwrap_or_else(|| user.to_owned())
        })
    }

    /// There is a user of this name, as far as is known; while nobody is known, there may be.
    pub fn is_user(&self, user: &str) -> bool {
        self.read(|client| {
            let mut people = client.rooms().values().filter_map(|room| room.people.as_ref()).peekable();
            people.peek().is_none() || people.any(|people| people.iter().any(|member| member.user.as_str() == user))
        })
    }

    /// Everybody, as far as is known.
    pub fn all_users(&self) -> Vec<MemberInfo> {
        self.read(|client| {
            let people = client.rooms().get(&Self::company_room()).and_then(|room| room.people.clone());
            people.map(|people| people.iter().cloned().collect()).unwrap_or_default()
        })
    }

    /// Asks who everybody is.
    pub fn load_all_users(&self) {
        self.command(Command::LoadPeople { room: Self::company_room() });
    }

    /// A room as people call it: `#ops`, or those who are in a direct message.
    pub fn room_name(&self, info: &RoomInfo) -> String {
        if info.dm.is_empty() {
            return format!("#{}", info.room);
        }
        let others: Vec<String> = info
            .dm
            .iter()
            .filter(|user| user.as_str() != self.user())
            .map(|user| self.display_name(user.as_str()))
            .collect();
        if others.is_empty() { self.display_name(self.user()) } else { others.join(", ") }
    }

    /// The same by its name.
    pub fn room_label(&self, room: &RoomName) -> String {
        let info = self.read(|client| client.rooms().get(room).map(|room| room.info.clone()));
        info.map_or_else(|| format!("#{room}"), |info| self.room_name(&info))
    }

    /// Somebody of a direct message is here.
    pub fn is_dm_here(&self, info: &RoomInfo) -> bool {
        let all_users = self.all_users();
        info.dm.iter().any(|user| {
            user.as_str() != self.user() && all_users.iter().any(|member| member.user == *user && member.here)
        })
    }
}
