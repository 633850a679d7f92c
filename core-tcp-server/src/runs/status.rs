//! The list of hosts, and how they are: load and disk. Hosts are asked when somebody wants to know, and otherwise say
//! nothing, so that a quiet server stays quiet.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{HostInfo, HostList, HostListed, HostLook, Right};

use super::hosts::Link;
use crate::answer::page;
use crate::error::Error;
use crate::limits::HOST_STATUS_WAIT_MS;
use crate::policy::Member;
use crate::state::State;

/// Asks a host how it is, unless it has said so just now. Waits for its answer until `deadline`; an older host gives none.
async fn look(link: Link, deadline: Instant) {
    let status = link.status;
    if status.current().is_some() {
        return;
    }
    let news = status.next();
    link.sender.tell(encode(Number::None, &HostLook {}));
    drop(timeout_at(deadline, news).await);
}

/// Returns the hosts with the number of their open runs and how they are, as many as fit in a line. For operators, and
/// for members whom a rule names: they choose among hosts, too.
///
/// # Errors
/// `forbidden`
pub async fn list_hosts(state: &State, member: &Member, list: &HostList) -> Result<HostListed, Error> {
    let is_ruled = state.rules.users(Right::Run).contains(&member.user.id) && member.speaker().is_ok();
    if !is_ruled {
        member.operator()?;
    }
    let is_operator = member.operator().is_ok();
    let rooms = state.rooms.joined_by(member.user.id);
    // Members learn of hosts on which they may run something, and of no others.
    let may_know =
        |host: &str| is_operator || rooms.iter().any(|room| member.has(&state.rules, Right::Run, room, Some(host)));
    let deadline = Instant::now() + Duration::from_millis(HOST_STATUS_WAIT_MS);
    let looks = state.runs.hosts.links().into_iter().map(|link| look(link, deadline));
    let mut looks: tokio::task::JoinSet<()> = looks.collect();
    while looks.join_next().await.is_some() {}
    let one = |info: HostInfo| HostInfo { runs: state.runs.count_on(&info.host) as u64, ..info };
    let all = state.runs.hosts.all().into_iter();
    let all = all.filter(|info| may_know(&info.host));
    let (hosts, more) = page(all.filter(|info| list.after.as_ref().is_none_or(|after| info.host > *after)).map(one));
    Ok(HostListed { hosts, more })
}
