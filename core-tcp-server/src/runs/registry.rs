//! Which hosts there are: how admins add and remove them, and how a host proves which one it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::params;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{HostAdd, HostAdded, HostHello, HostRemove, Ping};

use super::end;
use super::hosts::{HostIdentity, Known, LOCAL, Link};
use super::spec::is_host_name;
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::{
    HOST_PROBE_MS, HOST_PROBES, HOST_TOKEN_BYTES, HOST_VERSION_CHARS_MAX, LABEL_BYTES_MAX, LABELS_MAX,
};
use crate::policy::Member;
use crate::secrets::{are_equal, derived_hex, random_hex, token_hash};
use crate::state::State;
use crate::store::Tx;

/// Returns who a host is, by its token or by the key that all hosts of this machine share.
///
/// # Errors
/// `unauthorized`, with what to do; `bad_request` for a name that is none.
pub fn identify(state: &State, hello: &HostHello, is_local: bool) -> Result<HostIdentity, Error> {
    if let Some(token) = &hello.token {
        let token = token_hash(token);
        let name = state.runs.hosts.with_token(&token);
        let name = name.ok_or_else(|| Error::unauthorized("this token is void: wardroom admin host add makes one"))?;
        return Ok(HostIdentity { name, token: Some(token) });
    }
    let (Some(key), Some(name)) = (&hello.key, &hello.host) else {
        return Err(Error::unauthorized("a host has a token, from wardroom admin host add: see --token-file"));
    };
    if !is_local {
        let msg = "the host key is accepted on the unix socket only: \
                   make a token with wardroom admin host add, and use --token-file";
        return Err(Error::unauthorized(msg));
    }
    if !are_equal(key, &state.keys.host) {
        return Err(Error::unauthorized("this is not the host key: see --key-file"));
    }
    check_name(name)?;
    if state.runs.hosts.known(name).is_some_and(|known| known.token.is_some()) {
        return Err(Error::unauthorized(format!("the host {name} has a token: start it with --token-file")));
    }
    Ok(HostIdentity { name: name.clone(), token: None })
}

/// Records that a host has come, and its version.
///
/// # Errors
/// `too_large` if as many hosts are known as may be; or if the store fails.
pub(super) async fn come(state: &State, who: &HostIdentity, hello: &HostHello) -> Result<(), Error> {
    let known = state.runs.hosts.known(&who.name);
    if known.is_none() && who.token.is_some() {
        return Err(removed());
    }
    let is_new = known.is_none();
    if is_new && !state.runs.hosts.has_room() {
        return Err(too_many());
    }
    let version: Option<String> =
        hello.version.as_ref().map(|version| version.chars().take(HOST_VERSION_CHARS_MAX).collect());
    let (host, shown) = (who.name.clone(), version.clone());
    let work = move |tx: &mut Tx<'_>| {
        let upsert = "INSERT INTO hosts(name, first_seen, version, seen) VALUES(?1, ?2, ?3, ?2)
                      ON CONFLICT(name) DO UPDATE SET version = excluded.version, seen = excluded.seen";
        let update = "UPDATE hosts SET seen = ?2, version = ?3 WHERE name = ?1";
        tx.conn.execute(if is_new { upsert } else { update }, params![host, as_sql(tx.now_ms), shown])?;
        if is_new { tx.audit("system", "host", "host.first", &host, "") } else { Ok(()) }
    };
    let (hosts, host) = (Arc::clone(&state.runs.hosts), who.name.clone());
    state.store.write_and_apply(work, move |()| hosts.came(&host, version, now_ms(), is_new)).await
}

/// Records when a host was last connected. A failure is only logged: the time is for people.
pub(super) async fn gone(state: &State, host: &str) {
    let (host, at) = (host.to_owned(), as_sql(now_ms()));
    let work = move |tx: &mut Tx<'_>| {
        Ok(tx.conn.execute("UPDATE hosts SET seen = ?2 WHERE name = ?1", params![host, at]).map(drop)?)
    };
    if let Err(error) = state.store.write(work).await {
        tracing::debug!(%error, "it is not recorded when a host went");
    }
}

/// Returns true if the host at the other end of a link answers. A connection whose host has lost its power or its
/// network is still open here.
pub(super) async fn answers(link: &Link) -> bool {
    use std::sync::atomic::Ordering::Relaxed;
    let before = link.sender.heard_ms.load(Relaxed);
    for _ in 0..HOST_PROBES {
        if link.sender.is_closing() {
            return false;
        }
        // More than one: an answer within the millisecond of the last frame does not show.
        link.sender.tell(encode(Number::None, &Ping { n: now_ms(), now: None }));
        tokio::time::sleep(Duration::from_millis(HOST_PROBE_MS)).await;
        if link.sender.heard_ms.load(Relaxed) != before {
            return true;
        }
    }
    false
}

