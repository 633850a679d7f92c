//! Who is calling, as far as it is known: the address, the scheme and the host, seen through trusted proxies.
//!
//! `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` count only if the peer is a trusted proxy. `Forwarded` (RFC 7239)
//! and `X-Real-IP` are not read: two sources that may disagree are worse than one.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;

use crate::config::Settings;
use crate::limits::AGENT_CHARS_MAX;
use crate::origin::Origin;

/// The other end of the socket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    Unix,
}

/// Who is calling. In the extensions of every request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// The client's address; none if it connected over a unix socket and is not trusted to forward one.
    pub address: Option<SocketAddr>,
    pub is_https: bool,
    /// The origin of the page as the browser sees it; none without a usable Host.
    pub origin: Option<Origin>,
    /// The same origin with the port that a proxy sends separately from a Host without one.
    pub origin_by_port: Option<Origin>,
    /// This server's suffix in the name of its cookie.
    pub cookie_mark: String,
    /// The user agent, reduced to printable characters.
    pub agent: String,
}

impl Caller {
    pub fn of(peer: Peer, headers: &HeaderMap, settings: &Settings) -> Caller {
        let is_trusted = match peer {
            Peer::Tcp(address) => is_in(&settings.trusted_proxies, address.ip()),
            Peer::Unix => settings.trust_unix,
        };
        if !is_trusted {
            warn_of_untrusted_headers(peer, headers);
        }
        let forwarded = |name| if is_trusted { first(headers, name) } else { None };
        let is_https = match forwarded("x-forwarded-proto") {
            Some(scheme) => scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss"),
            None => settings.public_origin.as_ref().is_some_and(Origin::is_https),
        };
        let host = forwarded("x-forwarded-host").or_else(|| first(headers, header::HOST.as_str()));
        let address = match peer {
            Peer::Tcp(address) if !is_trusted => Some(canonical(address)),
            Peer::Tcp(address) => Some(behind(canonical(address), headers, &settings.trusted_proxies)),
            Peer::Unix if !is_trusted => None,
            Peer::Unix => client_hop(headers, &settings.trusted_proxies),
        };
        let origin = host.and_then(|host| Origin::of(is_https, host));
        let port = forwarded("x-forwarded-port").and_then(|port| port.parse().ok());
        Caller {
            address,
            is_https,
            origin_by_port: origin.clone().zip(port).and_then(|(origin, port)| origin.with_port(port)),
            origin,
            cookie_mark: settings.cookie_mark.clone(),
            agent: agent(headers),
        }
    }

    /// Returns the origins whose pages may act for this caller: the one that the browser sees, and the configured ones.
    pub fn allowed_origins(&self, settings: &Settings) -> Vec<Origin> {
        let seen = self.origin.iter().chain(&self.origin_by_port);
        seen.chain(&settings.public_origin).chain(&settings.origins).cloned().collect()
    }

    /// Returns the address as the core receives it.
    pub fn address_text(&self) -> String {
        self.address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
    }
}

/// Returns IPv4 as IPv4, even if it arrived over an IPv6 socket: rules and audits see one address, not two.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn is_in(nets: &[IpNet], ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    nets.iter().any(|net| net.contains(&ip))
}

fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim).filter(|v| !v.is_empty())
}

fn behind(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> SocketAddr {
    client_hop(headers, trusted).unwrap_or(peer)
}

/// Walks `X-Forwarded-For` from the right, where our own proxies wrote, to the first hop that is not a trusted proxy:
/// everything left of it is the client's own claim. A hop that is not an address ends the walk at the last valid one.
fn client_hop(headers: &HeaderMap, trusted: &[IpNet]) -> Option<SocketAddr> {
    let mut last_good = None;
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        let Ok(text) = value.to_str() else { return last_good };
        for hop in text.rsplit(',') {
            let Some(address) = parse_hop(hop.trim()) else { return last_good };
            last_good = Some(address);
            if !is_in(trusted, address.ip()) {
                return last_good;
            }
        }
    }
    last_good
}

/// Parses `203.0.113.9`, `203.0.113.9:4711`, `2001:db8::9` or `[2001:db8::9]:4711`. An unknown port is 0.
fn parse_hop(hop: &str) -> Option<SocketAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip.to_canonical(), 0));
    }
    hop.parse::<SocketAddr>().ok().map(canonical)
}

fn agent(headers: &HeaderMap) -> String {
    let raw = headers.get(header::USER_AGENT).map(|v| String::from_utf8_lossy(v.as_bytes())).unwrap_or_default();
    wardroom_protocol::visible::visible(&raw).chars().take(AGENT_CHARS_MAX).collect()
}

