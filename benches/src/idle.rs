//! What a member costs that says nothing: signed in, with one room open.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::client;
use crate::server::Server;

const MEMBERS: u64 = 4_000;

/// Resident memory of the core for each.
pub async fn measure(binary: &str) -> Result<()> {
    let server = Server::start(binary, "core")?;
    let token = client::operator(&server).await?;
    let mut members = Vec::new();
    // The first hundred fill pools that all share.
    for _ in 0..100 {
        members.push(member(&server, &token).await?);
    }
    settle().await;
    let before = server.resident_bytes()?;
    for _ in 0..MEMBERS {
        members.push(member(&server, &token).await?);
    }
    settle().await;
    let grown = server.resident_bytes()?.saturating_sub(before);
    println!(
        "idle members: {:.1} KiB each (resident memory of the core grew by {:.1} MiB over {MEMBERS})",
        grown as f64 / MEMBERS as f64 / 1_024.0,
        grown as f64 / 1_048_576.0
    );
    Ok(())
}

async fn member(server: &Server, token: &str) -> Result<client::Client<tokio::net::TcpStream>> {
    let mut member = client::connect(server, token).await?;
    member.ask(json!({"t":"room.open","room":"general","last":0})).await?;
    Ok(member)
}

async fn settle() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}
