//! A test server: core, gateway and host as processes of their own, on one folder and on ports that they keep over a restart.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::small_disk::SmallDisk;
use crate::wire::Wire;

/// Longer than anything here takes, also on a machine that does other things.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// The binary under test: named by WARDROOM_BIN, or the one that `cargo build` leaves.
pub fn binary() -> PathBuf {
    std::env::var_os("WARDROOM_BIN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/wardroom"), PathBuf::from)
}

/// A process that ends with the test.
pub struct Process {
    child: Child,
    /// What it said when it was ready.
    pub ready: String,
}

impl Process {
    /// Starts one, and waits for its line that begins with `ready`.
    pub fn start(args: &[&str]) -> Self {
        Self::start_as(Command::new(binary()), args)
    }

    /// As [`Process::start`], for a command that becomes the binary.
    pub fn start_as(mut command: Command, args: &[&str]) -> Self {
        let mut child = command
            .args(args)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}; build it first: cargo build", binary().display()));
        let stdout = child.stdout.take().unwrap();
        let (tell, told) = mpsc::sync_channel(16);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // After the ready line nobody listens, and the pipe must still be emptied.
                let _ = tell.try_send(line);
            }
        });
        let ready = loop {
            let line =
                told.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("wardroom {args:?} was not ready in time"));
            if line.starts_with("ready") {
                break line;
            }
        };
        Self { child, ready }
    }

    /// What follows `name=` in the ready line.
    pub fn at(&self, name: &str) -> String {
        let start = format!("{name}=");
        self.ready.split_whitespace().find_map(|word| word.strip_prefix(&start)).unwrap().to_owned()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// In order, as a service manager does.
    pub fn stop(mut self) {
        let killed = Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(killed.success() && self.child.wait().unwrap().success());
    }

    /// `kill -9`: nothing is said goodbye to.
    pub fn kill_9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; one that ended it already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes an account with [`PASSWORD`] at the server with this data folder, and gives a token of it.
pub async fn add_user(data: &Path, user: &str, role: &str) -> String {
    let key = std::fs::read_to_string(data.join("keys/admin.key")).unwrap();
    let mut admin = Wire::unix(&data.join("core.sock")).await;
    admin.hello(json!({"token": key.trim()})).await;
    admin.ask(json!({"t":"user.add","user":user,"role":role,"password":PASSWORD})).await;
    admin.ask(json!({"t":"token.add","user":user})).await["token"].as_str().unwrap().to_owned()
}

impl Drop for TestServer {
    /// Stops what still runs: a host alone would leave it alone.
    fn drop(&mut self) {
        let stopped = Command::new("kill").args(["-USR1", &self.host.pid().to_string()]).status();
        let start = std::time::Instant::now();
        while stopped.as_ref().is_ok_and(|status| status.success())
            && matches!(self.host.child.try_wait(), Ok(None))
            && start.elapsed() < DEADLINE
        {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

/// Core, gateway and host.
pub struct TestServer {
    /// The core.
    pub core: Process,
    /// The gateway.
    pub gateway: Process,
    /// The host.
    pub host: Process,
    /// `127.0.0.1:PORT` of the core.
    pub tcp: String,
    /// `127.0.0.1:PORT` of the gateway.
    pub http: String,
    /// The data folder.
    pub data: PathBuf,
    spool: PathBuf,
    gateway_args: Vec<String>,
    /// Where the data folder is, if not in `folder`.
    pub disk: Option<SmallDisk>,
    /// Everything else that is kept.
    pub folder: TempDir,
}

/// Where a server on a small disk has the spools of its host.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Spool {
    /// On that disk, as `wardroom serve` has them.
    There,
    /// On another one, as a host on another machine has them.
    Elsewhere,
}

impl TestServer {
    /// Starts all three.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts all three, the gateway with these flags too.
    pub fn with(gateway_args: &[&str]) -> Self {
        Self::build(gateway_args, None, Spool::There)
    }

    /// Starts all three, with the data folder on this disk.
    pub fn on(disk: SmallDisk, spool: Spool) -> Self {
        Self::build(&[], Some(disk), spool)
    }

    fn build(gateway_args: &[&str], disk: Option<SmallDisk>, spool: Spool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = disk.as_ref().map_or_else(|| folder.path().to_owned(), SmallDisk::seen_from_outside).join("data");
        let core = start_core(&data, disk.as_ref(), "127.0.0.1:0");
        let tcp = core.at("tcp");
        let gateway_args: Vec<String> = gateway_args.iter().map(|&arg| arg.to_owned()).collect();
        let gateway = start_gateway(&data, "127.0.0.1:0", &gateway_args);
        let http = gateway.at("http");
        let spool = match spool {
            Spool::There => data.join("host"),
            Spool::Elsewhere => folder.path().join("host"),
        };
        let host = start_host(&data, &spool, folder.path());
        Self { core, gateway, host, tcp, http, data, spool, gateway_args, disk, folder }
    }

    /// `kill -9` of the core, and another in its place.
    pub fn restart_core(&mut self) {
        self.core.kill_9();
        self.core = start_core(&self.data, self.disk.as_ref(), &self.tcp);
    }

    /// `kill -9` of the gateway, and another in its place.
    pub fn restart_gateway(&mut self) {
        self.gateway.kill_9();
        self.gateway = start_gateway(&self.data, &self.http, &self.gateway_args);
    }

    /// `kill -9` of the host, and another in its place.
    pub fn restart_host(&mut self) {
        self.host.kill_9();
        self.host = start_host(&self.data, &self.spool, self.folder.path());
    }

    /// Makes an account with [`PASSWORD`] and gives a token of it.
    pub async fn add_user(&self, user: &str, role: &str) -> String {
        add_user(&self.data, user, role).await
    }

    /// A connection to the core, signed in.
    pub async fn connect(&self, token: &str) -> Wire {
        let mut wire = Wire::tcp(&self.tcp).await;
        wire.hello(json!({"token": token})).await;
        wire
    }

    /// The address of the core as the `wardroom` command takes it.
    pub fn core_url(&self) -> String {
        format!("tcp://{}", self.tcp)
    }
}

/// The core alone has to be in a small disk's namespace: SQLite looks where links lead, and those of `/proc` lead astray.
fn start_core(data: &Path, disk: Option<&SmallDisk>, tcp: &str) -> Process {
    let (command, data) = match disk {
        Some(disk) => (disk.enter(&binary()), disk.path().join("data")),
        None => (Command::new(binary()), data.to_owned()),
    };
    Process::start_as(command, &["core", "--data", &data.to_string_lossy(), "--tcp", tcp])
}

fn start_gateway(data: &Path, http: &str, more: &[String]) -> Process {
    let core = format!("unix:{}", data.join("core.sock").display());
    let key = data.join("keys/gateway.key").display().to_string();
    let mut args = vec!["gateway", "--core", &core, "--key-file", &key, "--http", http];
    args.extend(more.iter().map(String::as_str));
    Process::start(&args)
}

fn start_host(data: &Path, spool: &Path, work: &Path) -> Process {
    let core = format!("unix:{}", data.join("core.sock").display());
    let key = data.join("keys/host.key").display().to_string();
    let (spool, work) = (spool.display().to_string(), work.display().to_string());
    Process::start(&[
        "host",
        "--core",
        &core,
        "--key-file",
        &key,
        "--name",
        "local",
        "--spool",
        &spool,
        "--work",
        &work,
    ])
}
