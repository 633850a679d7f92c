//! The arguments of the servers, and of `wardroom admin`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ipnet::IpNet;
use wardroom_protocol::{Address, Role, UserName};

/// `wardroom serve`
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The data folder; made if it is not there
    #[arg(long, env = "WARDROOM_DATA", value_name = "DIR", default_value = "./wardroom-data")]
    pub data: PathBuf,
    /// Where programs and nc connect: HOST:PORT, [V6]:PORT or unix:PATH; port 0 takes a free one
    #[arg(long, value_name = "ADDR", num_args = 1.., default_value = "127.0.0.1:7000")]
    pub tcp: Vec<Address>,
    /// The name by which nc users are greeted [else: this machine's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The page.
    #[command(flatten)]
    pub web: WebArgs,
}

/// `wardroom core`
#[derive(Args, Debug)]
pub struct CoreArgs {
    /// The data folder; made if it is not there
    #[arg(long, env = "WARDROOM_DATA", value_name = "DIR", default_value = "./wardroom-data")]
    pub data: PathBuf,
    /// Where programs and nc connect: HOST:PORT, [V6]:PORT or unix:PATH; port 0 takes a free one
    #[arg(long, value_name = "ADDR", num_args = 1.., default_value = "127.0.0.1:7000")]
    pub tcp: Vec<Address>,
    /// The name by which nc users are greeted [else: this machine's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The page's address, for those who come to the TCP port with a browser
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

/// `wardroom gateway`
#[derive(Args, Debug)]
pub struct GatewayArgs {
    /// Where the core is: HOST:PORT or unix:PATH
    #[arg(long, value_name = "ADDR")]
    pub core: Address,
    /// The gateway key: keys/gateway.key of the core's data folder
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// The page.
    #[command(flatten)]
    pub web: WebArgs,
}

/// How the page is served.
#[derive(Args, Clone, Debug)]
pub struct WebArgs {
    /// Where the page is served: HOST:PORT, [V6]:PORT or unix:PATH; port 0 takes a free one
    #[arg(long, value_name = "ADDR", num_args = 1.., default_value = "127.0.0.1:8080")]
    pub http: Vec<Address>,
    /// The path under which the page stands: /ops
    #[arg(long, value_name = "PATH", default_value = "", value_parser = base_path, hide_default_value = true)]
    pub base_path: String,
    /// The address that people use, where a proxy stands in front: https://ops.example.org/ops
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Proxies whose X-Forwarded-* headers count: 10.0.0.0/8, ::1; or unix for whoever comes by a unix socket
    #[arg(long, value_name = "CIDR", num_args = 1.., value_parser = proxy)]
    pub trusted_proxy: Vec<Proxy>,
    /// Other origins whose pages may connect: https://ops.example.org
    #[arg(long, value_name = "ORIGIN", num_args = 1..)]
    pub origin: Vec<String>,
}

/// A proxy that is trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Proxy {
    /// By its address.
    Net(IpNet),
    /// Whoever comes by a unix socket.
    Unix,
}

impl WebArgs {
    /// What the gateway takes.
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

/// `/ops/`, `ops` and `/ops` are one; `/` is none.
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
    net.map(Proxy::Net).map_err(|_| "a proxy is an address, a CIDR like 10.0.0.0/8, or unix".to_owned())
}

/// `wardroom host`
#[derive(Args, Debug)]
pub struct HostArgs {
    /// Where the core is: HOST:PORT or unix:PATH
    #[arg(long, value_name = "ADDR")]
    pub core: Address,
    /// The host key: keys/host.key of the core's data folder
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// The name behind --host of `wardroom run`
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Where output waits until the core has it; one host at a time
    #[arg(long, value_name = "DIR")]
    pub spool: PathBuf,
    /// The folder that commands run in [else: this one]
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
}

/// `wardroom admin`
#[derive(Args, Debug)]
pub struct AdminArgs {
    /// The data folder
    #[arg(long, env = "WARDROOM_DATA", value_name = "DIR", default_value = "./wardroom-data", global = true)]
    pub data: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub command: AdminCommand,
}

/// What an administrator does.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Accounts
    User {
        /// What to do.
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Tokens, by which programs sign in
    Token {
        /// What to do.
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Make an invite, good once and for 24 hours; prints the link
    Invite {
        /// What the new member may do: viewer, member, operator or admin
        #[arg(long, default_value = "member")]
        role: Role,
        /// The page's address [else: the one that it was last served under]
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account
    Add {
        /// The name to sign in with
        name: UserName,
        /// The name as it is shown
        #[arg(long = "name", value_name = "NAME")]
        shown: Option<String>,
        /// viewer reads, member talks and shares files, operator runs commands, admin manages accounts
        #[arg(long, default_value = "member")]
        role: Role,
        /// Read the password from the first line of standard input instead of asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts
    List,
    /// Set a password; ends the account's sessions
    Passwd {
        /// Whose
        name: UserName,
        /// Read the password from the first line of standard input instead of asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change what somebody may do; it takes effect at once
    Role {
        /// Whose
        name: UserName,
        /// viewer, member, operator or admin
        role: Role,
    },
    /// Close an account and its connections
    Disable {
        /// Whose
        name: UserName,
        /// Open it again
        #[arg(long)]
        enable: bool,
    },
}

/// Tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token for a program of this user; prints it, once
    Add {
        /// Whose
        name: UserName,
        /// What it is for
        #[arg(long)]
        label: Option<String>,
    },
}
