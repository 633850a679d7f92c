//! What a member costs that says nothing: signed in, with one room open, over TCP or as a browser.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::net::TcpStream;

use crate::client;
use crate::contender::browser;
use crate::server::Server;

const MEMBERS: u64 = 4_000;

/// Resident memory of the server for each.
pub async fn measure(binary: &str) -> Result<()> {
    for is_browser in [false, true] {
        let server = Server::start(binary, if is_browser { "serve" } else { "core" })?;
        let token = client::operator(&server).await?;
        let mut members = Vec::new();
        // The first hundred fill pools that all share.
        for _ in 0..100 {
            members.push(member(&server, &token, is_browser).await?);
        }
        settle().await;
        let before = server.resident_bytes()?;
        for _ in 0..MEMBERS {
            members.push(member(&server, &token, is_browser).await?);
        }
        settle().await;
        let grown = server.resident_bytes()?.saturating_sub(before);
        println!(
            "idle {}: {:.1} KiB each (resident memory of the server grew by {:.1} MiB over {MEMBERS})",
            if is_browser { "browsers, core and gateway together" } else { "TCP members" },
            grown as f64 / MEMBERS as f64 / 1_024.0,
            grown as f64 / 1_048_576.0
        );
    }
    Ok(())
}

async fn member(server: &Server, token: &str, is_browser: bool) -> Result<TcpStream> {
    if is_browser {
        let mut stream = TcpStream::connect(server.http.as_ref().context("a server with a page")?).await?;
        browser(&mut stream, server, token).await?;
        return Ok(stream);
    }
    let mut member = client::connect(server, token).await?;
    member.ask(json!({"t":"room.open","room":"general","last":0})).await?;
    Ok(member.stream)
}

async fn settle() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}
