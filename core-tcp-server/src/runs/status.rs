//! The list of hosts, and how they are: load and disk. Hosts are asked when somebody wants to know, and otherwise say
//! nothing, so that a quiet server stays quiet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{HostInfo, HostList, HostListed, HostLook, HostStatus};

use super::hosts::Link;
use crate::answer::page;
use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::limits::{HOST_STATUS_MS, HOST_STATUS_WAIT_MS};
use crate::policy::Member;
use crate::state::State;

/// What a connected host has said about itself last.
#[derive(Clone, Debug)]
pub(super) struct LastStatus(Arc<watch::Sender<Option<Said>>>);

#[derive(Clone, Copy, Debug)]
struct Said {
    status: HostStatus,
    at_ms: u64,
}

impl Default for LastStatus {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl LastStatus {
    /// Notes what the host has said.
    pub(super) fn note(&self, status: HostStatus) {
        self.0.send_replace(Some(Said { status, at_ms: monotonic_ms() }));
    }

    fn is_new(said: Option<&Said>) -> bool {
        said.is_some_and(|said| monotonic_ms().saturating_sub(said.at_ms) < HOST_STATUS_MS)
    }

    /// Returns it, unless it is too old to mean anything.
    pub(super) fn current(&self) -> Option<HostStatus> {
        self.0.borrow().as_ref().filter(|said| Self::is_new(Some(said))).map(|said| said.status)
    }
}

/// Asks a host how it is, unless it has said so just now. Waits for its answer until `deadline`; an older host gives none.
async fn look(link: Link, deadline: Instant) {
    let mut said = link.status.0.subscribe();
    if LastStatus::is_new(said.borrow().as_ref()) {
        return;
    }
    link.sender.tell(encode(Number::None, &HostLook {}));
    drop(timeout_at(deadline, said.wait_for(|said| LastStatus::is_new(said.as_ref()))).await);
}

/// Returns the hosts with the number of their open runs and how they are, as many as fit in a line.
///
/// # Errors
/// `forbidden`
pub async fn list_hosts(state: &State, member: &Member, list: &HostList) -> Result<HostListed, Error> {
    member.operator()?;
    let deadline = Instant::now() + Duration::from_millis(HOST_STATUS_WAIT_MS);
    let looks = state.runs.hosts.links().into_iter().map(|link| look(link, deadline));
    let mut looks: tokio::task::JoinSet<()> = looks.collect();
    while looks.join_next().await.is_some() {}
    let one = |info: HostInfo| HostInfo { runs: state.runs.count_on(&info.host) as u64, ..info };
    let all = state.runs.hosts.all().into_iter();
    let (hosts, more) = page(all.filter(|info| list.after.as_ref().is_none_or(|after| info.host > *after)).map(one));
    Ok(HostListed { hosts, more })
}
