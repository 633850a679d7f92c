//! `wardroom serve`: core and gateway in this process, and one local host beside it. The usual setup.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wardroom_core::Core;
use wardroom_core::browsers::{Browser, Browsers, Stream};
use wardroom_gateway::{Gateway, Takeover, Upgraded};
use wardroom_native_client::Failure;
use wardroom_native_client::commands::invite_link;
use wardroom_protocol::Address;

use crate::args::{IsolationArgs, PolicyArgs, ServeArgs};
use crate::console::{ready, say, sentence};
use crate::stop::Signals;
use crate::supervisor::{HostCommand, Supervisor};
use crate::{data, link};

/// The name of the host beside the server.
const LOCAL: &str = "local";
/// How long the local host may take to connect before the server reports ready without it.
const HOST_WAIT: Duration = Duration::from_secs(5);

/// Serves until stopped. `log`: the filter that the host gets as well.
pub async fn serve(args: ServeArgs, log: Option<String>) -> Result<u8, Failure> {
    let mut signals = Signals::watch()?;
    let stop_core = CancellationToken::new();
    let first_http = args.web.http.first().map(ToString::to_string).unwrap_or_default();
    let known_url = link::web_url(args.web.public_url.as_deref(), &first_http, &args.web.base_path)
        .filter(|_| args.web.public_url.is_some() || !first_http.ends_with(":0"));
    let config = wardroom_core::Config {
        data: args.data.clone(),
        tcp: args.tcp.clone(),
        server_name: args.name.clone().unwrap_or_else(link::host_name),
        web_url: known_url,
        host_lost_after: args.host_lost_after,
    };
    let core = wardroom_core::start(config, stop_core.clone()).await.map_err(sentence)?;
    let stop_gateway = CancellationToken::new();
    let gateway_config = args.web.config(Address::Unix(core.socket.clone()), core.gateway_key.clone());
    let takeover = takeover(core.browsers());
    let gateway = match wardroom_gateway::start_beside(gateway_config, takeover, stop_gateway.clone()).await {
        Ok(gateway) => gateway,
        Err(e) => {
            stop_core.cancel();
            core.stopped().await;
            return Err(sentence(e));
        }
    };
    let mut host = Supervisor::start(host_command(&core.socket, &args.data, &args.isolation, &args.policy, log)?);
    tokio::select! {
        is_there = host.wait_ready(HOST_WAIT) => {
            if !is_there {
                tracing::warn!("the local host is not there yet; commands wait for it");
            }
        }
        _ = signals.next() => {
            signals.leave_at_the_next();
            stop(host, args.stop_runs, (stop_gateway, gateway), (stop_core, core)).await;
            return Ok(0);
        }
    }
    announce(&args, &core, &gateway);
    let stops_runs = signals.stop(|| if args.stop_runs { 0 } else { core.running(LOCAL) }).await || args.stop_runs;
    say(if stops_runs {
        "stopping with all commands; once more stops at once"
    } else {
        "stopping; once more stops at once"
    });
    signals.leave_at_the_next();
    stop(host, stops_runs, (stop_gateway, gateway), (stop_core, core)).await;
    Ok(0)
}

/// Hands WebSockets of this process's gateway to its core, without a bridge.
fn takeover(browsers: Browsers) -> Takeover {
    Arc::new(move |upgraded: Upgraded| {
        let Upgraded { stream, read, via, permit } = upgraded;
        let stream = match stream {
            wardroom_gateway::Stream::Tcp(tcp) => Stream::Tcp(tcp),
            wardroom_gateway::Stream::Unix(unix) => Stream::Unix(unix),
        };
        browsers.serve(Browser { stream, read, via, permit });
    })
}

/// Stops the host first, while the core still accepts the ends of its runs; the core last.
async fn stop(
    host: Supervisor,
    stops_runs: bool,
    gateway: (CancellationToken, Gateway),
    core: (CancellationToken, Core),
) {
    host.stop(stops_runs).await;
    gateway.0.cancel();
    gateway.1.stopped().await;
    core.0.cancel();
    core.1.stopped().await;
}

fn host_command(
    socket: &Path,
    data: &Path,
    isolation: &IsolationArgs,
    policy: &PolicyArgs,
    log: Option<String>,
) -> Result<HostCommand, Failure> {
    let program = std::env::current_exe().map_err(|e| Failure::failed(format!("this program cannot be found: {e}")))?;
    let data = std::path::absolute(data).map_err(|e| Failure::failed(format!("{}: {e}", data.display())))?;
    let socket = std::path::absolute(socket).map_err(|e| Failure::failed(format!("{}: {e}", socket.display())))?;
    let folder = std::env::current_dir().map_err(|e| Failure::failed(format!("there is no folder to work in: {e}")))?;
    let mut core = OsString::from("unix:");
    core.push(&socket);
    let mut argv: Vec<OsString> = vec![
        program.into_os_string(),
        "host".into(),
        "--core".into(),
        core,
        "--key-file".into(),
        data.join("keys/host.key").into_os_string(),
        "--name".into(),
        LOCAL.into(),
        "--spool".into(),
        data.join("host").into_os_string(),
        "--supervised".into(),
        "--hide".into(),
        data.into_os_string(),
    ];
    argv.extend(isolation.to_args().map(OsString::from));
    argv.extend(policy.to_args().into_iter().map(OsString::from));
    if let Some(filter) = log {
        argv.extend(["--log".into(), filter.into()]);
    }
    Ok(HostCommand { argv, folder })
}

/// Prints the ready line for programs, and three lines for people.
fn announce(args: &ServeArgs, core: &Core, gateway: &Gateway) {
    let http = gateway.addresses.first().map(String::as_str).unwrap_or_default();
    let url = link::web_url(args.web.public_url.as_deref(), http, &args.web.base_path);
    if let Some(url) = &url {
        data::save_web_url(&args.data, url);
    }
    ready(&format!("tcp={} http={}", core.addresses.join(","), gateway.addresses.join(",")));
    match (&url, &core.first_invite) {
        (Some(url), Some(invite)) => {
            say(&format!(
                "page:      {}   (makes the first administrator; good once, for 24 hours)",
                invite_link(url, invite)
            ));
        }
        (Some(url), None) => say(&format!("page:      {url}/")),
        (None, Some(invite)) => say(&format!("invite:    {invite}   (makes the first administrator)")),
        (None, None) => {}
    }
    match core.addresses.iter().find_map(|address| link::host_and_port(address)) {
        Some((host, port)) => {
            say(&format!("nc:        nc {} {port}", host.trim_matches(['[', ']'])));
            say(&format!("programs:  wardroom login tcp://{host}:{port} NAME"));
        }
        None => {
            for address in &core.addresses {
                say(&format!("programs:  wardroom login {address} NAME"));
            }
        }
    }
}
