//! The wire of Wardroom: frames, messages, ids, limits and codes, as `docs/protocol.md` describes them.
//!
//! Every other crate speaks through this one. It has no I/O, no async and no clock, so that the server, the gateway,
//! the command line and the page (as wasm) share it byte for byte. The *meaning* of a frame is not here.

pub mod address;
pub mod ansi;
pub mod argv;
pub mod attribution;
pub mod code;
pub mod event;
pub mod frame;
pub mod ids;
mod integers;
pub mod limits;
pub mod markdown;
pub mod mention;
pub mod message;
pub mod messages;
pub mod path;
pub mod query;
pub mod role;
mod rule_words;
pub mod slash;
pub mod template;
pub mod terminal_queries;
pub mod tokens;
pub mod typed;
pub mod visible;
pub mod websocket;

pub use address::Address;
pub use code::Code;
pub use event::{Event, EventBody};
pub use frame::{DecodeError, Decoder, Frame, encode, encode_with_body};
pub use ids::{CommandName, Epoch, Nonce, RoomName, RunId, StreamId, UploadId, UserName};
pub use messages::{Incoming, Message, Request, ServerMessage};
pub use path::RelPath;
pub use role::{Role, RoomRole};

/// The version of the protocol that this crate speaks.
pub const VERSION: u32 = 1;
/// The WebSocket sub-protocol that names [`VERSION`].
pub const SUBPROTOCOL: &str = "wardroom.v1";
