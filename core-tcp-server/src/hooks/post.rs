//! Posts that arrive through a webhook: its bot posts them, or they are counted on an earlier message with the same
//! key.

use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};
use wardroom_protocol::Code;
use wardroom_protocol::event::{AlertGroup, AlertStatus, Edit, EventBody, MessageBody, Repeat};
use wardroom_protocol::messages::HookPost;

use super::body::{check_signature, content};
use super::forms::{self, WebhookMessage, fitted};
use super::limits::REPEAT_MS;
use crate::accounts::User;
use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::policy::{Member, unarchived};
use crate::rooms::{Room, is_too_long, mentions_of};
use crate::secrets::{hex, token_hash};
use crate::state::State;
use crate::store::{Amendment, Effect, Mentions, NewEvent, RoomId, Tx, UserId, check_fits};

/// Bytes to which a text is cut if its line would be too long, as with control characters, which take six bytes each.
const ESCAPED_BYTES_MAX: usize = 8 << 10;

/// Posts a message or counts a repeat. Returns the `seq` of the message.
///
/// # Errors
/// `not_found`, with the same message whatever is wrong with the token; `forbidden` (not signed), `rate_limited`,
/// `bad_request`, `too_large`, `conflict` (archived).
pub async fn post(state: &Arc<State>, post: HookPost, body: &[u8]) -> Result<u64, Error> {
    let hash = token_hash(&post.token);
    let found = state.store.read(move |conn| find(conn, &hash)).await?.ok_or_else(no_hook)?;
    let Hook { id: hook, room, bot, may_mention, secret } = found;
    // Before the rate limit: programs that cannot sign must not use it up.
    if let Some(secret) = secret {
        check_signature(&secret, post.signature.as_deref(), body)?;
    }
    let rated = state.hooks.rates.lock().unwrap_or_else(PoisonError::into_inner).take(hook, monotonic_ms());
    rated.map_err(|retry_ms| Error {
        retry_ms: Some(retry_ms),
        code: Code::RateLimited,
        ..Error::busy("this webhook posts too often: one post a second is taken, after sixty at once", retry_ms)
    })?;
    let room = unarchived(state.rooms.by_id(room).ok_or_else(no_hook)?)?;
    let bot = state.accounts.by_id(bot).filter(|bot| !bot.is_disabled()).ok_or_else(no_hook)?;
    let body = content(&post.content_type, post.encoding.as_deref(), body)?;
    let mut said = forms::read(&post.content_type, post.github.as_deref(), &body)?;
    said.key = post.key.or(said.key);
    let delivery = post.delivery.map(|delivery| kept(&format!("delivery {delivery}")));
    let by = By { hook, room, bot, delivery };
    let is_long = is_too_long(&said.text);
    // Until the message is written: of two posts with the same key, the second finds what the first has stored.
    let _alone = if is_long { state.hooks.store_alone(hook).await } else { None };
    if is_long {
        let (to, repeat) = (by.clone(), said.clone());
        // A repeat, which is only counted, must not create another file.
        let counted = state.store.write(move |tx| repeated(tx, &to, &repeat, &Mentions::default())).await?;
        if let Some(seq) = counted {
            return Ok(seq);
        }
        said.text = shelved(state, &by, said.text).await;
    }
    let message = MessageBody {
        text: said.text.clone(),
        format: said.format,
        silent: !may_mention,
        alert: said.alert.clone(),
        ..MessageBody::default()
    };
    let named = mentions_of(&state.accounts, &by.room, by.bot.id, &message);
    state.store.write(move |tx| write(tx, &by, &said, &message, named.mentions)).await
}

/// A webhook as stored.
struct Hook {
    id: i64,
    room: RoomId,
    bot: UserId,
    may_mention: bool,
    secret: Option<String>,
}

/// The webhook, its room and its bot.
#[derive(Clone)]
struct By {
    hook: i64,
    room: Arc<Room>,
    bot: Arc<User>,
    /// The key of this delivery.
    delivery: Option<String>,
}

/// Checks that the webhook exists, before its body is read.
///
/// # Errors
/// `not_found`, as for [`post`].
pub async fn known(state: &State, token: &str) -> Result<(), Error> {
    let hash = token_hash(token);
    state.store.read(move |conn| find(conn, &hash)).await?.map(drop).ok_or_else(no_hook)
}

fn no_hook() -> Error {
    Error::not_found("there is no such webhook")
}

fn find(conn: &Connection, hash: &[u8]) -> Result<Option<Hook>, Error> {
    let sql = "SELECT id, room, bot, mentions, secret FROM hooks WHERE hash = ?1";
    let row = |row: &rusqlite::Row<'_>| {
        Ok(Hook {
            id: row.get(0)?,
            room: RoomId(row.get(1)?),
            bot: UserId(row.get(2)?),
            may_mention: row.get(3)?,
            secret: row.get(4)?,
        })
    };
    Ok(conn.prepare_cached(sql)?.query_row([hash], row).optional()?)
}

/// Stores a text that is too long as a file and returns the message for it; without space for a file, returns the text
/// cut to fit.
async fn shelved(state: &Arc<State>, by: &By, text: String) -> String {
    let By { hook, room, bot, .. } = by;
    let member =
        Member { user: Arc::clone(bot), session: None, passwords_set: None, address: format!("webhook {hook}") };
    let begin = fitted(&text, ESCAPED_BYTES_MAX);
    match crate::files::shelve(state, &member, &room.name, text).await {
        Ok(said) => said,
        Err(error) => {
            tracing::warn!(room = room.name.as_str(), hook, %error, "a long text of a webhook is cut");
            begin
        }
    }
}