/// Adds a host, or gives it another token. A retry with the same nonce gets the same token.
///
/// # Errors
/// `forbidden`, `bad_request`, `conflict` (it has a token), `too_large`.
pub async fn add_host(state: &State, member: &Member, add: HostAdd) -> Result<HostAdded, Error> {
    member.admin()?;
    check_name(&add.host)?;
    if add.host == LOCAL {
        return Err(Error::bad_request("local is the host that serve starts: choose another name"));
    }
    check_labels(add.labels.as_ref())?;
    let by = member.clone();
    let token = match &add.nonce {
        Some(nonce) => {
            let user = by.user.id.0.to_string();
            derived_hex(&state.keys.admin, &["host", &user, &add.host, nonce.as_str()], HOST_TOKEN_BYTES)
        }
        None => random_hex(HOST_TOKEN_BYTES),
    };
    let hash = token_hash(&token);
    let known = state.runs.hosts.known(&add.host);
    let is_new = known.is_none();
    let known = known.unwrap_or_default();
    if known.token == Some(hash) {
        return Ok(HostAdded { token });
    }
    if known.token.is_some() && !add.replace {
        let msg = format!("the host {} has a token: replace it with --replace, which voids the old one", add.host);
        return Err(Error::conflict(msg));
    }
    if is_new && !state.runs.hosts.has_room() {
        return Err(too_many());
    }
    let known = Known { token: Some(hash), labels: add.labels.unwrap_or(known.labels), ..known };
    let (host, labels) = (add.host.clone(), serde_json::to_string(&known.labels).map_err(Error::internal)?);
    let work = move |tx: &mut Tx<'_>| {
        by.admin()?;
        let upsert = "INSERT INTO hosts(name, first_seen, token, labels) VALUES(?1, ?2, ?3, ?4)
                      ON CONFLICT(name) DO UPDATE SET token = excluded.token, labels = excluded.labels";
        tx.conn.execute(upsert, params![host, as_sql(tx.now_ms), hash, labels])?;
        tx.audit(by.user.name.as_str(), &by.address, "host.add", &host, &labels)
    };
    let hosts = Arc::clone(&state.runs.hosts);
    state.store.write_and_apply(work, move |()| hosts.remember(&add.host, known)).await?;
    Ok(HostAdded { token })
}

/// Removes a host: its token is void, its runs are lost, and its connection is closed. If it is connected it stops them.
///
/// # Errors
/// `forbidden`, `not_found`, `bad_request` (the host of this machine).
pub async fn remove_host(state: &Arc<State>, member: &Member, remove: HostRemove) -> Result<(), Error> {
    member.admin()?;
    let host = remove.host;
    if host == LOCAL {
        return Err(Error::bad_request("local is the host that serve starts: stop serve, and start wardroom core"));
    }
    let (name, by) = (host.clone(), member.clone());
    let work = move |tx: &mut Tx<'_>| {
        by.admin()?;
        if tx.conn.execute("DELETE FROM hosts WHERE name = ?1", [&name])? == 0 {
            return Err(Error::not_found(format!("there is no host {name}: wardroom hosts lists them")));
        }
        tx.audit(by.user.name.as_str(), &by.address, "host.remove", &name, "")
    };
    let (shared, name) = (Arc::clone(state), host.clone());
    // What was recorded before the removal is open by then, and nothing is recorded after it.
    let forget = move |()| shared.runs.hosts.forget(&name, &shared.runs.of_host(&name));
    state.store.write_and_apply(work, forget).await?;
    for run in state.runs.of_host(&host) {
        end::lose_now(state, &run, &format!("{} removed its host", member.user.name)).await?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Error> {
    if is_host_name(name) {
        return Ok(());
    }
    Err(Error::bad_request("a host's name is 1 to 63 of letters, digits, . _ - and begins with no sign"))
}

fn check_labels(labels: Option<&BTreeMap<String, String>>) -> Result<(), Error> {
    let is_good = |text: &String| text.len() <= LABEL_BYTES_MAX && is_host_name(text);
    let is_bad = |labels: &BTreeMap<String, String>| {
        labels.len() > LABELS_MAX || !labels.iter().all(|(key, value)| is_good(key) && is_good(value))
    };
    if labels.is_some_and(is_bad) {
        let msg = "a host has at most 8 labels, such as role=web; name and value are 1 to 32 of letters, digits, . _ -";
        return Err(Error::bad_request(msg));
    }
    Ok(())
}

/// The refusal of a host that was removed, or whose token was replaced, while it connected.
pub(super) fn removed() -> Error {
    Error::unauthorized("this host was removed, or has a new token: see wardroom admin host list")
}

fn too_many() -> Error {
    Error::too_large("256 hosts are known already, as many as this server takes: remove one with admin host remove")
}

fn as_sql(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
