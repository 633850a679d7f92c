//! `wardroom core`, `gateway` and `host`: one part of a server each, to run them separately.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use wardroom_host::Secret;
use wardroom_native_client::Failure;

use crate::args::{CoreArgs, GatewayArgs, HostArgs};
use crate::console::{ready, say, sentence};
use crate::stop::Signals;
use crate::{data, link};

/// Exit code of a host whose spool is used by another host: EX_TEMPFAIL of sysexits(3). A supervisor then waits
/// quietly.
pub const EXIT_SPOOL_IN_USE: u8 = 75;

/// `wardroom core`
pub async fn core(args: CoreArgs) -> Result<u8, Failure> {
    let mut signals = Signals::watch()?;
    let config = wardroom_core::Config {
        data: args.data,
        tcp: args.tcp,
        server_name: args.name.unwrap_or_else(link::host_name),
        web_url: args.public_url,
        host_lost_after: args.host_lost_after,
    };
    let stop = CancellationToken::new();
    let core = wardroom_core::start(config, stop.clone()).await.map_err(sentence)?;
    ready(&format!("tcp={}", core.addresses.join(",")));
    if let Some(invite) = &core.first_invite {
        say(&format!("an invite for the first administrator: {invite}"));
    }
    signals.next().await;
    signals.leave_at_the_next();
    stop.cancel();
    core.stopped().await;
    Ok(0)
}

/// `wardroom gateway`
pub async fn gateway(args: GatewayArgs) -> Result<u8, Failure> {
    let mut signals = Signals::watch()?;
    // In `serve` and `core` the core does this.
    wardroom_core::raise_descriptor_limit();
    let key = data::key(&args.key_file)?;
    let config = args.web.config(args.core, key);
    let stop = CancellationToken::new();
    let gateway = wardroom_gateway::start(config, stop.clone()).await.map_err(sentence)?;
    ready(&format!("http={}", gateway.addresses.join(",")));
    signals.next().await;
    signals.leave_at_the_next();
    stop.cancel();
    gateway.stopped().await;
    Ok(0)
}

/// `wardroom host`
pub async fn host(args: HostArgs) -> Result<u8, Failure> {
    let mut signals = Signals::watch()?;
    let secret = match (&args.token_file, &args.key_file, args.name) {
        (Some(file), _, _) => Secret::Token(data::key(file)?),
        (None, Some(file), Some(name)) => Secret::Key { key: data::key(file)?, name },
        _ => return Err(Failure::usage("name a token with --token-file; wardroom admin host add makes one")),
    };
    let (welcomed, first_welcome) = tokio::sync::oneshot::channel();
    let work = match args.work {
        Some(work) => work,
        None => std::env::current_dir().map_err(|e| Failure::failed(format!("there is no folder to work in: {e}")))?,
    };
    // The processes of the runs have working folders of their own.
    let spool = std::path::absolute(&args.spool);
    let spool = spool.map_err(|e| Failure::failed(format!("{}: {e}", args.spool.display())))?;
    let stops_runs = Arc::new(AtomicBool::new(args.stop_runs));
    let mut hidden = args.hide;
    hidden.extend(args.token_file);
    hidden.extend(args.key_file);
    let config = wardroom_host::Config {
        core: args.core,
        secret,
        spool,
        work,
        shim: wardroom_host::Config::own_shim(),
        isolation: args.isolation.wanted(),
        policy: args.policy.policy(),
        hidden,
        stops_runs: Arc::clone(&stops_runs),
        welcomed: Some(welcomed),
    };
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        if let Ok(name) = first_welcome.await {
            ready(&format!("host={name}"));
        }
    });
    let supervised = args.supervised;
    let mut with_runs =
        signal(SignalKind::user_defined1()).map_err(|e| Failure::failed(format!("cannot watch signals: {e}")))?;
    tokio::spawn(async move {
        tokio::select! {
            _ = signals.next() => {}
            _ = with_runs.recv() => stops_runs.store(true, Ordering::Release),
            () = parent_ended(), if supervised => {}
        }
        told.cancel();
        signals.leave_at_the_next();
    });
    match wardroom_host::run(config, stop).await {
        Ok(0) => Ok(0),
        Ok(running) => {
            if !supervised {
                let commands = if running == 1 { "1 command goes" } else { &*format!("{running} commands go") };
                say(&format!("{commands} on; the next start takes over. With --stop-runs they are stopped"));
            }
            Ok(0)
        }
        // Of a spool's errors, only "another host has it" has no system error as its source.
        Err(e @ wardroom_host::RunError::Spool(_)) if std::error::Error::source(&e).is_none() => {
            say(&e.to_string());
            Ok(EXIT_SPOOL_IN_USE)
        }
        Err(e) => Err(sentence(e)),
    }
}

/// Waits for the end of the process that holds the other end of standard input.
async fn parent_ended() {
    let mut buf = [0; 64];
    while tokio::io::stdin().read(&mut buf).await.is_ok_and(|count| count > 0) {}
}
