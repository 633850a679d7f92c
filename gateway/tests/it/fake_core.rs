//! A core that does just what a test tells it to: accepts, reads frames, writes bytes.

use std::time::Duration;

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wardroom_protocol::{Address, Decoder, Frame};

use crate::harness::within;

pub struct FakeCore {
    listener: TcpListener,
}

/// One connection of the gateway.
pub struct CoreSide {
    stream: TcpStream,
    buffer: BytesMut,
    decoder: Decoder,
}

impl FakeCore {
    pub async fn start() -> FakeCore {
        FakeCore { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub fn address(&self) -> Address {
        self.listener.local_addr().unwrap().to_string().parse().unwrap()
    }

    pub async fn accept(&self) -> CoreSide {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        CoreSide { stream, buffer: BytesMut::new(), decoder: Decoder::default() }
    }

    /// Accepts, reads `via` and `hello`, and welcomes; gives the two.
    pub async fn welcome(&self, token: Option<&str>) -> (CoreSide, Value, Value) {
        let mut core = self.accept().await;
        let (via, hello) = (core.json().await, core.json().await);
        let mut welcome = json!({
            "t": "welcome", "v": 1, "server": "fake/1", "epoch": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "now": 1,
            "you": {"user": "ann", "name": "Ann", "role": "operator"},
            "limits": {"line": 65536, "chunk": 65536, "text": 16384, "file": 1_000_000_000}, "rooms": [],
        });
        if let Some(token) = token {
            welcome["token"] = token.into();
        }
        core.send(&welcome).await;
        (core, via, hello)
    }
}

impl CoreSide {
    /// The next frame; `None` at the end of the connection.
    pub async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.decoder.next(&mut self.buffer).unwrap() {
                return Some(frame);
            }
            if within(self.stream.read_buf(&mut self.buffer)).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// The next frame's line.
    pub async fn json(&mut self) -> Value {
        let frame = self.frame().await.expect("a frame, not the end");
        serde_json::from_slice(&frame.line).unwrap()
    }

    /// The next frame's line, which must be of this type.
    pub async fn expect(&mut self, t: &str) -> Value {
        let line = self.json().await;
        assert_eq!(line["t"], t, "{line}");
        line
    }

    pub async fn send(&mut self, line: &Value) {
        self.send_raw(format!("{line}\n").as_bytes()).await;
    }

    pub async fn send_with_body(&mut self, line: &Value, body: &[u8]) {
        self.send_raw(&[format!("{line}\n").as_bytes(), body].concat()).await;
    }

    pub async fn send_raw(&mut self, bytes: &[u8]) {
        within(self.stream.write_all(bytes)).await.unwrap();
    }

    /// Writes as much as is taken; stops when nothing was for `patience`. Gives the number of bytes written.
    pub async fn send_until_stuck(&mut self, bytes: &[u8], patience: Duration) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match tokio::time::timeout(patience, self.stream.write(&bytes[written..])).await {
                Ok(count) => written += count.unwrap(),
                Err(_) => break,
            }
        }
        written
    }

    /// Closes our side only.
    pub async fn finish(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// All bytes until the end, undecoded.
    pub async fn rest(mut self) -> Vec<u8> {
        let mut all = self.buffer.to_vec();
        within(self.stream.read_to_end(&mut all)).await.unwrap();
        all
    }
}
