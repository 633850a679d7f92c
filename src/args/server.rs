//! The arguments of the servers, and of `wardroom admin`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use ipnet::IpNet;
use wardroom_native_client::Server;
use wardroom_protocol::{Address, Role, UserName};

use super::isolation::IsolationArgs;
use super::limits::PolicyArgs;
use super::units::duration;

/// `wardroom serve`
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Data directory; created if missing
    #[arg(long, env = "WARDROOM_DATA", value_name = "DIR", default_value = "./wardroom-data")]
    pub data: PathBuf,
    /// Listen address for clients and nc: HOST:PORT, [V6]:PORT or unix:PATH; port 0 picks a free port
    #[arg(long, value_name = "ADDR", num_args = 1.., default_value = "127.0.0.1:7000")]
    pub tcp: Vec<Address>,
    /// Server name shown to nc users [default: the host name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Stop running commands when the server stops; otherwise they go on, and the next start takes them over
    #[arg(long)]
    pub stop_runs: bool,
    /// Declare the runs of a host lost when it has been away for so long: such as 90s, 30m, 1h30m or 7d, at most 30d
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration)]
    pub host_lost_after: Duration,
    /// How commands are isolated.
    #[command(flatten)]
    pub isolation: IsolationArgs,
    /// What commands may use.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// The page.
    #[command(flatten)]
    pub web: WebArgs,
}

/// `wardroom core`
#[derive(Args, Debug)]
pub struct CoreArgs {
    /// Data directory; created if missing
    #[arg(long, env = "WARDROOM_DATA", value_name = "DIR", default_value = "./wardroom-data")]
    pub data: PathBuf,
    /// Listen address for clients and nc: HOST:PORT, [V6]:PORT or unix:PATH; port 0 picks a free port
    #[arg(long, value_name = "ADDR", num_args = 1.., default_value = "127.0.0.1:7000")]
    pub tcp: Vec<Address>,
    /// Server name shown to nc users [default: the host name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Public URL, shown to browsers that connect to the TCP port
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Declare the runs of a host lost when it has been away for so long: such as 90s, 30m, 1h30m or 7d, at most 30d
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration)]
    pub host_lost_after: Duration,
}

/// `wardroom gateway`
#[derive(Args, Debug)]
pub struct GatewayArgs {
    /// Core address: HOST:PORT or unix:PATH
    #[arg(long, value_name = "ADDR")]
    pub core: Address,
    /// Gateway key file: keys/gateway.key in the core's data directory
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// The page.
    #[command(flatten)]
    pub web: WebArgs,
}

/// How the page is served.
#[derive(Args, Clone, Debug)]
pub struct WebArgs {
    /// Listen address for the web page: HOST:PORT, [V6]:PORT or unix:PATH; port 0 picks a free port
    #[arg(long, value_name = "ADDR", num_args = 1.., default_value = "127.0.0.1:8080")]
    pub http: Vec<Address>,
    /// Base path of the web page, such as /ops
    #[arg(long, value_name = "PATH", default_value = "", value_parser = base_path, hide_default_value = true)]
    pub base_path: String,
    /// Public URL behind a proxy, such as https://ops.example.org/ops
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Proxies whose X-Forwarded-* headers are trusted: an address, a CIDR, or unix for all Unix sockets
    #[arg(long, value_name = "CIDR", num_args = 1.., value_parser = proxy)]
    pub trusted_proxy: Vec<Proxy>,
    /// Additional allowed origins, such as https://ops.example.org
    #[arg(long, value_name = "ORIGIN", num_args = 1..)]
    pub origin: Vec<String>,
}

/// A trusted proxy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Proxy {
    /// By its address.
    Net(IpNet),
    /// Every peer of a unix socket.
    Unix,
}

impl WebArgs {
    /// Returns the configuration of the gateway.
    pub fn config(&self, core: Address, key: String) -> wardroom_gateway::Config {
        let nets = self.trusted_proxy.iter().filter_map(|proxy| match proxy {
            Proxy::Net(net) => Some(*net),
            Proxy::Unix => None,
        });
        wardroom_gateway::Config {
            http: self.http.clone(),
            core,
            key,
            base_path: self.base_path.clone(),
            public_url: self.public_url.clone(),
            trusted_proxies: nets.collect(),
            trust_unix: self.trusted_proxy.contains(&Proxy::Unix),
            origins: self.origin.clone(),
        }
    }
}

/// `/ops/`, `ops` and `/ops` are the same; `/` is the empty path.
fn base_path(s: &str) -> Result<String, String> {
    match s.trim_matches('/') {
        "" => Ok(String::new()),
        path => Ok(format!("/{path}")),
    }
}

