//! The opening of a program's connection: `via` from a gateway, `hello` from a client, or `host.hello` from a host. It
//! is bounded in time and in bytes; a peer that is not admitted by then is disconnected.

use std::sync::Arc;
use std::time::Duration;

use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::{BODY_BYTES_MAX, HELLO_BYTES_MAX, HELLO_TIMEOUT_MS, LINE_BYTES_MAX, TEXT_BYTES_MAX};
use wardroom_protocol::messages::{Auth, ErrAnswer, Hello, HookPost, HostHello, Limits, PostAck, Via, Welcome};
use wardroom_protocol::{Code, Frame, Request, VERSION};

use super::posted::{Posted, is_hook};
use super::reader::{End, FrameReader};
use crate::accounts::{Credentials, SignedIn};
use crate::answer::{ok, page};
use crate::clock::now_ms;
use crate::error::Error;
use crate::permits::{Origin, Permit};
use crate::policy::Member;
use crate::presence::close_ended;
use crate::rooms;
use crate::runs::HostIdentity;
use crate::secrets::are_equal;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;
use crate::store::UserId;

/// The origin of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address for the log: `203.0.113.9:40112`, or `unix`.
    pub address: String,
    /// True for a unix socket, which only this machine's users can reach.
    pub is_local: bool,
}

/// The peer, once admitted.
pub enum Opened {
    /// A client that is signed in.
    Member(Member),
    /// A host.
    Host(HostIdentity, Box<HostHello>),
}

/// The origin of a connection, and what is already proven about it.
pub struct ForwardedClient {
    peer: Peer,
    /// Set if a gateway vouched for the address. The inner token is from the session's cookie.
    session: Option<Option<String>>,
    /// True for a gateway's own connection, which has sent its key.
    is_gateway: bool,
}

impl ForwardedClient {
    /// Creates a peer about which nothing is proven yet.
    pub fn nobody(peer: Peer) -> Self {
        Self { peer, session: None, is_gateway: false }
    }

    /// Creates a browser that this process's gateway handed over. It speaks for itself, not for the gateway.
    pub fn browser(via: Via) -> Self {
        let peer = Peer { address: via.client, is_local: false };
        Self { peer, session: Some(via.session), is_gateway: false }
    }
}

/// The request of a peer that has sent everything needed for it.
enum Asked {
    /// Sign in. `session` is the one that a gateway vouched for.
    Hello { peer: Peer, session: Option<String>, hello: Hello, id: Option<u64> },
    /// Serve as a host.
    Host { peer: Peer, hello: HostHello, id: Option<u64> },
    /// Post through a webhook.
    Hook { post: HookPost, body: Vec<u8>, id: Option<u64> },
}

/// Opens a connection. Returns `None` if it was refused; the reply with the reason is then queued.
pub async fn open(
    state: &Arc<State>,
    reader: &mut FrameReader,
    sender: &Arc<ConnectionSender>,
    vouched: ForwardedClient,
    permit: &Permit,
) -> Option<Opened> {
    let deadline = Duration::from_millis(HELLO_TIMEOUT_MS);
    // None of these is `unauthorized`: a client signs out on that, but its credentials are fine here.
    let asked = tokio::select! {
        asked = listen(state, reader, vouched, permit) => asked,
        () = permit.evicted() => Err(said(&Error::crowded(), None)),
        () = tokio::time::sleep(deadline) => {
            Err(said(&Error::busy("a connection says hello within 10 s: connect again", 1_000), None))
        }
    };
    let opened = match asked {
        Ok(asked) => {
            // From here on the peer waits for the server.
            let _working = permit.working();
            match tokio::time::timeout(deadline, conclude(state, sender, asked)).await {
                Ok(opened) => opened,
                Err(_) => Err(said(&Error::busy("the server is busy: try again", 2_000), None)),
            }
        }
        Err(error) => Err(error),
    };
    match opened {
        Ok(opened) => Some(opened),
        Err(error) => {
            if let Some(answer) = error {
                sender.close(Some(encode(Number::None, &*answer)));
            }
            None
        }
    }
}

