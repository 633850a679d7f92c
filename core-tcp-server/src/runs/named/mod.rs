//! Named commands: their definitions, and the run that one becomes. A member gives a name and values; the arguments are
//! built here, from the definition in force. Who may run one is in `policy`.

mod define;
mod pattern;
mod template;
mod values;

use std::sync::Arc;

pub use define::{add_command, list_commands, remove_command};
use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::messages::{CommandRef, CommandSpec, Level, RunStart};
use wardroom_protocol::{CommandName, RoomName, slash};

use super::hosts::LOCAL;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;
use crate::store::{RoomId, from_sql};

/// A request of which it is known what it runs.
pub(super) struct Resolved {
    /// The room that shows the run.
    pub room: Arc<Room>,
    /// The request, with the arguments and the settings of a named command filled in.
    pub start: RunStart,
    /// The named command, if it is one.
    pub command: Option<CommandRef>,
    /// Whom its named command allows.
    pub allow: Option<Level>,
    /// Somebody else must approve it.
    pub needs_approval: bool,
}

/// A definition in force.
pub(super) struct Definition {
    pub spec: CommandSpec,
    pub version: u64,
    pub digest: String,
}

/// Checks whether a member may start this, and turns a named command into what it runs.
///
/// # Errors
/// `not_found` (the room, the command), `forbidden`, `bad_request`, `too_large`.
pub(super) async fn resolve(state: &State, member: &Member, start: RunStart) -> Result<Resolved, Error> {
    let Some(name) = start.command.clone() else {
        if !start.params.is_empty() || !start.args.is_empty() {
            return Err(Error::bad_request("params and args are for a named command: name it with command"));
        }
        let room = member.readable(&state.rooms, &start.room)?.room;
        // Whether they may run commands on its hosts is checked once it is known which they are.
        return Ok(Resolved { room, start, command: None, allow: None, needs_approval: false });
    };
    let room = member.readable(&state.rooms, &start.room)?.room;
    check_alone(&start)?;
    let (id, of) = (room.id, name.clone());
    let found = state.store.read(move |conn| find(conn, id, &of)).await?;
    let Definition { spec, version, digest } = found.ok_or_else(|| Error::not_found(slash::unknown(name.as_str())))?;
    let allow = Some(spec.allow);
    let on = spec.host.as_deref().unwrap_or(LOCAL);
    member.may_run_named(state.ruled(), &room, on, (name.as_str(), spec.allow))?;
    let params = values::values(&spec, &start.params, &start.args)?;
    let argv = template::fill(&spec, &params)?;
    let CommandSpec { host, cwd, env, timeout_s, sandbox, approve: needs_approval, .. } = spec;
    let RunStart { nonce, room: named, .. } = start;
    let start = RunStart { argv: Some(argv), host, cwd, env, timeout_s, sandbox, ..RunStart::new(named, nonce) };
    Ok(Resolved { room, start, command: Some(CommandRef { name, version, digest, params }), allow, needs_approval })
}

/// Refuses settings beside a named command: it would no longer be what its owner defined.
fn check_alone(start: &RunStart) -> Result<(), Error> {
    let named = RunStart {
        command: start.command.clone(),
        params: start.params.clone(),
        args: start.args.clone(),
        ..RunStart::new(start.room.clone(), start.nonce.clone())
    };
    if *start == named {
        return Ok(());
    }
    Err(Error::bad_request("a named command says itself what it runs, where and how: give only params and args"))
}

/// Returns the definition in force.
///
/// # Errors
/// If the database fails.
pub(super) fn find(conn: &Connection, room: RoomId, name: &CommandName) -> Result<Option<Definition>, Error> {
    let sql = "SELECT spec, version, digest FROM commands WHERE room = ?1 AND name = ?2 AND spec IS NOT NULL";
    let row: Option<(String, i64, String)> = conn
        .prepare_cached(sql)?
        .query_row(params![room.0, name.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((spec, version, digest)) = row else { return Ok(None) };
    let spec = serde_json::from_str(&spec).map_err(Error::internal)?;
    Ok(Some(Definition { spec, version: from_sql(version), digest }))
}

fn no_command(name: &CommandName, room: &RoomName) -> Error {
    Error::not_found(format!("{room} has no command /{name}"))
}
