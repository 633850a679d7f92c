//! A room's timeline: posting to it, opening it at a position, and its pages.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use wardroom_protocol::event::{EventBody, MessageBody};
use wardroom_protocol::limits::{HISTORY_LIMIT_MAX, LINE_BYTES_MAX, TEXT_BYTES_MAX};
use wardroom_protocol::messages::{Posted, RoomHistory, RoomOpen};
use wardroom_protocol::{Nonce, RoomName};

use super::mention::{Named, mentions_of};
use super::room::Room;
use crate::error::Error;
use crate::policy::Member;
use crate::state::State;
use crate::store::{Effect, NewEvent, Range, ReadEvent, check_fits};

/// A message to post.
#[derive(Debug)]
pub struct Post {
    /// The room.
    pub room: RoomName,
    /// The text.
    pub text: String,
    /// The author's nonce.
    pub nonce: Nonce,
    /// The message that it answers.
    pub reply_to: Option<u64>,
}

/// Posts a message. Once it is on disk, `done` gets its `seq`, and the mentioned people who are not in the room. `done`
/// is not called if this function returns an error.
///
/// # Errors
/// `not_found`, `forbidden`, `bad_request`, `too_large`. Later, through `done`: `conflict`, `busy`.
pub async fn post<D>(state: &State, member: &Member, post: Post, done: D) -> Result<(), Error>
where
    D: FnOnce(Result<Posted, Error>) + Send + 'static,
{
    let room = member.speaker_in(&state.rooms, &post.room)?.room;
    check_text(&post.text)?;
    super::check_rate(state, member)?;
    if post.reply_to.is_some_and(|seq| seq < room.first() || seq > room.tail.head()) {
        return Err(Error::bad_request(format!("{} has no such line to answer", post.room)));
    }
    let fields = fields_of(&post)?;
    check_fits(&fields)?;
    let user = Arc::clone(&member.user);
    let message = MessageBody { text: post.text, ..MessageBody::default() };
    let Named { mentions, not_here } = mentions_of(&state.accounts, &room, user.id, &message);
    let done = move |seq: Result<u64, Error>| done(seq.map(|seq| Posted { seq: Some(seq), not_here }));
    let is_plain = mentions.is_empty();
    let work = move |tx: &mut crate::store::Tx<'_>| {
        let event = NewEvent {
            room: room.id,
            room_name: room.name.as_str(),
            by: user.id,
            by_name: user.name.as_str(),
            kind: "message",
            fields: &fields,
            nonce: Some(post.nonce.as_str()),
        };
        if mentions.is_empty() {
            return tx.append(&event).map(|appended| appended.seq);
        }
        let appended = tx.append_with(&event, Some(Effect::Mentions(mentions.clone())))?;
        if appended.is_new {
            tx.put_mentions(room.id, appended.seq, &mentions)?;
        }
        Ok(appended.seq)
    };
    if is_plain { state.store.append(work, done).await } else { state.store.append_all(work, done).await }
}

/// Returns true if no message can hold this text: it has too many bytes, or too many once encoded, as control
/// characters do.
pub fn is_too_long(text: &str) -> bool {
    let as_fields = || EventBody::Message(MessageBody { text: text.to_owned(), ..MessageBody::default() }).fields();
    text.len() > TEXT_BYTES_MAX || (text.len() > LINE_BYTES_MAX / 8 && check_fits(&as_fields()).is_err())
}

/// Refuses a text that no message may have.
///
/// # Errors
/// `too_large`, `bad_request`.
pub(super) fn check_text(text: &str) -> Result<(), Error> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Error::too_large("a message has at most 16,384 bytes: send it as a file"));
    }
    if text.trim().is_empty() {
        return Err(Error::bad_request("a message is not empty"));
    }
    Ok(())
}

fn fields_of(post: &Post) -> Result<String, Error> {
    #[derive(serde::Serialize)]
    struct Fields<'a> {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<u64>,
    }
    serde_json::to_string(&Fields { text: &post.text, reply_to: post.reply_to }).map_err(Error::internal)
}

