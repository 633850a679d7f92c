//! The face for people with `nc`: lines in, lines out, over the same services.

use std::sync::Arc;

use bytes::BytesMut;

use crate::listen::Stranger;
use crate::state::State;
use crate::wire::Peer;
use crate::wire::stream::Stream;

/// Serves one person.
pub async fn serve(_state: Arc<State>, _stream: Arc<Stream>, _buf: BytesMut, _peer: Peer, _stranger: Stranger) {}
