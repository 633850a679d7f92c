//! Routes a request to the service that executes it, and its result to a reply. Requests of one connection start in the
//! order of arrival; long ones may end in any order.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::Request;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::{
    DmOpened, HookListed, Incoming, Pong, PostAck, Posted, RoomListed, RoomMembersListed, RoomOpened, RoomPost,
    RoomRead, UserListed,
};

use super::account;
use crate::answer::{Empty, ok, page};
use crate::error::Error;
use crate::hooks;
use crate::policy::Member;
use crate::presence::close_ended;
use crate::rooms::{self, Post};
use crate::sender::{ConnectionSender, Item};
use crate::state::State;

/// Executes a request.
pub async fn dispatch(
    state: &Arc<State>,
    member: &Arc<Member>,
    sender: &Arc<ConnectionSender>,
    incoming: Incoming,
    body: Bytes,
) {
    let id = incoming.id;
    match incoming.request {
        Request::RoomPost(post) => post_message(state, member, sender, id, post).await,
        Request::RoomRead(read) => note_read(state, member, sender, id, read).await,
        Request::Pong(_) => {}
        Request::Ping(ping) => sender.tell(encode(Number::None, &Pong { n: ping.n })),
        Request::RunAck(ack) => crate::runs::ack(sender, ack),
        Request::FileAck(ack) => crate::files::ack(sender, ack),
        Request::FileChunk(chunk) => Box::pin(crate::files::chunk(state, member, sender, chunk, body)).await,
        Request::RunInput(input) => Box::pin(crate::runs::input(state, member, sender, input, body)).await,
        request @ Request::Search(_) => {
            let (state, member, sender) = (Arc::clone(state), Arc::clone(member), Arc::clone(sender));
            sender.begin_long();
            tokio::spawn(async move {
                let result = carry_out(&state, &member, &sender, id, request).await;
                sender.answer_long(answer_of(id, result));
            });
        }
        // These wait for a disk or a hash, so each gets a task of its own.
        request @ (Request::FileCommit(_)
        | Request::FileResume(_)
        | Request::FilePut(_)
        | Request::UserAdd(_)
        | Request::UserPasswd(_)
        | Request::PasswordSet(_)) => {
            let (state, member, sender) = (Arc::clone(state), Arc::clone(member), Arc::clone(sender));
            sender.begin();
            tokio::spawn(async move {
                let result = carry_out(&state, &member, &sender, id, request).await;
                sender.answer(answer_of(id, result));
            });
        }
        request => {
            sender.begin();
            let result = Box::pin(carry_out(state, member, sender, id, request)).await;
            sender.answer(answer_of(id, result));
        }
    }
}

/// The path of chat messages: no task, and no wait for the commit.
async fn post_message(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: Option<u64>,
    post: RoomPost,
) {
    let RoomPost { room, text, nonce, reply_to } = post;
    sender.begin();
    let answering = Arc::clone(sender);
    let done = move |result: Result<Posted, Error>| {
        answering.answer(answer_of(id, result.map(|posted| ok(id, &posted))));
    };
    if let Err(error) = rooms::post(state, member, Post { room, text, nonce, reply_to }, done).await {
        sender.answer(answer_of::<Option<Bytes>>(id, Err(error)));
    }
}

/// The same for read positions: when everybody reads what was posted, there are more of them than posts.
async fn note_read(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: Option<u64>,
    read: RoomRead,
) {
    sender.begin();
    let answering = Arc::clone(sender);
    let done = move |result: Result<(), Error>| {
        answering.answer(answer_of(id, result.map(|()| ok(id, &Empty {}))));
    };
    if let Err(error) = rooms::read(state, member, &read.room, read.seq, done).await {
        sender.answer(answer_of::<Option<Bytes>>(id, Err(error)));
    }
}

fn answer_of<T: Into<Option<Bytes>>>(id: Option<u64>, result: Result<T, Error>) -> Option<Bytes> {
    match result {
        Ok(frame) => frame.into(),
        // A request without an id still hears that it failed.
        Err(error) => Some(encode(Number::None, &error.answer(id))),
    }
}

