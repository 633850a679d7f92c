//! A text that is too long for a message becomes a file of the room, and a message with its first lines. The text face
//! and webhooks use this; programs upload files themselves.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::limits::BODY_BYTES_MAX;
use wardroom_protocol::messages::{FilePut, IfExists, Place};
use wardroom_protocol::{Nonce, RelPath, RoomName, UploadId};

use super::{Committed, Face, abort, commit, put, write};
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::{PREVIEW_BYTES, PREVIEW_LINES};
use crate::policy::Member;
use crate::secrets::new_ulid;
use crate::sender::ConnectionSender;
use crate::state::State;

/// Stores the text in the room under a name with the current time, and returns the message for it.
///
/// # Errors
/// See [`put`] and [`commit`].
pub async fn shelve(state: &Arc<State>, member: &Member, room: &RoomName, text: String) -> Result<String, Error> {
    let (size, begin) = (text.len() as u64, preview(&text));
    let nonce = Nonce::parse(&new_ulid(now_ms()).to_string()).map_err(Error::internal)?;
    let place = Place::Room(room.clone());
    let path = RelPath::parse(&name(now_ms())).map_err(Error::internal)?;
    let ask = FilePut { place, path, size, mtime: None, if_exists: IfExists::Rename, nonce };
    // An upload needs a connection sender; nothing is sent on this one.
    let sender = ConnectionSender::new();
    let upload = put(state, member, &sender, ask, Face::Person).await?.upload;
    let path = match fill(state, member, &sender, upload, text.into()).await {
        Ok(committed) => committed.path,
        Err(error) => {
            if let Err(error) = abort(state, member, upload).await {
                // It is removed when it expires.
                tracing::debug!(%error, "cannot give an upload up");
            }
            return Err(error);
        }
    };
    Ok(format!("{begin}\n… {size} bytes, the whole of it is the file {path}").trim_start().to_owned())
}

async fn fill(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    upload: UploadId,
    mut bytes: Bytes,
) -> Result<Committed, Error> {
    let mut off = 0;
    while !bytes.is_empty() {
        let piece = bytes.split_to(bytes.len().min(BODY_BYTES_MAX));
        let len = piece.len() as u64;
        write(state, member, sender, upload, off, piece).await?;
        off += len;
    }
    commit(state, member, upload, None).await
}

/// Returns a name such as `text-20261122-140309.txt`, in UTC.
fn name(now_ms: u64) -> String {
    let now = i64::try_from(now_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    format!("text-{}.txt", now.unwrap_or_default().strftime("%Y%m%d-%H%M%S"))
}

/// Returns the first lines, as many as a preview may have.
fn preview(text: &str) -> String {
    let end = (0..=PREVIEW_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let begin = text.get(..end).unwrap_or_default();
    begin.lines().take(PREVIEW_LINES).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_short_and_whole_characters() {
        assert_eq!(preview("a\r\nb\n"), "a\nb");
        assert_eq!(preview(&"line\n".repeat(100)).lines().count(), PREVIEW_LINES);
        let long = preview(&"日".repeat(PREVIEW_BYTES));
        assert!(long.len() <= PREVIEW_BYTES && long.len() > PREVIEW_BYTES - 3 && long.chars().all(|c| c == '日'));
        assert_eq!(preview(&" ".repeat(20_000)), "");
    }

    #[test]
    fn a_name_says_when() {
        assert_eq!(name(1_795_356_189_000), "text-20261122-140309.txt");
        assert_eq!(name(u64::MAX), "text-19700101-000000.txt");
    }
}
