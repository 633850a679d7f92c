//! Ctrl-C while `yes` floods the terminal: how long until its output has stopped, for the one who pressed it and for the
//! last of all viewers, and how long a message takes meanwhile on the same connection.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::peer::{Kind, Peer};
use super::script;
use super::times::Times;
use super::viewer::Viewer;
use crate::client;
use crate::texts::Random;

/// Times that it is pressed, after so many milliseconds of `yes`: often after a moment, and after a while, when whatever
/// reads ahead has read far ahead.
pub const ROUNDS: [(usize, u64); 2] = [(100, 60), (6, 2_000)];
/// After so many a new terminal is begun: one run may write 1 GiB.
const PRESSES_OF_ONE: usize = 20;
/// Viewers beside the one who presses it.
pub const VIEWERS: usize = 8;
/// Bytes a second that one of them reads: xterm.js shows 5 to 35 MB a second.
pub const SLOW: u64 = 5_000_000;
const STOP_WAIT: Duration = Duration::from_secs(20);
const CONNECT_WAIT: Duration = Duration::from_secs(20);

/// What one contender showed.
#[derive(Default)]
pub struct Stops {
    /// For who pressed it.
    pub own: Times,
    /// For the last of those who read as fast as they can.
    pub last: Times,
    /// For the one who reads slowly.
    pub slow: Times,
    /// From a message to its event, on the connection that watches and types.
    pub chat: Times,
}

/// Presses it again and again.
pub async fn measure(peer: &mut Peer, script: &str, (presses, flood_ms): (usize, u64)) -> Result<Stops> {
    let (mut stops, mut random) = (Stops::default(), Random(5));
    for first in (0..presses).step_by(PRESSES_OF_ONE) {
        let own = peer.typist(script).await?;
        let mut others = Vec::new();
        for n in 0..VIEWERS {
            let viewer = peer.viewer(0, (n == 0).then_some(SLOW)).await?;
            viewer.look_for(script::READY);
            viewer.found(CONNECT_WAIT).await.context("a viewer that connects")?;
            others.push(viewer);
        }
        for n in 0..PRESSES_OF_ONE.min(presses - first) {
            let mark = script::mark(n);
            own.look_for(&mark);
            others.iter().for_each(|viewer| viewer.look_for(&mark));
            own.press(b"yes\n").await?;
            tokio::time::sleep(Duration::from_millis(flood_ms + random.below(40))).await;
            if matches!(peer.server, Kind::Wardroom(_)) {
                stops.chat.push(chat(&own).await?);
            }
            let pressed = Instant::now();
            own.press(b"\x03").await?;
            stops.own.push(own.found(STOP_WAIT).await?.duration_since(pressed));
            let mut last = Duration::ZERO;
            for (n, viewer) in others.iter().enumerate() {
                let took = viewer.found(STOP_WAIT).await?.duration_since(pressed);
                if n == 0 {
                    stops.slow.push(took);
                } else {
                    last = last.max(took);
                }
            }
            stops.last.push(last);
        }
    }
    Ok(stops)
}

async fn chat(viewer: &Viewer) -> Result<Duration> {
    let nonce = client::nonce();
    viewer.look_for_line(nonce.as_bytes());
    let posted = Instant::now();
    viewer.say(json!({"t":"room.post","id":3,"room":"general","text":"hello","nonce":nonce}).to_string()).await?;
    Ok(viewer.found_line(STOP_WAIT).await.context("a message")?.duration_since(posted))
}
