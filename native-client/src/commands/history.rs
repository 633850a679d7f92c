//! Pages of a room's history, for commands that read it: `log`, `export`, and `/log` of a chat.

use wardroom_protocol::limits::HISTORY_LIMIT_MAX;
use wardroom_protocol::messages::{RoomHistory, RoomPage};
use wardroom_protocol::{Event, RoomName};

use super::ls::other_version;
use crate::exit::Failure;
use crate::runner::Runner;

/// A page, ascending, and whether there are more in that direction. Each event with its original bytes.
pub(super) struct Page {
    pub(super) events: Vec<(Event, String)>,
    pub(super) more: bool,
}

/// The page to request.
#[derive(Clone, Copy, Debug)]
pub(super) enum HistoryPage {
    /// The last one.
    Last,
    Before(u64),
    After(u64),
}

/// Requests one page of at most `limit` events.
pub(super) async fn page(
    runner: &mut Runner,
    room: &RoomName,
    which: HistoryPage,
    limit: u64,
) -> Result<Page, Failure> {
    let answer = runner.ask(&request(room, which, limit)).await?;
    read(&answer.fields().map_err(other_version)?)
}

/// Returns the request for a page.
pub(super) fn request(room: &RoomName, which: HistoryPage, limit: u64) -> RoomHistory {
    let (before, after) = match which {
        HistoryPage::Last => (None, None),
        HistoryPage::Before(seq) => (Some(seq), None),
        HistoryPage::After(seq) => (None, Some(seq)),
    };
    let limit = u32::try_from(limit).unwrap_or(u32::MAX).clamp(1, HISTORY_LIMIT_MAX);
    RoomHistory { room: room.clone(), before, after, around: None, at: None, limit: Some(limit) }
}

/// Returns the events of an answer.
pub(super) fn read(page: &RoomPage) -> Result<Page, Failure> {
    let parse = |raw: &str| Event::parse(raw.as_bytes()).map(|event| (event, raw.to_owned())).map_err(other_version);
    let events = page.events.iter().map(|raw| parse(raw.get())).collect::<Result<Vec<_>, Failure>>()?;
    Ok(Page { events, more: page.more })
}
