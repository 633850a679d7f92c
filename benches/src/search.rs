//! What the benches of a full store share: timed requests, a thousand searches, the wait for the index, and the report.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::server::Server;
use crate::texts::{Random, query};

const SEARCHES: usize = 1_000;

/// Milliseconds of each of many searches, of one kind of hits or of all.
pub(crate) async fn searches(
    member: &mut Client<TcpStream>,
    random: &mut Random,
    kind: Option<&str>,
) -> Result<Vec<f64>> {
    let (mut took, mut slowest, mut hits) = (Vec::new(), (0.0, Value::Null), 0);
    for _ in 0..SEARCHES {
        let mut ask = query(random);
        ask["t"] = "search".into();
        if let Some(kind) = kind {
            ask["kind"] = kind.into();
        }
        let (ms, answer) = timed(member, ask.clone()).await?;
        hits += answer["hits"].as_array().map_or(0, Vec::len);
        if ms > slowest.0 {
            slowest = (ms, ask);
        }
        took.push(ms);
    }
    println!("big: {SEARCHES} searches, {hits} hits; the slowest took {:.0} ms: {}", slowest.0, slowest.1);
    Ok(took)
}

/// Waits until everything can be found. Gives the resident bytes of the server meanwhile, at most.
pub(crate) async fn wait_for_index(server: &Server, member: &mut Client<TcpStream>) -> Result<u64> {
    let (start, mut most) = (Instant::now(), 0);
    loop {
        // While the index is not there yet, this is refused.
        let asked = member.ask(json!({"t":"search","q":"no such words anywhere"})).await;
        if asked.is_ok_and(|answer| answer["behind"] == 0) {
            return Ok(most);
        }
        ensure!(start.elapsed() < Duration::from_secs(1_200), "the index does not get there");
        most = most.max(server.resident_bytes()?);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The answer to one request, and the milliseconds that it took.
pub(crate) async fn timed(member: &mut Client<TcpStream>, ask: Value) -> Result<(f64, Value)> {
    let start = Instant::now();
    let answer = member.ask(ask).await?;
    Ok((start.elapsed().as_secs_f64() * 1e3, answer))
}

/// Prints the median, the 99th percentile and the maximum.
pub(crate) fn report(what: &str, mut took: Vec<f64>, wanted: f64) {
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took.get(took.len() * part / 1_000).copied().unwrap_or_default();
    println!(
        "big: {what}: {:.1} ms median, {:.1} ms p99, {:.1} ms at most ({} of them; wanted p99 {wanted:.0})",
        at(500),
        at(990),
        took.last().copied().unwrap_or_default(),
        took.len()
    );
}
