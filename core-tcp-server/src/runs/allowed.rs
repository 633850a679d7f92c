//! Whether somebody may start this: on each of its hosts, as what it is. Asked when it is requested, again in the
//! transaction that records it, and for a proposal also when it is approved.

use std::sync::Arc;

use wardroom_protocol::Code;
use wardroom_protocol::messages::{Level, Right};

use super::record::Intent;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;

/// Hosts in a refusal: as many as somebody reads.
const HOSTS_SHOWN_MAX: usize = 5;

/// Checks an intent for its author.
///
/// # Errors
/// `not_found` (the room), `forbidden`, `conflict` (the room is archived).
pub(super) fn check(state: &State, intent: &Intent) -> Result<(), Error> {
    let ruled = state.ruled();
    for lane in &intent.lanes {
        let host = lane.order.host.as_str();
        match &intent.command {
            Some(command) => {
                let allow = intent.allow.unwrap_or(Level::Nobody);
                intent.by.may_run_named(ruled, &intent.room, host, (command.name.as_str(), allow))?;
            }
            None => drop(intent.by.may(ruled, Right::Run, &intent.room, host)?),
        }
    }
    Ok(())
}

/// Adds to the refusal of an unknown host those that the author may use in the room. Who runs a named command, whose host
/// is not theirs to choose, learns of none.
pub(super) fn with_hosts(state: &State, intent: &Intent, error: Error) -> Error {
    if error.code != Code::NotFound || intent.command.is_some() {
        return error;
    }
    let may_use = |host: &String| intent.by.has(&state.rules, Right::Run, &intent.room, Some(host));
    let mut names: Vec<String> = state.runs.hosts.all().into_iter().map(|info| info.host).filter(may_use).collect();
    if names.is_empty() {
        return error;
    }
    if names.len() > HOSTS_SHOWN_MAX {
        names.truncate(HOSTS_SHOWN_MAX);
        names.push("\u{2026}".to_owned());
    }
    Error { msg: format!("{}: {}", error.msg, names.join(", ")).into(), ..error }
}

/// Checks whether a member may approve or refuse what is proposed for these hosts.
///
/// # Errors
/// As [`check`].
pub(super) fn check_approval(state: &State, by: &Member, room: &Arc<Room>, hosts: &[String]) -> Result<(), Error> {
    hosts.iter().try_for_each(|host| by.may(state.ruled(), Right::Approve, room, host).map(drop))
}
