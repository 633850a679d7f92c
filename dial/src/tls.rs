//! TLS for `tls://` and `wss://`: trusts the machine's certificates, and those of `WARDROOM_CA_FILE`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::socket::io_words;

/// The variable that names a file of additional trusted certificates (PEM).
const CA_FILE: &str = "WARDROOM_CA_FILE";

/// Opens TLS on a connection to this `host:port`. `plain` names the schemes without TLS, for the error.
pub(crate) async fn connect(stream: TcpStream, host_port: &str, plain: &str) -> Result<TlsStream<TcpStream>, String> {
    let host = host_port.rsplit_once(':').map_or(host_port, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is not a valid TLS server name"))?;
    let connector = TlsConnector::from(Arc::new(config()?));
    connector.connect(name, stream).await.map_err(|e| why_not(&e, host, plain))
}

/// Returns what went wrong, and what to do.
fn why_not(e: &io::Error, host: &str, plain: &str) -> String {
    use rustls::CertificateError as Bad;
    use rustls::Error::{InvalidCertificate, InvalidMessage};
    match e.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        Some(InvalidMessage(_)) => format!("it does not use TLS there; use {plain}"),
        Some(InvalidCertificate(bad)) => match bad {
            Bad::UnknownIssuer => {
                format!("its certificate is not trusted; set {CA_FILE} to the CA file")
            }
            Bad::NotValidForNameContext { presented, .. } => {
                let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
                let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
                format!("its certificate is for {names}, not for {host}")
            }
            Bad::Expired | Bad::ExpiredContext { .. } => "its certificate has expired".to_owned(),
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is the clock of this machine right?".to_owned()
            }
            bad if bad.to_string().contains("CaUsedAsEndEntity") => {
                "its certificate is that of a CA, which is not taken for a server's; let it sign one for the server"
                    .to_owned()
            }
            bad => format!("its certificate is invalid: {bad}"),
        },
        Some(e) => format!("TLS failed: {e}"),
        None if e.kind() == io::ErrorKind::UnexpectedEof => {
            "it closed the connection before TLS was set up; does it speak TLS there?".to_owned()
        }
        None => io_words(e),
    }
}

/// Strips rustls' form of names: `DnsName("localhost")` and `IpAddress(127.0.0.1)`.
fn bare(name: &str) -> &str {
    name.split_once('(').map_or(name, |(_, name)| name.trim_end_matches(')').trim_matches('"'))
}

fn config() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // A machine without roots may still trust the file; invalid roots are skipped.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = std::env::var_os(CA_FILE).map(PathBuf::from) {
        let shown = path.display();
        let bad = |e: String| format!("{CA_FILE}={shown}: invalid certificate: {e}");
        let pem = std::fs::read(&path).map_err(|e| {
            let why = e.to_string().to_lowercase();
            format!("{CA_FILE}={shown}: cannot read it: {}", why.split(" (os error").next().unwrap_or_default())
        })?;
        let known = roots.len();
        for cert in CertificateDer::pem_slice_iter(&pem) {
            let cert = cert.map_err(|e| bad(e.to_string()))?;
            roots.add(cert).map_err(|e| bad(e.to_string()))?;
        }
        if roots.len() == known {
            return Err(format!("{CA_FILE}={shown}: no certificate found; use a PEM file"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
        .map_err(|e| format!("cannot set up TLS: {e}"))
}
