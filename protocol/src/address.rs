//! Addresses that a server listens on and a client dials, as written by people: `host:port`, `[v6]:port` or
//! `unix:PATH`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use crate::ids::BadName;

/// An address from the command line.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Address {
    /// `host:port`, where host is a name, an IPv4 or a bracketed IPv6 address; port 0 takes a free port.
    Tcp(String),
    /// `unix:PATH`
    Unix(PathBuf),
}

impl Address {
    /// Returns true if this is an IPv4 address on the port of `[::]:PORT`, which must then not accept IPv4.
    pub fn is_v4_twin_of(&self, other: &Address) -> bool {
        let (Address::Tcp(this), Address::Tcp(other)) = (self, other) else { return false };
        match (this.parse::<SocketAddr>(), other.parse::<SocketAddr>()) {
            (Ok(SocketAddr::V4(v4)), Ok(SocketAddr::V6(v6))) => {
                v4.port() != 0 && v4.port() == v6.port() && v6.ip().is_unspecified()
            }
            _ => false,
        }
    }
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

/// Returns the address that per-address limits count: an IPv4 address, even if it arrived over an IPv6 socket, or the
/// /64 of an IPv6 address, of which a household has as many as it likes (RFC 6177).
pub fn subscriber(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, subscriber};

    #[test]
    fn twins() {
        let is_twin = |a: &str, b: &str| {
            let (a, b): (Result<Address, _>, Result<Address, _>) = (a.parse(), b.parse());
            a.is_ok_and(|a| b.is_ok_and(|b| a.is_v4_twin_of(&b)))
        };
        assert!(is_twin("0.0.0.0:7000", "[::]:7000"));
        assert!(is_twin("127.0.0.1:7000", "[::]:7000"));
        assert!(!is_twin("0.0.0.0:7001", "[::]:7000"));
        assert!(!is_twin("0.0.0.0:0", "[::]:0"), "each takes a port of its own");
        assert!(!is_twin("[::]:7000", "[::]:7000"));
        assert!(!is_twin("0.0.0.0:7000", "[::1]:7000"));
    }

    #[test]
    fn subscribers() {
        let of = |ip: &str| ip.parse().map(|ip| subscriber(ip).to_string()).unwrap_or_default();
        assert_eq!(of("203.0.113.9"), "203.0.113.9");
        assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(of("2001:db8:1:2:3::4"), "2001:db8:1:2::");
    }

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
