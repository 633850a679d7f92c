//! Makes, removes and lists the rules about who may run commands where. What they mean is decided in `policy`.
//!
//! Admins make all rules. Owners of a room make those about named commands and approvals in it, if they have that right
//! themselves: a rule about a host is never theirs, so that a room cannot open a host.

mod change;
mod losers;

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::event::{EventBody, RightChanged};
use wardroom_protocol::messages::{Right, RightsList, RightsListed, RightsSet, RightsSetOk, RuleInfo};
use wardroom_protocol::{Request, Role, RoomRole};

use self::change::Change;
use crate::answer::{ok, page};
use crate::error::Error;
use crate::policy::Member;
use crate::rooms;
use crate::rules::limits::{RULES_MAX, RULES_PER_PLACE_MAX};
use crate::rules::{Place, Rule, Standing};
use crate::state::State;
use crate::store::{NewEvent, Numbered, Tx, UserId, as_sql, from_sql};

/// Handles a request about rules.
///
/// # Errors
/// If it is refused.
pub async fn request(
    state: &Arc<State>,
    member: &Member,
    id: Option<u64>,
    request: Request,
) -> Result<Option<Bytes>, Error> {
    Ok(match request {
        Request::RightsSet(ask) => ok(id, &set(state, member, ask).await?),
        Request::RightsList(ask) => ok(id, &list(state, member, &ask)?),
        _ => return Err(Error::bad_request("this is not a request about rights")),
    })
}

/// What a change came to.
enum Changed {
    Made(Rule),
    Removed(u64),
    Nothing,
}

/// Names a user in a rule, or removes the rule.
///
/// # Errors
/// `not_found` (the room, the host, the user), `forbidden`, `bad_request`, `too_large`, `rate_limited`; `conflict` if the
/// rule would give the user nothing, take the right from the caller or unasked from others, or was the last one of its
/// place.
pub async fn set(state: &Arc<State>, member: &Member, set: RightsSet) -> Result<RightsSetOk, Error> {
    let asked = set.clone();
    let RightsSet { right, user, room, host, allow, open, check, .. } = set;
    let room = room.map(|name| member.readable(&state.rooms, &name)).transpose()?.map(|readable| readable.room);
    if room.is_none() && host.is_none() {
        return Err(Error::bad_request("a rule is about a room, a host, or a host in a room: name one"));
    }
    let no_user = || Error::not_found(format!("there is no user {user}"));
    let user = state.accounts.by_name(user.as_str()).filter(|user| user.id != UserId::SYSTEM).ok_or_else(no_user)?;
    rooms::check_rate(state, member)?;
    let change = Change { right, user, room, host, allow, open, by: member.clone() };
    check_maker(state, &change)?;
    if allow {
        state.runs.check_known(change.host.as_deref())?;
        check_use(&change)?;
        check_own(state, &change)?;
    }
    if check {
        return Ok(losers::preview(state, &change));
    }
    losers::check(state, &change, &asked)?;
    let place = change.place();
    let (shared, of) = (Arc::clone(state), place.room);
    let work = move |tx: &mut Tx<'_>| {
        check_maker(&shared, &change)?;
        // Somebody else may have removed the rules of this place meanwhile.
        losers::check(&shared, &change, &asked)?;
        record(tx, &change)
    };
    let shared = Arc::clone(state);
    // In the order of the commits, so that memory says what the table says.
    let apply = move |changed: Changed| match changed {
        Changed::Made(rule) => {
            shared.rules.put(rule);
            true
        }
        Changed::Removed(n) => {
            shared.rules.remove(n);
            true
        }
        Changed::Nothing => false,
    };
    let changed = state.store.write_and_apply(work, apply).await?;
    if changed {
        rooms::tell_ruled(state, of);
    }
    Ok(RightsSetOk { changed, named: losers::names(state, state.rules.named(right, &place)), ..RightsSetOk::default() })
}

/// Checks who makes a rule.
fn check_maker(state: &State, change: &Change) -> Result<(), Error> {
    let Change { right, by, room, .. } = change;
    if by.user.role() >= Role::Admin {
        return by.admin().map(drop);
    }
    let Some(room) = room.as_ref().filter(|_| change.host.is_none() && *right != Right::Run) else {
        return Err(Error::forbidden(
            "only admins make rules about run and about hosts; owners of a room make those about run-named and approve in it",
        ));
    };
    by.owner_in(&state.rooms, &room.name)?;
    by.may_in(state.ruled(), *right, room)?;
    Ok(())
}

/// Refuses a rule that would give the user nothing, whatever it says.
fn check_use(change: &Change) -> Result<(), Error> {
    let Change { user, room, .. } = change;
    let name = &user.name;
    if user.is_bot {
        return Err(Error::conflict(format!("{name} is a bot, and a bot runs nothing, whatever rules say")));
    }
    if user.is_disabled() {
        return Err(Error::conflict(format!("the account {name} is disabled, and has no rights, whatever rules say")));
    }
    if user.role() < Role::Member {
        return Err(Error::conflict(format!(
            "{name} is a viewer, and a viewer only reads, whatever rules say: give them the role member first"
        )));
    }
    let Some(room) = room else { return Ok(()) };
    match room.role_of(user.id) {
        None => Err(Error::conflict(format!("{name} is not a member of {}: add them to the room first", room.name))),
        Some(RoomRole::Reader) => {
            Err(Error::conflict(format!("{name} only reads in {}: make them a member of the room first", room.name)))
        }
        Some(_) => Ok(()),
    }
}

