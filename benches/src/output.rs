//! A million lines that commands printed, beside the million events: what a search costs then. The lines are printed by real
//! runs of cat(1), so that they take the way of all output: host, core, index.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::client::{self, Client};
use crate::search::{report, searches, wait_for_index};
use crate::server::Server;
use crate::texts::{Random, text};

const RUNS: u64 = 100;
const LINES_OF_RUN: u64 = 10_000;
/// What the host may take until it has dialled in.
const HOST_WAIT: Duration = Duration::from_secs(10);

/// On the folder of the million events.
pub async fn measure(folder: TempDir, binary: &str, token: &str, seed: u64) -> Result<()> {
    let printed = folder.path().join("printed");
    let server = Server::start_on(folder, binary, "serve")?;
    let mut member = client::connect(&server, token).await?;
    member.ask(json!({"t":"room.open","room":"general"})).await?;
    let mut random = Random(seed);
    let (start, cpu, mut bytes) = (Instant::now(), server.cpu_s()?, 0);
    for n in 0..RUNS {
        let lines: String = (0..LINES_OF_RUN).map(|_| text(&mut random).replace('\n', " ") + "\n").collect();
        bytes += lines.len();
        std::fs::write(&printed, lines)?;
        run(&mut member, n, printed.to_str().context("a path")?).await?;
    }
    wait_for_index(&server, &mut member).await?;
    println!(
        "output: {RUNS} runs printed {LINES_OF_RUN} lines each, {:.0} MB, and they are found, {:.0} s after the first began and for {:.0} CPU s",
        bytes as f64 / 1e6,
        start.elapsed().as_secs_f64(),
        server.cpu_s()? - cpu
    );
    let any = searches(&mut member, &mut random, None).await?;
    report("search, the same questions beside a million lines of output", any, 100.0);
    let printed = searches(&mut member, &mut random, Some("output")).await?;
    report("search of output alone", printed, 100.0);
    println!("output: resident memory of core and gateway {:.0} MB", server.resident_bytes()? as f64 / 1e6);
    Ok(())
}

/// Prints a file by a run, and waits for its end.
async fn run(member: &mut Client<TcpStream>, n: u64, path: &str) -> Result<()> {
    let start = Instant::now();
    let run = loop {
        let ask = json!({"t":"run.start","room":"general","argv":["cat",path],"nonce":format!("cat{n}")});
        match member.ask(ask).await {
            Ok(started) => break started["run"].clone(),
            // The host dials in when it is ready.
            Err(_) if start.elapsed() < HOST_WAIT => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(e) => return Err(e),
        }
    };
    loop {
        let told: Value = serde_json::from_slice(&member.frame().await?.line)?;
        if told["kind"] == "run.ended" && told["run"] == run {
            return Ok(());
        }
    }
}
