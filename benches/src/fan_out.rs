//! One room, 500 members: what a delivery costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::client::{self, Client};
use crate::server::Server;

pub(crate) const MEMBERS: usize = 500;
pub(crate) const SPAN: Duration = Duration::from_secs(10);

/// Both figures.
pub async fn measure(binary: &str) -> Result<()> {
    let server = Server::start(binary, "core")?;
    let token = client::operator(&server).await?;
    let delivered = Arc::new(AtomicU64::new(0));
    for _ in 0..MEMBERS {
        let mut member = client::connect(&server, &token).await?;
        member.ask(json!({"t":"room.open","room":"general","last":0})).await?;
        tokio::spawn(count_lines(member.stream, Arc::clone(&delivered)));
    }
    let mut poster = client::connect(&server, &token).await?;
    // Past the first writes, which fill caches.
    paced(&mut poster, Duration::from_secs(1)).await?;
    let paced_cost = cost(&server, &delivered, paced(&mut poster, SPAN)).await?;
    report("fan-out, 100 events a second, each written alone", paced_cost);
    let mut posters = Vec::new();
    for _ in 0..8 {
        posters.push(client::connect(&server, &token).await?);
    }
    let flood_cost = cost(&server, &delivered, flood(posters)).await?;
    report("fan-out, as fast as they are taken", flood_cost);
    Ok(())
}

pub(crate) struct Cost {
    pub(crate) deliveries: u64,
    cpu_s: f64,
    wall_s: f64,
}

pub(crate) fn report(what: &str, cost: Cost) {
    let per_cpu_s = cost.deliveries as f64 / cost.cpu_s;
    println!(
        "{what}, {MEMBERS} readers: {per_cpu_s:.0} deliveries per CPU second \
         ({} in {:.1} s, {:.2} CPU s)",
        cost.deliveries, cost.wall_s, cost.cpu_s
    );
}

pub(crate) async fn cost(
    server: &Server,
    delivered: &AtomicU64,
    load: impl Future<Output = Result<()>>,
) -> Result<Cost> {
    let (from, cpu, start) = (delivered.load(Ordering::Relaxed), server.cpu_s()?, Instant::now());
    load.await?;
    // What is on its way still arrives; it was paid for or will be.
    let mut last = 0;
    while last != delivered.load(Ordering::Relaxed) {
        last = delivered.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(Cost { deliveries: last - from, cpu_s: server.cpu_s()? - cpu, wall_s: start.elapsed().as_secs_f64() })
}

async fn paced(poster: &mut Client<TcpStream>, span: Duration) -> Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..span.as_millis() / 10 {
        ticks.tick().await;
        poster.ask(post()).await?;
    }
    Ok(())
}

/// Each keeps 32 posts in flight.
async fn flood(posters: Vec<Client<TcpStream>>) -> Result<()> {
    let until = Instant::now() + SPAN;
    let tasks: Vec<_> = posters
        .into_iter()
        .map(|mut poster| {
            tokio::spawn(async move {
                let mut n = 0u64;
                while Instant::now() < until {
                    for _ in 0..32 {
                        n += 1;
                        let mut line = post();
                        line["id"] = n.into();
                        poster.send(&line).await?;
                    }
                    for _ in 0..32 {
                        poster.frame().await?;
                    }
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

fn post() -> serde_json::Value {
    json!({"t":"room.post","room":"general","text":"x".repeat(20),"nonce":client::nonce()})
}

pub(crate) async fn count_lines(mut stream: TcpStream, delivered: Arc<AtomicU64>) {
    let mut buf = vec![0u8; 64 << 10];
    while let Ok(count) = stream.read(&mut buf).await {
        if count == 0 {
            return;
        }
        let lines = memchr::memchr_iter(b'\n', buf.get(..count).unwrap_or_default()).count();
        delivered.fetch_add(lines as u64, Ordering::Relaxed);
    }
}
