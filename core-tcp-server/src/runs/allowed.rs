//! Whether somebody may start this: on each of its hosts, as what it is. Asked when it is requested, again in the
//! transaction that records it, and for a proposal also when it is approved.

use std::sync::Arc;

use wardroom_protocol::messages::{Level, Right};

use super::record::Intent;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;

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

/// Checks whether a member may approve or refuse what is proposed for these hosts.
///
/// # Errors
/// As [`check`].
pub(super) fn check_approval(state: &State, by: &Member, room: &Arc<Room>, hosts: &[String]) -> Result<(), Error> {
    hosts.iter().try_for_each(|host| by.may(state.ruled(), Right::Approve, room, host).map(drop))
}