fn proxy(s: &str) -> Result<Proxy, String> {
    if s == "unix" {
        return Ok(Proxy::Unix);
    }
    let net = s.parse::<IpNet>().or_else(|_| s.parse::<IpAddr>().map(IpNet::from));
    net.map(Proxy::Net).map_err(|_| "use an address, a CIDR such as 10.0.0.0/8, or unix".to_owned())
}

/// `wardroom host`
#[derive(Args, Debug)]
pub struct HostArgs {
    /// Core: tcp://HOST:PORT, tls://HOST:PORT, unix:PATH, or the page's own address, such as wss://HOST/…
    #[arg(long, value_name = "URL")]
    pub core: Server,
    /// File with the token from `wardroom admin host add`, which also says this host's name
    #[arg(long, value_name = "FILE", required_unless_present = "key_file", conflicts_with_all = ["key_file", "name"])]
    pub token_file: Option<PathBuf>,
    /// Host key file, keys/host.key in the core's data directory: for a core on this machine, over its Unix socket
    #[arg(long, value_name = "FILE", requires = "name")]
    pub key_file: Option<PathBuf>,
    /// Name of this host, with --key-file
    #[arg(long, value_name = "NAME", requires = "key_file")]
    pub name: Option<String>,
    /// Spool directory for output; used by one host at a time
    #[arg(long, value_name = "DIR")]
    pub spool: PathBuf,
    /// Working directory for commands [default: current directory]
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
    /// Stop running commands when the host stops; otherwise they go on, and the next start takes them over
    #[arg(long)]
    pub stop_runs: bool,
    /// How commands are isolated.
    #[command(flatten)]
    pub isolation: IsolationArgs,
    /// What commands may use.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Path that commands must not see; repeatable. The spool and the key file are always hidden
    #[arg(long, value_name = "PATH")]
    pub hide: Vec<PathBuf>,
    /// Stop when standard input is closed: `serve` starts its host like this, so that the host ends with it
    #[arg(long, hide = true)]
    pub supervised: bool,
}

/// `wardroom admin`
#[derive(Args, Debug)]
pub struct AdminArgs {
    /// Data directory
    #[arg(long, env = "WARDROOM_DATA", value_name = "DIR", default_value = "./wardroom-data", global = true)]
    pub data: PathBuf,
    /// The subcommand.
    #[command(subcommand)]
    pub command: AdminCommand,
}

/// What an administrator does.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Manage accounts
    User {
        /// The subcommand.
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Manage API tokens
    Token {
        /// The subcommand.
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Manage hosts on other machines
    Host {
        /// The subcommand.
        #[command(subcommand)]
        command: HostCommand,
    },
    /// Create an invite link; valid for one account and 24 hours
    Invite {
        /// Role of the new account: viewer, member, operator or admin
        #[arg(long, default_value = "member")]
        role: Role,
        /// Public URL for the link [default: where the page was last served]
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create an account
    Add {
        /// User name
        name: UserName,
        /// Display name
        #[arg(long = "name", value_name = "NAME")]
        shown: Option<String>,
        /// Role: viewer (read), member (chat, files), operator (run commands) or admin
        #[arg(long, default_value = "member")]
        role: Role,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List accounts
    List,
    /// Set a password and end all sessions of the account
    Passwd {
        /// User name
        name: UserName,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change the role of an account; takes effect at once
    Role {
        /// User name
        name: UserName,
        /// Role: viewer, member, operator or admin
        role: Role,
    },
    /// Disable an account and close its connections
    Disable {
        /// User name
        name: UserName,
        /// Enable the account again
        #[arg(long)]
        enable: bool,
    },
}

/// Tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Create a token for a user and print it once
    Add {
        /// User name
        name: UserName,
        /// Label
        #[arg(long)]
        label: Option<String>,
    },
}

/// Hosts.
#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Create a token for a host and print it once
    Add {
        /// Host name
        name: String,
        /// Label to choose the host by; repeat for more [default: those it has]
        #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
        labels: Vec<(String, String)>,
        /// Replace the token of a host; the old one no longer works
        #[arg(long)]
        replace: bool,
    },
    /// List hosts
    List,
    /// Remove a host: its token no longer works, its connection is closed, and its runs count as lost
    Remove {
        /// Host name
        name: String,
    },
}

fn label(s: &str) -> Result<(String, String), String> {
    let (key, value) = s.split_once('=').ok_or_else(|| "use KEY=VALUE, such as role=web".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}
