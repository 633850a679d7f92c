//! Webhooks: the owners of a room and admins create, list and delete them, and programs post through them. Each has a
//! secret and a bot, an account that cannot sign in, which posts in one room.

mod body;
mod forms;
mod limits;
mod post;
mod rated;

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::event::EventBody;
use wardroom_protocol::limits::{HOOK_SECRET_BYTES_MAX, HOOK_SECRET_BYTES_MIN};
use wardroom_protocol::messages::{HookAdd, HookAdded, HookInfo, HookList, HookRemove};
use wardroom_protocol::{Role, RoomRole, UserName};

use self::limits::{HOOKS_PER_ROOM_MAX, REPEAT_MS, TOKEN_BYTES};
pub use self::post::{known, post};
pub use self::rated::Hooks;
use crate::accounts::User;
use crate::error::Error;
use crate::policy::Member;
use crate::rooms::Room;
use crate::secrets::{derived_hex, random_hex, token_hash};
use crate::state::State;
use crate::store::{Effect, NewEvent, Numbered, Tx, UserId, from_sql};

/// Creates a webhook, and its bot if needed; the bot joins the room.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict` (the name belongs to a person, or the room is a direct message), `too_large`
/// (too many), `bad_request` (the secret is too short or too long).
pub async fn add(state: &State, member: &Member, add: HookAdd) -> Result<HookAdded, Error> {
    let room = member.owner_in(&state.rooms, &add.room)?.room;
    if room.is_dm() {
        return Err(Error::conflict("a direct message has no webhooks: make a room for them"));
    }
    let is_bad = |secret: &String| !(HOOK_SECRET_BYTES_MIN..=HOOK_SECRET_BYTES_MAX).contains(&secret.len());
    if add.secret.as_ref().is_some_and(is_bad) {
        return Err(Error::bad_request("a webhook's secret has 8 to 256 bytes"));
    }
    let by = member.clone();
    let token = token_of(state, &by, &room, &add);
    let (added, bot) = state.store.write(move |tx| insert(tx, &room, &by, &add, token)).await?;
    if let Some(bot) = bot {
        state.accounts.put_bot(bot);
    }
    Ok(added)
}

/// Returns the webhooks of a room, oldest first.
///
/// # Errors
/// `not_found`, `forbidden`.
pub async fn list(state: &State, member: &Member, list: HookList) -> Result<Vec<HookInfo>, Error> {
    let room = member.keeper_of(&state.rooms, &list.room)?.room.id;
    let sql = "SELECT h.id, b.name, u.name, h.created, h.used, h.mentions, h.secret IS NOT NULL FROM hooks h JOIN users b ON b.id = h.bot
               JOIN users u ON u.id = h.by WHERE h.room = ?1 ORDER BY h.id";
    state
        .store
        .read(move |conn| {
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([room.0])?;
            let mut hooks = Vec::new();
            let from_sql = |n: i64| u64::try_from(n).unwrap_or(0);
            while let Some(row) = rows.next()? {
                let (bot, by): (String, String) = (row.get(1)?, row.get(2)?);
                hooks.push(HookInfo {
                    hook: from_sql(row.get(0)?),
                    bot: UserName::parse(&bot).map_err(Error::internal)?,
                    by: UserName::parse(&by).map_err(Error::internal)?,
                    at: from_sql(row.get(3)?),
                    used: row.get::<_, Option<i64>>(4)?.map(from_sql),
                    mentions: row.get(5)?,
                    signed: row.get(6)?,
                });
            }
            Ok(hooks)
        })
        .await
}

