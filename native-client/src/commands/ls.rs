//! `wardroom ls [ROOM[:PATH]]`: the rooms, or the files of a room.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use wardroom_protocol::limits::UNREAD_MAX;
use wardroom_protocol::messages::{FileInfo, FileKind, FileList, FileListed, Place, RoomInfo};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{RelPath, RoomName, UserName};

use super::Out;
use super::rooms::{all_rooms, meant, shown_name};
pub(super) use crate::exit::other_version;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};
use crate::text::bytes_words;

/// What to list.
#[derive(Clone, Debug)]
pub struct Ls {
    /// The room, and the folder in it; lists the rooms if absent.
    pub place: Option<(RoomName, Option<RelPath>)>,
    /// Print one JSON object per line.
    pub json: bool,
}

/// Lists it.
///
/// # Errors
/// See [`Failure`].
pub async fn ls(target: Target, ls: Ls) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    match ls.place {
        None => rooms(&mut runner, ls.json).await?,
        Some((room, path)) => {
            let room = meant(&mut runner, room).await?;
            files(&mut runner, &room, path.as_ref(), ls.json).await?;
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

async fn rooms(runner: &mut Runner, json: bool) -> Result<(), Failure> {
    let mut out = Out::new();
    let all = all_rooms(runner).await?;
    let me = runner.client().you().map(|you| you.user.clone());
    let width = all.iter().map(|room| shown_name(room, me.as_ref()).chars().count()).max().unwrap_or(0);
    for room in &all {
        if json { out.json(room)? } else { out.line(&room_line(room, me.as_ref(), width))? }
    }
    Ok(())
}

fn room_line(room: &RoomInfo, me: Option<&UserName>, width: usize) -> String {
    let unread = match (room.unread, room.mentions) {
        _ if !room.joined => "not joined".to_owned(),
        (0, _) => String::new(),
        (unread, 0) => format!("{} unread", at_most(unread)),
        (unread, mentions) => format!("{} unread, {} to you", at_most(unread), at_most(mentions)),
    };
    let title = if room.dm.is_empty() { visible(&room.title).into_owned() } else { "direct message".to_owned() };
    let archived = if room.archived { " (archived)" } else { "" };
    let name = shown_name(room, me);
    format!("{name:width$}  {unread:20}  {title}{archived}").trim_end().to_owned()
}

/// Formats a count that is exact up to a limit.
fn at_most(count: u64) -> String {
    if count >= UNREAD_MAX { format!("{UNREAD_MAX}+") } else { count.to_string() }
}

async fn files(runner: &mut Runner, room: &RoomName, path: Option<&RelPath>, json: bool) -> Result<(), Failure> {
    let mut out = Out::new();
    let mut after: Option<String> = None;
    loop {
        let request = FileList { place: Place::Room(room.clone()), path: path.cloned(), after: after.clone() };
        let listed: FileListed = runner.ask(&request).await?.fields().map_err(other_version)?;
        for entry in &listed.entries {
            if json { out.json(entry)? } else { out.line(&file_line(entry))? }
        }
        let last = listed.entries.last().map(|entry| entry.name.clone());
        // A page that makes no progress would be requested for ever.
        if !listed.more || last.is_none() || last == after {
            return Ok(());
        }
        after = last;
    }
}

fn file_line(entry: &FileInfo) -> String {
    let at = i64::try_from(entry.mtime).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let time = at.map_or_else(String::new, |at| {
        let at = at.to_zoned(TimeZone::system());
        format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
    });
    let (size, mark) = match entry.kind {
        FileKind::File => (bytes_words(entry.size), ""),
        FileKind::Folder => (String::new(), "/"),
    };
    format!("{size:>10}  {time:16}  {}{mark}", visible(&entry.name))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_do_no_harm() {
        let entry =
            FileInfo { name: "a\x1b[2Jb".to_owned(), kind: FileKind::File, size: 1_000, mtime: u64::MAX, blake3: None };
        assert_eq!(file_line(&entry), format!("{:>10}  {:16}  a␛[2Jb", "1.0 kB", ""));
        let folder = FileInfo { kind: FileKind::Folder, name: "logs".to_owned(), ..entry };
        assert!(file_line(&folder).ends_with("  logs/"));
    }

    #[test]
    fn rooms_say_what_is_unread() {
        let named = RoomInfo::named(RoomName::parse("ops").unwrap());
        let room = RoomInfo { title: "Operations".to_owned(), unread: 3, joined: true, ..named };
        assert_eq!(room_line(&room, None, 5), format!("ops    {:20}  Operations", "3 unread"));
        assert!(room_line(&RoomInfo { mentions: 1, ..room.clone() }, None, 3).contains("  3 unread, 1 to you  "));
        assert!(room_line(&RoomInfo { unread: 1_000, ..room.clone() }, None, 3).contains("1000+ unread"));
        let dm = ["ann", "ben"].map(|name| UserName::parse(name).unwrap()).to_vec();
        let id = RoomName::parse("@01k9zzzzzzzzzzzzzzzzzzzzzz").unwrap_or(room.room.clone());
        let me = dm.first().cloned();
        let line = room_line(&RoomInfo { room: id, dm, archived: true, ..room.clone() }, me.as_ref(), 3);
        assert!(line.starts_with("@ben  ") && line.ends_with("  direct message (archived)"), "{line}");
        assert!(room_line(&RoomInfo { joined: false, ..room }, None, 3).contains("not joined"));
    }
}
