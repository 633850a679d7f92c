//! Completes names at the caret: commands, rooms, people, roles, runs, emoji, files. From the current model; nothing is
//! requested from the server.

use std::path::Path;

use wardroom_client_core::Client;
use wardroom_protocol::mention::HERE;
use wardroom_protocol::messages::Right;
use wardroom_protocol::slash::TABLE;
use wardroom_protocol::typed::{Explained, Kind, begun, explain, fits, split_argument, wanted};
use wardroom_protocol::{EventBody, RoomName};

use super::hint::arguments;

/// The most names to offer: Tab does not cycle through more.
const NAMES_MAX: usize = 100;

/// Returns the names that fit before the caret, and the byte at which they begin.
pub(super) fn names(client: &Client, room: &RoomName, before: &str) -> (usize, Vec<String>) {
    let (from, mut names) = match begun(before) {
        Some(begun) => (begun.from, of_kind(client, room, begun.kind, begun.part)),
        None => of_argument(client, room, before),
    };
    names.sort();
    names.dedup();
    names.truncate(NAMES_MAX);
    (from, names)
}

fn of_kind(client: &Client, room: &RoomName, kind: Kind, part: &str) -> Vec<String> {
    match kind {
        Kind::Command => {
            let names = TABLE.iter().map(|entry| entry.name).filter(|name| name.starts_with(part));
            names.map(|name| format!("/{name}")).collect()
        }
        Kind::Person => {
            let all = Some(HERE.to_owned()).filter(|all| all.starts_with(part));
            people(client, room, part).chain(all).map(|name| format!("@{name}")).collect()
        }
        Kind::Room => rooms(client, part).map(|name| format!("#{name}")).collect(),
        Kind::Emoji => {
            let named = emojis::iter().filter(|emoji| emoji.shortcodes().any(|name| name.starts_with(part)));
            named.map(|emoji| emoji.as_str().to_owned()).collect()
        }
    }
}

fn of_argument(client: &Client, room: &RoomName, before: &str) -> (usize, Vec<String>) {
    let none = (before.len(), Vec::new());
    let Some(Explained::Of(entry)) = explain(before) else { return none };
    let Some((_, said)) = before.split_once(char::is_whitespace) else { return none };
    let Some(wanted) = wanted(arguments(entry), said) else { return none };
    let part = wanted.part;
    let from = before.len().saturating_sub(part.len());
    match split_argument(wanted.rest).0.trim_matches(['[', ']']) {
        "ROOM" => (from, rooms(client, part).collect()),
        "NAME" if entry.name == "get" => (from, room_files(client, room, part)),
        "NAME" | "NAME…" | "BOT" => (from, people(client, room, part).collect()),
        "ROLE" => {
            let roles = ["reader", "member", "owner"].into_iter();
            (from, roles.filter(|role| role.starts_with(part)).map(str::to_owned).collect())
        }
        "RIGHT" => {
            let rights = Right::ALL.iter().map(|right| right.as_str());
            (from, rights.filter(|right| right.starts_with(part)).map(str::to_owned).collect())
        }
        choice if choice.contains('|') => {
            (from, choice.split('|').filter(|one| one.starts_with(part)).map(str::to_owned).collect())
        }
        "rN" => {
            let runs = client.runs_of_room(room).filter_map(|run| run.info.as_ref()).map(|info| format!("r{}", info.n));
            (from, runs.filter(|run| run.starts_with(part)).collect())
        }
        // A path may contain blanks.
        "FILE" => (before.len().saturating_sub(said.len()), files(said)),
        _ => none,
    }
}

fn people<'a>(client: &'a Client, room: &RoomName, part: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let people = client.rooms().get(room).and_then(|room| room.people.clone()).unwrap_or_default();
    let fitting = people
        .iter()
        .filter(|member| fits(member.user.as_str(), part) || fits(&member.name, part))
        .map(|member| member.user.to_string())
        .collect::<Vec<_>>();
    fitting.into_iter()
}

fn rooms<'a>(client: &'a Client, part: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let rooms = client.rooms().values().filter(|room| room.info.dm.is_empty());
    let fitting = rooms.filter(move |room| fits(room.info.room.as_str(), part) || fits(&room.info.title, part));
    fitting.map(|room| room.info.room.to_string())
}

/// Returns the files that were added in the loaded lines.
fn room_files(client: &Client, room: &RoomName, part: &str) -> Vec<String> {
    let Some(room) = client.rooms().get(room) else { return Vec::new() };
    let added = room.timeline.events().filter_map(|event| match &event.body {
        EventBody::FileAdded(file) => Some(file.path.as_str().to_owned()),
        _ => None,
    });
    added.filter(|path| path.starts_with(part)).collect()
}

/// Returns local paths that begin like this; a folder's ends with a slash.
fn files(part: &str) -> Vec<String> {
    let (folder, name) = part.rsplit_once('/').map_or(("", part), |(folder, name)| (folder, name));
    let shown = if part.contains('/') { format!("{folder}/") } else { String::new() };
    let look_in = super::command::home_path(if shown.is_empty() { "./" } else { &shown });
    let Ok(entries) = std::fs::read_dir(Path::new(&look_in)) else { return Vec::new() };
    let named = entries.take(10_000).filter_map(Result::ok).filter_map(|entry| {
        let found = entry.file_name().into_string().ok()?;
        let is_meant = found.starts_with(name) && (found.starts_with('.') == name.starts_with('.'));
        let end = if entry.path().is_dir() { "/" } else { "" };
        is_meant.then(|| format!("{shown}{found}{end}"))
    });
    named.collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_where_the_argument_says() {
        let client = Client::new(wardroom_client_core::Options::default());
        let room = RoomName::parse("ops").unwrap();
        let at = |before: &str| names(&client, &room, before);
        assert_eq!(at("/unr"), (0, vec!["/unreact".to_owned()]));
        assert_eq!(at("/role ben o"), (10, vec!["owner".to_owned()]));
        assert_eq!(at("/role ben "), (10, ["member", "owner", "reader"].map(str::to_owned).to_vec()));
        assert_eq!(at("/rights d"), (8, vec!["deny".to_owned()]));
        assert_eq!(at("/rights allow ben run"), (18, ["run", "run-named"].map(str::to_owned).to_vec()));
        assert_eq!(at("/join x").1, Vec::<String>::new());
        assert_eq!(at("/run ./x").1, Vec::<String>::new());
        assert!(at("well :rocke").1.contains(&"🚀".to_owned()));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("two words.log"), b"x").unwrap();
        std::fs::create_dir(folder.path().join("two")).unwrap();
        let path = folder.path().to_str().unwrap();
        let found = at(&format!("/put {path}/two"));
        assert_eq!(found, (5, vec![format!("{path}/two words.log"), format!("{path}/two/")]));
    }
}