/// Records that the webhook was used. Returns the message on which this post is counted, or that an earlier attempt of
/// this delivery created.
fn repeated(tx: &mut Tx<'_>, by: &By, said: &WebhookMessage, mentions: &Mentions) -> Result<Option<u64>, Error> {
    let now = i64::try_from(tx.now_ms).unwrap_or(i64::MAX);
    // The webhook may have been deleted since it was looked up.
    let used = "UPDATE hooks SET used = ?2 WHERE id = ?1";
    if tx.conn.prepare_cached(used)?.execute(params![by.hook, now])? == 0 {
        return Err(no_hook());
    }
    if let Some(delivery) = &by.delivery
        && let Some(seq) = place_of(tx, by.hook, delivery)?
    {
        return Ok(Some(seq));
    }
    let Some(key) = said.key.as_deref().map(kept) else { return Ok(None) };
    let counted = counted(tx, by, &key, said, mentions)?;
    if let (Some(seq), Some(delivery)) = (counted, &by.delivery) {
        note(tx, by.hook, delivery, seq)?;
    }
    Ok(counted)
}

fn write(
    tx: &mut Tx<'_>,
    by: &By,
    said: &WebhookMessage,
    message: &MessageBody,
    mentions: Mentions,
) -> Result<u64, Error> {
    if let Some(seq) = repeated(tx, by, said, &mentions)? {
        return Ok(seq);
    }
    let fields = EventBody::Message(message.clone()).fields();
    check_fits(&fields)?;
    let event = NewEvent {
        room: by.room.id,
        room_name: by.room.name.as_str(),
        by: by.bot.id,
        by_name: by.bot.name.as_str(),
        kind: "message",
        fields: &fields,
        nonce: None,
    };
    let effect = (!mentions.is_empty()).then(|| Effect::Mentions(mentions.clone()));
    let seq = tx.append_with(&event, effect)?.seq;
    if !mentions.is_empty() {
        tx.put_mentions(by.room.id, seq, &mentions)?;
    }
    for key in said.key.as_deref().map(kept).iter().chain(&by.delivery) {
        note(tx, by.hook, key, seq)?;
    }
    Ok(seq)
}

/// Returns the `seq` of the message with this key, if it is less than a day old.
fn place_of(tx: &Tx<'_>, hook: i64, key: &str) -> Result<Option<u64>, Error> {
    let since = i64::try_from(tx.now_ms.saturating_sub(REPEAT_MS)).unwrap_or(0);
    let sql = "SELECT seq FROM hook_keys WHERE hook = ?1 AND key = ?2 AND at >= ?3";
    let seq: Option<i64> =
        tx.conn.prepare_cached(sql)?.query_row(params![hook, key, since], |row| row.get(0)).optional()?;
    Ok(seq.and_then(|seq| u64::try_from(seq).ok()))
}

fn note(tx: &Tx<'_>, hook: i64, key: &str, seq: u64) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO hook_keys(hook, key, seq, at) VALUES(?1, ?2, ?3, ?4)";
    let (seq, now) = (i64::try_from(seq).unwrap_or(i64::MAX), i64::try_from(tx.now_ms).unwrap_or(i64::MAX));
    tx.conn.prepare_cached(sql)?.execute(params![hook, key, seq, now])?;
    Ok(())
}

/// Counts a repeat on the message with this key, or updates that message's alerts, if it is less than a day old and
/// still exists.
fn counted(
    tx: &mut Tx<'_>,
    by: &By,
    key: &str,
    said: &WebhookMessage,
    mentions: &Mentions,
) -> Result<Option<u64>, Error> {
    let Some(seq) = place_of(tx, by.hook, key)? else { return Ok(None) };
    let before = match tx.line(by.room.id, seq) {
        Ok(before) if !before.is_deleted() => before,
        Err(error) if error.code != Code::NotFound => return Err(error),
        // Deleted by a user or removed by retention: posted as a new message.
        _ => return Ok(None),
    };
    let message = before.message()?;
    let count = message.count.unwrap_or(1).saturating_add(1);
    let status = |alert: &Option<Box<AlertGroup>>| alert.as_ref().map(|alert| alert.status);
    let body = match (status(&message.alert), status(&said.alert)) {
        // An alert that ended and fires again is news.
        (Some(AlertStatus::Resolved), Some(AlertStatus::Firing)) => return Ok(None),
        // It has already ended.
        (Some(AlertStatus::Resolved), Some(AlertStatus::Resolved)) => return Ok(Some(seq)),
        (_, Some(now)) if message.alert != said.alert => EventBody::Edit(Edit {
            target: seq,
            text: said.text.clone(),
            alert: said.alert.clone(),
            count: (now == AlertStatus::Firing).then_some(count),
        }),
        _ => EventBody::Repeat(Repeat { target: seq, count }),
    };
    let is_edit = matches!(body, EventBody::Edit(_));
    let (room, bot) = (&by.room, &by.bot);
    let amendment = Amendment { room: room.id, room_name: &room.name, by: bot.id, by_name: &bot.name, body: &body };
    tx.amend(before, amendment, is_edit.then(|| mentions.clone()))?;
    Ok(Some(seq))
}

/// Returns a key as stored: its hash, which is short whatever the length of the key.
fn kept(key: &str) -> String {
    hex(&token_hash(key)).chars().take(32).collect()
}