/// Refuses the first rule of a room if it would take the right from its maker, who could not undo it.
fn check_own(state: &State, change: &Change) -> Result<(), Error> {
    let Change { right, user, room, by, .. } = change;
    let Some(room) = room.as_ref().filter(|_| by.user.role() < Role::Admin && user.id != by.user.id) else {
        return Ok(());
    };
    if state.rules.standing(*right, room.id, None, by.user.id) != Standing::Free {
        return Ok(());
    }
    let (me, name) = (&by.user.name, &room.name);
    Err(Error::conflict(format!(
        "once there is a rule, only those whom rules name have the right, and you would lose it: \
         first wardroom rights allow {me} {right} --room {name}"
    )))
}

/// Writes the row, the audit record, and the event of the room.
fn record(tx: &mut Tx<'_>, change: &Change) -> Result<Changed, Error> {
    let Change { right, user, room, host, allow, open, by } = change;
    let (room_id, on) = (room.as_ref().map_or(0, |room| room.id.0), host.as_deref().unwrap_or_default());
    let known = "SELECT n FROM rules WHERE what = ?1 AND room = ?2 AND host = ?3 AND user = ?4";
    let known: Option<i64> =
        tx.conn.query_row(known, params![right.as_str(), room_id, on, user.id.0], |row| row.get(0)).optional()?;
    let count = |sql: &str| -> Result<i64, Error> {
        Ok(tx.conn.query_row(sql, params![right.as_str(), room_id, on], |row| row.get(0))?)
    };
    let here = count("SELECT count(*) FROM rules WHERE what = ?1 AND room = ?2 AND host = ?3")?;
    // Rules about all of the host, or of the room, restrict a host in the room, too.
    let around = count(
        "SELECT count(*) FROM rules WHERE what = ?1 AND ?2 <> 0 AND ?3 <> ''
         AND ((room = 0 AND host = ?3) OR (room = ?2 AND host = ''))",
    )?;
    let changed = match (known, *allow) {
        (Some(_), true) | (None, false) => return Ok(Changed::Nothing),
        (Some(n), false) => {
            if here == 1 && around == 0 && !open {
                return Err(last_one(change));
            }
            tx.conn.execute("DELETE FROM rules WHERE n = ?1", [n])?;
            Changed::Removed(from_sql(n))
        }
        (None, true) => {
            let all: i64 = tx.conn.query_row("SELECT count(*) FROM rules", [], |row| row.get(0))?;
            check_count(here, all)?;
            let n = tx.next_id(Numbered::Rules)?;
            tx.conn.execute(
                "INSERT INTO rules(n, what, user, room, host, by, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![n, right.as_str(), user.id.0, room_id, on, by.user.id.0, as_sql(tx.now_ms)],
            )?;
            let (n, place) = (from_sql(n), change.place());
            Changed::Made(Rule { n, right: *right, user: user.id, place, by: by.user.id, at: tx.now_ms })
        }
    };
    let did = if *allow { "allow" } else { "deny" };
    let detail = format!("{did} {right}{}", change.options());
    tx.audit(by.user.name.as_str(), &by.address, "rights.set", user.name.as_str(), &detail)?;
    if let Some(room) = room {
        let (user, host) = (user.name.clone(), host.clone());
        let body = EventBody::Right(RightChanged { right: *right, user, host, on: *allow });
        tx.append(&NewEvent {
            room: room.id,
            room_name: room.name.as_str(),
            by: by.user.id,
            by_name: by.user.name.as_str(),
            kind: body.kind(),
            fields: &body.fields(),
            nonce: None,
        })?;
    }
    Ok(changed)
}

fn check_count(here: i64, all: i64) -> Result<(), Error> {
    let is_full = |count: i64, max: usize| usize::try_from(count).unwrap_or(usize::MAX) >= max;
    if is_full(here, RULES_PER_PLACE_MAX) {
        return Err(Error::too_large(
            "64 users have rules about this already: remove one, or give them a role instead",
        ));
    }
    if is_full(all, RULES_MAX) {
        return Err(Error::too_large("there are 1,024 rules, as many as this server takes: remove some first"));
    }
    Ok(())
}

/// The refusal to remove the last rule of a place, which would open it to all whose role allows it.
fn last_one(change: &Change) -> Error {
    let (user, right, place) = (&change.user.name, change.right, change.options());
    Error::conflict(format!(
        "{user} is the last one whom a rule about this names: without a rule, the roles decide again who may {}. If you \
         want that: wardroom rights deny {user} {right}{place} --open; otherwise allow somebody else first",
        right.what()
    ))
}

/// Returns the rules that this member may see: those about rooms that they see; and for operators and whom they name, those
/// about hosts.
///
/// # Errors
/// `not_found` (the room)
pub fn list(state: &State, member: &Member, list: &RightsList) -> Result<RightsListed, Error> {
    let room = list.room.as_ref().map(|name| member.readable(&state.rooms, name)).transpose()?;
    let room = room.map(|readable| readable.room.id);
    let one = |rule: Rule| {
        let Place { room: of, host } = rule.place;
        let is_wanted = (room.is_none() || of.is_none() || of == room)
            && (list.host.is_none() || host.is_none() || host == list.host);
        let user = state.accounts.by_id(rule.user).filter(|_| is_wanted)?;
        if list.user.as_ref().is_some_and(|wanted| *wanted != user.name) {
            return None;
        }
        let of = match of {
            None if member.user.role() < Role::Operator && user.id != member.user.id => return None,
            None => None,
            Some(of) => Some(state.rooms.by_id(of).filter(|room| member.still_reads(room).is_ok())?.name.clone()),
        };
        let by = state.accounts.by_id(rule.by)?.name.clone();
        Some(RuleInfo { n: rule.n, right: rule.right, user: user.name.clone(), room: of, host, by, at: rule.at })
    };
    let (rules, more) = page(state.rules.after(list.after.unwrap_or(0)).into_iter().filter_map(one));
    Ok(RightsListed { rules, more })
}
