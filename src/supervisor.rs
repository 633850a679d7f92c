//! The local host of `wardroom serve`: a child process of the same binary, restarted when it dies, with growing pauses.
//! It ends when its standard input is closed, so that it does not survive a server that was killed; its runs do.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::parts::EXIT_SPOOL_IN_USE;

/// The pause after the first death; doubled after each further one that follows soon.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// After living this long, a host's next restart has a short pause again.
const LIVED_LONG: Duration = Duration::from_secs(60);
/// How often to retry while another host has the spool.
const SPOOL_RETRY: Duration = Duration::from_secs(2);
/// Time for a host to stop its runs (a grace period of three seconds) and to deliver their ends (five).
const STOP_WAIT: Duration = Duration::from_secs(12);

/// How to start the host.
pub struct HostCommand {
    /// The program and its arguments.
    pub argv: Vec<std::ffi::OsString>,
    /// The folder to run in.
    pub folder: PathBuf,
}

/// The supervised host.
pub struct Supervisor {
    stop: CancellationToken,
    stops_runs: Arc<AtomicBool>,
    task: JoinHandle<()>,
    ready: watch::Receiver<bool>,
}

impl Supervisor {
    /// Starts the host, and keeps it running.
    pub fn start(command: HostCommand) -> Supervisor {
        let stop = CancellationToken::new();
        let (say_ready, ready) = watch::channel(false);
        let stops_runs = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(supervise(command, stop.clone(), Arc::clone(&stops_runs), say_ready));
        Supervisor { stop, stops_runs, task, ready }
    }

    /// Waits until a host is ready (ours has been welcomed, or another has the spool), at most this long.
    pub async fn wait_ready(&mut self, at_most: Duration) -> bool {
        tokio::time::timeout(at_most, self.ready.wait_for(|is_ready| *is_ready)).await.is_ok_and(|ready| ready.is_ok())
    }

    /// Stops the host, and its runs too if asked to, and waits for its end.
    pub async fn stop(self, stops_runs: bool) {
        self.stops_runs.store(stops_runs, Ordering::Release);
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("the supervisor of the host failed");
        }
    }
}

async fn supervise(
    command: HostCommand,
    stop: CancellationToken,
    stops_runs: Arc<AtomicBool>,
    ready: watch::Sender<bool>,
) {
    let mut pause = PAUSE_MIN;
    let mut is_told = false;
    loop {
        let began = tokio::time::Instant::now();
        let ended = match spawn(&command, &ready) {
            Ok(child) => live(child, &stop, &stops_runs).await,
            Err(error) => {
                tracing::error!(%error, "the local host could not be started");
                Ended::Died(None)
            }
        };
        let wait = match ended {
            Ended::Stopped => return,
            Ended::Died(Some(status)) if status.code() == Some(i32::from(EXIT_SPOOL_IN_USE)) => {
                if !is_told {
                    tracing::warn!("another host uses the spool folder of the local host; commands run there");
                }
                is_told = true;
                ready.send_replace(true);
                SPOOL_RETRY
            }
            Ended::Died(status) => {
                is_told = false;
                let status = status.map(|status| status.to_string()).unwrap_or_default();
                pause = if began.elapsed() >= LIVED_LONG { PAUSE_MIN } else { pause.saturating_mul(2).min(PAUSE_MAX) };
                tracing::warn!(status, again_in_ms = pause.as_millis() as u64, "the local host died");
                pause
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
    }
}

fn spawn(command: &HostCommand, ready: &watch::Sender<bool>) -> std::io::Result<Child> {
    let (program, args) = command.argv.split_first().ok_or_else(|| std::io::Error::other("no program"))?;
    let mut child = Command::new(program)
        .args(args)
        .current_dir(&command.folder)
        // Closed by the kernel when this process ends, however that happens.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // A Ctrl-C at the terminal is for the server, which stops its host gracefully.
        .process_group(0)
        .spawn()?;
    if let Some(out) = child.stdout.take() {
        let ready = ready.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(out).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with("ready ") {
                    ready.send_replace(true);
                }
            }
        });
    }
    Ok(child)
}

enum Ended {
    /// We stopped it.
    Stopped,
    /// It ended by itself, or could not be started.
    Died(Option<ExitStatus>),
}

async fn live(mut child: Child, stop: &CancellationToken, stops_runs: &AtomicBool) -> Ended {
    // Kept open: `wait` would close it.
    let _stdin = child.stdin.take();
    tokio::select! {
        status = child.wait() => return Ended::Died(status.ok()),
        () = stop.cancelled() => {}
    }
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // A host that has just died takes no signal, and is waited for anyway.
        let signal = if stops_runs.load(Ordering::Acquire) { Signal::USR1 } else { Signal::TERM };
        rustix::process::kill_process(pid, signal).ok();
    }
    if tokio::time::timeout(STOP_WAIT, child.wait()).await.is_err() {
        tracing::warn!("the local host did not stop in time and was killed");
        if let Err(error) = child.kill().await {
            tracing::warn!(%error, "the local host could not be killed");
        }
    }
    Ended::Stopped
}
