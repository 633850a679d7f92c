//! wetty as a contender: a terminal in a browser. Each viewer has a process of its own, so that there is one. It speaks
//! socket.io 4 over a WebSocket.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;

use super::viewer::{Sent, Viewer};
use super::{cost, pty};

/// What Node may take to load it.
const START_WAIT: Duration = Duration::from_secs(30);
/// Where its program is; `cargo xtask bench` installs it and says so.
const PROGRAM: &str = "WARDROOM_WETTY";

/// A wetty, and the terminal that is looked at.
pub struct Wetty {
    program: PathBuf,
    folder: TempDir,
    running: Option<(Child, u16)>,
}

/// Why it cannot be measured, or `None`.
pub fn missing() -> Option<&'static str> {
    if std::env::var_os(PROGRAM).is_none() {
        return Some("cargo xtask bench installs it from npm; otherwise set WARDROOM_WETTY to its program");
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|said| said.stdout == b"0\n");
    (!is_root).then_some("it runs a program without ssh only for root")
}

impl Wetty {
    /// Nothing is started yet.
    pub fn new() -> Result<Self> {
        let program = std::env::var_os(PROGRAM).context("no wetty")?.into();
        Ok(Self { program, folder: tempfile::tempdir_in(".").context("no place for a folder")?, running: None })
    }

    /// Starts a server whose terminals run this. The one before it is stopped.
    pub async fn start(&mut self, script: &str) -> Result<()> {
        self.stop();
        let path = fs::canonicalize(self.folder.path())?.join("script");
        fs::write(&path, script)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let server = Command::new("taskset")
            .args(["-c", "0"])
            .arg(&self.program)
            .args(["--host", "127.0.0.1", "--log-level", "error", "--port", &port.to_string()])
            .arg("--command")
            .arg(format!("sh {}", path.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.running = Some((server, port));
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(began.elapsed() < START_WAIT, "wetty did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// A viewer, with a terminal of its own.
    pub async fn viewer(&self, pace: Option<u64>) -> Result<Viewer> {
        let (_, port) = self.running.as_ref().context("no terminal was started")?;
        let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
        // As browsers do: a key does not wait for the acknowledgement of what was sent before.
        let has_nodelay = true;
        let (mut writing, mut reading) = connect_async_with_config(url, None, has_nodelay).await?.0.split();
        let (mut viewer, shared, mut sent) = Viewer::new(pace);
        let out = viewer.out();
        viewer.spawn(async move {
            while let Some(message) = reading.next().await {
                let Message::Text(text) = message? else { continue };
                let answer = match text.as_str() {
                    "2" => Some("3".to_owned()),
                    text if text.starts_with('0') => Some("40".to_owned()),
                    text if text.starts_with("40") => Some(event("resize", json!({"cols":pty::COLS,"rows":pty::ROWS}))),
                    text => {
                        let told: Value = serde_json::from_str(text.strip_prefix("42").unwrap_or("null"))?;
                        let data = told[1].as_str().filter(|_| told[0] == "data");
                        data.map(|data| {
                            shared.take(data.as_bytes());
                            // What its page does once xterm.js has taken it.
                            event("commit", data.encode_utf16().count().into())
                        })
                    }
                };
                if let Some(answer) = answer {
                    out.send(Sent::Line(answer)).await.context("the viewer is gone")?;
                }
                shared.until_it_reads(text.len()).await;
            }
            bail!("wetty closed the connection")
        });
        viewer.spawn(async move {
            while let Some(sent) = sent.recv().await {
                let line = match sent {
                    Sent::Line(line) => line,
                    Sent::Keys(keys) => event("input", String::from_utf8(keys)?.into()),
                };
                writing.send(Message::text(line)).await?;
            }
            Ok(())
        });
        Ok(viewer)
    }

    /// Its server.
    pub fn processes(&self) -> Result<Vec<u32>> {
        cost::tree(&self.running.iter().map(|(server, _)| server.id()).collect::<Vec<_>>())
    }

    fn stop(&mut self) {
        if let Some((mut server, _)) = self.running.take() {
            // It may have ended by itself.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Drop for Wetty {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An event of socket.io.
fn event(name: &str, value: Value) -> String {
    format!("42{}", json!([name, value]))
}
