//! A file up and down with the `wardroom` command, digest checked, beside dd onto the same disk in the same run.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::client;
use crate::server::Server;

const MIB: u64 = 1_024;
const ROUNDS: usize = 3;

/// MB/s of each, the best and the median of three rounds.
pub async fn measure(binary: &str) -> Result<()> {
    let server = Server::start(binary, "core")?;
    let token = client::operator(&server).await?;
    let folder = tempfile::tempdir_in(".")?;
    let source = folder.path().join("source.bin");
    ensure!(dd(Path::new("/dev/urandom"), &source, false)?.1, "dd failed");
    let (mut dds, mut ups, mut downs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let copy = folder.path().join("copy.bin");
        dds.push(dd(&source, &copy, true)?.0);
        std::fs::remove_file(&copy)?;
        let wardroom = |args: &[&str]| -> Result<f64> {
            let start = Instant::now();
            let done = Command::new(binary)
                .args(args)
                .args(["--server", &format!("tcp://{}", server.tcp), "--token", &token])
                .stdout(std::process::Stdio::null())
                .status()?;
            ensure!(done.success(), "wardroom {args:?} failed");
            Ok(mb_per_s(start))
        };
        let place = format!("general:file-{round}.bin");
        ups.push(wardroom(&["put", &source.to_string_lossy(), &place])?);
        let out = folder.path().join("back.bin");
        downs.push(wardroom(&["get", &place, "-o", &out.to_string_lossy()])?);
        std::fs::remove_file(&out)?;
        downs.push(wardroom(&["get", &place, "-o", "-"])?);
    }
    for list in [&mut dds, &mut ups, &mut downs] {
        list.sort_by(f64::total_cmp);
    }
    println!("dd conv=fsync of {MIB} MiB: {}", range(&dds));
    println!(
        "upload of {MIB} MiB over TCP, digest checked, on disk: {} ({:.2} of dd)",
        range(&ups),
        middle(&ups) / middle(&dds)
    );
    println!("download of {MIB} MiB over TCP, digest checked: {}", range(&downs));
    Ok(())
}

fn range(rates: &[f64]) -> String {
    let ends = (rates.first().copied().unwrap_or(0.0), rates.last().copied().unwrap_or(0.0));
    format!("{:.0} MB/s median ({:.0} to {:.0})", middle(rates), ends.0, ends.1)
}

fn middle(rates: &[f64]) -> f64 {
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}

fn dd(from: &Path, to: &Path, is_synced: bool) -> Result<(f64, bool)> {
    let start = Instant::now();
    let mut command = Command::new("dd");
    command.arg(format!("if={}", from.display())).arg(format!("of={}", to.display()));
    command.args(["bs=1M", &format!("count={MIB}"), "iflag=fullblock", "status=none"]);
    if is_synced {
        command.arg("conv=fsync");
    }
    let done = command.status()?;
    Ok((mb_per_s(start), done.success()))
}

fn mb_per_s(start: Instant) -> f64 {
    (MIB << 20) as f64 / 1e6 / start.elapsed().as_secs_f64()
}
