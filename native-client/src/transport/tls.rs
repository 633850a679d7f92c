//! TLS for `wss://`: whom the machine trusts, and whom `WARDROOM_CA_FILE` adds.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The variable that names a file of further certificates (PEM) to trust.
const CA_FILE: &str = "WARDROOM_CA_FILE";

/// Opens TLS on a connection to this host.
pub(super) async fn connect(stream: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name that TLS knows"))?;
    let connector = TlsConnector::from(Arc::new(config()?));
    connector.connect(name, stream).await.map_err(|e| {
        let text = e.to_string();
        if text.contains("UnknownIssuer") {
            format!("its certificate is not trusted here; name the one that signed it in {CA_FILE}")
        } else {
            format!("TLS failed: {text}")
        }
    })
}

fn config() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // A machine without roots may still trust the file; what cannot be read among them is left out.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = std::env::var_os(CA_FILE).map(PathBuf::from) {
        let bad = |e: String| format!("{CA_FILE}={} holds no certificate that can be used: {e}", path.display());
        let certs = CertificateDer::pem_file_iter(&path).map_err(|e| bad(e.to_string()))?;
        for cert in certs {
            let cert = cert.map_err(|e| bad(e.to_string()))?;
            roots.add(cert).map_err(|e| bad(e.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
        .map_err(|e| format!("TLS cannot be set up: {e}"))
}
