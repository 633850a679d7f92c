//! What the fan-out is held against on the same machine: the least that a delivery can cost, and Redis. A throughput by
//! itself says little about a program on a machine that nobody else has.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fan_out::{MEMBERS, SPAN, cost, count_lines, report};
use crate::server::Server;

/// In place of the binary: this process is the server of the ceiling.
pub const CEILING: &str = "ceiling-server";
/// As long as an event with a text of 20 bytes is on the wire.
const EVENT_BYTES: usize = 150;
const EVERY: Duration = Duration::from_millis(10);
/// Lines that Redis writes for one message.
const REDIS_LINES: u64 = 7;

/// Both.
pub async fn measure() -> Result<()> {
    ceiling().await?;
    if std::process::Command::new("redis-server").arg("--version").output().is_err() {
        println!("Redis is not installed: apt-get install redis-server");
        return Ok(());
    }
    redis().await
}

async fn ceiling() -> Result<()> {
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

async fn redis() -> Result<()> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port().to_string();
    // It says nothing for a program when it is ready: a shell beside it does.
    let script = r#"(until redis-cli -p "$0" ping >/dev/null 2>&1; do sleep 0.1; done; echo "tcp=127.0.0.1:$0") &
        exec redis-server --bind 127.0.0.1 --save "" --appendonly no --port "$0" >/dev/null"#;
    let server = Server::spawn(&["sh", "-c", script, &port], "--folder")?;
    let lines = Arc::new(AtomicU64::new(0));
    for _ in 0..MEMBERS {
        let mut member = TcpStream::connect(&server.tcp).await?;
        member.write_all(b"SUBSCRIBE room\r\n").await?;
        tokio::spawn(count_lines(member, Arc::clone(&lines)));
    }
    let mut publisher = TcpStream::connect(&server.tcp).await?;
    let event = format!("PUBLISH room {}\r\n", "x".repeat(100));
    let mut answer = [0u8; 64];
    let paced = async {
        let mut ticks = tokio::time::interval(EVERY);
        for _ in 0..SPAN.as_millis() / EVERY.as_millis() {
            ticks.tick().await;
            publisher.write_all(event.as_bytes()).await?;
            // `:500`, which is more than one byte and less than the buffer.
            anyhow::ensure!(publisher.read(&mut answer).await? > 0, "Redis is gone");
        }
        Ok(())
    };
    let mut paced = cost(&server, &lines, paced).await?;
    paced.deliveries /= REDIS_LINES;
    report("Redis pub/sub, 100 events a second", paced);
    let mut burst = TcpStream::connect(&server.tcp).await?;
    let events = event.repeat(64);
    let flood = async {
        let until = Instant::now() + SPAN;
        while Instant::now() < until {
            burst.write_all(events.as_bytes()).await?;
            let mut answered = 0;
            while answered < 64 {
                let count = burst.read(&mut answer).await?;
                answered += answer.get(..count).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
            }
        }
        Ok(())
    };
    let mut flood = cost(&server, &lines, flood).await?;
    flood.deliveries /= REDIS_LINES;
    report("Redis pub/sub, as fast as they are taken", flood);
    Ok(())
}
