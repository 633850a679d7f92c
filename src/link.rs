//! The addresses shown to people: for the page, `nc` and `wardroom login`.

/// Returns the page's address: the public one, or that of the first HTTP address. `None` if that is a unix socket.
pub fn web_url(public_url: Option<&str>, http: &str, base_path: &str) -> Option<String> {
    if let Some(url) = public_url {
        return Some(url.trim_end_matches('/').to_owned());
    }
    let (host, port) = host_and_port(http)?;
    Some(format!("http://{host}:{port}{base_path}"))
}

/// Returns host and port for other machines: an address of all interfaces becomes this machine's name.
pub fn host_and_port(address: &str) -> Option<(String, u16)> {
    if address.starts_with("unix:") {
        return None;
    }
    let (host, port) = address.rsplit_once(':')?;
    let host = match host {
        "0.0.0.0" | "[::]" => host_name(),
        host => host.to_owned(),
    };
    Some((host, port.parse().ok()?))
}

/// Returns this machine's name.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_an_address() {
        let url = |public: Option<&str>, http, base| web_url(public, http, base);
        assert_eq!(url(None, "127.0.0.1:8080", "").as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(url(None, "[::1]:8080", "/ops").as_deref(), Some("http://[::1]:8080/ops"));
        assert_eq!(url(Some("https://h/ops/"), "unix:/x", "/ops").as_deref(), Some("https://h/ops"));
        assert_eq!(url(None, "unix:/run/http.sock", ""), None);
        assert_eq!(host_and_port("0.0.0.0:7000"), Some((host_name(), 7000)));
    }
}
