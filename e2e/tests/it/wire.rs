//! A client that speaks frames, for what the command line and the page are too clever to show.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use wardroom_protocol::{Decoder, Frame};

use crate::test_server::DEADLINE;

trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

/// A connection.
pub struct Wire {
    stream: Box<dyn Socket>,
    decoder: Decoder,
    buf: BytesMut,
    next_id: u64,
    told: VecDeque<(Value, Frame)>,
}

impl Wire {
    /// Over TCP.
    pub async fn tcp(address: &str) -> Self {
        Self::try_tcp(address).await.unwrap()
    }

    /// Over TCP, if somebody listens.
    pub async fn try_tcp(address: &str) -> std::io::Result<Self> {
        Ok(Self::over(TcpStream::connect(address).await?))
    }

    /// Signed in with this token, if somebody listens and has time.
    pub async fn try_signed_in(address: &str, token: &str) -> Option<Self> {
        let mut wire = Self::try_tcp(address).await.ok()?;
        wire.send(&json!({"t":"hello","v":1,"auth":{"token":token}}), &[]).await.ok()?;
        (wire.next().await?.0["t"] == "welcome").then_some(wire)
    }

    /// Signed in with this token, as soon as there is a core.
    pub async fn signed_in(address: &str, token: &str) -> Self {
        let start = Instant::now();
        loop {
            if let Some(wire) = Self::try_signed_in(address, token).await {
                return wire;
            }
            assert!(start.elapsed() < DEADLINE, "there was no core in time");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Over a unix socket.
    pub async fn unix(path: &Path) -> Self {
        Self::over(UnixStream::connect(path).await.unwrap())
    }

    fn over(stream: impl Socket + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            decoder: Decoder::default(),
            buf: BytesMut::new(),
            next_id: 1,
            told: VecDeque::new(),
        }
    }

    /// Says hello, and is welcome.
    pub async fn hello(&mut self, auth: Value) {
        self.send(&json!({"t":"hello","v":1,"client":"e2e","auth":auth}), &[]).await.unwrap();
        assert_eq!(self.next().await.unwrap().0["t"], "welcome");
    }

    /// Sends a line, and raw bytes behind it.
    pub async fn send(&mut self, line: &Value, body: &[u8]) -> std::io::Result<()> {
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        tokio::time::timeout(DEADLINE, self.stream.write_all(&bytes)).await?
    }

    /// The next frame; `None` where the connection ended.
    pub async fn next(&mut self) -> Option<(Value, Frame)> {
        if let Some(told) = self.told.pop_front() {
            return Some(told);
        }
        self.read().await
    }

    async fn read(&mut self) -> Option<(Value, Frame)> {
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

    /// The next frame of this type; others are dropped.
    pub async fn next_of(&mut self, t: &str) -> Value {
        loop {
            let (value, _) = self.next().await.expect("the connection goes on");
            if value["t"] == t {
                return value;
            }
        }
    }

    /// Asks; `None` where the connection ended before the answer.
    pub async fn try_ask(&mut self, mut request: Value) -> Option<Value> {
        let id = self.next_id;
        self.next_id += 1;
        request["id"] = id.into();
        self.send(&request, &[]).await.ok()?;
        loop {
            let (value, frame) = self.read().await?;
            if value["re"] == id {
                return Some(value);
            }
            self.told.push_back((value, frame));
        }
    }

    /// Asks again until the answer is so: what a page shows at once reaches the core a little later.
    pub async fn ask_until(&mut self, request: Value, is_so: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let answer = self.ask(request.clone()).await;
            if is_so(&answer) {
                return answer;
            }
            assert!(start.elapsed() < DEADLINE, "{request} is still answered with {answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks, and expects `ok`.
    pub async fn ask(&mut self, request: Value) -> Value {
        let answer = self.try_ask(request.clone()).await.expect("an answer");
        assert_eq!(answer["t"], "ok", "{request} was answered {answer}");
        answer
    }
}
