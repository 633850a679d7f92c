//! Files of rooms: uploads that can be resumed, downloads under credit, lists. Both faces call this module; it knows no
//! socket, only the [`ConnectionSender`] of a connection, which gets the acknowledgements and bytes.
//!
//! The text face uploads a file with [`put`] and [`Face::Person`], then [`write`] for each piece as it is read (this
//! waits for space, so the socket is not read faster than the disk writes), then [`commit`] without a digest. It
//! downloads with [`open_download`] and [`Face::Person`], whose flow is pushed to the connection sender and sends only
//! the file's bytes.

mod beneath;
mod commit;
mod download;
mod downloads;
mod face;
mod list;
mod names;
mod pump;
mod put;
mod recover;
mod send;
mod service;
mod storage;
mod table;
mod text;
mod upload;
mod uploads;

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use wardroom_protocol::Request;
use wardroom_protocol::messages::{FileAck, FileCommitOk};

pub use commit::commit;
pub use download::open_download;
pub use face::{Committed, Face};
pub use list::{list, stat};
pub use put::put;
pub use recover::{expire, recover, take_down};
pub use send::{abort, chunk, resume, write};
pub use service::Files;
pub use text::shelve;

use crate::answer::ok;
use crate::error::Error;
use crate::flow::FlowKey;
use crate::policy::Member;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;

/// The fields of an `ok` without content.
#[derive(Debug, Serialize)]
struct Empty {}

/// Handles a reader's acknowledgement of downloaded bytes.
pub fn ack(sender: &ConnectionSender, ack: FileAck) {
    if let Some(stream) = ack.stream {
        sender.push(Item::Ack(FlowKey::Stream(stream), ack.off));
    }
}

/// Handles a program's request about files.
///
/// # Errors
/// If the service refuses the request.
pub async fn request(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: Option<u64>,
    request: Request,
) -> Result<Option<Bytes>, Error> {
    Ok(match request {
        Request::FilePut(ask) => ok(id, &put(state, member, sender, ask, Face::Program).await?),
        Request::FileCommit(ask) => {
            let Committed { path, seq, .. } = commit(state, member, ask.upload, Some(ask.blake3)).await?;
            ok(id, &FileCommitOk { path, seq })
        }
        Request::FileResume(ask) => ok(id, &resume(state, member, sender, ask.upload).await?),
        Request::FileAbort(ask) => {
            abort(state, member, ask.upload).await?;
            ok(id, &Empty {})
        }
        Request::FileList(ask) => ok(id, &list(state, member, ask).await?),
        Request::FileStat(ask) => ok(id, &stat(state, member, ask).await?),
        Request::FileGet(ask) => {
            let (opened, flow) = open_download(state, member, sender, ask, Face::Program).await?;
            // The order matters: the answer goes before the bytes.
            if let Some(answer) = ok(id, &opened) {
                sender.tell(answer);
            }
            sender.push(Item::Flow(flow));
            None
        }
        Request::FileClose(ask) => {
            sender.push(Item::Stop(FlowKey::Stream(ask.stream)));
            ok(id, &Empty {})
        }
        _ => return Err(Error::bad_request("this is no request about files")),
    })
}
