//! A host as a process of its own, for the tests in `tests/it`: they start it, kill it and start it again.
//!
//! `wardroom-host-process host CORE KEY NAME SPOOL WORK HIDDEN ISOLATION`, and `shim` and `host-exec` as in the real
//! binary. SIGTERM ends it, SIGUSR1 ends it with its runs.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use wardroom_host::{Config, Level, Policy, Secret, Wanted};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("shim") => wardroom_host::run_shim(),
        Some("host-exec") => wardroom_host::exec(),
        Some("host") => match host(args.collect()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                say(&why);
                ExitCode::FAILURE
            }
        },
        _ => ExitCode::from(2),
    }
}

fn host(args: Vec<String>) -> Result<(), String> {
    let [core, key, name, spool, work, hidden, isolation] =
        args.try_into().map_err(|_| "seven arguments are wanted")?;
    let isolation = match isolation.as_str() {
        "auto" => Wanted::Auto,
        "namespace" => Wanted::Exactly(Level::Namespace),
        "landlock" => Wanted::Exactly(Level::Landlock),
        "none" => Wanted::Exactly(Level::None),
        user => Wanted::RunAs(user.to_owned()),
    };
    let stops_runs = Arc::new(AtomicBool::new(false));
    let config = Config {
        core: core.parse()?,
        secret: Secret::Key { key, name },
        spool: PathBuf::from(spool),
        work: PathBuf::from(work),
        shim: Config::own_shim(),
        isolation,
        hidden: vec![PathBuf::from(&hidden).join("keys/admin.key"), PathBuf::from(hidden)],
        policy: Policy::default(),
        stops_runs: Arc::clone(&stops_runs),
        welcomed: None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|e| e.to_string())?.block_on(async {
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
        let mut with_runs = signal(SignalKind::user_defined1()).map_err(|e| e.to_string())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = with_runs.recv() => stops_runs.store(true, Ordering::Release),
            }
            stop.cancel();
        });
        wardroom_host::run(config, shutdown).await.map(drop).map_err(|e| e.to_string())
    })
}

/// The sentence on standard error, where the tests read it.
fn say(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{why}");
}
