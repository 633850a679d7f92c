//! How long a key takes until it is seen: through client, server and terminal to a program that echoes it, and back.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::peer::Peer;
use super::script;
use super::times::Times;
use super::viewer::Viewer;
use crate::texts::Random;

/// Keys of each contender.
pub const KEYS: usize = 500;
/// They take turns: what else happens on the machine meets all of them.
const TURNS: usize = 5;
/// Keys that end no sequence which tmux writes.
const LETTERS: &[u8] = b"vwxyz";
/// Keys before the cursor goes back: a row that is not full, and not a multiple of the letters, so that each key changes
/// what is there.
const ROW: usize = 36;
/// Far beyond what any of them takes.
const KEY_WAIT: Duration = Duration::from_secs(5);

/// The times of each contender.
pub async fn measure(peers: &mut [Peer]) -> Result<Vec<Times>> {
    let mut typists = Vec::new();
    for peer in peers.iter_mut() {
        typists.push(peer.typist(script::ECHO).await.with_context(|| peer.name)?);
    }
    let mut times: Vec<Times> = peers.iter().map(|_| Times::default()).collect();
    let mut random = Random(3);
    for turn in 0..TURNS {
        for ((typist, times), peer) in typists.iter().zip(&mut times).zip(&*peers) {
            type_keys(typist, turn * KEYS / TURNS, times, &mut random).await.with_context(|| peer.name)?;
        }
    }
    Ok(times)
}

async fn type_keys(typist: &Viewer, from: usize, times: &mut Times, random: &mut Random) -> Result<()> {
    for n in from..from + KEYS / TURNS {
        if n % ROW == 0 {
            typist.press(b"\r").await?;
        }
        // Between 10 and 20 ms, so that no key meets the same moment of a timer of theirs.
        tokio::time::sleep(Duration::from_micros(10_000 + random.below(10_000))).await;
        let key = LETTERS.get(n % LETTERS.len()).copied().context("a letter")?;
        typist.look_for(&[key]);
        let pressed = std::time::Instant::now();
        typist.press(&[key]).await?;
        times.push(typist.found(KEY_WAIT).await?.duration_since(pressed));
    }
    Ok(())
}
