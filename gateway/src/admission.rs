//! How many connections there may be: in all, and of one address. A permit is held by the socket that it was given for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::caller::Peer;
use crate::config::Settings;
use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX};

/// Counts what is open. The lock is held for one look-up.
#[derive(Default)]
pub(crate) struct Admission {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// One connection's place; free again when dropped.
pub(crate) struct Permit {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
}

impl Admission {
    /// A place for a connection of this peer; `None` if there are too many.
    pub fn admit(self: &Arc<Self>, peer: Peer, settings: &Settings) -> Option<Permit> {
        let address = counted(peer, settings);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= CONNECTIONS_MAX {
            return None;
        }
        if let Some(address) = address {
            let of_address = counts.by_address.entry(address).or_default();
            if *of_address >= CONNECTIONS_PER_ADDRESS_MAX {
                return None;
            }
            *of_address += 1;
        }
        counts.all += 1;
        drop(counts);
        Some(Permit { admission: Arc::clone(self), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.admission.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        let Some(address) = self.address else { return };
        if let Some(of_address) = counts.by_address.get_mut(&address) {
            *of_address = of_address.saturating_sub(1);
            if *of_address == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

/// The address that is counted. Not those behind which many people stand: trusted proxies, and this machine, where a
/// proxy that nobody named to us most likely runs. One who has an IPv6 address has a /64 of them.
fn counted(peer: Peer, settings: &Settings) -> Option<IpAddr> {
    let Peer::Tcp(address) = peer else { return None };
    let ip = address.ip().to_canonical();
    if ip.is_loopback() || settings.trusted_proxies.iter().any(|net| net.contains(&ip)) {
        return None;
    }
    Some(match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !(u128::from(u64::MAX))).into()),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::limits::Limits;

    fn settings() -> Settings {
        let config = Config {
            http: vec!["127.0.0.1:0".parse().unwrap()],
            core: "127.0.0.1:1".parse().unwrap(),
            key: String::new(),
            base_path: String::new(),
            public_url: None,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            trust_unix: false,
            origins: Vec::new(),
        };
        Settings::check(&config, Limits::default()).unwrap()
    }

    #[test]
    fn one_address_does_not_take_all() {
        let (admission, settings) = (Arc::new(Admission::default()), settings());
        let admit = |peer: &str| admission.admit(Peer::Tcp(peer.parse().unwrap()), &settings);
        let one: Vec<_> = (0..CONNECTIONS_PER_ADDRESS_MAX).map(|_| admit("[2001:db8::1]:5").unwrap()).collect();
        assert!(admit("[2001:db8::2]:6").is_none(), "the same /64");
        assert!(admit("[2001:db8:0:1::2]:6").is_some(), "another /64");
        assert!(admit("203.0.113.9:6").is_some());
        let proxy: Vec<_> = (0..=CONNECTIONS_PER_ADDRESS_MAX).map(|_| admit("10.0.0.1:6").unwrap()).collect();
        drop((one, proxy));
        assert!(admit("[2001:db8::2]:6").is_some(), "free again");
        assert_eq!(admission.counts.lock().unwrap().all, 0);
        assert!(admission.counts.lock().unwrap().by_address.is_empty());
    }
}
