//! The model server's lists: rooms and people, one page at a time.

use serde_json::{Value, json};

use super::server::Server;

impl Server {
    /// The answer to `room.list` and `room.members`.
    pub fn list(&self, id: &Value, request: &Value) -> Value {
        let after = request["after"].as_str().unwrap_or_default();
        let (name, (list, more)) = match request["t"] == "room.list" {
            true => ("rooms", self.infos(after)),
            false => ("members", self.members(after)),
        };
        json!({ "t": "ok", "re": id, name: list, "more": more })
    }

    /// The rooms after this one, by name, and whether there are more.
    pub fn infos(&self, after: &str) -> (Vec<Value>, bool) {
        let mut names = self.rooms.clone();
        names.push("ops");
        names.sort_unstable();
        names.retain(|name| *name > after);
        let info = |name: &&str| {
            let mut info = self.info();
            info["room"] = json!(name);
            info
        };
        (names.iter().take(self.page).map(info).collect(), names.len() > self.page)
    }

    /// The people after this one, by name, and whether there are more.
    fn members(&self, after: &str) -> (Vec<Value>, bool) {
        let member = |user: &&str| json!({ "user": user, "name": user, "role": "member", "here": false });
        let all: Vec<Value> = self.people.iter().filter(|user| **user > after).map(member).collect();
        (all.iter().take(self.page).cloned().collect(), all.len() > self.page)
    }

    pub fn info(&self) -> Value {
        let (unread, mentions) = self.unread();
        json!({
            "room": "ops", "head": self.events.len(), "read": self.read, "joined": true, "unread": unread,
            "mentions": mentions, "first": self.first,
        })
    }
}
