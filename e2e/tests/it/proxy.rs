//! nginx and Caddy from the system, with the configurations of `deploy/`: only the addresses are replaced.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::browser::retry;

/// A proxy that ends with the test.
pub struct Proxy {
    child: Child,
    _folder: TempDir,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn deployed(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name)).unwrap()
}

impl Proxy {
    /// nginx with `deploy/NAME`.
    pub async fn nginx(name: &str, port: u16, upstream: &str) -> Self {
        Self::nginx_that_listens(name, port, upstream, &format!("listen 127.0.0.1:{port};")).await
    }

    /// nginx with `deploy/NAME` and TLS, as the comments there say: a certificate with its key, in files.
    pub async fn nginx_with_tls(name: &str, port: u16, upstream: &str, (certificate, key): (&Path, &Path)) -> Self {
        let (certificate, key) = (certificate.display(), key.display());
        let listen = format!("listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};");
        Self::nginx_that_listens(name, port, upstream, &listen).await
    }

    async fn nginx_that_listens(name: &str, port: u16, upstream: &str, listen: &str) -> Self {
        let config = deployed(name)
            .replace("127.0.0.1:8080", upstream)
            .replace("listen 80;", listen)
            .replace("listen [::]:80;", "");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(folder.path()).arg("-c").arg(&file).args(["-g", "daemon off;"]);
        Self::start(nginx, port, folder).await
    }

    /// Caddy with `deploy/NAME`.
    pub async fn caddy(name: &str, port: u16, upstream: &str) -> Self {
        let config =
            deployed(name).replace("127.0.0.1:8080", upstream).replace(":80 {", &format!("http://127.0.0.1:{port} {{"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Caddyfile");
        std::fs::write(&file, config).unwrap();
        let mut caddy = Command::new("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        caddy.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        Self::start(caddy, port, folder).await
    }

    async fn start(mut command: Command, port: u16, folder: TempDir) -> Self {
        let log = std::fs::File::create(folder.path().join("said")).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("the proxy is installed: cargo xtask test says how");
        let address = format!("127.0.0.1:{port}");
        retry("the proxy", async || tokio::net::TcpStream::connect(&address).await.ok()).await;
        Self { child, _folder: folder }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // TERM, so that nginx ends its workers too.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
