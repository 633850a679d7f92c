//! The shim: a small process for each run, `wardroom shim`, which outlives the host.
//!
//! It is a session leader and the subreaper of all that it starts. It holds the pipes or the terminal of the command,
//! writes the spool, and enforces the run's limits, with or without a host. The host gives it an order over the socket
//! that is its standard input, and may connect again later to the socket in the spool. The shim never connects anywhere,
//! and knows neither rooms nor rights nor the core.
//!
//! It has one thread and one `poll` loop ([`supervise`]). Each turn reads what is there, and then sees what the state of
//! the run asks for ([`phase`]).

mod command;
mod exit;
mod input;
mod link;
mod mask;
mod output;
mod pace;
mod phase;
mod signals;
mod start;
mod supervise;
mod told;
mod wait;
mod watchdog;
pub mod wire;

use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::set_child_subreaper;

pub use command::{Stage, send_with};

use crate::process::cgroup::Cgroup;
use crate::process::exec::stop_ignoring_signals;
use crate::process::handle::pid;
use crate::process::isolation::hide_this_process;

/// The exit code of a shim that could not do its work.
const EXIT_FAILED: u8 = 125;

/// Runs the shim. The hidden subcommand `shim` of the binary calls it before anything else is set up; it takes the
/// folder of the cgroup that the run gets, if it gets one.
pub fn run_shim() -> ExitCode {
    let Ok(host) = fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3) else { return ExitCode::from(EXIT_FAILED) };
    let host = UnixStream::from(host);
    // A shim is not stopped by what stops a host: Ctrl-C at its terminal, the end of its session.
    let _ = rustix::process::setsid();
    stop_ignoring_signals();
    let is_hidden = hide_this_process().is_ok();
    let is_ready = is_hidden && set_child_subreaper(pid(std::process::id())).is_ok();
    let signals = signals::Signals::watch();
    // Everything that needs no order is done before there is one, so that a run does not wait for it.
    let cgroup = std::env::args_os().nth(2).map(|folder| Cgroup::at(folder.into()));
    let stage = command::Stage::start(cgroup);
    let Ok(Some((order, lock))) = start::receive(&host) else {
        // The host has ended before it had a run: nothing to do.
        if let Ok(stage) = stage {
            stage.discard();
        }
        return ExitCode::SUCCESS;
    };
    let (Ok(stage), Ok(signals), true) = (stage, signals, is_ready) else { return ExitCode::from(EXIT_FAILED) };
    match start::start(order, host, stage, lock) {
        Ok(started) => {
            supervise::Shim::new(started, signals).run();
            ExitCode::SUCCESS
        }
        // Without a spool there is no run: the host sees that the connection is lost, and finds none.
        Err(_) => ExitCode::from(EXIT_FAILED),
    }
}
