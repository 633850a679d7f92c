//! Conversation over the wire: who is in a room and may do what there, what is said, taken back and counted.

mod amending;
mod counting;
mod keeping;
mod limits;
mod lists;
mod rights;
mod told;

use serde_json::{Value, json};

use crate::common::TestCore;

/// A core with an account of each role.
pub async fn core() -> TestCore {
    let core = TestCore::start().await;
    let users = [("ann", "operator"), ("ben", "member"), ("cleo", "member"), ("vic", "viewer"), ("root", "admin")];
    core.add_users(&users).await;
    core
}

/// A room as this client's list has it.
pub async fn info<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    client: &mut crate::common::Client<S>,
    room: &str,
) -> Value {
    let rooms = client.ask(json!({"t":"room.list"})).await;
    let found = rooms["rooms"].as_array().unwrap().iter().find(|info| info["room"] == room).cloned();
    found.unwrap_or(Value::Null)
}
