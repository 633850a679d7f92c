//! What the fan-out is held against on the same machine: the least that a delivery can cost. A throughput by itself says
//! little about a program on a machine that nobody else has.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::net::TcpStream;

use crate::fan_out::{MEMBERS, SPAN, cost, count_lines, report};
use crate::server::Server;

/// In place of the binary: this process is the server of the ceiling.
pub const CEILING: &str = "ceiling-server";
/// As long as an event with a text of 20 bytes is on the wire.
const EVENT_BYTES: usize = 150;
const EVERY: Duration = Duration::from_millis(10);

/// The ceiling.
pub async fn measure() -> Result<()> {
    let itself = std::env::current_exe()?;
    let server = Server::spawn(&[itself.to_str().context("a path that is no text")?, CEILING], "--folder")?;
    let lines = Arc::new(AtomicU64::new(0));
    for _ in 0..MEMBERS {
        tokio::spawn(count_lines(TcpStream::connect(&server.tcp).await?, Arc::clone(&lines)));
    }
    let paced = cost(&server, &lines, async {
        tokio::time::sleep(SPAN).await;
        Ok(())
    });
    report("ceiling, one loop that writes 100 events a second to each socket", paced.await?);
    Ok(())
}

/// The server of the ceiling: accepts all, then writes at a steady pace until it is stopped.
pub fn serve() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("ready tcp={}", listener.local_addr()?);
    let mut sockets = Vec::with_capacity(MEMBERS);
    for _ in 0..MEMBERS {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        sockets.push(socket);
    }
    let mut event = [b'x'; EVENT_BYTES];
    if let Some(last) = event.last_mut() {
        *last = b'\n';
    }
    let ticks = (SPAN.as_millis() / EVERY.as_millis()) as u32;
    let start = Instant::now();
    for tick in 1..=ticks {
        std::thread::sleep((start + EVERY * tick).saturating_duration_since(Instant::now()));
        for socket in &mut sockets {
            socket.write_all(&event)?;
        }
    }
    // Its CPU seconds are read while it lives.
    std::thread::sleep(SPAN);
    Ok(())
}
