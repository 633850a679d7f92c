//! The face for people: raw sockets first, then the real `nc` and `ncat`.

mod files;
mod nc;
mod rights;
mod rooms;
mod runs;
mod sign_in;
mod talk;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{DEADLINE, PASSWORD, TestCore};

/// The greeting ends so.
const GREETED: &str = "/help lists the commands.\n";

/// A core with an account of each role but admin.
async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "member"), ("vic", "viewer")]).await;
    core
}

/// Somebody with a terminal.
pub struct Person {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Person {
    /// Connects, and says nothing.
    pub async fn connect(core: &TestCore) -> Self {
        Self { stream: TcpStream::connect(&core.address).await.unwrap(), seen: Vec::new() }
    }

    /// Connects and signs in; what was shown until then is dropped.
    pub async fn sign_in(core: &TestCore, user: &str) -> Self {
        let mut person = Self::connect(core).await;
        person.send(&format!("login {user}\n{PASSWORD}\n")).await;
        person.until("# This is general").await;
        person.until("\n").await;
        person
    }

    pub async fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes()).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        tokio::time::timeout(DEADLINE, self.stream.write_all(bytes)).await.unwrap().unwrap();
    }

    /// Has nothing more to say.
    async fn half_close(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// What is shown up to and with these words.
    pub async fn until(&mut self, words: &str) -> String {
        loop {
            let found = self.seen.windows(words.len()).position(|part| part == words.as_bytes());
            if let Some(at) = found {
                let rest = self.seen.split_off(at + words.len());
                let shown = std::mem::replace(&mut self.seen, rest);
                return String::from_utf8(shown).unwrap();
            }
            assert!(self.read().await, "the end came before {words:?}: {}", self.last_seen());
        }
    }

    /// Exactly so many bytes.
    async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.seen.len() < count {
            assert!(self.read().await, "the end came after {} of {count} bytes", self.seen.len());
        }
        let rest = self.seen.split_off(count);
        std::mem::replace(&mut self.seen, rest)
    }

    /// All that is shown until the end.
    pub async fn rest(&mut self) -> String {
        while self.read().await {}
        String::from_utf8(std::mem::take(&mut self.seen)).unwrap()
    }

    async fn read(&mut self) -> bool {
        let read = tokio::time::timeout(DEADLINE, self.stream.read_buf(&mut self.seen)).await;
        read.unwrap_or_else(|_| panic!("nothing came after {}", self.last_seen())).unwrap_or(0) > 0
    }

    fn last_seen(&self) -> String {
        String::from_utf8_lossy(&self.seen[self.seen.len().saturating_sub(2_000)..]).into_owned()
    }
}
