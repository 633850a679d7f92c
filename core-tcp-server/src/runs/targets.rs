//! On which hosts a command is to run: one by name, several, or all with a label. All of them must be there, or nothing
//! is started.

use std::collections::BTreeSet;

use wardroom_protocol::Code;
use wardroom_protocol::limits::RUN_HOSTS_MAX;
use wardroom_protocol::messages::RunStart;

use super::hosts::{Hosts, LOCAL, Link};
use crate::error::Error;

/// Returns the names of the hosts that a request means, in its order; those with a label by name.
///
/// # Errors
/// `bad_request`, `not_found` (no host has the label), `too_large` (too many hosts).
pub(super) fn names(hosts: &Hosts, start: &RunStart) -> Result<Vec<String>, Error> {
    let ways = [start.host.is_some(), !start.hosts.is_empty(), !start.label.is_empty()];
    if ways.into_iter().filter(|is_used| *is_used).count() > 1 {
        return Err(Error::bad_request("run.start takes one of host, hosts and label"));
    }
    let names = if !start.label.is_empty() {
        let all = hosts.all().into_iter();
        let is_meant = |labels: &std::collections::BTreeMap<String, String>| {
            start.label.iter().all(|(key, value)| labels.get(key) == Some(value))
        };
        let meant: Vec<String> = all.filter(|info| is_meant(&info.labels)).map(|info| info.host).collect();
        if meant.is_empty() {
            let label: Vec<_> = start.label.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let label = label.join(" ");
            return Err(Error::not_found(format!("no host has the label {label}: wardroom hosts shows their labels")));
        }
        meant
    } else if start.hosts.is_empty() {
        vec![start.host.clone().unwrap_or_else(|| LOCAL.to_owned())]
    } else {
        start.hosts.clone()
    };
    if names.len() > RUN_HOSTS_MAX {
        return Err(Error::too_large("a command runs on at most 32 hosts at once: name fewer"));
    }
    let different: BTreeSet<&String> = names.iter().collect();
    if different.len() < names.len() {
        return Err(Error::bad_request("a host is named twice: name each once"));
    }
    if names.len() > 1 && (start.stdin || start.tty.is_some()) {
        return Err(Error::bad_request("a command with input or a terminal runs on one host"));
    }
    Ok(names)
}

/// Returns the connections of these hosts.
///
/// # Errors
/// `busy` with the names of those that are away; `not_found` if one does not exist.
pub(super) fn links(hosts: &Hosts, names: &[&str]) -> Result<Vec<Link>, Error> {
    let mut links = Vec::new();
    let mut away: Vec<(&str, Error)> = Vec::new();
    for name in names {
        match hosts.link(name) {
            Ok(link) => links.push(link),
            Err(error) if error.code == Code::Busy => away.push((name, error)),
            Err(error) => return Err(error),
        }
    }
    match (away.len(), names.len()) {
        (0, _) => Ok(links),
        (_, 1) => Err(away.remove(0).1),
        _ => {
            let away: Vec<&str> = away.iter().map(|(name, _)| *name).collect();
            let msg = format!("nothing was started, since these hosts are away: {}; name the others", away.join(", "));
            Err(Error::busy(msg, 2_000))
        }
    }
}
