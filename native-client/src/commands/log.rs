//! `wardroom log ROOM`: what stands in a room, and with `--follow` what comes.

use wardroom_client_core::{Command, Effect, Link, OpenFrom, Subject};
use wardroom_protocol::RoomName;

use super::out::say;
use super::{Out, Patience, refused};
use crate::exit::{ExitCode, Failure};
use crate::limits::LOG_HISTORY;
use crate::runner::{Runner, Target};
use crate::text::{event_json, event_line};

/// What to show.
#[derive(Clone, Debug)]
pub struct Log {
    /// The room.
    pub room: RoomName,
    /// Stay, and show what comes.
    pub follow: bool,
    /// Begin after this line.
    pub after: Option<u64>,
    /// Or with so many of the last ones.
    pub last: Option<u64>,
    /// One JSON object a line.
    pub json: bool,
}

/// Shows it.
///
/// # Errors
/// See [`Failure`].
pub async fn log(target: Target, log: Log) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let from = match (log.after, log.last) {
        (Some(seq), _) => OpenFrom::After(seq),
        (None, last) => OpenFrom::Last(last.unwrap_or(LOG_HISTORY)),
    };
    runner.command(Command::OpenRoom { room: log.room.clone(), from });
    let mut out = Out::new();
    let mut patience = Patience::default();
    let mut is_reset = false;
    loop {
        let effect = if log.follow { follow(&mut runner).await? } else { patience.next(&mut runner).await? };
        match effect {
            // A position that the server does not have (any more): the lines that follow it do not exist.
            Effect::Reset { .. } if log.after.is_some() && !is_reset => {
                is_reset = true;
                if !log.follow {
                    say("wardroom: the room has no such line yet, or is another one by now; nothing comes after it");
                    break;
                }
            }
            Effect::Event(event) if log.json => out.line(&event_json(&event))?,
            Effect::Event(event) => out.line(&event_line(&event))?,
            Effect::Live { .. } if !log.follow => break,
            Effect::Failed { subject: Subject::Open(_), refusal } => return refused(refusal),
            Effect::Lost { why } if log.follow => say(&format!("wardroom: {why}; trying again")),
            _ => {}
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

/// Who follows waits for as long as it takes.
async fn follow(runner: &mut Runner) -> Result<Effect, Failure> {
    if let Link::SignedOut { why } = runner.client().link() {
        return Err(Failure::refused(wardroom_protocol::visible::visible(&why).into_owned()));
    }
    Ok(runner.next().await)
}
