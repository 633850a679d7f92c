//! Requests about the user's own account: the password, the status, and the sessions.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::Request;
use wardroom_protocol::messages::{SessionEnd, SessionListed};

use crate::accounts::SessionId;
use crate::answer::{Empty, ok};
use crate::error::Error;
use crate::policy::Member;
use crate::sender::ConnectionSender;
use crate::state::State;

/// Executes such a request and returns the reply.
pub async fn request(
    state: &State,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: Option<u64>,
    request: Request,
) -> Result<Option<Bytes>, Error> {
    let (accounts, store, presence) = (&state.accounts, &state.store, &state.presence);
    match request {
        Request::SessionList(_) => {
            let sessions = accounts.list_sessions(store, member, |session| presence.connections_of(session)).await?;
            Ok(ok(id, &SessionListed { sessions }))
        }
        Request::StatusSet(set) => {
            accounts.set_status(store, member, &set.text).await?;
            presence.restate(member.user.id);
            Ok(ok(id, &Empty {}))
        }
        Request::PasswordSet(set) => {
            let ended = accounts.change_password(store, member, set).await?;
            ended.into_iter().for_each(|session| presence.close_session(session));
            presence.close_without_session(member.user.id, sender, "your password was changed: sign in again");
            Ok(ok(id, &Empty {}))
        }
        Request::SessionEnd(SessionEnd { others: true, session: None }) => {
            let ended = accounts.end_other_sessions(store, member).await?;
            ended.into_iter().for_each(|session| presence.close_session(session));
            presence.close_without_session(member.user.id, sender, "your sessions were ended: sign in again");
            Ok(ok(id, &Empty {}))
        }
        Request::SessionEnd(SessionEnd { others: false, session }) => {
            let session = match session {
                Some(number) => SessionId(i64::try_from(number).unwrap_or(i64::MAX)),
                None => member
                    .session
                    .ok_or_else(|| Error::bad_request("this connection belongs to no session: just close it"))?,
            };
            accounts.end_own_session(store, member, session).await?;
            // Reply before this connection is closed with the others.
            if let Some(answer) = ok(id, &Empty {}) {
                sender.tell(answer);
            }
            presence.close_session(session);
            Ok(None)
        }
        _ => Err(Error::bad_request("name a session, or others, but not both")),
    }
}
