//! Measures a Wardroom that runs as its own process: `cargo xtask bench`. The server is pinned to one core and the
//! load to the other, so that the CPU seconds of each are its own. Every figure is printed with its method.

#![expect(clippy::print_stdout, reason = "a command line talks on stdout")]

mod big;
mod ceiling;
mod client;
mod contender;
mod fan_out;
mod files;
mod idle;
mod members;
mod output;
mod page;
mod posts;
mod rooms;
mod runs;
mod search;
mod server;
mod terminals;
mod texts;

use anyhow::{Context as _, Result, bail};

const HELP: &str = "\
wardroom-bench BINARY [NAME…]

  fan-out   deliveries per CPU second to 500 members of one room, native and browsers, at 100 events a second and as fast
            as they are taken; in the same run Redis, NATS and ngIRCd, where they are installed
  posts     durable posts a second from 32 clients with one in flight each
  idle      memory per idle member and per idle browser
  rooms     memory of 10,000 rooms that were all written to
  members   CPU per post where 5,000 present members mark it as read; 5,000 members who come and go
  runs      `true`, from request to end
  terminals keys until they are seen, floods of output to 1 to 200 viewers, Ctrl-C, a viewer that stops reading, `true`; in
            the same run OpenSSH with tmux and wetty, where they are installed; one part alone: terminals:keys, :floods, :ctrl-c,
            :stall, :true
  ceiling   the ceiling for the fan-out: one loop that writes to 500 sockets
  big       a million events in 200 rooms: the search index, pages of history, searches, memory; then a million lines of output
  page      the page in Chromium: the first screen of a room of many, scrolling, typing while others talk
  files     upload and download of 1 GiB, beside dd onto the same disk";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((binary, names)) = args.split_first() else { bail!("{HELP}") };
    if binary == ceiling::CEILING {
        return ceiling::serve();
    }
    // The load has the last core; the server is started on the first.
    pin_to_last_core()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let all = ["fan-out", "ceiling", "posts", "idle", "rooms", "members", "runs", "terminals", "big", "page", "files"];
    let chosen: Vec<&str> = if names.is_empty() { all.to_vec() } else { names.iter().map(String::as_str).collect() };
    for name in chosen {
        match name {
            "fan-out" => runtime.block_on(fan_out::measure(binary)),
            "ceiling" => runtime.block_on(ceiling::measure()),
            "posts" => runtime.block_on(posts::measure(binary)),
            "idle" => runtime.block_on(idle::measure(binary)),
            "rooms" => runtime.block_on(rooms::measure(binary)),
            "members" => runtime.block_on(members::measure(binary)),
            "page" => runtime.block_on(page::measure(binary)),
            "terminals" => runtime.block_on(terminals::measure(binary, None)),
            "runs" => runtime.block_on(runs::measure(binary)),
            "big" => runtime.block_on(big::measure(binary)),
            "files" => runtime.block_on(files::measure(binary)),
            other if other.starts_with("terminals:") => runtime.block_on(terminals::measure(binary, other.get(10..))),
            other => bail!("there is no measurement {other}\n\n{HELP}"),
        }
        .with_context(|| format!("while measuring {name}"))?;
    }
    Ok(())
}

/// By taskset(1), on ourselves: everything that this process starts afterwards says for itself where it runs.
fn pin_to_last_core() -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    let pid = std::process::id().to_string();
    let done = std::process::Command::new("taskset")
        .args(["-cp", &(cores - 1).to_string(), &pid])
        .stdout(std::process::Stdio::null())
        .status()
        .context("taskset is needed: it is in the package util-linux")?;
    anyhow::ensure!(done.success(), "taskset failed");
    Ok(())
}
