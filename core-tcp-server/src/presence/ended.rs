//! Closes the connections of sessions that have ended, for whatever reason.

use crate::state::State;
use crate::store::UserId;

/// Closes the connections of a user whose sessions are no longer in the store, for whatever reason.
pub async fn close_ended(state: &State, user: UserId) {
    let here = state.presence.sessions_of(user);
    if here.is_empty() {
        return;
    }
    match state.accounts.sessions_of(&state.store, user).await {
        Ok(open) => here.difference(&open).for_each(|ended| state.presence.close_session(*ended)),
        // The next change checks again; nobody is disconnected because of an error of ours.
        Err(error) => tracing::warn!(%error, "cannot look which sessions have ended"),
    }
}

/// Closes the connections of expired sessions. Called by the sweeper.
pub async fn close_expired(state: &State, now_ms: u64) {
    match state.accounts.expire_sessions(&state.store, now_ms).await {
        Ok(expired) => expired.into_iter().for_each(|session| state.presence.close_session(session)),
        Err(error) => tracing::warn!(%error, "cannot look which sessions have expired"),
    }
}