/// Reads until the peer's request is complete.
async fn listen(
    state: &Arc<State>,
    reader: &mut FrameReader,
    vouched: ForwardedClient,
    permit: &Permit,
) -> Result<Asked, Option<Box<ErrAnswer>>> {
    let ForwardedClient { mut peer, mut session, mut is_gateway } = vouched;
    if let Some(session) = &session {
        count(state, permit, &peer, session.as_deref()).await;
    }
    let mut bytes = 0;
    let mut posted = Posted::default();
    loop {
        let frame = next(reader, is_gateway).await?;
        let incoming = Request::parse(&frame).map_err(|bad| {
            Some(Box::new(ErrAnswer { re: bad.id, code: Some(bad.code), msg: bad.msg, ..ErrAnswer::default() }))
        });
        // A gateway that has sent its key may forward posts to a webhook.
        let is_posted = is_gateway && matches!(&incoming, Ok(incoming) if is_hook(&incoming.request));
        bytes += frame.line.len() + if is_posted { 0 } else { frame.body.len() };
        if bytes > HELLO_BYTES_MAX {
            return Err(said(&Error::too_large("before the welcome at most 8,192 bytes"), None));
        }
        let incoming = incoming?;
        let id = incoming.id;
        match incoming.request {
            Request::Ping(_) | Request::Pong(_) => {}
            Request::Via(via) => {
                peer = peer_of(state, &via).map_err(|error| said(&error, id))?;
                count(state, permit, &peer, via.session.as_deref()).await;
                session = Some(via.session);
                is_gateway = true;
            }
            Request::HookPart(part) if is_gateway => {
                crate::hooks::known(state, &part.token).await.map_err(|error| said(&error, id))?;
                posted.take(part.token, &frame.body).map_err(|error| said(&error, id))?;
            }
            Request::HookPost(post) if is_gateway => {
                posted.take(post.token.clone(), &frame.body).map_err(|error| said(&error, id))?;
                return Ok(Asked::Hook { post, body: posted.into_body(), id });
            }
            Request::HostHello(hello) => return Ok(Asked::Host { peer, hello, id }),
            Request::Hello(hello) => return Ok(Asked::Hello { peer, session: session.flatten(), hello, id }),
            _ => return Err(said(&Error::unauthorized("say hello first"), id)),
        }
    }
}

/// Executes the request.
async fn conclude(
    state: &Arc<State>,
    sender: &Arc<ConnectionSender>,
    asked: Asked,
) -> Result<Opened, Option<Box<ErrAnswer>>> {
    match asked {
        Asked::Hello { peer, session, hello, id } => {
            hello_of(state, sender, &peer, session, hello, id).await.map_err(Some)
        }
        Asked::Host { peer, hello, id } => host(state, &peer, hello, id).map_err(Some),
        Asked::Hook { post, body, id } => {
            let stood = crate::hooks::post(state, post, &body).await;
            let seq = stood.map_err(|error| said(&error, id))?;
            if let Some(answer) = ok(id, &PostAck { seq: Some(seq) }) {
                sender.tell(answer);
            }
            // It has nothing more to say: the connection ends.
            Err(None)
        }
    }
}

/// Counts a client that a gateway named, unless its session is valid.
async fn count(state: &State, permit: &Permit, peer: &Peer, session: Option<&str>) {
    match session {
        Some(token) if state.accounts.is_session(&state.store, token).await => permit.set_known(),
        _ => permit.set_origin(Origin::of(&peer.address)),
    }
}

/// Encodes a refusal as the last frame of a connection. Boxed, because it is large and rare.
fn said(error: &Error, re: Option<u64>) -> Option<Box<ErrAnswer>> {
    Some(Box::new(error.answer(re)))
}

async fn next(reader: &mut FrameReader, is_gateway: bool) -> Result<Frame, Option<Box<ErrAnswer>>> {
    // After a gateway's key, the parts of a post follow each other; the reader bounds how much of them it holds.
    if !is_gateway && reader.buf.len() > HELLO_BYTES_MAX + BODY_BYTES_MAX {
        return Err(said(&Error::too_large("before the welcome at most 8,192 bytes"), None));
    }
    reader.next().await.map_err(|end| match end {
        End::Bad(e) => Some(Box::new(ErrAnswer { code: Some(Code::BadFrame), msg: e, ..ErrAnswer::default() })),
        End::Eof | End::Closing | End::Broken => None,
    })
}

fn peer_of(state: &State, via: &Via) -> Result<Peer, Error> {
    if !are_equal(&via.key, &state.keys.gateway) {
        return Err(Error::unauthorized("this is not the gateway key: see --key-file"));
    }
    Ok(Peer { address: via.client.clone(), is_local: false })
}