async fn carry_out(
    state: &Arc<State>,
    member: &Arc<Member>,
    sender: &Arc<ConnectionSender>,
    id: Option<u64>,
    request: Request,
) -> Result<Option<Bytes>, Error> {
    Ok(match request {
        Request::RoomList(ask) => {
            let (rooms, more) = page(rooms::list_after(state, member, ask.after.as_ref()).await?);
            ok(id, &RoomListed { rooms, more })
        }
        Request::RoomCreate(create) => ok(id, &PostAck { seq: Some(rooms::create(state, member, create).await?) }),
        Request::RoomJoin(join) => ok(id, &PostAck { seq: rooms::join(state, member, &join.room).await? }),
        Request::RoomLeave(leave) => ok(id, &PostAck { seq: rooms::leave(state, member, &leave.room).await? }),
        Request::RoomOpen(open) => {
            let (room, after) = rooms::open_at(state, member, &open)?;
            // The reply first, then the events.
            let opened = ok(id, &RoomOpened { after, head: room.tail.head() });
            sender.push_open(room.id, after, opened);
            None
        }
        Request::RoomClose(close) => {
            let room = member.readable(&state.rooms, &close.room)?.room;
            sender.push(Item::Close(room.id));
            ok(id, &Empty {})
        }
        Request::RoomHistory(ask) => {
            let page = rooms::history(state, member, &ask).await?;
            id.map(|id| splice(id, &page))
        }
        Request::RoomMembers(ask) => {
            let room = member.readable(&state.rooms, &ask.room)?.room;
            // Registered before the list is read, so that the client also hears about users who come online in between.
            state.presence.ask_about(sender, member.user.id, room.id);
            let (members, more) = page(rooms::members(state, member, &ask.room, ask.after.as_ref())?);
            ok(id, &RoomMembersListed { members, more })
        }
        request @ (Request::SessionEnd(_)
        | Request::SessionList(_)
        | Request::PasswordSet(_)
        | Request::StatusSet(_)) => account::request(state, member, sender, id, request).await?,
        Request::RoomSet(set) => ok(id, &PostAck { seq: rooms::set(state, member, set).await? }),
        Request::RoomInvite(invite) => ok(id, &PostAck { seq: rooms::invite(state, member, invite).await? }),
        Request::RoomRemove(remove) => ok(id, &PostAck { seq: rooms::remove(state, member, remove).await? }),
        Request::RoomSetRole(set) => ok(id, &PostAck { seq: rooms::set_role(state, member, set).await? }),
        Request::DmOpen(open) => ok(id, &DmOpened { room: rooms::open_dm(state, member, open).await? }),
        Request::Typing(typing) => {
            rooms::typing(state, member, &typing.room)?;
            // Clients give it no id, and get no reply.
            ok(id, &Empty {})
        }
        Request::RoomEdit(edit) => ok(id, &PostAck { seq: rooms::edit(state, member, edit).await? }),
        Request::RoomDelete(delete) => ok(id, &PostAck { seq: Some(rooms::delete(state, member, delete).await?) }),
        Request::RoomReact(react) => ok(id, &PostAck { seq: rooms::react(state, member, react).await? }),
        Request::HookAdd(add) => ok(id, &hooks::add(state, member, add).await?),
        Request::HookList(list) => ok(id, &HookListed { hooks: hooks::list(state, member, list).await? }),
        Request::HookRemove(remove) => {
            hooks::remove(state, member, remove).await?;
            ok(id, &Empty {})
        }
        Request::HookPart(_) | Request::HookPost(_) => {
            return Err(Error::forbidden("only a gateway says this, in place of hello"));
        }
        Request::Search(ask) => ok(id, &crate::search::search(state, member, ask).await?),
        request @ (Request::UserAdd(_)
        | Request::UserList(_)
        | Request::UserPasswd(_)
        | Request::UserDisable(_)
        | Request::UserSetRole(_)
        | Request::TokenAdd(_)
        | Request::InviteAdd(_)
        | Request::HostAdd(_)
        | Request::HostRemove(_)) => manage(state, member, id, request).await?,
        request @ (Request::RightsSet(_) | Request::RightsList(_)) => {
            crate::rights::request(state, member, id, request).await?
        }
        request @ (Request::RunStart(_)
        | Request::RunWatch(_)
        | Request::RunUnwatch(_)
        | Request::RunEof(_)
        | Request::RunSignal(_)
        | Request::RunLose(_)
        | Request::RunList(_)
        | Request::HostList(_)
        | Request::RunTimes(_)
        | Request::RunFind(_)
        | Request::RunLines(_)
        | Request::RunGet(_)
        | Request::TermControl(_)
        | Request::TermResize(_)
        | Request::TermText(_)
        | Request::RunApprove(_)
        | Request::RunRefuse(_)
        | Request::ProposalList(_)
        | Request::CommandAdd(_)
        | Request::CommandList(_)
        | Request::CommandRemove(_)) => crate::runs::request(state, member, sender, id, request).await?,
        request @ (Request::FilePut(_)
        | Request::FileCommit(_)
        | Request::FileResume(_)
        | Request::FileAbort(_)
        | Request::FileList(_)
        | Request::FileStat(_)
        | Request::FileGet(_)
        | Request::FileClose(_)) => crate::files::request(state, member, sender, id, request).await?,
        Request::Hello(_) | Request::Via(_) => return Err(Error::bad_request("this connection is welcome already")),
        Request::HostHello(_)
        | Request::HostStarted(_)
        | Request::HostDetached(_)
        | Request::HostOutput(_)
        | Request::HostInputAck(_)
        | Request::HostStatus(_)
        | Request::HostEnded(_) => {
            return Err(Error::forbidden("only a host says this"));
        }
        // Handled above.
        Request::RoomPost(_)
        | Request::RoomRead(_)
        | Request::Ping(_)
        | Request::Pong(_)
        | Request::RunAck(_)
        | Request::RunInput(_)
        | Request::FileAck(_)
        | Request::FileChunk(_) => None,
    })
}

