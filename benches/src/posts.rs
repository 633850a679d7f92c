//! Durable posts: each is acknowledged after its commit is on disk.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::client;
use crate::server::Server;

const CLIENTS: usize = 32;
const SPAN: Duration = Duration::from_secs(10);

/// Posts a second, and what they cost.
pub async fn measure(binary: &str) -> Result<()> {
    let server = Server::start(binary, "core")?;
    let token = client::operator(&server).await?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(client::connect(&server, &token).await?);
    }
    let (cpu, start) = (server.cpu_s()?, Instant::now());
    let until = start + SPAN;
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut connection| {
            tokio::spawn(async move {
                let mut count = 0u64;
                while Instant::now() < until {
                    let post = json!({"t":"room.post","room":"general","text":"x".repeat(20),"nonce":client::nonce()});
                    connection.ask(post).await?;
                    count += 1;
                }
                anyhow::Ok(count)
            })
        })
        .collect();
    let mut posts = 0;
    for task in tasks {
        posts += task.await??;
    }
    let (wall_s, cpu_s) = (start.elapsed().as_secs_f64(), server.cpu_s()? - cpu);
    println!(
        "durable posts, {CLIENTS} clients with one in flight each: {:.0} a second ({posts} in {wall_s:.1} s, \
         {:.1} CPU µs each in the core)",
        posts as f64 / wall_s,
        cpu_s * 1e6 / posts as f64
    );
    Ok(())
}
