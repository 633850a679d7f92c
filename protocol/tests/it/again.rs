//! Writes what was read: each message parsed and encoded again, for the tests that compare bytes or fields.

use bytes::Bytes;
use wardroom_protocol::event::StoredEvent;
use wardroom_protocol::frame::{Frame, Number, encode, encode_with_body};
use wardroom_protocol::{Nonce, Request, ServerMessage};

fn number(id: Option<u64>) -> Number {
    id.map_or(Number::None, Number::Id)
}

/// The frame of a request, read and written again; the sentence says why it could not be read.
pub fn request(frame: &Frame) -> Result<Bytes, String> {
    let incoming = Request::parse(frame).map_err(|e| e.to_string())?;
    let number = number(incoming.id);
    macro_rules! write {
        ($($variant:ident),* $(,)?) => {
            match &incoming.request { $(Request::$variant(message) => encode_with_body(number, message, &frame.body),)* }
        };
    }
    Ok(write! {
        Hello, Via, Ping, Pong, SessionEnd, SessionList, PasswordSet, StatusSet,
        RoomList, RoomCreate, RoomJoin, RoomLeave, RoomOpen, RoomClose, RoomHistory, RoomPost, RoomRead, RoomMembers,
        RunStart, RunWatch, RunAck, RunUnwatch, RunInput, RunEof, RunSignal, RunLose, RunList, RunGet, RunTimes,
        RunFind, RunLines,
        HostList,
        TermControl, TermResize, TermText, CommandAdd, CommandList, CommandRemove, RunApprove, RunRefuse, ProposalList,
        RightsSet, RightsList,
        FilePut, FileChunk, FileCommit, FileResume, FileAbort, FileList, FileStat, FileGet, FileAck, FileClose,
        RoomSet, RoomInvite, RoomRemove, RoomSetRole, DmOpen, RoomEdit, RoomDelete, RoomReact, Typing,
        Search, HookAdd, HookList, HookRemove, HookPart, HookPost,
        UserAdd, UserList, UserPasswd, UserDisable, UserSetRole, TokenAdd, InviteAdd, HostAdd, HostRemove,
        HostHello, HostStarted, HostOutput, HostInputAck, HostDetached, HostEnded, HostStatus,
    })
}

/// The frame of a server's message, read and written again. An `ok` is given back as it came: what it holds depends on
/// the request, and [`super::document`] looks at it.
pub fn server(frame: &Frame) -> Result<Bytes, String> {
    let none = Number::None;
    Ok(match ServerMessage::parse(frame.clone()).map_err(|e| e.to_string())? {
        ServerMessage::Welcome(m) => encode(none, &m),
        ServerMessage::Ok(answer) => [&answer.line[..], b"\n"].concat().into(),
        ServerMessage::Err(m) => encode(none, &m),
        ServerMessage::Event(event) => {
            let fields = event.body.fields();
            let (room, by, kind) = (event.room.as_str(), event.by.as_str(), event.body.kind());
            let stored = StoredEvent { room, seq: event.seq, at: event.at, by, kind, fields: &fields };
            stored.encode(event.nonce.as_ref().map(Nonce::as_str))
        }
        ServerMessage::RoomLive(m) => encode(none, &m),
        ServerMessage::RoomState(m) => encode(none, &m),
        ServerMessage::RoomChanged(m) => encode(none, &m),
        ServerMessage::Typing(m) => encode(none, &m),
        ServerMessage::Presence(m) => encode(none, &m),
        ServerMessage::RunOutput(m, body) => encode_with_body(none, &m, &body),
        ServerMessage::RunEnd(m) => encode(none, &m),
        ServerMessage::RunSnapshot(m, body) => encode_with_body(none, &m, &body),
        ServerMessage::RunInputAck(m) => encode(none, &m),
        ServerMessage::TermState(m) => encode(none, &m),
        ServerMessage::RunDetached(m) => encode(none, &m),
        ServerMessage::FileAck(m) => encode(none, &m),
        ServerMessage::FileData(m, body) => encode_with_body(none, &m, &body),
        ServerMessage::FileEnd(m) => encode(none, &m),
        ServerMessage::Ping(m) => encode(none, &m),
        ServerMessage::Pong(m) => encode(none, &m),
        ServerMessage::Goaway(m) => encode(none, &m),
        ServerMessage::Notice(m) => encode(none, &m),
        ServerMessage::You(m) => encode(none, &m),
        ServerMessage::HostWelcome(m) => encode(none, &m),
        ServerMessage::HostStart(m) => encode(none, &m),
        ServerMessage::HostAck(m) => encode(none, &m),
        ServerMessage::HostForget(m) => encode(none, &m),
        ServerMessage::HostInput(m, body) => encode_with_body(none, &m, &body),
        ServerMessage::HostEof(m) => encode(none, &m),
        ServerMessage::HostLook(m) => encode(none, &m),
        ServerMessage::HostSignal(m) => encode(none, &m),
        ServerMessage::HostResize(m) => encode(none, &m),
        ServerMessage::HostReply(m, body) => encode_with_body(none, &m, &body),
        other => return Err(format!("nobody knows how to write {other:?}")),
    })
}
