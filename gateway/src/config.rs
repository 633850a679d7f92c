//! The configuration, and the same after validation: [`Settings`], which everything else reads.

use ipnet::IpNet;
use wardroom_protocol::Address;

use crate::limits::Limits;
use crate::origin::Origin;

/// The configuration of a gateway.
#[derive(Clone)]
pub struct Config {
    /// The addresses to listen on. Port 0 takes a free one.
    pub http: Vec<Address>,
    /// The address of the core.
    pub core: Address,
    /// The gateway key, which lets the gateway act on behalf of a browser's address.
    pub key: String,
    /// The path under which the page is served: empty, or `/ops`.
    pub base_path: String,
    /// The address that people use, if it differs from the one they reach: `https://ops.example.org/ops`.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-*` headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Trust every peer of our unix sockets as a proxy.
    pub trust_unix: bool,
    /// Other origins whose pages may open WebSockets.
    pub origins: Vec<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("http", &self.http)
            .field("core", &self.core)
            .field("base_path", &self.base_path)
            .field("public_url", &self.public_url)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("trust_unix", &self.trust_unix)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

/// Why the gateway did not start, in one sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The gateway could not listen on an address.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address as configured.
        address: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// There is no address to listen on.
    #[error("no address to listen on was given")]
    NoAddress,
    /// The base path is invalid.
    #[error("base path {0:?} is not empty or like /ops: letters, digits and . _ ~ - between slashes, none at the end")]
    BasePath(String),
    /// The public URL is invalid.
    #[error("public url {0:?} is not like https://ops.example.org or https://ops.example.org/ops")]
    PublicUrl(String),
    /// The public URL and the base path contradict each other.
    #[error("public url {url:?} ends in another path than base path {base:?}")]
    PathsDiffer {
        /// The public URL.
        url: String,
        /// The base path.
        base: String,
    },
    /// An origin is invalid.
    #[error("origin {0:?} is not like https://ops.example.org")]
    Origin(String),
}

/// The configuration after validation.
pub(crate) struct Settings {
    pub core: Address,
    pub key: String,
    pub base_path: String,
    pub public_origin: Option<Origin>,
    pub trusted_proxies: Vec<IpNet>,
    pub trust_unix: bool,
    pub origins: Vec<Origin>,
    pub limits: Limits,
    /// Distinguishes this server's cookie from others on the same host name: browsers do not separate cookies by port.
    pub cookie_mark: String,
}

impl Settings {
    pub fn check(config: &Config, limits: Limits) -> Result<Settings, StartError> {
        if config.http.is_empty() {
            return Err(StartError::NoAddress);
        }
        if !is_base_path(&config.base_path) {
            return Err(StartError::BasePath(config.base_path.clone()));
        }
        let public_origin = match &config.public_url {
            Some(url) => Some(public_origin(url, &config.base_path)?),
            None => None,
        };
        let origins = config
            .origins
            .iter()
            .map(|text| Origin::parse(text.trim_end_matches('/')).ok_or_else(|| StartError::Origin(text.clone())));
        Ok(Settings {
            core: config.core.clone(),
            key: config.key.clone(),
            base_path: config.base_path.clone(),
            public_origin,
            trusted_proxies: config.trusted_proxies.clone(),
            trust_unix: config.trust_unix,
            origins: origins.collect::<Result<_, _>>()?,
            limits,
            cookie_mark: cookie_mark(&config.key),
        })
    }
}

/// Returns eight digits that all gateways of one core share, and that change only with the key. They reveal nothing
/// about the key.
pub(crate) fn cookie_mark(key: &str) -> String {
    let hash = blake3::derive_key("wardroom 2026 name of the session cookie", key.as_bytes());
    hash.iter().take(4).fold(String::new(), |mark, byte| format!("{mark}{byte:02x}"))
}

fn is_base_path(path: &str) -> bool {
    let is_part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-'))
    };
    path.is_empty() || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_part))
}

/// Returns the origin of the public URL. Its path, if it has one, must be the base path.
fn public_origin(url: &str, base: &str) -> Result<Origin, StartError> {
    let wrong = || StartError::PublicUrl(url.to_owned());
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (origin, path) = (format!("{scheme}://{authority}"), format!("/{path}"));
    let origin = Origin::parse(&origin).ok_or_else(wrong)?;
    let path = path.trim_end_matches('/');
    if !path.is_empty() && path != base {
        return Err(StartError::PathsDiffer { url: url.to_owned(), base: base.to_owned() });
    }
    Ok(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths() {
        for good in ["", "/ops", "/a/b", "/a-b.c_d~e"] {
            assert!(is_base_path(good), "{good}");
        }
        for bad in ["/", "ops", "/ops/", "//", "/a//b", "/../x", "/.", "/a b", "/a?b", "/\"><script>", "/é"] {
            assert!(!is_base_path(bad), "{bad}");
        }
    }

    #[test]
    fn public_urls() {
        let origin = |url: &str, base: &str| public_origin(url, base).map(|o| o.to_string()).ok();
        assert_eq!(origin("https://Ops.Example.org", "").as_deref(), Some("https://ops.example.org"));
        assert_eq!(origin("https://ops.example.org:443/ops/", "/ops").as_deref(), Some("https://ops.example.org"));
        assert_eq!(origin("http://127.0.0.1:8080/", "/ops").as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(origin("https://ops.example.org/other", "/ops"), None);
        assert_eq!(origin("ops.example.org", ""), None);
        assert_eq!(origin("ftp://ops.example.org", ""), None);
    }
}
