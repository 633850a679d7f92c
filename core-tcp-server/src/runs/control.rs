//! What members do to an open run: send signals, send standard input, and end it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode, encode_with_body};
use wardroom_protocol::messages::{ErrAnswer, HostEof, HostInput, HostSignal, RunEof, RunInput, RunSignal};

use super::hosts::Link;
use super::list;
use super::run::Run;
use crate::error::Error;
use crate::limits::INPUT_WAIT_MS;
use crate::policy::Member;
use crate::rooms::Room;
use crate::sender::ConnectionSender;
use crate::state::State;

/// Sends a signal to a run. It is recorded before the host is told.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict` (the run is over), `busy` (its host is away; the run continues there).
pub async fn signal(state: &Arc<State>, member: &Member, signal: RunSignal) -> Result<(), Error> {
    let by = member.operator()?.member().clone();
    let run = open_run(state, member, signal.run).await?;
    // Also checked here because the room may have been archived meanwhile.
    member.active(&state.rooms, &run.record.room_name)?;
    let link = link_of(state, &run)?;
    let name = by.user.name.clone();
    let (subject, detail) = (signal.run.to_string(), format!("r{} {}", run.record.n, signal.signal.as_str()));
    state.store.write(move |tx| tx.audit(by.user.name.as_str(), &by.address, "run.signal", &subject, &detail)).await?;
    tell(&link, &run, encode(Number::None, &HostSignal { run: signal.run, signal: signal.signal, by: name }))
}

/// Ends a run's standard input.
///
/// # Errors
/// See [`send_input`].
pub async fn eof(state: &Arc<State>, member: &Member, eof: RunEof) -> Result<(), Error> {
    let (run, _, link) = typing(state, member, eof.run).await?;
    tell(&link, &run, encode(Number::None, &HostEof { run: eof.run, off: eof.off }))
}

/// Like [`send_input`], for the wire: only refusals are answered.
pub async fn input(state: &Arc<State>, member: &Member, sender: &Arc<ConnectionSender>, input: RunInput, body: Bytes) {
    if let Err(error) = send_input(state, member, input.run, body).await {
        let answer = ErrAnswer { run: Some(input.run), ..error.answer(None) };
        sender.tell(encode(Number::None, &answer));
    }
}

/// Sends bytes to a run's standard input. Waits while the maximum is on its way to the host. Meanwhile the sender's
/// connection is not read, so that nothing piles up here.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict` (the run is over or reads no input), `busy` (its host is away or too slow).
async fn send_input(state: &Arc<State>, member: &Member, run: RunId, bytes: Bytes) -> Result<(), Error> {
    let (run, room, link) = typing(state, member, run).await?;
    let wait = Duration::from_millis(INPUT_WAIT_MS);
    let permit = tokio::time::timeout(wait, Arc::clone(&link.input).acquire_owned()).await;
    let Ok(Ok(permit)) = permit else {
        return Err(Error::busy("the run's host takes no more input now", INPUT_WAIT_MS));
    };
    // Checked again, because the wait may have been long.
    member.may_write(&room, run.record.by)?;
    let input = HostInput { run: run.record.id, off: 0, len: bytes.len() as u64 };
    let frame = encode_with_body(Number::None, &input, &bytes);
    tell(&link, &run, Bytes::from_owner(PermitFrame { frame, _permit: permit }))
}

/// A frame that returns its permit when it has been written, or dropped with its connection.
struct PermitFrame {
    frame: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for PermitFrame {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

/// Returns a run that this member may write to, its room, and the link to its host.
async fn typing(state: &Arc<State>, member: &Member, run: RunId) -> Result<(Arc<Run>, Arc<Room>, Link), Error> {
    let run = open_run(state, member, run).await?;
    let room = list::check_readable(state, member, run.record.room)?;
    member.may_write(&room, run.record.by)?;
    if !run.record.order.stdin {
        return Err(Error::conflict("this run reads nothing: it was started without stdin"));
    }
    let link = link_of(state, &run)?;
    Ok((run, room, link))
}

/// Returns an open run in a room that this member may read.
async fn open_run(state: &Arc<State>, member: &Member, id: RunId) -> Result<Arc<Run>, Error> {
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
    state.runs.hosts.link(&run.record.host).map_err(|_| away(run))
}

fn tell(link: &Link, run: &Run, frame: Bytes) -> Result<(), Error> {
    if link.sender.is_closing() {
        return Err(away(run));
    }
    link.sender.tell(frame);
    Ok(())
}

fn away(run: &Run) -> Error {
    let host = &run.record.host;
    Error::busy(format!("the host {host} is away, and the run goes on there: try again when it is back"), 2_000)
}
