//! `true`, from the request to its end, by turns with `ssh` over the connection of a control master.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::openssh::OpenSsh;
use super::times::Times;
use super::wardroom::Wardroom;
use crate::client;

/// Times that each runs.
pub const RUNS: usize = 200;

/// What was measured.
#[derive(Default)]
pub struct Execs {
    /// Over a connection that is there.
    pub wire: Times,
    /// The process `wardroom run`, which connects.
    pub run: Times,
    /// The process `ssh -S`, over a connection that is there.
    pub ssh: Times,
}

/// By turns.
pub async fn measure(binary: &str, wardroom: &Wardroom, ssh: Option<&OpenSsh>) -> Result<Execs> {
    let mut operator = client::connect(wardroom.server(), wardroom.token()).await?;
    let master = ssh.map(Master::start).transpose()?;
    let mut execs = Execs::default();
    for _ in 0..RUNS {
        let began = Instant::now();
        let start = json!({"t":"run.start","room":"general","argv":["true"],"nonce":client::nonce()});
        let run = operator.ask(start).await?;
        operator.ask(json!({"t":"run.watch","run":run["run"]})).await?;
        loop {
            let told: Value = serde_json::from_slice(&operator.frame().await?.line)?;
            if told["t"] == "run.end" && told["run"] == run["run"] {
                break;
            }
        }
        execs.wire.push(began.elapsed());
        let mut command = Command::new(binary);
        command.args(["run", "general", "--", "true"]);
        command.env("WARDROOM_SERVER", format!("tcp://{}", wardroom.server().tcp));
        command.env("WARDROOM_TOKEN", wardroom.token());
        time(command, &mut execs.run)?;
        if let Some(master) = &master {
            time(master.command(&["true"]), &mut execs.ssh)?;
        }
    }
    Ok(execs)
}

fn time(mut command: Command, times: &mut Times) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status()?;
    times.push(began.elapsed());
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// The connection that the others share.
struct Master<'a> {
    ssh: &'a OpenSsh,
    args: Vec<String>,
}

impl<'a> Master<'a> {
    fn start(ssh: &'a OpenSsh) -> Result<Self> {
        let mut args = ssh.args()?;
        args.extend(["-S".to_owned(), ssh.place()?.join("control").display().to_string()]);
        let master = Self { ssh, args };
        let mut command = Command::new("ssh");
        command.args(&master.args).args(["-M", "-N", "-f"]).arg(ssh.destination());
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(status.success(), "ssh -M failed");
        time(master.command(&["true"]), &mut Times::default()).context("the first command over the control master")?;
        Ok(master)
    }

    fn command(&self, command: &[&str]) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args(&self.args).arg(self.ssh.destination()).args(command);
        ssh
    }
}

impl Drop for Master<'_> {
    fn drop(&mut self) {
        // Its end closes the connection either way.
        let _ = Command::new("ssh").args(&self.args).args(["-O", "exit"]).arg(self.ssh.destination()).output();
    }
}
