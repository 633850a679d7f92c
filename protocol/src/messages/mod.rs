//! The messages, one file per subject, and the enums of everything that a client and a server may send. Each message is
//! a plain struct of its fields; its type is [`Message::T`].

mod account;
mod admin;
mod answer;
mod commands;
mod exit;
mod files;
mod hooks;
mod host;
mod hosts;
mod limits;
mod output;
mod posts;
mod proposals;
mod rights;
mod room_set;
mod rooms;
mod run_start;
mod runs;
mod sandbox;
mod search;
mod secrets;
mod session;
mod terminals;

use serde::{Deserialize, de::DeserializeOwned};

pub use account::*;
pub use admin::*;
pub use answer::*;
pub use commands::*;
pub use exit::*;
pub use files::*;
pub use hooks::*;
pub use host::*;
pub use hosts::*;
pub use limits::*;
pub use output::*;
pub use posts::*;
pub use proposals::*;
pub use rights::*;
pub use room_set::*;
pub use rooms::*;
pub use run_start::*;
pub use runs::*;
pub use sandbox::*;
pub use search::*;
pub use secrets::*;
pub use session::*;
pub use terminals::*;

use crate::code::Code;
use crate::event::Event;
use crate::frame::Frame;
use crate::limits::INTEGER_MAX;
pub use crate::message::Message;

/// The fields that every line may have.
#[derive(Debug, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    t: std::borrow::Cow<'a, str>,
    #[serde(default)]
    id: Option<u64>,
}

/// A request as received: its number and its content.
#[derive(Debug)]
pub struct Incoming {
    /// The client's number; an answer is sent only if there is one.
    pub id: Option<u64>,
    /// The request.
    pub request: Request,
}

/// Why a line is not a request. Has its number, so that the answer can refer to it.
#[derive(Debug, thiserror::Error)]
#[error("{msg}")]
pub struct BadRequest {
    /// The request's number, if it could be read.
    pub id: Option<u64>,
    /// `bad_frame`, `unknown_type` or `bad_request`.
    pub code: Code,
    /// For people.
    pub msg: String,
}

macro_rules! requests {
    ($($variant:ident),* $(,)?) => {
        /// Everything that a client, a gateway or a host may send.
        #[derive(Debug)]
        #[expect(missing_docs, reason = "each variant bears the name of its message")]
        pub enum Request { $($variant($variant),)* }

        impl Request {
            /// The types of all requests: a test compares them with `docs/protocol.md`.
            pub const TYPES: &'static [&'static str] = &[$($variant::T),*];

            /// Parses a request from a frame.
            ///
            /// # Errors
            /// [`BadRequest`]: not JSON, an unknown type, or fields that do not fit.
            pub fn parse(frame: &Frame) -> Result<Incoming, BadRequest> {
                let head: Head<'_> = serde_json::from_slice(&frame.line).map_err(|e| bad_head(&e, &frame.line))?;
                let id = head.id;
                if id.is_some_and(|id| id > INTEGER_MAX) {
                    return Err(BadRequest { id: None, code: Code::BadRequest, msg: "id is over 2^53-1".into() });
                }
                if !crate::integers::all_fit(&frame.line) {
                    return Err(BadRequest { id, code: Code::BadRequest, msg: "an integer is over 2^53-1".into() });
                }
                let request = match &*head.t {
                    $($variant::T => Request::$variant(fields(&frame.line, id, $variant::T)?),)*
                    other => {
                        let shown: String = crate::visible::visible(other).chars().take(64).collect();
                        return Err(BadRequest { id, code: Code::UnknownType, msg: format!("unknown request: {shown}") });
                    }
                };
                Ok(Incoming { id, request })
            }
        }
    };
}

requests! {
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
}

/// Everything that a server sends, as a client parses it.
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant bears the name of its message")]
pub enum ServerMessage {
    Welcome(Welcome),
    Ok(Answer),
    Err(ErrAnswer),
    Event(Event),
    RoomLive(RoomLive),
    RoomState(RoomState),
    RoomChanged(RoomChanged),
    Typing(Typing),
    Presence(Presence),
    RunOutput(RunOutput, bytes::Bytes),
    RunEnd(RunEnd),
    RunSnapshot(RunSnapshot, bytes::Bytes),
    RunInputAck(RunInputAck),
    TermState(TermState),
    RunDetached(RunDetached),
    FileAck(FileAck),
    FileData(FileData, bytes::Bytes),
    FileEnd(FileEnd),
    Ping(Ping),
    Pong(Pong),
    Goaway(Goaway),
    Notice(Notice),
    You(You),
    HostWelcome(HostWelcome),
    HostStart(HostStart),
    HostAck(HostAck),
    HostForget(HostForget),
    HostInput(HostInput, bytes::Bytes),
    HostEof(HostEof),
    HostLook(HostLook),
    HostSignal(HostSignal),
    HostResize(HostResize),
    HostReply(HostReply, bytes::Bytes),
    /// A type that this version does not know; ignored.
    Unknown(String),
}

