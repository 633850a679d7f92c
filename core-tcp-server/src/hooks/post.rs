//! What comes by a webhook: posted by its bot, or counted on the message that said the same before.

use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::Code;
use wardroom_protocol::event::{EventBody, MessageBody, Repeat};
use wardroom_protocol::messages::HookPost;

use super::forms::{self, Said, fitted};
use super::limits::REPEAT_MS;
use crate::accounts::User;
use crate::clock::monotonic_ms;
use crate::policy::{Member, unarchived};
use crate::refusal::Refusal;
use crate::rooms::{Room, is_too_long, mentions_of};
use crate::secrets::{hex, token_hash};
use crate::state::State;
use crate::store::{Amendment, Effect, Mentions, NewEvent, RoomId, Tx, UserId};

/// Bytes to which a text is cut whose line would be too long: one of control characters, each of which takes six.
const ESCAPED_BYTES_MAX: usize = 8 << 10;

/// Posts, or counts. Gives the place of the message.
///
/// # Errors
/// `not_found`, in the same words whatever is wrong with the token; `rate_limited`, `bad_request`, `conflict`
/// (archived).
pub async fn post(state: &Arc<State>, post: HookPost, body: &[u8]) -> Result<u64, Refusal> {
    let hash = token_hash(&post.token);
    let (hook, room, bot) = state.store.read(move |conn| find(conn, &hash)).await?.ok_or_else(no_hook)?;
    let rated = state.hooks.rates.lock().unwrap_or_else(PoisonError::into_inner).take(hook, monotonic_ms());
    rated.map_err(|retry_ms| Refusal {
        retry_ms: Some(retry_ms),
        code: Code::RateLimited,
        ..Refusal::busy("this webhook posts too often: one post a second is taken, after sixty at once", retry_ms)
    })?;
    let room = unarchived(state.rooms.by_id(room).ok_or_else(no_hook)?)?;
    let bot = state.accounts.by_id(bot).filter(|bot| !bot.is_disabled()).ok_or_else(no_hook)?;
    let mut said = forms::read(&post.content_type, post.github.as_deref(), body)?;
    if let Some(key) = post.key {
        said.key = Some(key);
        said.ends = None;
    }
    if is_too_long(&said.text) {
        let (to, by, repeat) = (Arc::clone(&room), Arc::clone(&bot), said.clone());
        // What is only counted becomes no file once more.
        let counted = state.store.write(move |tx| repeated(tx, hook, &to, &by, &repeat)).await?;
        if let Some(seq) = counted {
            return Ok(seq);
        }
        said.text = shelved(state, hook, &room, &bot, said.text).await;
    }
    let mentions = mentions_of(&state.accounts, &room, bot.id, &said.text);
    state.store.write(move |tx| write(tx, hook, &room, &bot, &said, mentions)).await
}

/// There is such a webhook: what is posted to it may be taken in.
///
/// # Errors
/// `not_found`, as [`post`].
pub async fn known(state: &State, token: &str) -> Result<(), Refusal> {
    let hash = token_hash(token);
    state.store.read(move |conn| find(conn, &hash)).await?.map(drop).ok_or_else(no_hook)
}

fn no_hook() -> Refusal {
    Refusal::not_found("there is no such webhook")
}

fn find(conn: &Connection, hash: &[u8]) -> Result<Option<(i64, RoomId, UserId)>, Refusal> {
    let sql = "SELECT id, room, bot FROM hooks WHERE hash = ?1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, RoomId(row.get(1)?), UserId(row.get(2)?)));
    Ok(conn.prepare_cached(sql)?.query_row([hash], row).optional()?)
}

/// A text that is too long, as a file and the message for it; cut, where there is no room for a file.
async fn shelved(state: &Arc<State>, hook: i64, room: &Room, bot: &Arc<User>, text: String) -> String {
    let member =
        Member { user: Arc::clone(bot), session: None, passwords_set: None, address: format!("webhook {hook}") };
    let begin = fitted(&text, ESCAPED_BYTES_MAX);
    match crate::files::shelve(state, &member, &room.name, text).await {
        Ok(said) => said,
        Err(refusal) => {
            tracing::warn!(room = room.name.as_str(), hook, %refusal, "a long text of a webhook is cut");
            begin
        }
    }
}

