//! OpenSSH as a contender, alone and with tmux: an sshd of our own on the first core, whose keys and settings are in a
//! folder of the measurement. Every viewer is an `ssh` at a terminal, on the core of the load.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::cost;
use super::pty;
use super::viewer::Viewer;

/// What sshd and tmux may take to start.
const START_WAIT: Duration = Duration::from_secs(10);
/// The session of tmux.
const SESSION: &str = "bench";

/// An sshd, and the terminal that is looked at.
pub struct OpenSsh {
    folder: TempDir,
    port: u16,
    user: String,
    sshd: Child,
    /// Viewers share a tmux session; otherwise each has a terminal of its own.
    has_tmux: bool,
    /// The script of the terminal.
    script: String,
    tmux_pid: Option<u32>,
    viewers: usize,
}

/// The version of a program, or how to get it.
pub fn missing(has_tmux: bool) -> Option<&'static str> {
    if sshd_path().is_none() || !is_there("ssh", "-V") {
        return Some("apt-get install openssh-server openssh-client");
    }
    (has_tmux && !is_there("tmux", "-V")).then_some("apt-get install tmux")
}

/// Their versions, for the head of the table.
pub fn versions() -> String {
    let said = |program: &str| {
        let output = Command::new(program).arg("-V").output().ok()?;
        let all = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&all).split([',', '\n']).next().map(str::to_owned)
    };
    [said("ssh"), said("tmux")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn is_there(program: &str, flag: &str) -> bool {
    Command::new(program).arg(flag).output().is_ok()
}

/// sshd starts itself again, and wants to be called by its whole path.
fn sshd_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("sshd")).find(|path| path.is_file())
}

impl OpenSsh {
    /// Starts an sshd.
    pub fn new(has_tmux: bool) -> Result<Self> {
        let folder = tempfile::tempdir_in(".").context("no place for a folder")?;
        let place = fs::canonicalize(folder.path())?;
        for key in ["host", "user"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(place.join(key));
            ensure!(keygen.status()?.success(), "ssh-keygen failed");
        }
        // An empty home: what the shell of this user reads at its start would be measured too.
        fs::create_dir(place.join("home"))?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        fs::write(place.join("sshd_config"), config(&place, port))?;
        let user = String::from_utf8(Command::new("id").arg("-un").output()?.stdout)?.trim().to_owned();
        if user == "root" {
            // sshd, if it is root, wants this folder, which a start script makes elsewhere.
            fs::create_dir_all("/run/sshd")?;
        }
        let sshd = Command::new("taskset")
            .args(["-c", "0"])
            .arg(sshd_path().context("there is no sshd")?)
            .args(["-D", "-e", "-f"])
            .arg(place.join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(place.join("sshd.log"))?)
            .spawn()?;
        let ssh = Self { folder, port, user, sshd, has_tmux, script: String::new(), tmux_pid: None, viewers: 0 };
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let log = || fs::read_to_string(place.join("sshd.log")).unwrap_or_default();
            ensure!(began.elapsed() < START_WAIT, "sshd did not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(ssh)
    }

    /// Its folder.
    pub fn place(&self) -> Result<PathBuf> {
        Ok(fs::canonicalize(self.folder.path())?)
    }

    /// The arguments of an `ssh` to this sshd, up to the command.
    pub fn args(&self) -> Result<Vec<String>> {
        let mut args: Vec<String> = ["-F", "/dev/null", "-p", &self.port.to_string()].map(str::to_owned).to_vec();
        for option in [
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "GlobalKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            &format!("IdentityFile={}", self.place()?.join("user").display()),
        ] {
            args.extend(["-o".to_owned(), option.to_owned()]);
        }
        Ok(args)
    }

    /// Who is signed in, and where.
    pub fn destination(&self) -> String {
        format!("{}@{}", self.user, Ipv4Addr::LOCALHOST)
    }

    fn tmux(&self) -> Result<String> {
        let place = self.place()?;
        Ok(format!("tmux -u -f {0}/tmux.conf -S {0}/tmux.sock", place.display()))
    }

    /// Starts a terminal. The one before it is stopped.
    pub fn start(&mut self, script: &str) -> Result<()> {
        self.stop_tmux()?;
        let place = self.place()?;
        fs::write(place.join("script"), script)?;
        self.script = format!("sh {}", place.join("script").display());
        self.viewers = 0;
        if !self.has_tmux {
            return Ok(());
        }
        // Without its line of state, which would be drawn again now and then.
        fs::write(place.join("tmux.conf"), "set -g status off\n")?;
        let new = format!("new-session -d -s {SESSION} -x {} -y {} '{}'", pty::COLS, pty::ROWS, self.script);
        let line = format!("{0} {new} && {0} display-message -p '#{{pid}}'", self.tmux()?);
        let output = Command::new("ssh").args(self.args()?).arg(self.destination()).arg(line).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let pid = said
            .trim()
            .parse()
            .with_context(|| format!("tmux did not start: {said} {}", String::from_utf8_lossy(&output.stderr)))?;
        self.tmux_pid = Some(pid);
        Ok(())
    }

    /// One more viewer. The first one has the keyboard.
    pub fn viewer(&mut self, pace: Option<u64>) -> Result<Viewer> {
        let mut ssh = tokio::process::Command::new("ssh");
        ssh.args(self.args()?).arg("-tt").arg(self.destination());
        if self.has_tmux {
            let only_reads = if self.viewers == 0 { "" } else { " -r" };
            ssh.arg(format!("exec {} attach-session{only_reads} -t {SESSION}", self.tmux()?));
        } else {
            ssh.arg(format!("exec {}", self.script));
        }
        self.viewers += 1;
        pty::start(ssh, pace)
    }

    /// sshd with its children, and the server of tmux.
    pub fn processes(&self) -> Result<Vec<u32>> {
        cost::tree(&[Some(self.sshd.id()), self.tmux_pid].into_iter().flatten().collect::<Vec<_>>())
    }

    fn stop_tmux(&mut self) -> Result<()> {
        if self.tmux_pid.take().is_some() {
            let line = format!("exec {} kill-server", self.tmux()?);
            Command::new("sh").args(["-c", &line]).stderr(Stdio::null()).status()?;
        }
        Ok(())
    }
}

impl Drop for OpenSsh {
    fn drop(&mut self) {
        // The session may have ended by itself.
        let _ = self.stop_tmux();
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

fn config(place: &Path, port: u16) -> String {
    let place = place.display();
    format!(
        "Port {port}
ListenAddress 127.0.0.1
HostKey {place}/host
AuthorizedKeysFile {place}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 1000
MaxSessions 1000
UseDNS no
PrintMotd no
PrintLastLog no
SetEnv HOME={place}/home
"
    )
}
