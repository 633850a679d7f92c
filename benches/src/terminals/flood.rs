//! What a flood of output costs the server, by the number of its viewers.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::cost;
use super::peer::{Kind, Peer};
use super::script;
use super::viewer::Viewer;

/// Viewers, and MiB that the program writes while they look: less for many, so that each takes some seconds.
pub const STEPS: [(usize, u64); 4] = [(1, 64), (10, 48), (50, 32), (200, 16)];
/// The same for tmux, which takes longer.
pub const STEPS_OF_TMUX: [(usize, u64); 4] = [(1, 24), (10, 8), (50, 4), (200, 4)];
/// Viewers that connect at once: the server has one core.
const CONNECT_MAX: usize = 8;
const CONNECT_WAIT: Duration = Duration::from_secs(30);
/// A server that writes 1 MB/s to 200 viewers would take longer.
const FLOOD_WAIT: Duration = Duration::from_secs(60);
/// What is still done when everybody has the end.
const SETTLE: Duration = Duration::from_millis(300);

/// What one step showed.
pub struct Cost {
    /// CPU seconds of the server per GB that the program wrote.
    pub cpu_s_per_gb: f64,
    /// What a viewer received of it, in percent, in the mean.
    pub received_percent: f64,
    /// MB/s until the last viewer had the end.
    pub mb_per_s: f64,
    /// Memory of the server afterwards.
    pub resident_mb: f64,
}

/// One cost for each step, as far as the contender gets.
pub async fn measure(peer: &mut Peer, script: &str) -> Result<Vec<Result<Cost>>> {
    let steps: &[(usize, u64)] = match peer.server {
        Kind::Wardroom(_) | Kind::Sshx(_) => &STEPS,
        Kind::OpenSsh(_) => &STEPS_OF_TMUX,
        // A second viewer would have another terminal.
        Kind::Wetty(_) => &[STEPS[0]],
    };
    let mut viewers = vec![peer.typist(script).await?];
    let mut costs = Vec::new();
    for (n, (count, mib)) in steps.iter().copied().enumerate() {
        add(peer, &mut viewers, count).await?;
        // When all have seen the end of nothing, all are there.
        run(&viewers, "nothing", 2 * n).await?;
        let cost = step(peer, &viewers, mib, 2 * n + 1).await;
        let is_last = cost.is_err();
        costs.push(cost);
        if is_last {
            break;
        }
    }
    Ok(costs)
}

async fn step(peer: &Peer, viewers: &[Viewer], mib: u64, mark: usize) -> Result<Cost> {
    let (cpu_s, bytes, began) = (cost::cpu_s(&peer.processes()?), received(viewers), Instant::now());
    run(viewers, &format!("cat {mib}"), mark).await?;
    let took_s = began.elapsed().as_secs_f64();
    tokio::time::sleep(SETTLE).await;
    let processes = peer.processes()?;
    let mb = mib as f64 * 1.048_576;
    Ok(Cost {
        cpu_s_per_gb: (cost::cpu_s(&processes) - cpu_s) / mb * 1e3,
        received_percent: (received(viewers) - bytes) as f64 / viewers.len() as f64 / mb / 1e4,
        mb_per_s: mb / took_s,
        resident_mb: cost::resident_mb(&processes),
    })
}

async fn add(peer: &mut Peer, viewers: &mut Vec<Viewer>, count: usize) -> Result<()> {
    while viewers.len() < count {
        let seen = viewers.first().context("the first viewer")?.bytes();
        let from = viewers.len();
        for _ in from..count.min(from + CONNECT_MAX) {
            let viewer = peer.viewer(seen, None).await?;
            // What every picture of a screen has.
            viewer.look_for(b"\x1b");
            viewers.push(viewer);
        }
        if matches!(peer.server, Kind::OpenSsh(_)) {
            for viewer in viewers.iter().skip(from) {
                viewer.found(CONNECT_WAIT).await.context("a viewer that connects")?;
            }
        }
    }
    Ok(())
}

/// Runs a command, and waits until everybody has its end.
async fn run(viewers: &[Viewer], command: &str, mark: usize) -> Result<()> {
    viewers.iter().for_each(|viewer| viewer.look_for(&script::mark(mark)));
    viewers.first().context("the first viewer")?.press(format!("{command}\n").as_bytes()).await?;
    for viewer in viewers {
        viewer.found(FLOOD_WAIT).await.with_context(|| format!("the end of {command}"))?;
    }
    Ok(())
}

fn received(viewers: &[Viewer]) -> u64 {
    viewers.iter().map(Viewer::bytes).sum()
}