/// Notes that the webhook was used. Gives the message on which this is counted, if there is one.
fn repeated(tx: &mut Tx<'_>, hook: i64, room: &Arc<Room>, bot: &User, said: &Said) -> Result<Option<u64>, Refusal> {
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    // It may have been removed since it was looked for.
    if tx.conn.prepare_cached("UPDATE hooks SET used = ?2 WHERE id = ?1")?.execute(params![hook, now])? == 0 {
        return Err(no_hook());
    }
    if let Some(ended) = &said.ends {
        let forget = "DELETE FROM hook_keys WHERE hook = ?1 AND key = ?2";
        tx.conn.prepare_cached(forget)?.execute(params![hook, kept(ended)])?;
    }
    match said.key.as_deref().map(kept) {
        Some(key) => counted(tx, hook, room, bot, &key),
        None => Ok(None),
    }
}

fn write(
    tx: &mut Tx<'_>,
    hook: i64,
    room: &Arc<Room>,
    bot: &User,
    said: &Said,
    mentions: Mentions,
) -> Result<u64, Refusal> {
    if let Some(seq) = repeated(tx, hook, room, bot, said)? {
        return Ok(seq);
    }
    let event = NewEvent {
        room: room.id,
        room_name: room.name.as_str(),
        by: bot.id,
        by_name: bot.name.as_str(),
        kind: "message",
        fields: &fields_of(&said.text),
        nonce: None,
    };
    let effect = (!mentions.is_empty()).then(|| Effect::Mentions(mentions.clone()));
    let seq = tx.append_with(&event, effect)?.seq;
    if !mentions.is_empty() {
        tx.put_mentions(room.id, seq, &mentions)?;
    }
    if let Some(key) = said.key.as_deref().map(kept) {
        let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
        let note = "INSERT OR REPLACE INTO hook_keys(hook, key, seq, at) VALUES(?1, ?2, ?3, ?4)";
        let sql_seq = i64::try_from(seq).unwrap_or(i64::MAX);
        tx.conn.prepare_cached(note)?.execute(params![hook, key, sql_seq, now])?;
    }
    Ok(seq)
}

/// Counts it on the message of this key, if there is one of today that is still there.
fn counted(tx: &mut Tx<'_>, hook: i64, room: &Arc<Room>, bot: &User, key: &str) -> Result<Option<u64>, Refusal> {
    let since = i64::try_from(tx.now_ms.saturating_sub(REPEAT_MS)).unwrap_or(0);
    let sql = "SELECT seq FROM hook_keys WHERE hook = ?1 AND key = ?2 AND at >= ?3";
    let seq: Option<i64> =
        tx.conn.prepare_cached(sql)?.query_row(params![hook, key, since], |row| row.get(0)).optional()?;
    let Some(seq) = seq.and_then(|seq| u64::try_from(seq).ok()) else { return Ok(None) };
    let said = match tx.line(room.id, seq) {
        Ok(said) if !said.is_deleted() => said,
        Err(refusal) if refusal.code != Code::NotFound => return Err(refusal),
        // Deleted, or removed by retention: it is said anew.
        _ => return Ok(None),
    };
    let body = EventBody::Repeat(Repeat { target: seq, count: said.message()?.count.unwrap_or(1) + 1 });
    let amendment = Amendment { room: room.id, room_name: &room.name, by: bot.id, by_name: &bot.name, body: &body };
    tx.amend(said, amendment, None)?;
    Ok(Some(seq))
}

fn fields_of(text: &str) -> String {
    EventBody::Message(MessageBody { text: text.to_owned(), ..MessageBody::default() }).fields()
}

/// A key as it is kept: its hash, which is short however long it is.
fn kept(key: &str) -> String {
    hex(&token_hash(key)).chars().take(32).collect()
}
