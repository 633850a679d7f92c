//! The `wardroom` command and other programs, run to their end or read line by line.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::test_server::{DEADLINE, TestServer, binary};

/// What a program said, and how it left.
#[derive(Debug)]
pub struct Done {
    /// Its code.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: Vec<u8>,
    /// Its standard error, as text.
    pub err: String,
}

impl Done {
    /// The output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

/// `wardroom ARGS` as this user, who is known by a token.
pub fn wardroom(server: &TestServer, token: &str, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(args).env("WARDROOM_SERVER", server.core_url()).env("WARDROOM_TOKEN", token).env("RUST_LOG", "warn");
    command.env("XDG_CONFIG_HOME", server.folder.path().join("config")).kill_on_drop(true);
    command
}

/// Runs a program to its end.
pub async fn done(mut command: Command) -> Done {
    let running = command.stdin(Stdio::null()).output();
    let output = tokio::time::timeout(DEADLINE, running).await.expect("it ends in time").unwrap();
    Done { code: output.status.code(), out: output.stdout, err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// A program that one talks with.
pub struct Talk {
    /// Killed when dropped.
    _child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    /// All lines that it has said.
    pub said: Vec<String>,
}

impl Talk {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { stdin: child.stdin.take(), lines, _child: child, said: Vec::new() }
    }

    /// Types a line.
    pub async fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
    }

    /// Types a line; `None` where nobody reads any more.
    pub async fn try_say(&mut self, line: &str) -> Option<()> {
        let stdin = self.stdin.as_mut()?;
        stdin.write_all(format!("{line}\n").as_bytes()).await.ok()?;
        stdin.flush().await.ok()
    }

    /// Reads until a line has this in it; `None` where the program ends before. When nothing comes for a while, presses
    /// Enter, as people do: `nc` sees only then that nobody is there any more.
    pub async fn try_until(&mut self, what: &str) -> Option<()> {
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            let Ok(line) = tokio::time::timeout(Duration::from_secs(1), self.lines.next_line()).await else {
                self.try_say("").await?;
                continue;
            };
            self.said.push(line.ok()??);
            if self.said.last().is_some_and(|line| line.contains(what)) {
                return Some(());
            }
        }
        panic!("{what:?} was not said in time; said was {:#?}", self.said)
    }

    /// Reads until a line has this in it.
    pub async fn until(&mut self, what: &str) -> String {
        loop {
            let read = tokio::time::timeout(DEADLINE, self.lines.next_line()).await;
            let Ok(line) = read else { panic!("{what:?} was not said in time; said was {:#?}", self.said) };
            let Some(line) = line.unwrap() else { panic!("ended before {what:?}; said was {:#?}", self.said) };
            self.said.push(line.clone());
            if line.contains(what) {
                return line;
            }
        }
    }
}
