//! The face for people with `nc`: lines in, lines out, over the same services as the face for programs.
//!
//! Everything that is not a message in a room begins with `#`. The user's own lines come back like those of others, at
//! their position in the room. Runs that start in the open room are followed automatically.

mod draw;
mod flows;
mod followed;
mod limits;
mod lines;
mod moment;
mod notices;
mod screen;
mod session;
mod sign_in;
mod splitter;

use std::sync::Arc;

use bytes::BytesMut;

use crate::permits::Permit;
use crate::sender::ConnectionSender;
use crate::state::State;
use crate::wire::Peer;
use crate::wire::stream::Stream;
use lines::LineReader;
use sign_in::Outcome;

/// Serves a person, or a program that was slow to start. `buf` contains what was already read.
pub async fn serve(state: Arc<State>, stream: Arc<Stream>, buf: BytesMut, peer: Peer, permit: Permit) {
    let sender = ConnectionSender::new();
    let reader = LineReader::new(Arc::clone(&stream), Arc::clone(&sender), buf, limits::SIGN_IN_BYTES_MAX);
    match Box::pin(sign_in::sign_in(&state, &stream, reader, &peer, &permit)).await {
        Outcome::Person(member, reader) => {
            drop(permit);
            Box::pin(session::serve(state, stream, reader, sender, member)).await;
        }
        Outcome::Program(buf) => Box::pin(crate::wire::serve(state, stream, buf, peer, permit)).await,
        Outcome::Nobody(reader) => sign_in::part(&stream, reader).await,
    }
}
