//! A server in a folder of its own, on free ports that it keeps over restarts; and commands with a deadline.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// No command of these tests takes longer, on a machine that builds something else meanwhile.
const DEADLINE: Duration = Duration::from_secs(60);

pub struct TestServer {
    pub folder: tempfile::TempDir,
    process: Option<Child>,
    pub tcp: String,
    pub http: String,
    pub token: String,
    /// Runs go on when the server stops; otherwise none outlives it, so that a test leaves nothing behind.
    pub leaves_runs: bool,
}

/// What a command left.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Done {
    pub fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }
}

pub fn wardroom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardroom"));
    for name in ["WARDROOM_SERVER", "WARDROOM_TOKEN", "WARDROOM_DATA", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
}

impl TestServer {
    /// Starts a server, with an account `ann` that may do everything.
    pub fn new() -> TestServer {
        let folder = tempfile::tempdir().unwrap();
        let mut server = TestServer {
            folder,
            process: None,
            tcp: "127.0.0.1:0".to_owned(),
            http: "127.0.0.1:0".to_owned(),
            token: String::new(),
            leaves_runs: false,
        };
        server.start();
        let added = server.admin(&["user", "add", "ann", "--role", "admin", "--password-stdin"], b"a long password\n");
        assert_eq!(added.code, 0, "{added:?}");
        let token = server.admin(&["token", "add", "ann"], b"");
        server.token = token.text().trim().to_owned();
        server
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the server; the second time on the ports of the first.
    pub fn start(&mut self) {
        assert!(self.process.is_none());
        let mut command = wardroom();
        command.arg("serve").arg("--data").arg(self.data()).args(["--tcp", &self.tcp, "--http", &self.http]);
        if !self.leaves_runs {
            command.arg("--stop-runs");
        }
        command.args(["--log", "warn"]).current_dir(self.folder.path());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = process.stdout.take().unwrap();
        self.process = Some(process);
        let lines = lines_of(out);
        let ready = lines.recv_timeout(DEADLINE).expect("the server says that it is ready");
        let rest = ready.strip_prefix("ready tcp=").unwrap();
        let (tcp, http) = rest.split_once(" http=").unwrap();
        (self.tcp, self.http) = (tcp.to_owned(), http.to_owned());
    }

    /// As a crash would: without a word. The host lives on.
    pub fn kill(&mut self) {
        let mut server = self.process.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// In order, as Ctrl-C does.
    pub fn stop(&mut self) -> ExitStatus {
        let mut server = self.process.take().unwrap();
        signal(&server, rustix::process::Signal::TERM);
        wait(&mut server)
    }

    /// A client command.
    pub fn client(&self, args: &[&str]) -> Command {
        let mut command = wardroom();
        command.env("WARDROOM_SERVER", format!("tcp://{}", self.tcp)).env("WARDROOM_TOKEN", &self.token);
        command.args(args).current_dir(self.folder.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Done {
        done(self.client(args), b"")
    }

    pub fn admin(&self, args: &[&str], input: &[u8]) -> Done {
        let mut command = wardroom();
        command.arg("admin").arg("--data").arg(self.data()).args(args);
        done(command, input)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(mut server) = self.process.take() {
            signal(&server, rustix::process::Signal::TERM);
            if !std::thread::panicking() {
                wait(&mut server);
            }
        }
    }
}

/// A command in the background, which ends with its test.
pub struct Background(pub Child);

impl Drop for Background {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Runs a command to its end, with this input.
pub fn done(mut command: Command, input: &[u8]) -> Done {
    let piped = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = command.stdin(piped).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        // A command that does not read all of it closes the pipe.
        std::thread::spawn(move || stdin.write_all(&input).ok());
    }
    finish(child)
}

/// Waits for the end of a command whose output is piped.
pub fn finish(mut child: Child) -> Done {
    let out = child.stdout.take().map(all_of);
    let err = child.stderr.take().map(all_of);
    let status = wait(&mut child);
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    let read = |reader: Option<mpsc::Receiver<Vec<u8>>>| {
        reader.map(|reader| reader.recv_timeout(DEADLINE).unwrap()).unwrap_or_default()
    };
    Done { code, out: read(out), err: String::from_utf8_lossy(&read(err)).into_owned() }
}

fn all_of(mut from: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut all = Vec::new();
        from.read_to_end(&mut all).ok();
        sender.send(all).ok();
    });
    receiver
}

/// The lines of a stream as they come.
pub fn lines_of(from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

pub fn wait(child: &mut Child) -> ExitStatus {
    let mut status = None;
    let ended = until(|| {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if !ended {
        child.kill().ok();
        panic!("a command did not end in time");
    }
    status.unwrap()
}

/// Waits for a condition; `false` if it does not come about in time.
pub fn until(mut condition: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < DEADLINE {
        if condition() {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    false
}
