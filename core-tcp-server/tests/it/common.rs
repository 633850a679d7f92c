//! A core on port 0 that stops when dropped, and a client that reads frames with a deadline.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::BytesMut;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;
use wardroom_core::{Config, Core};
use wardroom_protocol::{Decoder, Frame};

/// Nothing on a loopback socket takes this long, even on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(20);
/// A password for everybody.
pub const PASSWORD: &str = "correct horse";

/// A core that runs.
pub struct TestCore {
    /// Its data folder; given back by [`TestCore::stop`].
    pub data: TempDir,
    /// `127.0.0.1:PORT`
    pub address: String,
    /// The invite of the first start.
    pub first_invite: Option<String>,
    shutdown: CancellationToken,
    core: Option<Core>,
}

impl TestCore {
    /// Starts one on a new folder.
    pub async fn start() -> Self {
        Self::on(tempfile::tempdir().unwrap()).await
    }

    /// Starts one on this folder.
    pub async fn on(data: TempDir) -> Self {
        Self::losing_after(data, Duration::from_secs(86_400)).await
    }

    /// Starts one on this folder, which loses the runs of a host that is away for so long.
    pub async fn losing_after(data: TempDir, host_lost_after: Duration) -> Self {
        let shutdown = CancellationToken::new();
        let config = Config {
            data: data.path().join("data"),
            tcp: vec!["127.0.0.1:0".parse().unwrap()],
            server_name: "test".into(),
            web_url: Some("http://web.example/".into()),
            host_lost_after,
        };
        let mut core = wardroom_core::start(config, shutdown.clone()).await.unwrap();
        let address = core.addresses.remove(0);
        Self { data, address, first_invite: core.first_invite.take(), shutdown, core: Some(core) }
    }

    /// The data folder.
    pub fn folder(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Stops it in order and gives back its folder.
    pub async fn stop(mut self) -> TempDir {
        self.shutdown.cancel();
        if let Some(core) = self.core.take() {
            core.stopped().await;
        }
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }

    /// Makes accounts with these roles, all with [`PASSWORD`].
    pub async fn add_users(&self, users: &[(&str, &str)]) {
        let mut admin = self.system().await;
        for (user, role) in users {
            admin.ask(json!({"t":"user.add","user":user,"role":role,"password":PASSWORD})).await;
        }
    }

    /// The administrator's own connection, over the unix socket.
    pub async fn system(&self) -> Client<UnixStream> {
        let mut client = self.connect_here().await;
        let key = read_key(&self.folder(), "admin.key");
        client.hello(json!({"token": key})).await;
        client
    }

    /// A connection over the unix socket that has said nothing yet.
    pub async fn connect_here(&self) -> Client<UnixStream> {
        Client::over(UnixStream::connect(self.folder().join("core.sock")).await.unwrap())
    }

    /// A connection that has said nothing yet.
    pub async fn connect(&self) -> Client<TcpStream> {
        Client::over(TcpStream::connect(&self.address).await.unwrap())
    }

    /// A connection that is signed in with [`PASSWORD`].
    pub async fn sign_in(&self, user: &str) -> Client<TcpStream> {
        let mut client = self.connect().await;
        client.hello(json!({"user": user, "password": PASSWORD})).await;
        client
    }
}

impl Drop for TestCore {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A key of a data folder.
pub fn read_key(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("keys").join(name)).unwrap().trim().to_owned()
}

/// Frames over a socket.
pub struct Client<S> {
    /// The socket.
    pub stream: S,
    decoder: Decoder,
    buf: BytesMut,
    next_id: u64,
    /// Frames that came while an answer was waited for.
    pub told: std::collections::VecDeque<(Value, Frame)>,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Client<S> {
    /// Over a connected socket.
    pub fn over(stream: S) -> Self {
        Self { stream, decoder: Decoder::default(), buf: BytesMut::new(), next_id: 1, told: Default::default() }
    }

    /// Sends a line, and raw bytes behind it.
    pub async fn send(&mut self, line: Value, body: &[u8]) {
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        self.send_raw(&bytes).await;
    }

    /// Sends bytes.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        tokio::time::timeout(DEADLINE, self.stream.write_all(bytes)).await.unwrap().unwrap();
    }

    /// The next frame off the socket; `None` at its end.
    pub async fn read(&mut self) -> Option<(Value, Frame)> {
        loop {
            if let Some(frame) = self.decoder.next(&mut self.buf).unwrap() {
                return Some((serde_json::from_slice(&frame.line).unwrap(), frame));
            }
            let read = tokio::time::timeout(DEADLINE, self.stream.read_buf(&mut self.buf)).await;
            if read.expect("a frame in time").unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// The next frame that was told, in order.
    pub async fn next(&mut self) -> (Value, Frame) {
        match self.told.pop_front() {
            Some(told) => told,
            None => self.read().await.expect("the connection goes on"),
        }
    }

    /// The next frame of this type that was told; others are dropped.
    pub async fn next_of(&mut self, t: &str) -> Value {
        loop {
            let (value, _) = self.next().await;
            if value["t"] == t {
                return value;
            }
        }
    }

    /// Says hello and is welcome.
    pub async fn hello(&mut self, auth: Value) -> Value {
        self.send(json!({"t":"hello","v":1,"client":"test","auth":auth}), &[]).await;
        let (welcome, _) = self.next().await;
        assert_eq!(welcome["t"], "welcome", "{welcome}");
        welcome
    }

    /// Asks, and gives the answer, whatever it is.
    pub async fn answer(&mut self, mut request: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        request["id"] = id.into();
        self.send(request, &[]).await;
        loop {
            let (value, frame) = self.read().await.expect("the connection goes on");
            if value["re"] == id {
                return value;
            }
            self.told.push_back((value, frame));
        }
    }

    /// Asks, and expects `ok`.
    pub async fn ask(&mut self, request: Value) -> Value {
        let answer = self.answer(request.clone()).await;
        assert_eq!(answer["t"], "ok", "{request} was answered {answer}");
        answer
    }

    /// Asks, and expects this code.
    pub async fn refused(&mut self, request: Value, code: &str) -> Value {
        let answer = self.answer(request.clone()).await;
        assert_eq!(answer["code"], code, "{request} was answered {answer}");
        answer
    }
}