fn host(state: &State, peer: &Peer, hello: HostHello, id: Option<u64>) -> Result<Opened, Box<ErrAnswer>> {
    check_version(hello.v, id)?;
    let who = crate::runs::identify(state, &hello, peer.is_local).map_err(|error| {
        tracing::warn!(address = peer.address, msg = %error, "a host was refused");
        Box::new(error.answer(id))
    })?;
    Ok(Opened::Host(who, Box::new(hello)))
}

fn check_version(v: u32, re: Option<u64>) -> Result<(), Box<ErrAnswer>> {
    if v == VERSION {
        return Ok(());
    }
    let msg = format!("this server speaks version {VERSION} of the protocol, not {v}");
    let versions = Some(vec![VERSION]);
    Err(Box::new(ErrAnswer { re, code: Some(Code::Incompatible), msg, versions, ..ErrAnswer::default() }))
}

async fn hello_of(
    state: &State,
    sender: &Arc<ConnectionSender>,
    peer: &Peer,
    session: Option<String>,
    hello: Hello,
    id: Option<u64>,
) -> Result<Opened, Box<ErrAnswer>> {
    check_version(hello.v, id)?;
    let signed_in = sign_in(state, peer, session, hello).await.map_err(|error| Box::new(error.answer(id)))?;
    if signed_in.token.is_some() {
        // A new session may have replaced the oldest one.
        close_ended(state, signed_in.user.id).await;
    }
    let member = Member {
        user: Arc::clone(&signed_in.user),
        session: signed_in.session,
        passwords_set: signed_in.passwords_set,
        address: peer.address.clone(),
    };
    let user = member.user.id;
    let joined = state.rooms.joined_by(user);
    // Read before the welcome is built: a change in between is sent twice rather than never.
    let known: Vec<_> = joined.into_iter().filter_map(|room| Some((room.last_told(user)?, room))).collect();
    let welcome = welcome(state, &member, signed_in.token).await.map_err(|error| Box::new(error.answer(id)))?;
    sender.tell(encode(id.map_or(Number::None, Number::Re), &welcome));
    let last = welcome.rooms.last().filter(|_| welcome.more).map(|info| &info.room);
    for (known, room) in known {
        // Sorted by name: the rooms after `last` did not fit, and each is announced separately.
        let known = Some(known).filter(|_| last.is_none_or(|last| room.name <= *last));
        sender.push(Item::Joined { room: room.id, known });
    }
    Ok(Opened::Member(member))
}

async fn sign_in(state: &State, peer: &Peer, session: Option<String>, hello: Hello) -> Result<SignedIn, Error> {
    let credentials = match (hello.auth, session) {
        (Some(Auth::Token { token }), _) if peer.is_local && are_equal(&token, &state.keys.admin) => {
            let user = state.accounts.by_id(UserId::SYSTEM).ok_or_else(|| Error::internal("no system account"))?;
            return Ok(SignedIn { user, session: None, passwords_set: None, token: None, is_new: false });
        }
        (Some(Auth::Token { token }), _) | (None, Some(token)) => Credentials::Token(token),
        (Some(Auth::Password { user, password }), _) => Credentials::Password { user, password },
        (Some(Auth::Invite { invite, user, password }), _) => Credentials::Invite { invite, user, password },
        (None, None) => return Err(Error::unauthorized("sign in first: hello bears no auth")),
    };
    state.accounts.sign_in(&state.store, &state.rooms, credentials, hello.remember, &peer.address).await
}

async fn welcome(state: &State, member: &Member, token: Option<String>) -> Result<Welcome, Error> {
    let (rooms, more) = page(rooms::list_joined(state, member).await?);
    Ok(Welcome {
        v: VERSION,
        server: concat!("wardroom/", env!("CARGO_PKG_VERSION")).to_owned(),
        epoch: state.store.epoch,
        now: now_ms(),
        you: member.user.you(),
        limits: Limits {
            line: LINE_BYTES_MAX as u64,
            chunk: BODY_BYTES_MAX as u64,
            text: TEXT_BYTES_MAX as u64,
            file: wardroom_protocol::limits::FILE_BYTES_MAX,
        },
        rooms,
        more,
        token,
    })
}
