//! Amendments. A line is stored in its latest form, and each amendment is an event of its own.

use rusqlite::{OptionalExtension as _, params};
use wardroom_protocol::event::{Edit, EventBody, MessageBody, StoredEvent};
use wardroom_protocol::limits::LINE_BYTES_MAX;
use wardroom_protocol::{RoomName, UserName};

use super::effect::{Amended, Effect, Mentions, Replaced};
use super::events::{self, NewEvent};
use super::ids::{RoomId, UserId, as_sql, from_sql};
use super::writer::Tx;
use crate::error::Error;
use crate::limits::{EVENT_HEAD_BYTES, TAIL_EVENTS_MAX};

/// A line as it is stored.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    /// The `seq` of its event.
    pub seq: u64,
    /// The author.
    pub by: UserId,
    /// The content, and what happened to it since.
    pub body: EventBody,
    by_name: String,
    at: u64,
    fields: String,
    nonce: Option<String>,
}

impl StoredMessage {
    /// Returns the body of a message.
    ///
    /// # Errors
    /// `bad_request` if it is not a message.
    pub fn message(&self) -> Result<&MessageBody, Error> {
        match &self.body {
            EventBody::Message(message) => Ok(message),
            _ => Err(Error::bad_request(format!("line {} is no message", self.seq))),
        }
    }

    /// Returns true for a deleted message.
    pub fn is_deleted(&self) -> bool {
        self.message().is_ok_and(|message| message.deleted)
    }
}

/// An amendment to make.
#[derive(Clone, Copy, Debug)]
pub struct Amendment<'a> {
    /// The room.
    pub room: RoomId,
    /// Its name.
    pub room_name: &'a RoomName,
    /// The user who makes it.
    pub by: UserId,
    /// Their name.
    pub by_name: &'a UserName,
    /// An edit, a deletion, a reaction or a repeat.
    pub body: &'a EventBody,
}

/// Refuses an event that would not fit on a line: a text of control characters, or a message that everybody has reacted
/// to.
///
/// # Errors
/// `too_large`
pub fn check_fits(fields: &str) -> Result<(), Error> {
    if fields.len() > LINE_BYTES_MAX - EVENT_HEAD_BYTES {
        return Err(Error::too_large("this does not fit a line of 65,536 bytes: send it as a file"));
    }
    Ok(())
}

