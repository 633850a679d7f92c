//! From whom a rule takes a right. The first rule about a right in a place takes it from all whom it does not name: that
//! is said before it is made, and it is made only if that is wanted.

use std::collections::BTreeSet;
use std::sync::Arc;

use wardroom_protocol::messages::{Right, RightsSet, RightsSetOk};
use wardroom_protocol::{Role, UserName};

use super::change::Change;
use crate::accounts::User;
use crate::error::Error;
use crate::policy::Member;
use crate::rules::limits::LOSERS_NAMED_MAX;
use crate::rules::{Rule, Rules};
use crate::state::State;
use crate::store::UserId;

/// Returns what a change would come to.
pub(super) fn preview(state: &State, change: &Change) -> RightsSetOk {
    let (right, place) = (change.right, change.place());
    let was = state.rules.named(right, &place);
    if !change.allow {
        let named: Vec<_> = was.iter().copied().filter(|user| *user != change.user.id).collect();
        let changed = named.len() < was.len();
        return RightsSetOk { changed, named: names(state, named), ..RightsSetOk::default() };
    }
    let after = after(state, change);
    let mut losers: Vec<_> = losers(state, change, &after).iter().map(|user| user.name.clone()).collect();
    losers.sort_unstable();
    let more = losers.len().saturating_sub(LOSERS_NAMED_MAX) as u64;
    losers.truncate(LOSERS_NAMED_MAX);
    let changed = !state
        .rules
        .after(0)
        .iter()
        .any(|rule| rule.right == right && rule.place == place && rule.user == change.user.id);
    let named = if changed { after.named(right, &place) } else { was };
    RightsSetOk { changed, named: names(state, named), losers, more }
}

/// Refuses a rule that would take the right from others, unless that is wanted.
///
/// # Errors
/// `conflict`
pub(super) fn check(state: &State, change: &Change, set: &RightsSet) -> Result<(), Error> {
    if !change.allow || set.restrict {
        return Ok(());
    }
    match set.warning(&preview(state, change)) {
        Some(warning) => Err(Error::conflict(format!("{warning}. Nothing was changed; if you want that, add --yes"))),
        None => Ok(()),
    }
}

/// Returns the rules as they would be.
fn after(state: &State, change: &Change) -> Rules {
    let (right, user, place, by) = (change.right, change.user.id, change.place(), change.by.user.id);
    state.rules.with(Rule { n: 0, right, user, place, by, at: 0 })
}

/// Returns those who have the right somewhere in the place, and would not any more.
fn losers(state: &State, change: &Change, after: &Rules) -> Vec<Arc<User>> {
    let (right, now, place) = (change.right, &state.rules, change.place());
    // Where there are rules already, another one takes nothing from anybody.
    if now.is_about(right, &place) {
        return Vec::new();
    }
    let rooms = change.room.as_ref().map_or_else(|| state.rooms.all(), |room| vec![Arc::clone(room)]);
    let hosts: Vec<Option<String>> = match place.host {
        Some(host) => vec![Some(host)],
        None => now.hosts(right).into_iter().map(Some).chain([None]).collect(),
    };
    let named: BTreeSet<_> = now.users(right).into_iter().collect();
    let might = |user: &Arc<User>| {
        let role = user.role();
        role < Role::Admin && (role >= Role::Operator || right == Right::RunNamed || named.contains(&user.id))
    };
    let loses = |user: &Arc<User>| {
        let member = Member::unconnected(user);
        rooms.iter().filter(|room| room.has(user.id)).any(|room| {
            let is_lost = |host: &Option<String>| {
                let has = |rules: &Rules| member.has(rules, right, room, host.as_deref());
                has(now) && !has(after)
            };
            hosts.iter().any(is_lost)
        })
    };
    let members: BTreeSet<_> = rooms.iter().flat_map(|room| room.members()).map(|(user, _)| user).collect();
    let users = members.into_iter().filter_map(|user| state.accounts.by_id(user));
    users.filter(|user| might(user) && loses(user)).collect()
}

/// Returns the names of users.
pub(super) fn names(state: &State, users: Vec<UserId>) -> Vec<UserName> {
    users.into_iter().filter_map(|user| Some(state.accounts.by_id(user)?.name.clone())).collect()
}
