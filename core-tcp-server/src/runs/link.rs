//! A connected host: its welcome, then its reports about its runs. Output is accepted at once and written in the
//! background; the ends of runs are recorded in the background too, so that one slow run delays no other.
//!
//! Any inconsistency (a gap, an unknown descriptor, more than the window) closes the connection. The host reconnects,
//! and its next welcome says from which offset each run is wanted. That is the only way in which the two synchronize.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{
    ErrAnswer, Exit, HostAck, HostDetached, HostEnded, HostForget, HostFrom, HostHello, HostOutput, HostWelcome,
    Incoming, Pong, SANDBOXES,
};
use wardroom_protocol::{Code, Frame, Request, RunId, ServerMessage};

use super::hosts::{Entered, HostIdentity, Link};
use super::last_status::LastStatus;
use super::log::Appended;
use super::returned::{self, Returned};
use super::run::{Phase, Run};
use super::spec::check_size;
use super::terminal::Terminal;
use super::{detached, end, pump, registry, tick};
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::{HOST_SPOOL_BYTES_MAX, HOST_WINDOW_BYTES, ISOLATION_BYTES_MAX};
use crate::sender::ConnectionSender;
use crate::state::State;

/// Why a host's connection is closed, in the form that is sent to the host.
type Violation = Box<ErrAnswer>;

/// A welcomed host. Dropping this disconnects it.
pub struct Attached {
    state: Arc<State>,
    sender: Arc<ConnectionSender>,
    who: HostIdentity,
    returned: Returned,
}

impl Attached {
    /// Welcomes a host. If another process is connected under its name, that one is asked whether it is alive.
    ///
    /// # Errors
    /// `conflict` if the other process is alive; `unauthorized` if the host was removed meanwhile; if there are too many
    /// hosts, or the store fails.
    pub async fn new(
        state: &Arc<State>,
        sender: &Arc<ConnectionSender>,
        who: HostIdentity,
        hello: HostHello,
    ) -> Result<Self, Error> {
        registry::come(state, &who, &hello).await?;
        let returned = returned::find(state, &who.name, &hello).await?;
        let mut over = Vec::new();
        let isolation = hello.isolation.clone().filter(|level| is_level(level));
        let spool = hello.spool.clone().filter(|id| id.len() <= HOST_SPOOL_BYTES_MAX);
        let link = Link {
            sender: Arc::clone(sender),
            instance: hello.instance.clone(),
            isolation,
            sandbox: hello.sandbox.iter().filter(|name| SANDBOXES.contains(&name.as_str())).cloned().collect(),
            spool,
            status: LastStatus::default(),
        };
        let mut dead = None;
        loop {
            let welcome = || welcome(state, &who.name, &hello, &returned, &mut over);
            match state.runs.hosts.enter(&who, link.clone(), dead.as_ref(), welcome) {
                Entered::Welcomed => break,
                Entered::Removed => return Err(registry::removed()),
                // Twice dead: a third process has taken the name meanwhile, and may keep it.
                Entered::Taken(other) if dead.is_some() || registry::answers(&other).await => {
                    let name = &who.name;
                    let msg = format!(
                        "another process is connected as the host {name}: stop it, or give this one a token of its own"
                    );
                    return Err(Error::conflict(msg));
                }
                Entered::Taken(other) => dead = Some(other),
            }
        }
        tracing::info!(host = who.name, runs = hello.runs.len(), over = over.len(), "a host has come");
        for (run, exit) in over {
            end::end_here(state, &run, exit);
        }
        Ok(Self { state: Arc::clone(state), sender: Arc::clone(sender), who, returned })
    }

    /// The host's name.
    pub fn name(&self) -> &str {
        &self.who.name
    }

    /// Returns false once a newer connection uses its name.
    pub fn is_current(&self) -> bool {
        self.state.runs.hosts.is_current(&self.who.name, &self.sender)
    }

    /// Handles a frame from the host.
    ///
    /// # Errors
    /// The message for the host before its connection is closed.
    pub fn take(&self, frame: Frame) -> Result<(), Violation> {
        handle(&self.state, &self.who.name, &self.sender, &self.returned, frame)
    }

    /// Called at the end of the connection: records when the host went.
    pub async fn left(self) {
        if self.state.runs.hosts.leave(&self.who.name, &self.sender, now_ms()) {
            registry::gone(&self.state, &self.who.name).await;
        }
    }

