//! Where a server listens and a client dials, as people write it: `host:port`, `[v6]:port` or `unix:PATH`.

use std::fmt;
use std::path::PathBuf;

use crate::ids::BadName;

/// An address of the command line.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Address {
    /// `host:port`, where host is a name, an IPv4 or a bracketed IPv6 address; port 0 takes a free one.
    Tcp(String),
    /// `unix:PATH`
    Unix(PathBuf),
}

impl std::str::FromStr for Address {
    type Err = BadName;
    fn from_str(s: &str) -> Result<Self, BadName> {
        const WHY: BadName = BadName("an address is host:port, [v6]:port or unix:PATH");
        if let Some(path) = s.strip_prefix("unix:") {
            return if path.is_empty() { Err(WHY) } else { Ok(Address::Unix(PathBuf::from(path))) };
        }
        let (host, port) = s.rsplit_once(':').ok_or(WHY)?;
        let is_bracketed = host.starts_with('[') && host.ends_with(']') && host.len() > 2;
        let is_bare = !host.is_empty() && !host.contains([':', '[', ']', '/', ' ']);
        if port.parse::<u16>().is_err() || !(is_bracketed || is_bare) {
            return Err(WHY);
        }
        Ok(Address::Tcp(s.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(host_port) => f.write_str(host_port),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses() {
        for good in ["127.0.0.1:0", "[::1]:7000", "localhost:7000", "unix:/run/w.sock"] {
            assert_eq!(good.parse::<Address>().map(|a| a.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "7000", "localhost", "::1:7000", "a b:1", "h:65536", "unix:", "[]:1", "http://x:1"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
