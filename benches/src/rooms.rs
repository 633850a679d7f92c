//! What many rooms cost that were all written to: their tails are bounded together.

use anyhow::Result;
use serde_json::json;

use crate::client::{self, seed_rooms};
use crate::server::Server;

const ROOMS: usize = 10_000;
/// Posts to each room.
const POSTS: usize = 10;
/// Posts in flight.
const WINDOW: usize = 32;

/// Resident memory of the core after posts to all rooms.
pub async fn measure(binary: &str) -> Result<()> {
    let server = Server::start(binary, "core")?;
    let token = client::operator(&server).await?;
    let empty = server.resident_bytes()?;
    let folder = server.stop()?;
    seed_rooms(&folder.path().join("data/wardroom.db"), client::USER, ROOMS - 1)?;
    let server = Server::start_on(folder, binary, "core")?;
    let idle = server.resident_bytes()?;
    let mut member = client::connect(&server, &token).await?;
    let mut in_flight = 0;
    for n in 0..ROOMS * POSTS {
        let room = format!("seeded-{}", n % (ROOMS - 1));
        let text = "x".repeat(200);
        member.send(&json!({"t":"room.post","id":n,"room":room,"text":text,"nonce":client::nonce()})).await?;
        in_flight += 1;
        while in_flight >= WINDOW {
            in_flight -= usize::from(memchr::memmem::find(&member.frame().await?.line, b"\"t\":\"ok\"").is_some());
        }
    }
    while in_flight > 0 {
        in_flight -= usize::from(memchr::memmem::find(&member.frame().await?.line, b"\"t\":\"ok\"").is_some());
    }
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    println!(
        "{ROOMS} rooms, {POSTS} posts to each: resident memory of the core {:.1} MiB (wanted: 64); {:.1} MiB before the \
         posts, {:.1} MiB without the rooms",
        mib(server.resident_bytes()?),
        mib(idle),
        mib(empty)
    );
    Ok(())
}