#[derive(Deserialize)]
struct Re {
    re: u64,
}

impl ServerMessage {
    /// Parses what a server sent.
    ///
    /// # Errors
    /// [`BadRequest`] with `bad_frame` if the line does not fit: a client closes and connects again.
    pub fn parse(frame: Frame) -> Result<ServerMessage, BadRequest> {
        let head: Head<'_> = serde_json::from_slice(&frame.line).map_err(|e| bad_head(&e, &frame.line))?;
        macro_rules! read {
            ($variant:ident) => {
                ServerMessage::$variant(fields(&frame.line, None, &head.t)?)
            };
            ($variant:ident, body) => {
                ServerMessage::$variant(fields(&frame.line, None, &head.t)?, frame.body)
            };
        }
        Ok(match &*head.t {
            "welcome" => read!(Welcome),
            "ok" => {
                let Re { re } = fields(&frame.line, None, "ok")?;
                ServerMessage::Ok(Answer { re, line: frame.line.clone() })
            }
            "err" => read!(Err),
            "event" => ServerMessage::Event(Event::parse(&frame.line).map_err(|e| bad_fields(&e, None, "event"))?),
            "room.live" => read!(RoomLive),
            "room.state" => read!(RoomState),
            "room.changed" => read!(RoomChanged),
            "typing" => read!(Typing),
            "presence" => read!(Presence),
            "run.output" => read!(RunOutput, body),
            "run.end" => read!(RunEnd),
            "run.snapshot" => read!(RunSnapshot, body),
            "run.input_ack" => read!(RunInputAck),
            "term.state" => read!(TermState),
            "run.detached" => read!(RunDetached),
            "file.ack" => read!(FileAck),
            "file.data" => read!(FileData, body),
            "file.end" => read!(FileEnd),
            "ping" => read!(Ping),
            "pong" => read!(Pong),
            "goaway" => read!(Goaway),
            "notice" => read!(Notice),
            "you" => read!(You),
            // The page is not a host: it need not contain the code for what only hosts receive.
            #[cfg(not(target_family = "wasm"))]
            "host.welcome" => read!(HostWelcome),
            #[cfg(not(target_family = "wasm"))]
            "host.start" => read!(HostStart),
            #[cfg(not(target_family = "wasm"))]
            "host.ack" => read!(HostAck),
            #[cfg(not(target_family = "wasm"))]
            "host.forget" => read!(HostForget),
            #[cfg(not(target_family = "wasm"))]
            "host.input" => read!(HostInput, body),
            #[cfg(not(target_family = "wasm"))]
            "host.eof" => read!(HostEof),
            #[cfg(not(target_family = "wasm"))]
            "host.look" => read!(HostLook),
            #[cfg(not(target_family = "wasm"))]
            "host.signal" => read!(HostSignal),
            #[cfg(not(target_family = "wasm"))]
            "host.resize" => read!(HostResize),
            #[cfg(not(target_family = "wasm"))]
            "host.reply" => read!(HostReply, body),
            other => ServerMessage::Unknown(other.to_owned()),
        })
    }

    /// The types of all that a server sends: a test compares them with `docs/protocol.md`.
    pub const TYPES: &'static [&'static str] = &[
        "welcome",
        "ok",
        "err",
        "event",
        "room.live",
        "room.state",
        "room.changed",
        "typing",
        "presence",
        "run.output",
        "run.end",
        "run.snapshot",
        "run.input_ack",
        "term.state",
        "file.ack",
        "file.data",
        "file.end",
        "ping",
        "pong",
        "goaway",
        "notice",
        "you",
        "host.welcome",
        "host.start",
        "host.ack",
        "host.forget",
        "host.input",
        "host.eof",
        "host.look",
        "host.signal",
        "host.resize",
        "host.reply",
    ];
}

fn fields<T: DeserializeOwned>(line: &[u8], id: Option<u64>, t: &str) -> Result<T, BadRequest> {
    serde_json::from_slice(line).map_err(|e| bad_fields(&e, id, t))
}

fn bad_fields(e: &serde_json::Error, id: Option<u64>, t: &str) -> BadRequest {
    BadRequest { id, code: Code::BadRequest, msg: format!("{t}: {}", without_position(e)) }
}

/// A line that is not JSON (which may show only after the first field that does not fit), or an object without a `t`.
fn bad_head(e: &serde_json::Error, line: &[u8]) -> BadRequest {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let code = if is_json { Code::BadRequest } else { Code::BadFrame };
    BadRequest { id: None, code, msg: format!("no frame: {}", without_position(e)) }
}

/// serde's message without "at line 1 column 71", which does not help somebody who sent one line; controls made
/// visible.
fn without_position(e: &serde_json::Error) -> String {
    let text = e.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    crate::visible::visible(text).chars().take(200).collect()
}

macro_rules! impl_message {
    ($($name:ident = $t:literal),* $(,)?) => { $(impl crate::message::Message for $name { const T: &'static str = $t; })* };
}
use impl_message;
