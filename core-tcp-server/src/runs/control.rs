//! What members do to any open run: send signals, and end it.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{HostSignal, RunSignal};

use super::hosts::Link;
use super::list;
use super::run::Run;
use crate::error::Error;
use crate::policy::Member;
use crate::state::State;

/// Sends a signal to a run. It is recorded before the host is told.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict` (the run is over), `busy` (its host is away; the run continues there).
pub async fn signal(state: &Arc<State>, member: &Member, signal: RunSignal) -> Result<(), Error> {
    let by = member.clone();
    let run = open_run(state, member, signal.run).await?;
    check_may_end(state, member, &run)?;
    let link = link_of(state, &run)?;
    let name = by.user.name.clone();
    let (subject, detail) = (signal.run.to_string(), format!("r{} {}", run.record.n, signal.signal.as_str()));
    state.store.write(move |tx| tx.audit(by.user.name.as_str(), &by.address, "run.signal", &subject, &detail)).await?;
    tell(&link, &run, encode(Number::None, &HostSignal { run: signal.run, signal: signal.signal, by: name }))
}

/// Checks who ends a run: who started it, even if that was a named command, or an operator. The role in the room may have
/// changed since.
///
/// # Errors
/// `not_found` (the room), `forbidden`
pub(super) fn check_may_end(state: &State, member: &Member, run: &Run) -> Result<(), Error> {
    let room = member.active(&state.rooms, &run.record.room_name)?.room;
    member.may_end(run.record.by, &room)
}

/// Returns an open run in a room that this member may read.
///
/// # Errors
/// `not_found`; `conflict` if it is over.
pub(super) async fn open_run(state: &Arc<State>, member: &Member, id: RunId) -> Result<Arc<Run>, Error> {
    match state.runs.find(id) {
        Some(run) => {
            list::check_readable(state, member, run.record.room)?;
            Ok(run)
        }
        None => {
            list::get(state, member, id).await?;
            Err(Error::conflict("this run is over"))
        }
    }
}

fn link_of(state: &State, run: &Run) -> Result<Link, Error> {
    state.runs.hosts.with(run, |link| link.cloned()).ok_or_else(|| away(run))
}

fn tell(link: &Link, run: &Run, frame: Bytes) -> Result<(), Error> {
    if link.sender.is_closing() {
        return Err(away(run));
    }
    link.sender.tell(frame);
    Ok(())
}

/// The refusal of what only a connected host can do.
pub(super) fn away(run: &Run) -> Error {
    let (host, n) = (&run.record.host, run.record.n);
    let msg = format!(
        "the host {host} is away, and the run goes on there: try again when it is back; if it never returns, \
         declare the run lost with /lose r{n} or wardroom stop --lost r{n}"
    );
    Error::busy(msg, 2_000)
}
