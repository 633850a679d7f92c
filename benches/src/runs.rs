//! `true`: from the request to the end of the run, through core and host.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::client;
use crate::server::Server;

const RUNS: usize = 300;

/// Milliseconds, median and 99th of a hundred.
pub async fn measure(binary: &str) -> Result<()> {
    let server = Server::start(binary, "serve")?;
    let token = client::operator(&server).await?;
    let mut operator = client::connect(&server, &token).await?;
    // The host dials in when it is ready.
    for n in 0.. {
        let start = operator.ask(json!({"t":"run.start","room":"general","argv":["true"],"nonce":format!("w{n}")}));
        match start.await {
            Ok(_) => break,
            Err(_) if n < 100 => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(e) => return Err(e),
        }
    }
    let mut took_ms = Vec::with_capacity(RUNS);
    for n in 0..RUNS {
        let start = Instant::now();
        let run =
            operator.ask(json!({"t":"run.start","room":"general","argv":["true"],"nonce":format!("r{n}")})).await?;
        operator.ask(json!({"t":"run.watch","run":run["run"]})).await?;
        loop {
            let told: Value = serde_json::from_slice(&operator.frame().await?.line)?;
            if told["t"] == "run.end" && told["run"] == run["run"] {
                break;
            }
        }
        took_ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    took_ms.sort_by(f64::total_cmp);
    let at = |part: usize| took_ms.get(RUNS * part / 100).copied().unwrap_or_default();
    println!("a run of `true`, from request to end: {:.1} ms median, {:.1} ms p99 ({RUNS} runs)", at(50), at(99));
    Ok(())
}