/// Returns the room to open, and the `seq` after which its events follow.
///
/// # Errors
/// `not_found`; `reset` if the position is not from this timeline; `bad_request`.
pub fn open_at(state: &State, member: &Member, open: &RoomOpen) -> Result<(Arc<Room>, u64), Error> {
    let room = member.readable(&state.rooms, &open.room)?.room;
    let head = room.tail.head();
    let after = match (open.after, open.last) {
        (Some(after), at_most) => {
            let is_foreign = open.epoch.is_some_and(|epoch| epoch != state.store.epoch);
            if after > head || is_foreign {
                return Err(Error::reset(format!("{} has no such position: open it anew", open.room)));
            }
            after.max(head.saturating_sub(at_most.unwrap_or(head)))
        }
        (None, last) => head.saturating_sub(last.unwrap_or(0)),
    };
    // Do not wait for events that retention has removed.
    let after = after.max(room.first() - 1).min(head);
    Ok((room, after))
}

/// Returns a page of the timeline as the fields of a reply, in ascending order. It has fewer events than requested if
/// they would not fit on a line.
///
/// # Errors
/// `not_found`, `bad_request`.
pub async fn history(state: &State, member: &Member, ask: &RoomHistory) -> Result<Bytes, Error> {
    let room = member.readable(&state.rooms, &ask.room)?.room;
    let limit = ask.limit.unwrap_or(50);
    if limit == 0 || limit > HISTORY_LIMIT_MAX {
        return Err(Error::bad_request("limit is 1 to 200"));
    }
    let (reader, first) = (member.user.id, room.first());
    let count = usize::try_from(limit).unwrap_or(1);
    // The reply is one line: keep some space for what surrounds the events.
    let bytes_max = LINE_BYTES_MAX - 1_024;
    let read = |range, count, bytes_max| state.store.read_events(room.id, range, count + 1, bytes_max, reader);
    let after = match (ask.at, ask.after) {
        (Some(at), None) => Some(state.store.last_before(room.id, at).await?),
        (None, after) => after,
        (Some(_), Some(_)) => return Err(one_place()),
    };
    let (events, more) = match (ask.before, after, ask.around) {
        (None, None, None) => cut_front(read(Range::Before(u64::MAX >> 1), count, bytes_max).await?, count, first),
        (Some(before), None, None) => cut_front(read(Range::Before(before), count, bytes_max).await?, count, first),
        (None, Some(after), None) => {
            let mut events = read(Range::After(after), count, bytes_max).await?;
            events.truncate(count);
            let more = events.last().is_some_and(|last| last.seq < room.tail.head());
            (events, more)
        }
        (None, None, Some(around)) => {
            let half = count / 2;
            let (mut events, more) = cut_front(read(Range::Before(around), half, bytes_max / 2).await?, half, first);
            let rest = read(Range::After(around.saturating_sub(1)), count - half, bytes_max / 2).await?;
            events.extend(rest.into_iter().take(count - half));
            (events, more)
        }
        _ => return Err(one_place()),
    };
    member.still_reads(&room)?;
    Ok(page(&room, &events, more))
}

fn one_place() -> Error {
    Error::bad_request("room.history takes one of before, after, around and at")
}

/// Keeps the last `count`. There are more before them unless they start with `first`.
fn cut_front(mut events: Vec<ReadEvent>, count: usize, first: u64) -> (Vec<ReadEvent>, bool) {
    let extra = events.len().saturating_sub(count);
    events.drain(..extra);
    let more = events.first().is_some_and(|event| event.seq > first);
    (events, more)
}

fn page(room: &Room, events: &[ReadEvent], more: bool) -> Bytes {
    let mut out = BytesMut::with_capacity(events.len() * 160);
    out.put_slice(b"{\"events\":[");
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            out.put_u8(b',');
        }
        event.stored(room.name.as_str()).encode_element(event.nonce.as_deref(), &mut out);
    }
    out.put_slice(if more { b"],\"more\":true}" } else { b"],\"more\":false}" });
    out.freeze()
}
