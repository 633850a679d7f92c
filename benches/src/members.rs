//! One room of 5,000 members: what it costs that everybody marks each post as read, and that everybody comes and goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{self, Client};
use crate::server::Server;

const MEMBERS: u64 = 5_000;
const POSTS: u64 = 20;
/// Members who leave and come back each second, in the second measurement.
const MOVES: usize = 250;
const SECONDS: u64 = 10;

/// Both figures.
pub async fn measure(binary: &str) -> Result<()> {
    let (server, tokens) = client::with_members(binary, MEMBERS).await?;
    let told = Arc::new(Told::default());
    let mut tasks = Vec::new();
    for token in &tokens {
        let mut member = client::connect(&server, token).await?;
        member.ask(json!({"t":"room.open","room":"general","last":0})).await?;
        tasks.push(tokio::spawn(mark_as_read(member.stream, Arc::clone(&told))));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    mark_all(&server, &told).await?;
    for task in tasks {
        task.abort();
    }
    drop(server);
    come_and_go(binary).await
}

/// What arrived at the members.
#[derive(Default)]
struct Told {
    posts: AtomicU64,
    answers: AtomicU64,
    presence_bytes: AtomicU64,
}

/// A post a second, which everybody marks as read.
async fn mark_all(server: &Server, told: &Told) -> Result<()> {
    let token = client::operator(server).await?;
    let mut poster = client::connect(server, &token).await?;
    // The first post fills caches.
    post_and_wait(&mut poster, told).await?;
    let (cpu, start) = (server.cpu_s()?, Instant::now());
    let mut slowest = Duration::ZERO;
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..POSTS {
        ticks.tick().await;
        slowest = slowest.max(post_and_wait(&mut poster, told).await?);
    }
    let cpu_s = server.cpu_s()? - cpu;
    println!(
        "read marks: {MEMBERS} members present in one room, a post a second, everybody marks it as read: \
         {:.3} CPU s per post ({POSTS} posts in {:.1} s; all marked within {} ms at the slowest)",
        cpu_s / POSTS as f64,
        start.elapsed().as_secs_f64(),
        slowest.as_millis()
    );
    Ok(())
}

/// Posts, and waits until all have it and their marks are answered: on disk.
async fn post_and_wait(poster: &mut Client<TcpStream>, told: &Told) -> Result<Duration> {
    let start = Instant::now();
    let (posts, answers) = (told.posts.load(Ordering::Relaxed), told.answers.load(Ordering::Relaxed));
    poster.ask(json!({"t":"room.post","room":"general","text":"x".repeat(20),"nonce":client::nonce()})).await?;
    while told.posts.load(Ordering::Relaxed) < posts + MEMBERS
        || told.answers.load(Ordering::Relaxed) < answers + MEMBERS
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
        anyhow::ensure!(start.elapsed() < Duration::from_secs(60), "not all members marked a post as read in a minute");
    }
    Ok(start.elapsed())
}

/// A member who marks each post as read. By hand, so that the load costs less than what it measures.
async fn mark_as_read(mut stream: TcpStream, told: Arc<Told>) -> Result<()> {
    let mut buf = Vec::with_capacity(8 << 10);
    loop {
        if stream.read_buf(&mut buf).await? == 0 {
            return Ok(());
        }
        let mut marked = None;
        let mut begin = 0;
        for end in memchr::memchr_iter(b'\n', &buf).collect::<Vec<_>>() {
            let line = buf.get(begin..end).unwrap_or_default();
            begin = end + 1;
            if line.starts_with(b"{\"t\":\"event\"") {
                told.posts.fetch_add(1, Ordering::Relaxed);
                marked = seq_of(line).or(marked);
            } else if line.starts_with(b"{\"t\":\"ok\"") {
                told.answers.fetch_add(1, Ordering::Relaxed);
            } else if line.starts_with(b"{\"t\":\"presence\"") {
                told.presence_bytes.fetch_add(line.len() as u64, Ordering::Relaxed);
            }
        }
        buf.drain(..begin);
        if let Some(seq) = marked {
            let mark = format!("{{\"t\":\"room.read\",\"id\":1,\"room\":\"general\",\"seq\":{seq}}}\n");
            stream.write_all(mark.as_bytes()).await?;
        }
    }
}

fn seq_of(line: &[u8]) -> Option<u64> {
    let from = memchr::memmem::find(line, b"\"seq\":")? + 6;
    let digits = line.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |n, byte| n * 10 + u64::from(byte - b'0')))
}

/// All have asked who is in the room; some of them leave and come back each second.
async fn come_and_go(binary: &str) -> Result<()> {
    let (server, tokens) = client::with_members(binary, MEMBERS).await?;
    let told = Arc::new(Told::default());
    let mut present = std::collections::VecDeque::new();
    for token in &tokens {
        present.push_back(asker(&server, token, &told).await?);
    }
    // Everybody is told of everybody's coming before it begins.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let bytes = told.presence_bytes.load(Ordering::Relaxed);
    let (cpu, start) = (server.cpu_s()?, Instant::now());
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut away: Vec<usize> = Vec::new();
    for second in 0..SECONDS {
        ticks.tick().await;
        for who in std::mem::take(&mut away) {
            let token = tokens.get(who).context("a token")?;
            present.push_back(asker(&server, token, &told).await?);
        }
        for n in 0..MOVES {
            let gone = present.pop_front().context("a member")?;
            gone.abort();
            away.push((usize::try_from(second)? * MOVES + n) % tokens.len());
        }
    }
    let cpu_s = server.cpu_s()? - cpu;
    let bytes = told.presence_bytes.load(Ordering::Relaxed) - bytes;
    println!(
        "presence: {MEMBERS} members of one room, {MOVES} of them leave and {MOVES} come back each second: \
         {:.3} CPU s per second ({} MB told in {:.1} s)",
        cpu_s / SECONDS as f64,
        bytes / 1_000_000,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// A member who asked who is in the room, as clients do.
async fn asker(server: &Server, token: &str, told: &Arc<Told>) -> Result<tokio::task::JoinHandle<()>> {
    let mut member = client::connect(server, token).await?;
    member.ask(json!({"t":"room.open","room":"general","last":0})).await?;
    member.ask(json!({"t":"room.members","room":"general"})).await?;
    let told = Arc::clone(told);
    Ok(tokio::spawn(async move { drop(mark_as_read(member.stream, told).await) }))
}
