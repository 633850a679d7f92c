//! The servers and the client of the WebSocket tests.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::test_server::{DEADLINE, PASSWORD, Process, TestServer};
use crate::wire::Wire;

/// A server that is reached by WebSocket.
pub struct Web {
    pub http: String,
    pub tcp: String,
    pub token: String,
    pub way: &'static str,
    pub _running: Running,
}

/// What ends with the test.
pub enum Running {
    Serve { _process: Process, _data: TempDir },
    Apart { _server: Box<TestServer> },
}

/// One of each kind.
pub async fn both() -> [Web; 2] {
    let server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let (http, tcp) = (server.http.clone(), server.tcp.clone());
    let bridged = Web { http, tcp, token, way: "bridged", _running: Running::Apart { _server: Box::new(server) } };
    [bridged, direct().await]
}

pub async fn direct() -> Web {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.display().to_string();
    let serve = Process::start(&["serve", "--data", &text, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    let key = std::fs::read_to_string(data.join("keys/admin.key")).unwrap();
    let mut admin = Wire::unix(&data.join("core.sock")).await;
    admin.hello(json!({"token": key.trim()})).await;
    admin.ask(json!({"t":"user.add","user":"ann","role":"operator","password":PASSWORD})).await;
    let token = admin.ask(json!({"t":"token.add","user":"ann"})).await["token"].as_str().unwrap().to_owned();
    let (http, tcp) = (serve.at("http"), serve.at("tcp"));
    Web { http, tcp, token, way: "direct", _running: Running::Serve { _process: serve, _data: folder } }
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("this hangs")
}

/// A WebSocket client.
pub struct Browser {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub way: &'static str,
}

impl Web {
    pub async fn browser(&self) -> Browser {
        let mut request = format!("ws://{}/ws", self.http).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "wardroom.v1".parse().unwrap());
        let (socket, _) = within(tokio_tungstenite::connect_async(request)).await.unwrap();
        Browser { socket, way: self.way }
    }

    pub async fn member(&self) -> Browser {
        let mut browser = self.browser().await;
        browser.send(&json!({"t":"hello","v":1,"client":"e2e","auth":{"token":self.token}})).await;
        assert_eq!(browser.json().await["t"], "welcome");
        browser
    }

    /// An administrator, over TCP.
    pub async fn admin(&self) -> Wire {
        match &self._running {
            Running::Apart { _server: server } => server.connect(&server.add_user("boss", "admin").await).await,
            Running::Serve { _data: folder, .. } => {
                let data = folder.path().join("data");
                let key = std::fs::read_to_string(data.join("keys/admin.key")).unwrap();
                let mut admin = Wire::unix(&data.join("core.sock")).await;
                admin.hello(json!({"token": key.trim()})).await;
                admin
            }
        }
    }

    /// A socket after the handshake, for bytes that no library writes.
    pub async fn raw(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.http).await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wardroom.v1\r\n\r\n",
            self.http
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within(stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        // The example of RFC 6455, section 1.3.
        assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
        assert!(head.contains("sec-websocket-protocol: wardroom.v1"), "{head}");
        stream
    }
}

impl Browser {
    pub async fn send(&mut self, line: &Value) {
        within(self.socket.send(Message::text(line.to_string()))).await.unwrap();
    }

    /// The next message; WebSocket's own pings and pongs are not shown.
    pub async fn next(&mut self) -> Message {
        loop {
            match within(self.socket.next()).await.expect("a message, not the end").unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    pub async fn json(&mut self) -> Value {
        let message = self.next().await;
        let Message::Text(text) = &message else { panic!("{}: {message:?}", self.way) };
        serde_json::from_str(text).unwrap()
    }

    pub async fn next_of(&mut self, t: &str) -> Value {
        loop {
            let value = self.json().await;
            if value["t"] == t {
                return value;
            }
        }
    }

    pub async fn ask(&mut self, mut request: Value) -> Value {
        request["id"] = 77.into();
        self.send(&request).await;
        loop {
            let value = self.json().await;
            if value["re"] == 77 {
                assert_eq!(value["t"], "ok", "{}: {request} was answered {value}", self.way);
                return value;
            }
        }
    }

    /// Reads to the close frame: the last text before it, and its code.
    pub async fn end(&mut self) -> (Value, u16) {
        let mut last = Value::Null;
        loop {
            match self.next().await {
                Message::Text(text) => last = serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => return (last, frame.map_or(0, |frame| frame.code.into())),
                other => panic!("{}: {other:?}", self.way),
            }
        }
    }
}

/// A client's frame, masked.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    assert!(payload.len() < 126);
    let mut out = vec![first, 0x80 | u8::try_from(payload.len()).unwrap()];
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}
