//! One of 50 viewers stops reading in a flood: what the others notice, and what it costs the server.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::cost;
use super::peer::Peer;
use super::script;
use super::times::median;
use super::viewer::Viewer;

/// Viewers of the terminal.
pub const VIEWERS: usize = 50;
/// Turns with the one and without it, by turns.
const TURNS: usize = 3;
const TURN: Duration = Duration::from_millis(1_500);
const WAIT: Duration = Duration::from_secs(60);

/// What was seen.
pub struct Stalled {
    /// MB/s of each of the others while all read, and while one does not.
    pub rates_mb_per_s: (f64, f64),
    /// The most memory of the server in MB while all read, and while one does not.
    pub resident_mb: (f64, f64),
    /// How long after it reads again it has the end of the output.
    pub back_after: Duration,
}

/// Floods, and stops one.
pub async fn measure(peer: &mut Peer, script: &str) -> Result<Stalled> {
    let typist = peer.typist(script).await?;
    let mut viewers = vec![typist];
    while viewers.len() < VIEWERS {
        let viewer = peer.viewer(0, None).await?;
        viewer.look_for(script::READY);
        viewer.found(WAIT).await.context("a viewer that connects")?;
        viewers.push(viewer);
    }
    let (stopped, others) = viewers.split_last().context("viewers")?;
    let typist = others.first().context("a typist")?;
    typist.press(b"yes\n").await?;
    // Until caches and buffers have their size.
    tokio::time::sleep(TURN).await;
    let (mut all_read, mut one_does_not) = (Vec::new(), Vec::new());
    let mut resident_mb = (0.0_f64, 0.0_f64);
    for _ in 0..TURNS {
        stopped.stop_reading(false);
        all_read.push(rate(others).await);
        resident_mb.0 = resident_mb.0.max(cost::resident_mb(&peer.processes()?));
        stopped.stop_reading(true);
        one_does_not.push(rate(others).await);
        resident_mb.1 = resident_mb.1.max(cost::resident_mb(&peer.processes()?));
    }
    others.iter().chain([stopped]).for_each(|viewer| viewer.look_for(&script::mark(0)));
    typist.press(b"\x03").await?;
    typist.found(WAIT).await?;
    let again = Instant::now();
    stopped.stop_reading(false);
    let back_after = stopped.found(WAIT).await.context("the one that had stopped")?.duration_since(again);
    Ok(Stalled { rates_mb_per_s: (median(all_read), median(one_does_not)), resident_mb, back_after })
}

/// MB/s of each, in the mean.
async fn rate(viewers: &[Viewer]) -> f64 {
    let bytes = || viewers.iter().map(Viewer::bytes).sum::<u64>();
    let (before, began) = (bytes(), Instant::now());
    tokio::time::sleep(TURN).await;
    (bytes() - before) as f64 / viewers.len() as f64 / began.elapsed().as_secs_f64() / 1e6
}
