//! `wardroom log ROOM`: the timeline of a room in its state after amendments; with `--follow` also new events.

use std::collections::VecDeque;
use std::io::IsTerminal;

use wardroom_client_core::{Command, ConnectionState, Effect, OpenFrom, Operation};
use wardroom_protocol::limits::HISTORY_LIMIT_MAX;
use wardroom_protocol::{Event, RoomName};

use super::history::{HistoryPage, page};
use super::out::say;
use super::rooms::meant;
use super::{Out, refused};
use crate::exit::{ExitCode, Failure};
use crate::limits::LOG_HISTORY;
use crate::runner::{Runner, Target};
use crate::text::{Amended, event_json, event_line, event_rows, with_id};

/// What to show.
#[derive(Clone, Debug)]
pub struct Log {
    /// The room.
    pub room: RoomName,
    /// Keep running, and show new events.
    pub follow: bool,
    /// Only lines after this one.
    pub after: Option<u64>,
    /// Only lines before this one.
    pub before: Option<u64>,
    /// The number of lines: the last ones, or the first ones after `after`.
    pub limit: Option<u64>,
    /// Print the ID before each line.
    pub ids: bool,
    /// Print one JSON object per line.
    pub json: bool,
}

/// Shows it.
///
/// # Errors
/// See [`Failure`].
pub async fn log(target: Target, mut log: Log) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    log.room = meant(&mut runner, log.room).await?;
    let shown = if log.follow { follow(&mut runner, &log).await } else { past(&mut runner, &log).await };
    runner.finish().await;
    shown.map(|()| ExitCode::Ok)
}

async fn past(runner: &mut Runner, log: &Log) -> Result<(), Failure> {
    match log.after {
        Some(after) => forward(runner, log, after).await,
        None => backward(runner, log).await,
    }
}

/// Shows an event. A program gets one line per event. At a terminal each line of a text has its own row.
fn show(out: &mut Out, log: &Log, event: &Event) -> Result<(), Failure> {
    if log.json {
        return out.line(&event_json(event));
    }
    let shown = if std::io::stdout().is_terminal() { event_rows(event, usize::MAX) } else { event_line(event) };
    out.line(&if log.ids { with_id(event, &shown) } else { shown })
}

/// Shows lines from a position on, page by page.
async fn forward(runner: &mut Runner, log: &Log, mut after: u64) -> Result<(), Failure> {
    let mut out = Out::new();
    let mut left = log.limit.unwrap_or(u64::MAX);
    loop {
        let page = page(runner, &log.room, HistoryPage::After(after), u64::from(HISTORY_LIMIT_MAX)).await?;
        for (event, _) in &page.events {
            if left == 0 || log.before.is_some_and(|before| event.seq >= before) {
                return Ok(());
            }
            after = event.seq;
            if event.body.target().is_none() {
                show(&mut out, log, event)?;
                left = left.saturating_sub(1);
            }
        }
        if !page.more || page.events.is_empty() {
            return Ok(());
        }
    }
}

/// Shows the last lines, of all or before one. They are read backwards, so all of them are kept in memory.
async fn backward(runner: &mut Runner, log: &Log) -> Result<(), Failure> {
    let wanted = usize::try_from(log.limit.unwrap_or(LOG_HISTORY)).unwrap_or(usize::MAX);
    let mut lines: VecDeque<Event> = VecDeque::new();
    let mut which = log.before.map_or(HistoryPage::Last, HistoryPage::Before);
    while lines.len() < wanted {
        let page = page(runner, &log.room, which, wanted.saturating_sub(lines.len()) as u64).await?;
        let Some(first) = page.events.first().map(|(event, _)| event.seq) else { break };
        for (event, _) in page.events.into_iter().rev().filter(|(event, _)| event.body.target().is_none()) {
            lines.push_front(event);
        }
        if !page.more {
            break;
        }
        which = HistoryPage::Before(first);
    }
    let mut out = Out::new();
    lines.iter().skip(lines.len().saturating_sub(wanted)).try_for_each(|event| show(&mut out, log, event))
}

async fn follow(runner: &mut Runner, log: &Log) -> Result<(), Failure> {
    let from = match log.after {
        Some(seq) => OpenFrom::After(seq),
        None => OpenFrom::Last(log.limit.unwrap_or(LOG_HISTORY)),
    };
    runner.command(Command::OpenRoom { room: log.room.clone(), from });
    let mut out = Out::new();
    let mut amended = Amended::default();
    loop {
        // `--follow` waits for as long as it takes.
        if let ConnectionState::SignedOut { why } = runner.client().connection() {
            return Err(Failure::refused(wardroom_protocol::visible::visible(&why).into_owned()));
        }
        match runner.next().await {
            // A program gets every event unchanged.
            Effect::Event(event) if log.json || amended.is_news(&event) => show(&mut out, log, &event)?,
            Effect::Failed { operation: Operation::Open(_), error } => return refused(error),
            Effect::Reset { .. } => say("wardroom: the room was reset; showing it again"),
            Effect::Disconnected { why } => say(&format!("wardroom: {why}; retrying")),
            _ => {}
        }
    }
}
