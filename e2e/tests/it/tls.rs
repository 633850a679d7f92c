//! TLS as people have it: Debian's own nginx in front, with a certificate of a CA that the machine does not know. The
//! command goes through it by `wss://`, the browser's cookie is one that only TLS carries, and what is wrong with the
//! certificate or the scheme is said in a sentence.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::command::{Done, done, wardroom};
use crate::proxy::{Proxy, free_port};
use crate::test_server::{PASSWORD, TestServer};

/// A server behind TLS.
struct Walled {
    server: TestServer,
    /// Of an operator.
    token: String,
    port: u16,
    /// The certificate of the CA that signed nginx's.
    ca: PathBuf,
    files: Certificates,
    _proxy: Proxy,
}

/// A certificate and its key, in files.
struct Certificate {
    pem: PathBuf,
    key: PathBuf,
}

/// All for `localhost`.
struct Certificates {
    /// A CA's.
    ca: Certificate,
    /// Signed by it.
    good: Certificate,
    /// Signed by it too, and not valid since long.
    old: Certificate,
}

impl Certificate {
    fn write(folder: &Path, name: &str, certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let (pem, key_file) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&pem, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        Self { pem, key: key_file }
    }
}

impl Certificates {
    fn make(folder: &Path) -> Self {
        let for_localhost = || CertificateParams::new(["localhost".to_owned()]).unwrap();
        let mut ca_params = for_localhost();
        ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca_params.distinguished_name.push(DnType::CommonName, "a CA of Wardroom's tests");
        let ca_key = KeyPair::generate().unwrap();
        let ca = Certificate::write(folder, "ca", &ca_params.self_signed(&ca_key).unwrap(), &ca_key);
        let issuer = Issuer::new(ca_params, ca_key);
        let sign = |name: &str, params: CertificateParams| {
            let key = KeyPair::generate().unwrap();
            Certificate::write(folder, name, &params.signed_by(&key, &issuer).unwrap(), &key)
        };
        let mut old = for_localhost();
        old.not_after = rcgen::date_time_ymd(2020, 1, 1);
        Self { ca, good: sign("good", for_localhost()), old: sign("old", old) }
    }
}

impl Walled {
    async fn start() -> Self {
        let port = free_port();
        let public = format!("https://localhost:{port}");
        let server = TestServer::with(&["--trusted-proxy", "127.0.0.1/32", "--public-url", &public]);
        let token = server.add_user("ann", "operator").await;
        let files = Certificates::make(server.folder.path());
        let proxy = Self::nginx(&server, port, &files.good).await;
        Self { server, token, port, ca: files.ca.pem.clone(), files, _proxy: proxy }
    }

    async fn nginx(server: &TestServer, port: u16, shows: &Certificate) -> Proxy {
        Proxy::nginx_with_tls("nginx.conf", port, &server.http, (&shows.pem, &shows.key)).await
    }

    /// `wardroom ARGS` by this address, trusting nobody but whom the machine trusts.
    fn stranger(&self, server: &str, args: &[&str]) -> Command {
        let mut command = wardroom(&self.server, &self.token, args);
        command.env("WARDROOM_SERVER", server).env_remove("WARDROOM_CA_FILE");
        command
    }

    /// `wardroom ARGS` through TLS, trusting the CA.
    async fn run(&self, args: &[&str]) -> Done {
        let mut command = self.stranger(&format!("wss://localhost:{}", self.port), args);
        command.env("WARDROOM_CA_FILE", &self.ca);
        done(command).await
    }

    async fn curl(&self, args: &[&str]) -> Done {
        let mut curl = Command::new("curl");
        curl.args(["-sSf", "--cacert"]).arg(&self.ca).args(args);
        done(curl).await
    }