/// Deletes a webhook. A bot without another webhook in the room leaves it.
///
/// # Errors
/// `not_found`, `forbidden`.
pub async fn remove(state: &State, member: &Member, remove: HookRemove) -> Result<(), Error> {
    let room = member.keeper_of(&state.rooms, &remove.room)?.room;
    let by = member.clone();
    let id = i64::try_from(remove.hook).unwrap_or(i64::MAX);
    state
        .store
        .write(move |tx| {
            let sql = "SELECT b.id, b.name FROM hooks h JOIN users b ON b.id = h.bot WHERE h.id = ?1 AND h.room = ?2";
            let bot: Option<(i64, String)> =
                tx.conn.query_row(sql, params![id, room.id.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((bot, name)) = bot else {
                return Err(Error::not_found(format!("{} has no webhook {id}", room.name)));
            };
            tx.conn.execute("DELETE FROM hook_keys WHERE hook = ?1", [id])?;
            tx.conn.execute("DELETE FROM hooks WHERE id = ?1", [id])?;
            let left = "DELETE FROM members WHERE room = ?1 AND user = ?2
                        AND NOT EXISTS (SELECT 1 FROM hooks WHERE room = ?1 AND bot = ?2)";
            if tx.conn.execute(left, params![room.id.0, bot])? == 1 {
                let bot = UserId(bot);
                say(tx, &room, (bot, &name), &EventBody::Leave, Effect::Went(bot))?;
            }
            let detail = format!("{id} as {name}");
            tx.audit(by.user.name.as_str(), &by.address, "hook.remove", room.name.as_str(), &detail)
        })
        .await
}

/// Removes the keys of deliveries and repeats that have expired. Called from time to time.
pub async fn forget_keys(state: &State, now_ms: u64) {
    let before = i64::try_from(now_ms.saturating_sub(REPEAT_MS)).unwrap_or(0);
    let forget =
        move |tx: &mut Tx<'_>| Ok(tx.conn.execute("DELETE FROM hook_keys WHERE at < ?1", [before]).map(drop)?);
    if let Err(error) = state.store.write(forget).await {
        tracing::warn!(%error, "cannot forget the keys of webhooks");
    }
}

/// Returns the secret in the webhook's URL. A retry, with the same request and nonce, gets the same secret.
fn token_of(state: &State, by: &Member, room: &Room, add: &HookAdd) -> String {
    let Some(nonce) = &add.nonce else { return random_hex(TOKEN_BYTES) };
    let (user, room, mentions) = (by.user.id.0.to_string(), room.id.0.to_string(), add.mentions.to_string());
    let (has_secret, secret) = (add.secret.is_some().to_string(), add.secret.as_deref().unwrap_or_default());
    let parts = ["hook", &user, &room, add.bot.as_str(), &mentions, &has_secret, secret, nonce.as_str()];
    derived_hex(&state.keys.admin, &parts, TOKEN_BYTES)
}

/// Inserts the webhook and its bot. Returns no bot if this is a retry and both already exist.
fn insert(
    tx: &mut Tx<'_>,
    room: &Arc<Room>,
    by: &Member,
    add: &HookAdd,
    token: String,
) -> Result<(HookAdded, Option<User>), Error> {
    let name = &add.bot;
    let known = "SELECT id FROM hooks WHERE hash = ?1";
    let known: Option<i64> = tx.conn.query_row(known, [token_hash(&token)], |row| row.get(0)).optional()?;
    if let Some(hook) = known {
        return Ok((HookAdded { hook: u64::try_from(hook).unwrap_or(0), token }, None));
    }
    let count: i64 = tx.conn.query_row("SELECT count(*) FROM hooks WHERE room = ?1", [room.id.0], |row| row.get(0))?;
    if count >= HOOKS_PER_ROOM_MAX {
        return Err(Error::too_large(format!("{} has 32 webhooks: remove one first", room.name)));
    }
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    let found: Option<(i64, bool, bool)> = tx
        .conn
        .query_row("SELECT id, bot, disabled FROM users WHERE name = ?1", [name.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let id = match found {
        Some((id, true, false)) => UserId(id),
        Some((_, true, true)) => return Err(Error::conflict(format!("the account of {name} is closed"))),
        Some((_, false, _)) => {
            return Err(Error::conflict(format!("{name} is a person's name: choose another for the bot")));
        }
        None => {
            let id = tx.next_id(Numbered::Users)?;
            tx.conn.execute(
                "INSERT INTO users(id, name, shown, role, password, created, bot) VALUES(?1, ?2, ?2, ?3, '!', ?4, 1)",
                params![id, name.as_str(), Role::Member.as_str(), now],
            )?;
            UserId(id)
        }
    };
    let joins = "INSERT INTO members(room, user, role) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING";
    if tx.conn.execute(joins, params![room.id.0, id.0, RoomRole::Member.as_str()])? == 1 {
        say(tx, room, (id, name.as_str()), &EventBody::Join, Effect::Joined(id, RoomRole::Member))?;
    }
    let hook = tx.next_id(Numbered::Hooks)?;
    tx.conn.execute(
        "INSERT INTO hooks(id, hash, room, bot, by, created, mentions, secret) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![hook, token_hash(&token), room.id.0, id.0, by.user.id.0, now, add.mentions, add.secret],
    )?;
    let hook = from_sql(hook);
    let detail = format!("{hook} as {name}");
    tx.audit(by.user.name.as_str(), &by.address, "hook.add", room.name.as_str(), &detail)?;
    let bot = User::bot(id, name.clone());
    Ok((HookAdded { hook, token }, Some(bot)))
}

/// Posts that the bot joined or left the room.
fn say(tx: &mut Tx<'_>, room: &Room, bot: (UserId, &str), body: &EventBody, effect: Effect) -> Result<(), Error> {
    let event = NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: bot.0,
        by_name: bot.1,
        kind: body.kind(),
        fields: &body.fields(),
        nonce: None,
    };
    tx.append_with(&event, Some(effect)).map(drop)
}
