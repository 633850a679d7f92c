//! How named commands are defined, listed and removed. All errors in a definition are found here, before it is stored.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::event::{CommandChanged, CommandGone, EventBody};
use wardroom_protocol::limits::{COMMAND_BYTES_MAX, COMMAND_PARAMS_MAX, COMMANDS_MAX, TITLE_CHARS_MAX};
use wardroom_protocol::messages::{
    CommandAdd, CommandAdded, CommandInfo, CommandList, CommandListed, CommandRemove, CommandSpec, Level, Right,
    RunStart,
};
use wardroom_protocol::visible::is_deceptive;
use wardroom_protocol::{Code, Nonce, RunId, UserName, slash};

use super::super::hosts::LOCAL;
use super::super::spec;
use super::{no_command, pattern, template, values};
use crate::answer::page;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::state::State;
use crate::store::{NewEvent, Tx, from_sql};

/// Defines a command, or replaces one.
///
/// # Errors
/// `not_found` (the room, the host), `forbidden`, `bad_request`, `too_large`; `conflict` if it exists, or is not the
/// version to be replaced.
pub async fn add_command(state: &State, member: &Member, add: CommandAdd) -> Result<CommandAdded, Error> {
    let room = member.owner_in(&state.rooms, &add.room)?.room;
    // Nobody defines what they could not run themselves.
    let on = add.command.host.as_deref().unwrap_or(LOCAL);
    member.may(state.ruled(), Right::Run, &room, on)?;
    let (json, shown) = check(state, &add, &member.user.name)?;
    let (by, spec, replaces) = (member.clone(), add.command, add.replaces);
    state.store.write(move |tx| put(tx, &room, &by, Definition { spec, json, shown, replaces })).await
}

/// A definition that was checked.
struct Definition {
    spec: CommandSpec,
    json: String,
    shown: String,
    replaces: Option<u64>,
}

