//! A server under measurement: its process, what it costs, and how to get in.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// A server on the first core.
pub struct Server {
    /// `127.0.0.1:PORT`
    pub tcp: String,
    /// The page's address, where it serves one.
    pub http: Option<String>,
    /// Its data folder.
    pub data: PathBuf,
    child: Child,
    folder: Option<TempDir>,
}

/// Clock ticks in a second: what Linux has on every machine that we meet (sysconf(_SC_CLK_TCK)).
const TICKS_PER_S: f64 = 100.0;

impl Server {
    /// Starts `wardroom core`, or `wardroom serve` where there is to be a host.
    pub fn start(binary: &str, command: &str) -> Result<Self> {
        Self::start_on(tempfile::tempdir_in(".").context("no place for a data folder")?, binary, command)
    }

    /// As [`Server::start`] on a folder that another one had.
    pub fn start_on(folder: TempDir, binary: &str, command: &str) -> Result<Self> {
        let mut args = vec![binary, command, "--tcp", "127.0.0.1:0"];
        if command == "serve" {
            // No run outlives its measurement.
            args.extend(["--http", "127.0.0.1:0", "--stop-runs"]);
        }
        Self::spawn_on(folder, &args, "--data")
    }

    /// Stops it in order, and gives back its folder.
    pub fn stop(mut self) -> Result<TempDir> {
        let folder = self.folder.take().context("a folder")?;
        drop(self);
        Ok(folder)
    }

    /// Starts another program on the first core; it is told its folder by `folder_flag`, and says `tcp=ADDR` when it is
    /// ready.
    pub fn spawn(args: &[&str], folder_flag: &str) -> Result<Self> {
        Self::spawn_on(tempfile::tempdir_in(".").context("no place for a folder")?, args, folder_flag)
    }

    fn spawn_on(folder: TempDir, args: &[&str], folder_flag: &str) -> Result<Self> {
        let data = folder.path().join("data");
        let mut child = Command::new("taskset")
            .args(["-c", "0"])
            .args(args)
            .arg(folder_flag)
            .arg(&data)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("taskset is needed: it is in the package util-linux")?;
        let stdout = child.stdout.take().context("no stdout")?;
        let mut ready = String::new();
        BufReader::new(stdout).read_line(&mut ready)?;
        let said = |name| ready.split_whitespace().find_map(|word| word.strip_prefix(name)).map(str::to_owned);
        let tcp = said("tcp=").context(ready.clone())?;
        Ok(Self { tcp, http: said("http="), data, child, folder: Some(folder) })
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU seconds of the process so far, user and system: fields 14 and 15 of proc(5)'s stat.
    pub fn cpu_s(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit_once(") ").context("stat")?.1;
        let ticks: f64 = after_name.split(' ').skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
        Ok(ticks / TICKS_PER_S)
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("VmRSS")?.parse()?;
        Ok(kib * 1_024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then the measurement has said so.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
