//! The address of a server as people write it: `tcp://host:port`, `tls://host:port`, `unix:PATH`, `ws://…`, `wss://…`, or
//! the page's own address.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The default port of `wardroom serve` for programs.
const TCP_PORT_DEFAULT: u16 = 7000;
/// The default port of a proxy in front of it that ends TLS.
const TLS_PORT_DEFAULT: u16 = 7443;

/// A server's address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Server {
    /// `tcp://host:port`
    Tcp(String),
    /// `tls://host:port`
    Tls(String),
    /// `unix:PATH`
    Unix(PathBuf),
    /// `ws://host/path` or `wss://host/path`
    Ws {
        /// Over TLS.
        tls: bool,
        /// `host` or `host:port` as in the URL.
        authority: String,
        /// The path of the socket: `/ws`, `/ops/ws`.
        path: String,
    },
}

const WHAT: &str = "a server is tcp://HOST:PORT, tls://HOST:PORT, unix:PATH, ws://HOST/… or wss://HOST/…";

impl FromStr for Server {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let s = s.split('#').next().unwrap_or(s);
        if let Some(path) = s.strip_prefix("unix://").or_else(|| s.strip_prefix("unix:")) {
            return if path.is_empty() { Err(WHAT.to_owned()) } else { Ok(Server::Unix(PathBuf::from(path))) };
        }
        match s.split_once("://") {
            Some(("tcp", rest)) => Ok(Server::Tcp(authority(rest, TCP_PORT_DEFAULT)?)),
            Some(("tls", rest)) => Ok(Server::Tls(authority(rest, TLS_PORT_DEFAULT)?)),
            Some(("ws" | "http", rest)) => ws(false, rest),
            Some(("wss" | "https", rest)) => ws(true, rest),
            None if s.contains(':') => Ok(Server::Tcp(authority(s, TCP_PORT_DEFAULT)?)),
            _ => Err(format!("{s:?} is not a server address; {WHAT}")),
        }
    }
}

fn authority(rest: &str, default: u16) -> Result<String, String> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() || rest.contains(['/', ' ', '@', '?']) {
        return Err(format!("{rest:?} is no HOST:PORT; {WHAT}"));
    }
    with_port(rest, default)
}

fn ws(tls: bool, rest: &str) -> Result<Server, String> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.is_empty() || authority.contains([' ', '@', '?']) || path.contains(['?', ' ']) {
        return Err(format!("{rest:?} is no HOST/PATH; {WHAT}"));
    }
    with_port(authority, if tls { 443 } else { 80 })?;
    let folder = path.trim_end_matches('/');
    let path = match folder {
        "" => "/ws".to_owned(),
        _ if folder == "ws" || folder.ends_with("/ws") => format!("/{folder}"),
        _ => format!("/{folder}/ws"),
    };
    Ok(Server::Ws { tls, authority: authority.to_owned(), path })
}

/// Returns `host:port`, with `default` if there is no port. An IPv6 address is in brackets.
fn with_port(authority: &str, default: u16) -> Result<String, String> {
    let bad = || format!("{authority:?} is not HOST:PORT; put IPv6 addresses in brackets");
    let after_host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(bad)?.1,
        None => authority.find(':').map_or("", |at| authority.get(at..).unwrap_or("")),
    };
    match after_host.strip_prefix(':') {
        Some(port) => port.parse::<u16>().map(|_| authority.to_owned()).map_err(|_| bad()),
        None if after_host.is_empty() => Ok(format!("{authority}:{default}")),
        None => Err(bad()),
    }
}

impl Server {
    /// Returns the `host:port` to dial; `None` for a unix socket.
    pub fn host_port(&self) -> Option<String> {
        match self {
            Server::Tcp(host_port) | Server::Tls(host_port) => Some(host_port.clone()),
            Server::Unix(_) => None,
            Server::Ws { tls, authority, .. } => with_port(authority, if *tls { 443 } else { 80 }).ok(),
        }
    }

    /// Returns the page's origin if the server is reached over the web: the origin of requests.
    pub fn origin(&self) -> Option<String> {
        match self {
            Server::Ws { tls, authority, .. } => Some(format!("{}://{authority}", if *tls { "https" } else { "http" })),
            _ => None,
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::Tcp(host_port) => write!(f, "tcp://{host_port}"),
            Server::Tls(host_port) => write!(f, "tls://{host_port}"),
            Server::Unix(path) => write!(f, "unix:{}", path.display()),
            Server::Ws { tls, authority, path } => write!(f, "{}://{authority}{path}", if *tls { "wss" } else { "ws" }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (written, shown) in [
            ("tcp://127.0.0.1:7000", "tcp://127.0.0.1:7000"),
            ("tcp://build-1", "tcp://build-1:7000"),
            ("build-1:7001", "tcp://build-1:7001"),
            ("tcp://[::1]:7000", "tcp://[::1]:7000"),
            ("tcp://[::1]", "tcp://[::1]:7000"),
            ("tls://h:7001/", "tls://h:7001"),
            ("tls://h", "tls://h:7443"),
            ("unix:/run/w.sock", "unix:/run/w.sock"),
            ("unix:///run/w.sock", "unix:/run/w.sock"),
            ("ws://h:8080", "ws://h:8080/ws"),
            ("http://h:8080/", "ws://h:8080/ws"),
            ("https://h/ops/", "wss://h/ops/ws"),
            ("wss://h/ops/ws", "wss://h/ops/ws"),
            ("https://h/ops/#invite=abc", "wss://h/ops/ws"),
        ] {
            assert_eq!(written.parse::<Server>().map(|server| server.to_string()), Ok(shown.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in
            ["", "host", "ftp://h", "unix:", "tcp://", "tcp://h:x", "tcp://h:99999", "tcp://a@b:1", "ws://", "::1"]
        {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_port_of_the_web_is_known() {
        let dial = |s: &str| s.parse::<Server>().unwrap().host_port().unwrap();
        assert_eq!(dial("wss://h/x"), "h:443");
        assert_eq!(dial("ws://h"), "h:80");
        assert_eq!(dial("wss://[::1]:8443"), "[::1]:8443");
        assert_eq!("wss://h:1/x".parse::<Server>().unwrap().origin().unwrap(), "https://h:1");
    }
}