fn put(tx: &mut Tx<'_>, room: &Arc<Room>, by: &Member, definition: Definition) -> Result<CommandAdded, Error> {
    let Definition { spec, json, shown, replaces } = definition;
    let digest = blake3::hash(json.as_bytes()).to_hex().to_string();
    let known = "SELECT version, spec IS NOT NULL, digest FROM commands WHERE room = ?1 AND name = ?2";
    let known: Option<(i64, bool, String)> = tx
        .conn
        .query_row(known, params![room.id.0, spec.name.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let current = known.as_ref().filter(|(_, is_there, _)| *is_there).map(|(version, ..)| from_sql(*version));
    let last = known.as_ref().map_or(0, |(version, ..)| from_sql(*version));
    let is_same = known.as_ref().is_some_and(|(_, is_there, other)| *is_there && *other == digest);
    match (current, replaces) {
        // Also what a retry gets.
        (Some(version), _) if is_same => return Ok(CommandAdded { version, digest }),
        (Some(version), None) => {
            let msg =
                format!("{} has a command /{} (version {version}): edit that, or remove it", room.name, spec.name);
            return Err(Error::conflict(msg));
        }
        (Some(version), Some(replaced)) if version != replaced => {
            let msg = format!("/{} is at version {version} by now: look at it, and change that", spec.name);
            return Err(Error::conflict(msg));
        }
        (None, Some(_)) => return Err(no_command(&spec.name, &room.name)),
        (None, None) => {
            let count = "SELECT count(*) FROM commands WHERE room = ?1 AND spec IS NOT NULL";
            let count: i64 = tx.conn.query_row(count, [room.id.0], |row| row.get(0))?;
            if usize::try_from(count).unwrap_or(usize::MAX) >= COMMANDS_MAX {
                return Err(Error::too_large(format!("{} has 64 commands: remove one first", room.name)));
            }
        }
        (Some(_), Some(_)) => {}
    }
    let version = last + 1;
    let upsert = "INSERT INTO commands(room, name, version, spec, digest, by, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
                  ON CONFLICT(room, name) DO UPDATE SET version = excluded.version, spec = excluded.spec,
                      digest = excluded.digest, by = excluded.by, at = excluded.at";
    let (version_, at) = (i64::try_from(version).unwrap_or(i64::MAX), i64::try_from(tx.now_ms).unwrap_or(i64::MAX));
    tx.conn.execute(upsert, params![room.id.0, spec.name.as_str(), version_, json, digest, by.user.id.0, at])?;
    let detail = format!("/{} version {version}: {json}", spec.name);
    tx.audit(by.user.name.as_str(), &by.address, "command.add", room.name.as_str(), &detail)?;
    let (name, host) = (spec.name, spec.host.unwrap_or_else(|| LOCAL.to_owned()));
    let changed = CommandChanged {
        name,
        version,
        digest: digest.clone(),
        cmd: shown,
        host,
        allow: spec.allow,
        approve: spec.approve,
    };
    say(tx, room, by, &EventBody::Command(changed))?;
    Ok(CommandAdded { version, digest })
}

/// Checks a definition. Returns it as it is stored, and its arguments as people read them.
fn check(state: &State, add: &CommandAdd, by: &UserName) -> Result<(String, String), Error> {
    let spec = &add.command;
    if slash::is_taken(spec.name.as_str()) {
        return Err(Error::bad_request(format!("/{} is a command of Wardroom: choose another name", spec.name)));
    }
    if spec.allow == Level::Nobody {
        return Err(Error::bad_request("a command is for members, operators or owners"));
    }
    if spec.params.len() > COMMAND_PARAMS_MAX {
        return Err(Error::too_large("a command has at most 16 parameters"));
    }
    let abouts = std::iter::once(&spec.about).chain(spec.params.iter().map(|param| &param.about));
    for about in abouts {
        if about.chars().count() > TITLE_CHARS_MAX || about.chars().any(|c| c.is_control() || is_deceptive(c)) {
            let msg = "a description has at most 120 characters, and no control or direction characters";
            return Err(Error::bad_request(msg));
        }
    }
    for (index, param) in spec.params.iter().enumerate() {
        if spec.params.iter().skip(index + 1).any(|other| other.name == param.name) {
            return Err(Error::bad_request(format!("{} is a parameter twice", param.name)));
        }
        pattern::compiled(&param.pattern)
            .map_err(|error| Error { msg: format!("{}: {}", param.name, error.msg).into(), ..error })?;
        if let Some(default) = &param.default {
            values::check(param, default)?;
        }
    }
    template::check(spec)?;
    // As a run with no values: the same limits and rules.
    let nonce = Nonce::parse("definition").map_err(Error::internal)?;
    let as_run = RunStart {
        argv: Some(spec.argv.clone()),
        host: spec.host.clone(),
        cwd: spec.cwd.clone(),
        env: spec.env.clone(),
        timeout_s: spec.timeout_s,
        sandbox: spec.sandbox.clone(),
        ..RunStart::new(add.room.clone(), nonce)
    };
    let checked = spec::check(&as_run, as_run.host.as_deref().unwrap_or(LOCAL), RunId::from_parts(0, 0), by)?;
    if let Err(error) = state.runs.hosts.link(&checked.host)
        && error.code == Code::NotFound
    {
        return Err(error);
    }
    let json = serde_json::to_string(spec).map_err(Error::internal)?;
    if json.len() > COMMAND_BYTES_MAX {
        return Err(Error::too_large("a definition has at most 8,192 bytes: put its text into a script"));
    }
    Ok((json, checked.shown))
}

/// Returns the named commands of a room, by name.
///
/// # Errors
/// `not_found` (the room).
pub async fn list_commands(state: &State, member: &Member, list: CommandList) -> Result<CommandListed, Error> {
    let room = member.readable(&state.rooms, &list.room)?.room;
    let sql = "SELECT c.spec, c.version, c.digest, u.name, c.at FROM commands c JOIN users u ON u.id = c.by
               WHERE c.room = ?1 AND c.spec IS NOT NULL AND c.name > ?2 ORDER BY c.name";
    let (id, after) = (room.id, list.after.map_or_else(String::new, |name| name.as_str().to_owned()));
    let read = state.store.read(move |conn| {
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![id.0, after])?;
        let mut commands = Vec::new();
        while let Some(row) = rows.next()? {
            let (json, by): (String, String) = (row.get(0)?, row.get(3)?);
            let command: CommandSpec = serde_json::from_str(&json).map_err(Error::internal)?;
            commands.push(CommandInfo {
                command,
                version: from_sql(row.get(1)?),
                digest: row.get(2)?,
                by: UserName::parse(&by).map_err(Error::internal)?,
                at: from_sql(row.get(4)?),
                may: false,
            });
        }
        Ok(commands)
    });
    let mut commands = read.await?;
    member.still_reads(&room)?;
    for info in &mut commands {
        let CommandSpec { name, host, allow, .. } = &info.command;
        let on = host.as_deref().unwrap_or(LOCAL);
        info.may = member.may_run_named(state.ruled(), &room, on, (name.as_str(), *allow)).is_ok();
    }
    let (commands, more) = page(commands);
    Ok(CommandListed { commands, more })
}

/// Removes a named command.
///
/// # Errors
/// `not_found`, `forbidden`.
pub async fn remove_command(state: &State, member: &Member, remove: CommandRemove) -> Result<(), Error> {
    let room = member.owner_in(&state.rooms, &remove.room)?.room;
    let (by, name) = (member.clone(), remove.name);
    let work = move |tx: &mut Tx<'_>| {
        let update = "UPDATE commands SET spec = NULL WHERE room = ?1 AND name = ?2 AND spec IS NOT NULL";
        if tx.conn.execute(update, params![room.id.0, name.as_str()])? == 0 {
            return Err(no_command(&name, &room.name));
        }
        tx.audit(by.user.name.as_str(), &by.address, "command.remove", room.name.as_str(), &format!("/{name}"))?;
        say(tx, &room, &by, &EventBody::CommandRemoved(CommandGone { name }))
    };
    state.store.write(work).await
}

fn say(tx: &mut Tx<'_>, room: &Room, by: &Member, body: &EventBody) -> Result<(), Error> {
    let event = NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: by.user.id,
        by_name: by.user.name.as_str(),
        kind: body.kind(),
        fields: &body.fields(),
        nonce: None,
    };
    tx.append(&event).map(drop)
}
