//! Pages of a room's past, for the commands that read it without staying: `log`, `export`, and `/log` of a chat.

use wardroom_protocol::limits::HISTORY_LIMIT_MAX;
use wardroom_protocol::messages::{RoomHistory, RoomPage};
use wardroom_protocol::{Event, RoomName};

use super::ls::other_version;
use crate::exit::Failure;
use crate::runner::Runner;

/// A page, ascending, and whether there is more in that direction. Each event with the bytes that it came as.
pub(super) struct Page {
    pub(super) events: Vec<(Event, String)>,
    pub(super) more: bool,
}

/// Which page.
#[derive(Clone, Copy, Debug)]
pub(super) enum HistoryPage {
    /// The last one.
    Last,
    Before(u64),
    After(u64),
}

/// Asks for one page of at most `limit` events.
pub(super) async fn page(
    runner: &mut Runner,
    room: &RoomName,
    which: HistoryPage,
    limit: u64,
) -> Result<Page, Failure> {
    let answer = runner.ask(&request(room, which, limit)).await?;
    read(&answer.fields().map_err(other_version)?)
}

/// The question for it.
pub(super) fn request(room: &RoomName, which: HistoryPage, limit: u64) -> RoomHistory {
    let (before, after) = match which {
        HistoryPage::Last => (None, None),
        HistoryPage::Before(seq) => (Some(seq), None),
        HistoryPage::After(seq) => (None, Some(seq)),
    };
    let limit = u32::try_from(limit).unwrap_or(u32::MAX).clamp(1, HISTORY_LIMIT_MAX);
    RoomHistory { room: room.clone(), before, after, around: None, at: None, limit: Some(limit) }
}

/// The events of an answer.
pub(super) fn read(page: &RoomPage) -> Result<Page, Failure> {
    let parse = |raw: &str| Event::parse(raw.as_bytes()).map(|event| (event, raw.to_owned())).map_err(other_version);
    let events = page.events.iter().map(|raw| parse(raw.get())).collect::<Result<Vec<_>, Failure>>()?;
    Ok(Page { events, more: page.more })
}