    /// Runs once a second: retries failed writes and ends that the store refused, and records starts that the store
    /// does not know yet. Short runs end before this, so they cost no third commit.
    pub async fn tick(&self) {
        tick::tick(&self.state, &self.who.name).await;
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.state.runs.hosts.leave(&self.who.name, &self.sender, now_ms());
        tracing::info!(host = self.who.name, "a host is gone");
    }
}

/// The answer to a host that sent something that is not a frame.
pub fn bad_frame(error: &str) -> Violation {
    violation(Code::BadFrame, error.to_owned(), None)
}

/// Returns the first frames for a host: from which offset each run is wanted, then what to start and what to type.
/// Runs that the host should have but does not are added to `over`, with their ends; those that were lost before and that
/// it has after all (`returned`) are stopped.
fn welcome(
    state: &State,
    host: &str,
    hello: &HostHello,
    returned: &Returned,
    over: &mut Vec<(Arc<Run>, Exit)>,
) -> Vec<Bytes> {
    let held: HashMap<RunId, u64> = hello.runs.iter().map(|run| (run.run, run.input)).collect();
    let mut wanted = Vec::new();
    let mut again = Vec::new();
    let mut elsewhere = 0;
    for run in state.runs.of_host(host) {
        let input = held.get(&run.record.id).copied();
        let is_held = input.is_some();
        if !is_held && !run.is_in(hello.spool.as_deref()) {
            // It is in another spool, whose host may return.
            elsewhere += 1;
            continue;
        }
        let mut life = run.life();
        match life.phase {
            // The host is told right after the commit.
            Phase::Committing => continue,
            Phase::Committed if is_held => life.begin(),
            Phase::Committed if run.record.is_this_boot => match life.order(&run.record) {
                Some(order) => {
                    again.push(encode(Number::None, &order));
                    again.extend(run.keyboard.iter().flat_map(|keyboard| keyboard.resume(0)));
                }
                None => {
                    let why = "the server was restarted before the host had it, and the values of its variables are \
                               on no record: run it again";
                    over.push((Arc::clone(&run), Exit::Failed { failed: why.to_owned() }));
                }
            },
            Phase::Committed => {
                let why = "the server was started anew, and it is not known whether it had begun";
                over.push((Arc::clone(&run), Exit::Lost { lost: why.to_owned() }));
            }
            Phase::Started if !is_held => {
                let why = "its host does not know it any more";
                over.push((Arc::clone(&run), Exit::Lost { lost: why.to_owned() }));
            }
            Phase::Started | Phase::Ending | Phase::EndRefused => {}
        }
        if let Some(input) = input {
            wanted.push(HostFrom { run: run.record.id, from: run.log.written() });
            again.extend(run.keyboard.iter().flat_map(|keyboard| keyboard.resume(input)));
            again.extend(run.log.terminal.iter().flat_map(Terminal::last_replies));
        }
    }
    wanted.extend(returned.iter().copied().map(returned::no_output));
    again.extend(returned.iter().copied().filter_map(returned::stop));
    if elsewhere > 0 {
        tracing::warn!(host, runs = elsewhere, "a host has come with a new spool: runs of the former one wait for it");
    }
    let mut frames =
        vec![encode(Number::None, &HostWelcome { host: host.to_owned(), runs: wanted, window: HOST_WINDOW_BYTES })];
    frames.append(&mut again);
    frames
}

