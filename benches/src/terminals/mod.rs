//! Terminals, beside those that people know: keys, floods of output, Ctrl-C, a viewer that stops reading, and `true`. The
//! servers are on the first core with everything that they start, the clients on the last.
//!
//! A contender that is not installed is named, with how to get it, and the others are measured.

mod cost;
mod echo;
mod exec;
mod flood;
mod interrupt;
mod look;
mod openssh;
mod peer;
mod pty;
mod script;
mod sshx;
mod stalled;
mod times;
mod viewer;
mod wardroom;
mod wetty;
mod wire;

use std::time::Instant;

use anyhow::{Context as _, Result};

use self::openssh::OpenSsh;
use self::peer::{Kind, Peer};
use self::sshx::Sshx;
use self::times::Times;
use self::wardroom::{Wardroom, Way};
use self::wetty::Wetty;

/// All of it, or one part.
pub async fn measure(binary: &str, part: Option<&str>) -> Result<()> {
    let began = Instant::now();
    let folder = tempfile::tempdir_in(".").context("no place for a log")?;
    let folder = std::fs::canonicalize(folder.path())?;
    let log = script::write_log(&folder)?;
    let commands = script::commands(&log);
    println!("terminals of {}x{}, beside {}", pty::COLS, pty::ROWS, openssh::versions());
    let is_chosen = |name| part.is_none_or(|part| part == name);
    if is_chosen("keys") {
        echoes(binary).await.context("keys")?;
    }
    if is_chosen("floods") {
        floods(binary, &commands).await.context("floods")?;
    }
    if is_chosen("ctrl-c") {
        stops(binary, &commands).await.context("Ctrl-C")?;
    }
    if is_chosen("stall") {
        one_stops(binary, &commands).await.context("a viewer that stops reading")?;
    }
    if is_chosen("true") {
        execs(binary).await.context("true")?;
    }
    println!("  all of it took {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

async fn ours(binary: &str, name: &'static str, way: Way) -> Result<Peer> {
    Ok(Peer { name, server: Kind::Wardroom(Wardroom::new(binary, way).await?) })
}

/// OpenSSH, or none, which is said.
fn openssh(has_tmux: bool) -> Result<Option<Peer>> {
    let name = if has_tmux { "OpenSSH with tmux" } else { "OpenSSH" };
    if let Some(how) = openssh::missing(has_tmux) {
        println!("  {name}: not measured, it is not installed ({how})");
        return Ok(None);
    }
    Ok(Some(Peer { name, server: Kind::OpenSsh(OpenSsh::new(has_tmux)?) }))
}

/// wetty, or none, which is said.
fn wetty() -> Result<Option<Peer>> {
    if let Some(why) = wetty::missing() {
        println!("  wetty: not measured ({why})");
        return Ok(None);
    }
    Ok(Some(Peer { name: "wetty, a terminal for each viewer", server: Kind::Wetty(Wetty::new()?) }))
}

/// sshx, or none, which is said.
fn sshx() -> Result<Option<Peer>> {
    if let Some(how) = sshx::missing() {
        println!("  sshx: not measured, it is not installed ({how})");
        return Ok(None);
    }
    Ok(Some(Peer { name: "sshx", server: Kind::Sshx(Sshx::new()?) }))
}

async fn echoes(binary: &str) -> Result<()> {
    let mut peers = vec![
        ours(binary, "Wardroom, TCP", Way::Screen).await?,
        ours(binary, "Wardroom, `wardroom attach`", Way::Attach).await?,
    ];
    peers.extend(openssh(true)?);
    peers.extend(openssh(false)?);
    peers.extend(wetty()?);
    peers.extend(sshx()?);
    let times = echo::measure(&mut peers).await?;
    println!("a key until it is seen, {} keys 10 to 20 ms apart, ms      p50     p95     p99", echo::KEYS);
    for (peer, times) in peers.iter().zip(times) {
        row(peer.name, &times);
    }
    Ok(())
}

fn row(name: &str, times: &Times) {
    println!("  {name:<56} {}", times.row());
}

async fn floods(binary: &str, commands: &str) -> Result<()> {
    let mut peers = vec![
        ours(binary, "Wardroom, as `attach` and the page", Way::Screen).await?,
        ours(binary, "Wardroom, every byte", Way::EveryByte).await?,
    ];
    peers.extend(openssh(true)?);
    peers.extend(wetty()?);
    peers.extend(sshx()?);
    println!(
        "a flood of coloured log: CPU s of the server per GB that the program writes (what each viewer received of it, MB/s)"
    );
    print!("  {:<36}", "viewers");
    for (count, _) in flood::STEPS {
        print!(" {count:<24}");
    }
    println!();
    for peer in &mut peers {
        let costs = flood::measure(peer, commands).await.context(peer.name)?;
        print!("  {:<36}", peer.name);
        for cost in &costs {
            let cell = match cost {
                Ok(cost) => {
                    format!("{:.1} ({:.0} %, {:.0} MB/s)", cost.cpu_s_per_gb, cost.received_percent, cost.mb_per_s)
                }
                Err(error) => format!("{error:#}"),
            };
            print!(" {cell:<24}");
        }
        let resident = costs.iter().flatten().last().map_or(f64::NAN, |cost| cost.resident_mb);
        println!(" server {resident:.0} MB in the end");
    }
    Ok(())
}

async fn stops(binary: &str, commands: &str) -> Result<()> {
    let mut peers = vec![ours(binary, "Wardroom, TCP", Way::Screen).await?];
    peers.extend(openssh(true)?);
    peers.extend(sshx()?);
    for round in interrupt::ROUNDS {
        println!(
            "Ctrl-C after {} ms of `yes` until its output has stopped, {} times, {} viewers, ms    p50     p95     p99",
            round.1,
            round.0,
            interrupt::VIEWERS + 1
        );
        for peer in &mut peers {
            let stops = interrupt::measure(peer, commands, round).await.context(peer.name)?;
            row(&format!("{}, for who pressed it", peer.name), &stops.own);
            row(&format!("{}, for the last of the others", peer.name), &stops.last);
            let slow = interrupt::SLOW / 1_000_000;
            row(&format!("{}, for one that reads {slow} MB/s", peer.name), &stops.slow);
            if matches!(peer.server, Kind::Wardroom(_)) {
                row("a message meanwhile, on the connection that types", &stops.chat);
            }
        }
    }
    Ok(())
}

async fn one_stops(binary: &str, commands: &str) -> Result<()> {
    let mut peers = vec![ours(binary, "Wardroom", Way::Screen).await?];
    peers.extend(openssh(true)?);
    println!("one of {} viewers stops reading during `yes`", stalled::VIEWERS);
    for peer in &mut peers {
        let seen = stalled::measure(peer, commands).await.context(peer.name)?;
        let (all, others) = seen.rates_mb_per_s;
        println!(
            "  {:<36} the others receive {others:.2} MB/s each, {all:.2} when all read ({:+.1} %); server at most {:.0} MB when all read, {:.0} MB when not; it has the end {:.0} ms after it reads again",
            peer.name,
            (others / all - 1.0) * 100.0,
            seen.resident_mb.0,
            seen.resident_mb.1,
            seen.back_after.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

async fn execs(binary: &str) -> Result<()> {
    let mut wardroom = Wardroom::new(binary, Way::Screen).await?;
    // When a terminal has started, the host is there.
    wardroom.start("true").await?;
    let ssh = match openssh(false)?.map(|peer| peer.server) {
        Some(Kind::OpenSsh(ssh)) => Some(ssh),
        _ => None,
    };
    let execs = exec::measure(binary, &wardroom, ssh.as_ref()).await?;
    println!("`true` from request to end, {} times by turns, ms              p50     p95     p99", exec::RUNS);
    row("Wardroom, over a connection that is there", &execs.wire);
    row("Wardroom, the process `wardroom run`, which connects", &execs.run);
    if ssh.is_some() {
        row("OpenSSH, the process `ssh -S` with a control master", &execs.ssh);
    }
    Ok(())
}
