//! The settings of a room.

use rusqlite::params;
use wardroom_protocol::event::{Days, EventBody, Switch, Words};
use wardroom_protocol::limits::{RETENTION_DAYS_MAX, TITLE_CHARS_MAX, TOPIC_BYTES_MAX};
use wardroom_protocol::messages::RoomSet;
use wardroom_protocol::visible::is_deceptive;

use super::{GENERAL, append, check_no_dm};
use crate::error::Error;
use crate::policy::Member;
use crate::state::State;
use crate::store::Effect;

/// Changes the given settings. Returns the `seq` of the last event, if anything changed.
///
/// # Errors
/// `not_found`, `forbidden`, `bad_request`; `conflict` if the room is archived and stays so.
pub async fn set(state: &State, member: &Member, set: RoomSet) -> Result<Option<u64>, Error> {
    let is_keeping =
        set.title.is_some() || set.archived.is_some() || set.retention_days.is_some() || set.approve.is_some();
    let room = match (set.archived, is_keeping) {
        (Some(false), _) => member.keeper_of(&state.rooms, &set.room)?.room,
        (_, true) => member.owner_in(&state.rooms, &set.room)?.room,
        (_, false) => member.speaker_in(&state.rooms, &set.room)?.room,
    };
    if set.archived.is_some() {
        check_no_dm(&room)?;
        if room.id == GENERAL {
            return Err(Error::conflict("general goes on: everybody is in it, always"));
        }
    }
    if set.approve == Some(false) {
        // Whoever is bound by it does not lift it.
        member.admin().map_err(|_| Error::forbidden("only admins turn approval off: it binds owners, too"))?;
    }
    super::check_rate(state, member)?;
    let mut changes = Vec::new();
    if let Some(on) = set.archived {
        let sql = "UPDATE rooms SET archived = ?2 WHERE id = ?1 AND archived <> ?2";
        changes.push((sql, i64::from(on).into(), EventBody::Archived(Switch { on }), Effect::Archived(on)));
    }
    if let Some(title) = set.title {
        let text = check_title(&title)?;
        let sql = "UPDATE rooms SET title = ?2 WHERE id = ?1 AND title <> ?2";
        changes.push((sql, text.clone().into(), EventBody::Title(Words { text: text.clone() }), Effect::Title(text)));
    }
    if let Some(topic) = set.topic {
        let text = check_topic(&topic)?;
        let sql = "UPDATE rooms SET topic = ?2 WHERE id = ?1 AND topic <> ?2";
        changes.push((sql, text.clone().into(), EventBody::Topic(Words { text: text.clone() }), Effect::Topic(text)));
    }
    if let Some(days) = set.retention_days {
        if days > RETENTION_DAYS_MAX {
            return Err(Error::bad_request("retention_days is 0 to 3650: ten years at most, 0 for ever"));
        }
        let sql = "UPDATE rooms SET retention_days = ?2 WHERE id = ?1 AND retention_days <> ?2";
        let body = EventBody::Retention(Days { days });
        changes.push((sql, i64::from(days).into(), body, Effect::Retention(days)));
    }
    if let Some(on) = set.approve {
        let sql = "UPDATE rooms SET approve = ?2 WHERE id = ?1 AND approve <> ?2";
        changes.push((sql, i64::from(on).into(), EventBody::ApproveRule(Switch { on }), Effect::Approve(on)));
    }
    if changes.is_empty() {
        return Err(Error::bad_request("room.set takes title, topic, archived, retention_days or approve"));
    }
    let (by, id) = (member.clone(), room.id);
    let seq = state
        .store
        .write(move |tx| {
            let mut last = None;
            for (sql, value, body, effect) in changes {
                let value: rusqlite::types::Value = value;
                if tx.conn.execute(sql, params![id.0, value])? == 0 {
                    continue;
                }
                let detail = format!("{} {}", body.kind(), body.fields());
                tx.audit(by.user.name.as_str(), &by.address, "room.set", room.name.as_str(), &detail)?;
                last = Some(append(tx, &room, &by, &body, effect)?);
            }
            Ok(last)
        })
        .await?;
    Ok(seq)
}

/// Checks a title and trims it.
///
/// # Errors
/// `bad_request`
pub fn check_title(title: &str) -> Result<String, Error> {
    let title = title.trim();
    if title.chars().count() > TITLE_CHARS_MAX || title.chars().any(|c| c.is_control() || is_deceptive(c)) {
        return Err(Error::bad_request("a title has at most 120 characters, and no control or direction characters"));
    }
    Ok(title.to_owned())
}

/// Checks a topic of a few lines and trims it.
fn check_topic(topic: &str) -> Result<String, Error> {
    let topic = topic.trim();
    let is_bad = |c: char| c != '\n' && (c.is_control() || is_deceptive(c));
    if topic.len() > TOPIC_BYTES_MAX || topic.chars().any(is_bad) {
        let msg = "a topic has at most 1,024 bytes, and no control or direction characters but line feeds";
        return Err(Error::bad_request(msg));
    }
    Ok(topic.to_owned())
}
