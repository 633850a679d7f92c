//! One program's connection, from its first frame to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::HELLO_BYTES_MAX;
use wardroom_protocol::messages::{ErrAnswer, Goaway, Via};
use wardroom_protocol::{Code, Request};

use super::dispatch;
use super::handshake::{self, ForwardedClient, Opened, Peer};
use super::host;
use super::reader::{End, FrameReader};
use super::stream::Stream;
use super::writer::Writer;
use crate::error::Error;
use crate::limits::CLOSE_WAIT_MS;
use crate::permits::Permit;
use crate::policy::Member;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;
use crate::store::UserId;

/// Serves one program. `buf` contains the bytes that were read to detect it.
pub async fn serve(state: Arc<State>, stream: Arc<Stream>, buf: BytesMut, peer: Peer, permit: Permit) {
    let sender = ConnectionSender::new();
    let reader = FrameReader::new(Arc::clone(&stream), Arc::clone(&sender), buf);
    Connection { state, stream, sender, is_browser: false }.run(reader, ForwardedClient::nobody(peer), permit).await;
}

/// Serves one browser over its WebSocket. `buf` contains the bytes that were read behind the upgrade.
pub async fn serve_browser(state: Arc<State>, stream: Arc<Stream>, buf: BytesMut, via: Via, permit: Permit) {
    let sender = ConnectionSender::new();
    let mut reader = FrameReader::messages(Arc::clone(&stream), Arc::clone(&sender), buf);
    reader.limit_messages(HELLO_BYTES_MAX);
    Connection { state, stream, sender, is_browser: true }.run(reader, ForwardedClient::browser(via), permit).await;
}

/// State shared by the two tasks of a connection.
struct Connection {
    state: Arc<State>,
    stream: Arc<Stream>,
    sender: Arc<ConnectionSender>,
    is_browser: bool,
}

impl Connection {
    async fn run(self, mut reader: FrameReader, vouched: ForwardedClient, permit: Permit) {
        let Connection { state, stream, sender, is_browser } = self;
        // The opening may end with a reply, so the writer runs from the start; it learns the reader's identity later.
        let opened = Box::pin(handshake::open(&state, &mut reader, &sender, vouched, &permit)).await;
        drop(permit);
        let who = match &opened {
            Some(Opened::Member(member)) => member.user.id,
            _ => UserId::SYSTEM,
        };
        let mut writer = Writer::new(Arc::clone(&stream), Arc::clone(&sender), Arc::clone(&state), who, None);
        if is_browser {
            writer = writer.with_messages();
            reader.unlimit_messages();
        }
        let writing = tokio::spawn(writer.run());
        match opened {
            Some(Opened::Member(member)) => serve_member(&state, &mut reader, &sender, member).await,
            Some(Opened::Host(who, hello)) => Box::pin(host::serve(&state, &mut reader, &sender, who, *hello)).await,
            None => {}
        }
        sender.close(None);
        // Freed before the wait for the writer.
        reader.buf = BytesMut::new();
        let rest = async {
            drop(writing.await);
            reader.drain().await;
        };
        // A client that does not read its last bytes has this long; the writer gives up by itself.
        drop(tokio::time::timeout(Duration::from_millis(2 * CLOSE_WAIT_MS), rest).await);
        stream.shutdown();
    }
}

async fn serve_member(state: &Arc<State>, reader: &mut FrameReader, sender: &Arc<ConnectionSender>, member: Member) {
    let here = match state.presence.admit(sender, &member.user, member.session, false) {
        Ok(here) => here,
        Err(error) => {
            // The welcome is already sent, so tell the client to come back later, as a stopping server does.
            let goaway = Goaway { reason: error.msg.into_owned(), retry_ms: error.retry_ms };
            sender.close(Some(encode(Number::None, &goaway)));
            return;
        }
    };
    // A session that ended after its token was checked is not found by the code that closes its connections.
    if !state.accounts.may_stay(&state.store, member.user.id, member.session, member.passwords_set).await {
        let answer = Error::unauthorized("this session was ended: sign in again").answer(None);
        sender.close(Some(encode(Number::None, &answer)));
        return;
    }
    for room in state.rooms.joined_by(member.user.id) {
        // Rooms that the welcome listed are known. Only those joined since then are news.
        sender.push(Item::Joined { room: room.id, known: None });
    }
    let member = Arc::new(member);
    loop {
        sender.has_room().await;
        let frame = match reader.next().await {
            Ok(frame) => frame,
            Err(End::Bad(e)) => {
                let answer = ErrAnswer { code: Some(Code::BadFrame), msg: e, ..ErrAnswer::default() };
                sender.close(Some(encode(Number::None, &answer)));
                break;
            }
            Err(End::Eof) => {
                // Half closed: reply to the requests in flight, then end.
                sender.is_idle().await;
                break;
            }
            Err(End::Closing | End::Broken) => break,
        };
        match Request::parse(&frame) {
            Ok(incoming) => dispatch::dispatch(state, &member, sender, incoming, frame.body).await,
            Err(bad) => {
                let answer = ErrAnswer { re: bad.id, code: Some(bad.code), msg: bad.msg, ..ErrAnswer::default() };
                let frame = encode(Number::None, &answer);
                if bad.code == Code::BadFrame {
                    sender.close(Some(frame));
                    break;
                }
                sender.tell(frame);
            }
        }
    }
    drop(here);
}
