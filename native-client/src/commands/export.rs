//! `wardroom export ROOM`: a room, or a period of it, as Markdown for people or JSON lines for programs; with `--files`
//! also shared files and the output of commands. It is read page by page, so a long room takes no more memory, and it
//! gets its name only when it is complete.

mod attachments;
mod markdown;
mod options;
mod place;

use std::path::PathBuf;

use wardroom_protocol::limits::HISTORY_LIMIT_MAX;
use wardroom_protocol::messages::RoomInfo;
use wardroom_protocol::{Event, EventBody, RoomName};

use self::attachments::Beside;
pub use self::options::{Export, Format};
use self::place::Place;
use super::Out;
use super::history::{HistoryPage, page};
use super::out::say;
use super::rooms::all_rooms;
use super::rooms::meant;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target, now_ms};
use crate::text::{Bar, counted};

/// Exports it.
///
/// # Errors
/// See [`Failure`].
pub async fn export(target: Target, mut export: Export) -> Result<ExitCode, Failure> {
    let place = Place::of(&export)?;
    let mut runner = Runner::connect(target).await?;
    export.room = meant(&mut runner, export.room).await?;
    let done = write(&mut runner, &export, place).await;
    runner.finish().await;
    let done = done?;
    if done.missing > 0 {
        say(&format!(
            "wardroom: {} missing; see above",
            counted(done.missing, "file or output is", "files or outputs are")
        ));
    }
    if export.json && done.path.is_some() {
        Out::new().json(&serde_json::json!({ "path": done.path, "events": done.events, "missing": done.missing }))?;
    } else if let Some(path) = &done.path {
        say(&format!("{} ({} events)", path.display(), done.events));
    }
    Ok(ExitCode::Ok)
}

/// The result.
struct Done {
    path: Option<PathBuf>,
    events: u64,
    missing: u64,
}

async fn write(runner: &mut Runner, export: &Export, mut place: Place) -> Result<Done, Failure> {
    let info = info(runner, &export.room).await?;
    let floor = info.first.unwrap_or(1).saturating_sub(1);
    let mut after = match export.since {
        Some(since) => before_time(runner, &export.room, floor, info.head, since).await?,
        None => floor,
    };
    let bar = Bar::counted(info.room.as_str(), info.head.saturating_sub(after), place.wants_progress());
    let begun = after;
    let mut beside = place.folder().map(|folder| Beside::new(folder, &export.room));
    let mut days = markdown::Days::default();
    if export.format == Format::Markdown {
        place.write(&markdown::heading(&info, export, now_ms()))?;
    }
    let mut events = 0u64;
    // Events that arrive meanwhile are not included: the export shows the room as of its start.
    'pages: while after < info.head {
        let page = page(runner, &export.room, HistoryPage::After(after), u64::from(HISTORY_LIMIT_MAX)).await?;
        let (mut is_over, mut is_empty) = (export.until.is_some(), true);
        for (event, raw) in page.events {
            if event.seq > info.head {
                break 'pages;
            }
            (after, is_empty) = (event.seq, false);
            let is_before_end = export.until.is_none_or(|until| event.at < until);
            is_over = is_over && !is_before_end;
            if !is_before_end || export.since.is_some_and(|since| event.at < since) {
                continue;
            }
            let note = match &mut beside {
                Some(beside) => beside.fetch(runner, &event).await?,
                None => None,
            };
            events = events.saturating_add(1);
            place.write(&match export.format {
                Format::Markdown => days.entry(&event, note.as_deref()),
                Format::JsonLines => json_line(&event, &raw),
            })?;
        }
        bar.set(after.saturating_sub(begun));
        // A clock that was set back puts a few lines out of order; a whole page of later ones is the end.
        if is_over || is_empty {
            break;
        }
    }
    bar.clear();
    let missing = beside.map_or(0, |beside| beside.missing());
    Ok(Done { path: place.finish()?, events, missing })
}

/// Returns the event as the server sent it, without the nonce that only its author sees.
fn json_line(event: &Event, raw: &str) -> String {
    let line = match &event.body {
        // Unknown kinds are kept unchanged.
        EventBody::Other { .. } => raw.to_owned(),
        _ => crate::text::event_json(&Event { nonce: None, ..event.clone() }),
    };
    line + "\n"
}

async fn info(runner: &mut Runner, room: &RoomName) -> Result<RoomInfo, Failure> {
    let found = all_rooms(runner).await?.into_iter().find(|info| info.room == *room);
    found.ok_or_else(|| Failure::refused(format!("no room {room}; wardroom ls lists your rooms")))
}

/// Returns a position before which everything is older than `since`: found by bisection, minus one page, because a
/// server's clock may have been set back a little.
async fn before_time(runner: &mut Runner, room: &RoomName, floor: u64, head: u64, since: u64) -> Result<u64, Failure> {
    let (mut low, mut high) = (floor, head);
    while low < high {
        let middle = low.midpoint(high);
        let page = page(runner, room, HistoryPage::After(middle), 1).await?;
        match page.events.first() {
            Some((event, _)) if event.at < since => low = event.seq.max(middle.saturating_add(1)),
            _ => high = middle,
        }
    }
    Ok(low.saturating_sub(u64::from(HISTORY_LIMIT_MAX)).max(floor))
}