/// Returns true for a word that may name a level of isolation. Hosts may know levels that this core does not.
fn is_level(word: &str) -> bool {
    (1..=ISOLATION_BYTES_MAX).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

fn handle(
    state: &Arc<State>,
    host: &str,
    sender: &Arc<ConnectionSender>,
    returned: &Returned,
    frame: Frame,
) -> Result<(), Violation> {
    let request = match Request::parse(&frame) {
        Ok(Incoming { request, .. }) => request,
        Err(bad) if bad.code == Code::UnknownType => {
            refused(state, host, frame);
            return Ok(());
        }
        Err(bad) => return Err(violation(bad.code, bad.msg, None)),
    };
    match request {
        Request::Pong(_) => {}
        Request::Ping(ping) => sender.tell(encode(Number::None, &Pong { n: ping.n })),
        Request::HostStarted(started) => match state.runs.on_host(host, started.run) {
            Some(run) => run.set_started(),
            None if returned.contains(&started.run) => {}
            None => forget(sender, started.run),
        },
        Request::HostOutput(output) => return take_output(state, host, sender, output, &frame.body),
        Request::HostStatus(status) => state.runs.hosts.note(host, status),
        Request::HostInputAck(ack) => match state.runs.on_host(host, ack.run) {
            Some(run) => run.keyboard.iter().for_each(|keyboard| keyboard.ack(ack.off)),
            None if returned.contains(&ack.run) => {}
            None => forget(sender, ack.run),
        },
        Request::HostDetached(HostDetached { run, detached }) => match state.runs.on_host(host, run) {
            Some(run) => detached::note(state, &run, detached),
            None if returned.contains(&run) => {}
            None => forget(sender, run),
        },
        Request::HostEnded(ended) => match state.runs.on_host(host, ended.run) {
            Some(run) => return take_end(state, &run, ended),
            None if returned.contains(&ended.run) => returned::ended(state, host, sender, ended),
            None => forget(sender, ended.run),
        },
        _ => sender.tell(encode(Number::None, &Error::forbidden("a host does not ask for this").answer(None))),
    }
    Ok(())
}

fn take_output(
    state: &Arc<State>,
    host: &str,
    sender: &ConnectionSender,
    output: HostOutput,
    body: &[u8],
) -> Result<(), Violation> {
    let HostOutput { run: id, fd, off, size, .. } = output;
    let Some(run) = state.runs.on_host(host, id) else {
        forget(sender, id);
        return Ok(());
    };
    if !matches!(fd, 1 | 2) {
        return Err(violation(Code::BadRequest, "fd is 1 or 2".to_owned(), Some(id)));
    }
    if size.is_some_and(|size| check_size(size).is_err() || run.log.terminal.is_none()) {
        return Err(violation(Code::BadRequest, "this size is not one of a terminal".to_owned(), Some(id)));
    }
    run.set_started();
    let (log, upto) = (&run.log, off.saturating_add(body.len() as u64));
    if upto > log.written().saturating_add(HOST_WINDOW_BYTES) {
        return Err(violation(Code::TooLarge, "output beyond the window".to_owned(), Some(id)));
    }
    if upto > run.record.order.output_bytes_max {
        end::overrun(state, &run);
        return Ok(());
    }
    // Nothing is new once the run is over, because its length is recorded.
    let is_over = matches!(run.life().phase, Phase::Ending | Phase::EndRefused);
    let appended = if is_over { Appended::Old { written: log.written() } } else { log.append(fd, off, size, body) };
    match appended {
        Appended::New { starts_pump: true } => pump::start(state, &run),
        Appended::New { starts_pump: false } => {}
        // Otherwise the pump acknowledges it once it is written.
        Appended::Old { written } if written >= upto => {
            sender.tell(encode(Number::None, &HostAck { run: id, off: written }));
        }
        Appended::Old { .. } => {}
        Appended::Gap { wanted } => return Err(gap(id, wanted)),
    }
    Ok(())
}

fn take_end(state: &Arc<State>, run: &Arc<Run>, ended: HostEnded) -> Result<(), Violation> {
    let head = run.log.head();
    // A host that has less than it sent lost its spool in a power failure; what is stored here is kept.
    if ended.bytes > head {
        return Err(gap(ended.run, head));
    }
    end::ended(state, run, ended);
    Ok(())
}

/// Handles an `err` from a host that cannot even hold a run: the run was not started and will not be.
fn refused(state: &Arc<State>, host: &str, frame: Frame) {
    let Ok(ServerMessage::Err(error)) = ServerMessage::parse(frame) else { return };
    let run = error.run.and_then(|id| state.runs.on_host(host, id));
    tracing::warn!(host, run = ?error.run, msg = error.msg, "a host refused something");
    let Some(run) = run else { return };
    let is_start = run.life().phase == Phase::Committed && matches!(error.code, Some(Code::Busy | Code::Internal));
    if is_start {
        end::ended(state, &run, end::without_output(&run, Exit::Failed { failed: error.msg }));
    }
}

fn forget(sender: &ConnectionSender, run: RunId) {
    sender.tell(encode(Number::None, &HostForget { run }));
}

fn gap(run: RunId, wanted: u64) -> Violation {
    Box::new(ErrAnswer { off: Some(wanted), ..*violation(Code::Conflict, "output has a gap".to_owned(), Some(run)) })
}

fn violation(code: Code, msg: String, run: Option<RunId>) -> Violation {
    Box::new(ErrAnswer { code: Some(code), msg, run, ..ErrAnswer::default() })
}