impl Tx<'_> {
    /// Returns the line at `seq`.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub fn line(&self, room: RoomId, seq: u64) -> Result<StoredMessage, Error> {
        let sql = "SELECT e.by, u.name, e.at, e.kind, e.fields, e.nonce FROM events e JOIN users u ON u.id = e.by
                   WHERE e.room = ?1 AND e.seq = ?2";
        type Row = (i64, String, i64, String, String, Option<String>);
        let row: Option<Row> = self
            .conn
            .prepare_cached(sql)?
            .query_row(params![room.0, as_sql(seq)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            })
            .optional()?;
        let Some((by, by_name, at, kind, fields, nonce)) = row else {
            return Err(Error::not_found(format!("this room has no line {seq}")));
        };
        let body = EventBody::parse(&kind, fields.as_bytes());
        Ok(StoredMessage { seq, by: UserId(by), body, by_name, at: from_sql(at), fields, nonce })
    }

    /// Changes a line, and appends the event that says so. `mentions` are the line's new mentions, if its text changed.
    /// Returns the `seq` of the new event.
    ///
    /// # Errors
    /// `conflict` if the line was deleted; `too_large` if it would not fit on a line.
    pub fn amend(
        &mut self,
        said: StoredMessage,
        amendment: Amendment<'_>,
        mentions: Option<Mentions>,
    ) -> Result<u64, Error> {
        let Amendment { room, room_name, by, by_name, body } = amendment;
        if said.is_deleted() {
            return Err(Error::conflict("this message was deleted"));
        }
        let seq = self.next(room)?;
        let mut amended = said.body.clone();
        if !amended.amend(seq, by_name, body) {
            return Err(Error::bad_request(format!("line {} takes no {}", said.seq, body.kind())));
        }
        let is_deleted = matches!(&amended, EventBody::Message(message) if message.deleted);
        let fields = amended.fields();
        check_fits(&fields)?;
        let posted = said.nonce.is_some().then(|| events::digest(&said.fields));
        self.conn
            .prepare_cached(
                "UPDATE events SET fields = ?3, posted = coalesce(posted, ?4), deleted = ?5
                 WHERE room = ?1 AND seq = ?2",
            )?
            .execute(params![room.0, as_sql(said.seq), fields, posted, is_deleted.then_some(1)])?;
        let line = StoredEvent {
            room: room_name.as_str(),
            seq: said.seq,
            at: said.at,
            by: &said.by_name,
            kind: amended.kind(),
            fields: &fields,
        };
        let own_frame = said.nonce.as_deref().map(|nonce| line.encode(Some(nonce)));
        let mut replaced = vec![Replaced { seq: said.seq, frame: line.encode(None), own_frame }];
        if is_deleted {
            self.blank_edits(&amendment, said.seq, seq, &mut replaced)?;
        }
        let mentions = if is_deleted { Some(Mentions::default()) } else { mentions };
        if let Some(mentions) = &mentions {
            let forget = "DELETE FROM mentions WHERE room = ?1 AND seq = ?2";
            self.conn.prepare_cached(forget)?.execute(params![room.0, as_sql(said.seq)])?;
            self.put_mentions(room, said.seq, mentions)?;
        }
        let event = NewEvent {
            room,
            room_name: room_name.as_str(),
            by,
            by_name: by_name.as_str(),
            kind: body.kind(),
            fields: &body.fields(),
            nonce: None,
        };
        let amended = Amended { target: said.seq, author: said.by, is_deleted, mentions, replaced };
        self.insert(&event, Some(said.seq), Some(Effect::Amended(amended))).map(|appended| appended.seq)
    }

    /// Records whom a message mentions.
    ///
    /// # Errors
    /// If the database fails.
    pub fn put_mentions(&self, room: RoomId, seq: u64, mentions: &Mentions) -> Result<(), Error> {
        let all = mentions.is_here.then_some(UserId::SYSTEM);
        let mut insert = self.conn.prepare_cached("INSERT INTO mentions(room, user, seq) VALUES(?1, ?2, ?3)")?;
        for user in mentions.users.iter().copied().chain(all) {
            insert.execute(params![room.0, user.0, as_sql(seq)])?;
        }
        Ok(())
    }

    /// Removes deleted text from the message's edits as well.
    fn blank_edits(
        &self,
        amendment: &Amendment<'_>,
        target: u64,
        seq: u64,
        replaced: &mut Vec<Replaced>,
    ) -> Result<(), Error> {
        let body = EventBody::Edit(Edit::of_text(target, ""));
        let fields = body.fields();
        let room = amendment.room.0;
        // Only the latest edits can be in a tail.
        let from = seq.saturating_sub(u64::try_from(TAIL_EVENTS_MAX).unwrap_or(u64::MAX));
        let sql = "SELECT e.seq, e.at, u.name FROM events e JOIN users u ON u.id = e.by
                   WHERE e.room = ?1 AND e.target = ?2 AND e.kind = 'edit' AND e.seq >= ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![room, as_sql(target), as_sql(from)])?;
        while let Some(row) = rows.next()? {
            let (seq, at, by): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (seq, at) = (from_sql(seq), from_sql(at));
            let line = StoredEvent {
                room: amendment.room_name.as_str(),
                seq,
                at,
                by: &by,
                kind: body.kind(),
                fields: &fields,
            };
            replaced.push(Replaced { seq, frame: line.encode(None), own_frame: None });
        }
        let blank = "UPDATE events SET fields = ?3 WHERE room = ?1 AND target = ?2 AND kind = 'edit'";
        self.conn.prepare_cached(blank)?.execute(params![room, as_sql(target), fields])?;
        Ok(())
    }
}
