//! Wardroom as a contender: a server with its host on the first core, and one run at a time that is looked at.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::process::Command;

use super::cost;
use super::pty;
use super::viewer::Viewer;
use super::wire::{self, From};
use crate::client;
use crate::server::Server;

/// What the host may take until it has dialled in.
const HOST_WAIT: Duration = Duration::from_secs(10);

/// How viewers come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// Over TCP, with the screen.
    Screen,
    /// Over TCP, with every byte.
    EveryByte,
    /// By `wardroom attach` at a terminal.
    Attach,
}

/// A server, and the terminal that is looked at.
pub struct Wardroom {
    binary: String,
    server: Server,
    token: String,
    way: Way,
    run: Option<Run>,
}

struct Run {
    id: String,
    name: String,
}

impl Wardroom {
    /// Starts a server.
    pub async fn new(binary: &str, way: Way) -> Result<Self> {
        let server = Server::start(binary, "serve")?;
        let token = client::operator(&server).await?;
        Ok(Self { binary: binary.to_owned(), server, token, way, run: None })
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The token of somebody who may do everything.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Starts a terminal. The one before it is stopped.
    pub async fn start(&mut self, script: &str) -> Result<()> {
        let mut operator = client::connect(&self.server, &self.token).await?;
        if let Some(run) = self.run.take() {
            operator.ask(json!({"t":"run.signal","run":run.id,"signal":"KILL"})).await?;
        }
        let (cols, rows) = (pty::COLS, pty::ROWS);
        let nonce = client::nonce();
        let start = json!({"t":"run.start","room":"general","argv":["sh","-c",script],"tty":{"cols":cols,"rows":rows},"nonce":nonce});
        let began = Instant::now();
        let run = loop {
            match operator.ask(start.clone()).await {
                Ok(run) => break run,
                // The host dials in when it is ready.
                Err(_) if began.elapsed() < HOST_WAIT => tokio::time::sleep(Duration::from_millis(100)).await,
                Err(error) => return Err(error),
            }
        };
        let id = run["run"].as_str().context("a run")?.to_owned();
        self.run = Some(Run { id, name: format!("r{}", run["n"]) });
        Ok(())
    }

    /// One more viewer. The first one has the keyboard.
    pub async fn viewer(&self, seen_bytes: u64, pace: Option<u64>) -> Result<Viewer> {
        let run = self.run.as_ref().context("no terminal was started")?;
        let from = match self.way {
            Way::Screen => From::Screen,
            Way::EveryByte => From::Byte(seen_bytes),
            Way::Attach => {
                let mut attach = Command::new(&self.binary);
                attach.args(["attach", &run.name, "--control"]);
                attach.env("WARDROOM_SERVER", format!("tcp://{}", self.server.tcp)).env("WARDROOM_TOKEN", &self.token);
                return pty::start(attach, pace);
            }
        };
        wire::watch(&self.server, &self.token, &run.id, from, pace).await
    }

    /// Core, gateway, host, and the shims.
    pub fn processes(&self) -> Result<Vec<u32>> {
        cost::tree(&[self.server.pid()])
    }
}
