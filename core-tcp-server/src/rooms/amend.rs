//! Amendments to a message: edits, deletions and reactions, in one transaction each.

use rusqlite::OptionalExtension as _;
use wardroom_protocol::event::{Edit, EventBody, MessageBody, ReactionBody, Target};
use wardroom_protocol::limits::{EMOJI_BYTES_MAX, REACTIONS_MAX};
use wardroom_protocol::messages::{RoomDelete, RoomEdit, RoomReact};

use super::mention::mentions_of;
use super::recount::know_all_here;
use super::room::Room;
use super::timeline::check_text;
use crate::error::Error;
use crate::limits::LAST_SAID_LINES;
use crate::policy::{Member, unarchived};
use crate::state::State;
use crate::store::{Amendment, UserId, as_sql, from_sql};

/// Edits a message. Returns `None` if the text is already the same.
///
/// # Errors
/// `not_found`, `bad_request` (not a message), `forbidden` (another user's), `conflict` (deleted), `too_large`.
pub async fn edit(state: &State, member: &Member, edit: RoomEdit) -> Result<Option<u64>, Error> {
    let room = member.speaker_in(&state.rooms, &edit.room)?.room;
    check_text(&edit.text)?;
    super::check_rate(state, member)?;
    let message = MessageBody { text: edit.text.clone(), ..MessageBody::default() };
    let mentions = mentions_of(&state.accounts, &room, member.user.id, &message).mentions;
    let (by, told) = (member.clone(), std::sync::Arc::clone(&room));
    let seq = state
        .store
        .write(move |tx| {
            let said = tx.line(room.id, edit.seq)?;
            let message = said.message()?;
            if said.by != by.user.id {
                return Err(Error::forbidden("one edits one's own messages: reply to it instead"));
            }
            if !message.deleted && message.text == edit.text {
                return Ok(None);
            }
            let body = EventBody::Edit(Edit::of_text(edit.seq, edit.text));
            tx.amend(said, amendment(&room, &by, &body), Some(mentions)).map(Some)
        })
        .await?;
    if seq.is_some() {
        know_all_here(state, &told).await;
    }
    Ok(seq)
}

/// Deletes a message: its text is removed, its line stays.
///
/// # Errors
/// `not_found`, `bad_request` (not a message), `forbidden` (another user's), `conflict` (already deleted).
pub async fn delete(state: &State, member: &Member, delete: RoomDelete) -> Result<u64, Error> {
    let readable = member.readable(&state.rooms, &delete.room)?.room;
    super::check_rate(state, member)?;
    let is_keeper = member.is_owner_of(&readable);
    let room = if is_keeper { unarchived(readable)? } else { member.speaker_in(&state.rooms, &delete.room)?.room };
    let (by, told) = (member.clone(), std::sync::Arc::clone(&room));
    let seq = state
        .store
        .write(move |tx| {
            let said = tx.line(room.id, delete.seq)?;
            said.message()?;
            let is_own = said.by == by.user.id;
            if !is_own && !is_keeper {
                return Err(Error::forbidden("one deletes one's own messages; owners of the room delete all"));
            }
            let body = EventBody::Delete(Target { target: delete.seq });
            let seq = tx.amend(said, amendment(&room, &by, &body), None)?;
            if !is_own {
                let detail = delete.seq.to_string();
                tx.audit(by.user.name.as_str(), &by.address, "room.delete", room.name.as_str(), &detail)?;
            }
            Ok(seq)
        })
        .await?;
    know_all_here(state, &told).await;
    Ok(seq)
}

/// Adds or removes the user's reaction to a message, a run or a file. Returns `None` if that changes nothing.
///
/// # Errors
/// `not_found`, `bad_request` (another kind of line, no emoji), `conflict` (deleted), `too_large` (too many).
pub async fn react(state: &State, member: &Member, react: RoomReact) -> Result<Option<u64>, Error> {
    let room = member.speaker_in(&state.rooms, &react.room)?.room;
    super::check_rate(state, member)?;
    let RoomReact { seq, emoji, on, .. } = react;
    let emoji = known_emoji(&emoji)?.to_owned();
    let by = member.clone();
    state
        .store
        .write(move |tx| {
            let said = tx.line(room.id, seq)?;
            if !matches!(said.body, EventBody::Message(_) | EventBody::RunStarted(_) | EventBody::FileAdded(_)) {
                return Err(Error::bad_request("react to a message, a run or a file"));
            }
            let reactions = said.body.reactions();
            let given = reactions.iter().find(|given| given.emoji == emoji);
            let is_on = given.is_some_and(|given| given.by.contains(&by.user.name));
            if !said.is_deleted() && is_on == on {
                return Ok(None);
            }
            if on && given.is_none() && reactions.len() >= REACTIONS_MAX {
                return Err(Error::too_large("a line has at most 20 different reactions"));
            }
            let body = EventBody::Reaction(ReactionBody { target: seq, emoji, on });
            tx.amend(said, amendment(&room, &by, &body), None).map(Some)
        })
        .await
}

/// Returns the `seq` of a user's last message, if it is recent.
///
/// # Errors
/// If the database fails.
pub async fn last_said(state: &State, room: &Room, user: UserId) -> Result<Option<u64>, Error> {
    let (id, from) = (room.id.0, as_sql(room.tail.head().saturating_sub(LAST_SAID_LINES)));
    let sql = "SELECT seq FROM events WHERE room = ?1 AND seq > ?2 AND by = ?3 AND kind = 'message' AND deleted IS NULL
               ORDER BY seq DESC LIMIT 1";
    state
        .store
        .read(move |conn| Ok(conn.query_row(sql, [id, from, user.0], |row| row.get(0).map(from_sql)).optional()?))
        .await
}

fn amendment<'a>(room: &'a Room, by: &'a Member, body: &'a EventBody) -> Amendment<'a> {
    Amendment { room: room.id, room_name: &room.name, by: by.user.id, by_name: &by.user.name, body }
}

/// Returns one emoji in its fully qualified form, so that two encodings of one emoji are one reaction.
fn known_emoji(text: &str) -> Result<&'static str, Error> {
    let found = Some(text).filter(|text| text.len() <= EMOJI_BYTES_MAX).and_then(emojis::get);
    found.map(emojis::Emoji::as_str).ok_or_else(|| Error::bad_request("a reaction is one emoji"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_one_emoji_of_those_that_there_are() {
        for (text, emoji) in
            [("👍", "👍"), ("👍🏽", "👍🏽"), ("❤", "❤️"), ("❤️", "❤️"), ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"), ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"), ("🇩🇪", "🇩🇪")]
        {
            assert_eq!(known_emoji(text).unwrap(), emoji);
        }
        for text in ["", "a", "👍👍", "ok", "<script>", "\u{202e}", "👍 ", "\u{1f900}\u{301}"] {
            assert!(known_emoji(text).is_err(), "{text}");
        }
    }
}
