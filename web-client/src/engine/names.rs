//! Names of people and rooms: the display name if it is known; a direct message is named after its members.

use wardroom_client_core::Command;
use wardroom_client_core::protocol::RoomName;
use wardroom_client_core::protocol::messages::{MemberInfo, RoomInfo};

use super::Engine;

impl Engine {
    /// The company-wide room.
    pub fn company_room() -> RoomName {
        RoomName::parse("general").expect("a name")
    }

    /// The user's own status; empty for none.
    pub fn own_status(&self) -> String {
        self.read(|client| {
            let me = client.you().map(|you| &you.user);
            let members =
                client.rooms().values().filter_map(|room| room.people.as_ref()).flat_map(|people| people.iter());
            members.into_iter().find(|member| Some(&member.user) == me).map(|member| member.status.clone())
        })
        .unwrap_or_default()
    }

    /// The display name of a user.
    pub fn display_name(&self, user: &str) -> String {
        self.read(|client| {
            let members =
                client.rooms().values().filter_map(|room| room.people.as_ref()).flat_map(|people| people.iter());
            let mut names = members.filter(|member| member.user.as_str() == user).map(|member| member.name.clone());
            names.next().unwrap_or_else(|| user.to_owned())
        })
    }

    /// True if this user exists, as far as is known. True for everybody until people are loaded.
    pub fn is_user(&self, user: &str) -> bool {
        self.read(|client| {
            let mut people = client.rooms().values().filter_map(|room| room.people.as_ref()).peekable();
            people.peek().is_none() || people.any(|people| people.iter().any(|member| member.user.as_str() == user))
        })
    }

    /// All users, as far as they are known.
    pub fn all_users(&self) -> Vec<MemberInfo> {
        self.read(|client| {
            let people = client.rooms().get(&Self::company_room()).and_then(|room| room.people.clone());
            people.map(|people| people.iter().cloned().collect()).unwrap_or_default()
        })
    }

    /// Loads all users.
    pub fn load_all_users(&self) {
        self.command(Command::LoadPeople { room: Self::company_room() });
    }

    /// The label of a room: `#ops`, or the members of a direct message.
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

    /// The same, by the room's name.
    pub fn room_label(&self, room: &RoomName) -> String {
        let info = self.read(|client| client.rooms().get(room).map(|room| room.info.clone()));
        info.map_or_else(|| format!("#{room}"), |info| self.room_name(&info))
    }

    /// True if another member of a direct message is online.
    pub fn is_dm_here(&self, info: &RoomInfo) -> bool {
        let all_users = self.all_users();
        info.dm.iter().any(|user| {
            user.as_str() != self.user() && all_users.iter().any(|member| member.user == *user && member.here)
        })
    }
}