    /// It does not connect, and says why at once and in one line.
    async fn is_told(&self, command: Command, words: &[&str]) {
        let began = Instant::now();
        let did = done(command).await;
        assert_eq!(did.code, Some(4), "{did:?}");
        assert_eq!(did.err.lines().count(), 1, "{did:?}");
        for word in words {
            assert!(did.err.contains(word), "{word:?} is to be said: {}", did.err);
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it does not wait for what cannot come: {did:?}");
    }
}

#[tokio::test]
async fn the_command_goes_through_tls() {
    let walled = Walled::start().await;
    let sent = walled.run(&["send", "general", "through TLS"]).await;
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    let log = walled.run(&["log", "general"]).await;
    assert_eq!(log.code, Some(0), "{}", log.err);
    assert!(log.text().contains("ann: through TLS"), "{}", log.text());
    let ran = walled.run(&["run", "general", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]).await;
    assert_eq!((ran.code, ran.text().as_str(), ran.err.as_str()), (Some(3), "out\n", "err\n"));

    let folder = walled.server.folder.path();
    let (up, down) = (folder.join("up.bin"), folder.join("down.bin"));
    let mut noise = vec![0u8; 5_000_000];
    blake3::Hasher::new().update(b"tls").finalize_xof().fill(&mut noise);
    std::fs::write(&up, &noise).unwrap();
    let put = walled.run(&["put", &up.to_string_lossy(), "general"]).await;
    assert_eq!(put.code, Some(0), "{}", put.err);
    let got = walled.run(&["get", "general:up.bin", "-o", &down.to_string_lossy()]).await;
    assert_eq!(got.code, Some(0), "{}", got.err);
    assert!(std::fs::read(&down).unwrap() == noise, "the same bytes come back");
    // The page's own address is understood too.
    let mut command = walled.stranger(&format!("https://localhost:{}/", walled.port), &["ls", "general"]);
    command.env("WARDROOM_CA_FILE", &walled.ca);
    let listed = done(command).await;
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    assert!(listed.text().contains("up.bin"), "{}", listed.text());
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let walled = Walled::start().await;
    let server = format!("wss://localhost:{}", walled.port);
    let send = ["send", "general", "hello"];
    walled.is_told(walled.stranger(&server, &send), &["its certificate is not trusted", "WARDROOM_CA_FILE"]).await;
    // It is for another name.
    let mut command = walled.stranger(&format!("wss://127.0.0.1:{}", walled.port), &send);
    command.env("WARDROOM_CA_FILE", &walled.ca);
    walled.is_told(command, &["its certificate is for localhost, not for 127.0.0.1"]).await;
    // Its time is over, or it is no server's.
    for (shown, words) in [(&walled.files.old, "its certificate has expired"), (&walled.files.ca, "that of a CA")] {
        let port = free_port();
        let proxy = Walled::nginx(&walled.server, port, shown).await;
        let mut command = walled.stranger(&format!("wss://localhost:{port}"), &send);
        command.env("WARDROOM_CA_FILE", &walled.ca);
        walled.is_told(command, &[words]).await;
        drop(proxy);
    }
    // The file is not there, or is none.
    for (name, content, words) in
        [("missing.pem", None, "no such file or directory"), ("empty.pem", Some("nothing"), "no certificate found")]
    {
        let file = walled.server.folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let mut command = walled.stranger(&server, &send);
        command.env("WARDROOM_CA_FILE", &file);
        walled.is_told(command, &["WARDROOM_CA_FILE", name, words]).await;
    }
}

#[tokio::test]
async fn the_wrong_scheme_is_said() {
    let walled = Walled::start().await;
    let send = ["send", "general", "hello"];
    let tls_to_plain = walled.stranger(&format!("wss://{}", walled.server.http), &send);
    walled.is_told(tls_to_plain, &["does not use TLS", "ws://"]).await;
    let tls_to_core = walled.stranger(&format!("wss://{}", walled.server.tcp), &send);
    walled.is_told(tls_to_core, &["does not use TLS"]).await;
    let plain_to_tls = walled.stranger(&format!("ws://localhost:{}", walled.port), &send);
    walled.is_told(plain_to_tls, &["HTTP 400", "wss://"]).await;
    let frames_to_web = walled.stranger(&format!("tcp://localhost:{}", walled.port), &send);
    walled.is_told(frames_to_web, &["a web server answers there", "https://"]).await;
}

#[tokio::test]
async fn the_cookie_is_one_that_only_tls_carries() {
    let walled = Walled::start().await;
    let url = format!("https://localhost:{}", walled.port);
    let origin = format!("Origin: {url}");
    let jar = walled.server.folder.path().join("jar");
    let jar = jar.to_string_lossy();
    let credentials = json!({"user":"ann","password":PASSWORD}).to_string();
    let json_type = "Content-Type: application/json";
    let login = format!("{url}/api/login");
    let signed_in = walled.curl(&["-i", "-c", &jar, "-H", &origin, "-H", json_type, "-d", &credentials, &login]).await;
    assert_eq!(signed_in.code, Some(0), "{}", signed_in.err);
    let answer = signed_in.text();
    let set = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:")).unwrap();
    let cookie = set.split_once(':').unwrap().1.trim();
    assert!(cookie.starts_with("__Host-wardroom-"), "{cookie}");
    let attributes: Vec<&str> = cookie.split(';').skip(1).map(str::trim).collect();
    for wanted in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(attributes.contains(&wanted), "{wanted}: {cookie}");
    }
    assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{cookie}");
    let session = walled.curl(&["-b", &jar, &format!("{url}/api/session")]).await;
    assert_eq!(session.code, Some(0), "{}", session.err);
    let you: Value = serde_json::from_slice(&session.out).unwrap();
    assert_eq!(you["user"], "ann");
}