/// Executes the requests of `wardroom admin`. Also called for a data folder that no server holds.
pub async fn manage(
    state: &Arc<State>,
    member: &Member,
    id: Option<u64>,
    request: Request,
) -> Result<Option<Bytes>, Error> {
    let (store, admin) = (&state.store, member.admin()?);
    Ok(match request {
        Request::UserAdd(add) => {
            state.accounts.add_user(store, &state.rooms, &admin, add).await?;
            ok(id, &Empty {})
        }
        Request::UserList(ask) => {
            let users = state.accounts.list_users(store, &admin).await?.into_iter();
            let (users, more) = page(users.filter(|info| ask.after.as_ref().is_none_or(|after| info.user > *after)));
            ok(id, &UserListed { users, more })
        }
        Request::UserPasswd(set) => {
            let user = state.accounts.set_password(store, &admin, set).await?;
            state.presence.close_user(user);
            ok(id, &Empty {})
        }
        Request::UserDisable(set) => {
            let is_disabled = set.disabled;
            let user = state.accounts.set_disabled(store, &admin, set).await?;
            if is_disabled {
                state.presence.close_user(user);
            }
            ok(id, &Empty {})
        }
        Request::UserSetRole(set) => {
            let user = state.accounts.set_role(store, &admin, set).await?;
            state.presence.tell_role(&user);
            ok(id, &Empty {})
        }
        Request::TokenAdd(add) => {
            let whose = state.accounts.by_name(add.user.as_str());
            let added = state.accounts.add_token(store, &admin, add, &state.keys).await?;
            if let Some(user) = whose {
                close_ended(state, user.id).await;
            }
            ok(id, &added)
        }
        Request::InviteAdd(add) => ok(id, &state.accounts.add_invite(store, &admin, add, &state.keys).await?),
        Request::HostAdd(add) => ok(id, &crate::runs::add_host(state, member, add).await?),
        Request::HostRemove(remove) => {
            crate::runs::remove_host(state, member, remove).await?;
            ok(id, &Empty {})
        }
        // Without a server; with one it is a request about runs.
        Request::HostList(ask) => ok(id, &crate::runs::list_hosts(state, member, &ask).await?),
        _ => return Err(Error::bad_request("this is not an administrator's request")),
    })
}

/// Returns `{"t":"ok","re":ID,` and the fields of an object that is already JSON.
fn splice(id: u64, object: &[u8]) -> Bytes {
    let fields = object.get(1..).unwrap_or_default();
    let mut line = Vec::with_capacity(fields.len() + 32);
    line.extend_from_slice(format!("{{\"t\":\"ok\",\"re\":{id},").as_bytes());
    line.extend_from_slice(fields);
    line.push(b'\n');
    line.into()
}