/// Warns once: most likely there is a proxy that is not configured as trusted, and the addresses look wrong.
fn warn_of_untrusted_headers(peer: Peer, headers: &HeaderMap) {
    static SAID: AtomicBool = AtomicBool::new(false);
    let names = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
    if !names.iter().any(|name| headers.contains_key(*name)) || SAID.swap(true, Ordering::Relaxed) {
        return;
    }
    match peer {
        Peer::Tcp(address) => {
            let ip = address.ip().to_canonical();
            tracing::warn!(
                peer = %ip,
                "forwarded headers from a peer that is no trusted proxy are ignored; if it is yours, start with --trusted-proxy {ip}"
            );
        }
        Peer::Unix => tracing::warn!(
            "forwarded headers on a unix socket are ignored; if a proxy of yours connects there, start with --trusted-proxy unix"
        ),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::limits::Limits;
    use axum::http::{HeaderName, HeaderValue};

    fn settings(public_url: Option<&str>, trust_unix: bool) -> Settings {
        let config = Config {
            http: vec!["127.0.0.1:0".parse().unwrap()],
            core: "127.0.0.1:1".parse().unwrap(),
            key: String::new(),
            base_path: String::new(),
            public_url: public_url.map(str::to_owned),
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            trust_unix,
            origins: Vec::new(),
        };
        Settings::check(&config, Limits::default()).unwrap()
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    fn address(peer: &str, forwarded: &[&'static str]) -> String {
        let pairs: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        let peer = if peer == "unix" { Peer::Unix } else { Peer::Tcp(peer.parse().unwrap()) };
        Caller::of(peer, &headers(&pairs), &settings(None, true)).address_text()
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        let table: &[(&str, &[&str], &str)] = &[
            ("203.0.113.5:999", &[], "203.0.113.5:999"),
            ("203.0.113.5:999", &["1.2.3.4"], "203.0.113.5:999"),
            ("10.0.0.1:5", &[], "10.0.0.1:5"),
            ("10.0.0.1:5", &["203.0.113.9"], "203.0.113.9:0"),
            ("10.0.0.1:5", &["6.6.6.6, 203.0.113.9, 10.0.0.7"], "203.0.113.9:0"),
            ("10.0.0.1:5", &["6.6.6.6", "203.0.113.9", "10.0.0.7"], "203.0.113.9:0"),
            ("10.0.0.1:5", &["10.0.0.9, 10.0.0.8"], "10.0.0.9:0"),
            ("10.0.0.1:5", &["unknown, 10.0.0.8"], "10.0.0.8:0"),
            ("10.0.0.1:5", &["203.0.113.9, nonsense"], "10.0.0.1:5"),
            ("10.0.0.1:5", &[""], "10.0.0.1:5"),
            ("10.0.0.1:5", &["203.0.113.9:4711"], "203.0.113.9:4711"),
            ("10.0.0.1:5", &["2001:db8::9"], "[2001:db8::9]:0"),
            ("10.0.0.1:5", &["[2001:db8::9]:4711"], "[2001:db8::9]:4711"),
            ("10.0.0.1:5", &["[2001:db8::9]"], "[2001:db8::9]:0"),
            ("10.0.0.1:5", &["::ffff:203.0.113.9"], "203.0.113.9:0"),
            ("[::ffff:10.0.0.1]:5", &["203.0.113.9"], "203.0.113.9:0"),
            ("[::ffff:203.0.113.5]:5", &[], "203.0.113.5:5"),
            ("[fd00::1]:5", &["2001:db8::9"], "[2001:db8::9]:0"),
            ("unix", &["203.0.113.9"], "203.0.113.9:0"),
            ("unix", &[], "unix"),
        ];
        for (peer, forwarded, expected) in table {
            assert_eq!(address(peer, forwarded), *expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn scheme_and_host() {
        let of = |peer: Peer, public: Option<&str>, pairs: &[(&'static str, &'static str)]| {
            let caller = Caller::of(peer, &headers(pairs), &settings(public, false));
            caller.origin.map(|o| o.to_string()).unwrap_or_default()
        };
        let proxy = Peer::Tcp("10.0.0.1:5".parse().unwrap());
        let other = Peer::Tcp("203.0.113.5:5".parse().unwrap());
        let all = [("host", "inner:8080"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "ops.example.org")];
        assert_eq!(of(proxy, None, &all), "https://ops.example.org");
        assert_eq!(of(other, None, &all), "http://inner:8080");
        assert_eq!(of(Peer::Unix, None, &all), "http://inner:8080");
        assert_eq!(of(other, Some("https://x.example"), &[("host", "x.example")]), "https://x.example");
        assert_eq!(of(proxy, Some("https://x.example"), &[("host", "h"), ("x-forwarded-proto", "http")]), "http://h");
        assert_eq!(of(proxy, None, &[]), "");
        assert_eq!(of(other, None, &[("host", "a;b")]), "");
    }
}
