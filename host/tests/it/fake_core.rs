//! The core's side of the link, as a test plays it: it accepts, welcomes, asks, and reads what the host says. Every
//! wait has a bound, so that a fault is a failure and not a hang.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::time::timeout;
use wardroom_protocol::frame::{Number, encode, encode_with_body};
use wardroom_protocol::messages::{
    ErrAnswer, HostAck, HostDetached, HostEnded, HostEof, HostForget, HostFrom, HostHello, HostInput, HostInputAck,
    HostOutput, HostSignal, HostStart, HostStarted, HostWelcome, Ping, Signal,
};
use wardroom_protocol::{Decoder, Frame, Message, RunId, UserName};

/// How long a test waits for anything. Far above what is needed on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A window that no test fills by accident.
pub const WIDE: u64 = 8 << 20;

pub enum FakeCore {
    Tcp(TcpListener),
    Unix(UnixListener, String),
}

/// A connection of the host.
pub struct Link {
    read: Box<dyn AsyncRead + Send + Unpin>,
    write: Box<dyn AsyncWrite + Send + Unpin>,
    buf: BytesMut,
    decoder: Decoder,
    pub hello: HostHello,
    pings: u64,
    /// Bytes of input sent to each run.
    inputs: BTreeMap<RunId, u64>,
}

/// What the host says.
#[derive(Debug)]
pub enum Said {
    Started(HostStarted),
    Output(HostOutput, Bytes),
    Detached(HostDetached),
    Ended(HostEnded),
    InputAck(HostInputAck),
    Pong(u64),
    Err(ErrAnswer),
}

/// Everything that was said of a run.
#[derive(Debug)]
pub struct Transcript {
    pub pid: Option<u32>,
    /// Descriptor and bytes in the order of their offsets; neighbours of one descriptor are joined.
    pub pieces: Vec<(u8, Vec<u8>)>,
    pub ended: HostEnded,
}

impl Transcript {
    /// The bytes of one descriptor.
    pub fn of(&self, fd: u8) -> Vec<u8> {
        self.pieces.iter().filter(|(n, _)| *n == fd).flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    pub fn text(&self, fd: u8) -> String {
        String::from_utf8_lossy(&self.of(fd)).into_owned()
    }

    pub fn exit(&self) -> String {
        serde_json::to_string(&self.ended.exit).unwrap()
    }
}

/// A new run id, unlike any other of this test binary.
pub fn run_id() -> RunId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    RunId::from_parts(u64::try_from(now).unwrap(), u128::from(n) << 32 | u128::from(std::process::id()))
}

pub fn ann() -> UserName {
    UserName::parse("ann").unwrap()
}

/// A request for a command of the shell.
pub fn shell(cmd: &str) -> HostStart {
    HostStart {
        run: run_id(),
        argv: ["/bin/sh", "-c", cmd].map(str::to_owned).to_vec(),
        cwd: None,
        env: Default::default(),
        secrets: Default::default(),
        timeout_s: 120,
        limits: Default::default(),
        sandbox: Vec::new(),
        output_bytes_max: 1 << 30,
        stdin: false,
        tty: None,
        merge: false,
        detach: false,
        isolation: None,
        by: ann(),
        room: "ops".to_owned(),
    }
}

impl FakeCore {
    pub async fn tcp() -> FakeCore {
        FakeCore::Tcp(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn unix(path: &Path) -> FakeCore {
        FakeCore::Unix(UnixListener::bind(path).unwrap(), format!("unix:{}", path.display()))
    }

    pub fn address(&self) -> String {
        match self {
            FakeCore::Tcp(listener) => listener.local_addr().unwrap().to_string(),
            FakeCore::Unix(_, address) => address.clone(),
        }
    }

    /// The next connection, with its hello read.
    pub async fn accept(&self) -> Link {
        let accepted = async {
            let (read, write): (Box<dyn AsyncRead + Send + Unpin>, Box<dyn AsyncWrite + Send + Unpin>) = match self {
                FakeCore::Tcp(listener) => {
                    let stream = listener.accept().await.unwrap().0;
                    stream.set_nodelay(true).unwrap();
                    let (read, write) = stream.into_split();
                    (Box::new(read), Box::new(write))
                }
                FakeCore::Unix(listener, _) => {
                    let (read, write) = listener.accept().await.unwrap().0.into_split();
                    (Box::new(read), Box::new(write))
                }
            };
            let hello = HostHello::default();
            let (buf, decoder) = (BytesMut::new(), Decoder::default());
            let mut link = Link { read, write, buf, decoder, hello, pings: 0, inputs: BTreeMap::new() };
            let frame = link.frame().await.expect("a hello");
            link.hello = serde_json::from_slice(&frame.line).unwrap();
            link
        };
        timeout(PATIENCE, accepted).await.expect("the host did not connect")
    }

    /// The next connection, welcomed, with every run that it names wanted from its first byte.
    pub async fn welcomed(&self) -> Link {
        let mut link = self.accept().await;
        let runs: Vec<_> = link.hello.runs.iter().map(|run| (run.run, 0)).collect();
        link.welcome(&runs, WIDE).await;
        link
    }
}

impl Link {
    pub async fn welcome(&mut self, runs: &[(RunId, u64)], window: u64) {
        let runs = runs.iter().map(|(run, from)| HostFrom { run: *run, from: *from }).collect();
        self.send(&HostWelcome { host: "local".to_owned(), runs, window }).await;
    }

    pub async fn send<M: Message>(&mut self, message: &M) {
        self.write_raw(&encode(Number::None, message)).await;
    }

    pub async fn write_raw(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.write.write_all(bytes)).await.expect("the host does not read").unwrap();
    }

    pub async fn ack(&mut self, run: RunId, off: u64) {
        self.send(&HostAck { run, off }).await;
    }

    pub async fn signal(&mut self, run: RunId, signal: Signal) {
        self.send(&HostSignal { run, signal, by: ann() }).await;
    }

    /// Sends input after what was sent on this connection.
    pub async fn input(&mut self, run: RunId, bytes: &[u8]) {
        for chunk in bytes.chunks(65_536) {
            let off = self.inputs.get(&run).copied().unwrap_or(0);
            self.input_at(run, off, chunk).await;
        }
    }

    /// Sends a message with raw bytes.
    pub async fn body<M: Message>(&mut self, message: &M, bytes: &[u8]) {
        self.write_raw(&encode_with_body(Number::None, message, bytes)).await;
    }

    /// Sends input at an offset.
    pub async fn input_at(&mut self, run: RunId, off: u64, bytes: &[u8]) {
        let head = HostInput { run, off, len: bytes.len() as u64 };
        self.inputs.insert(run, off + head.len);
        self.write_raw(&encode_with_body(Number::None, &head, bytes)).await;
    }

    pub async fn eof(&mut self, run: RunId) {
        let off = self.inputs.get(&run).copied().unwrap_or(0);
        self.send(&HostEof { run, off }).await;
    }

    pub async fn forget(&mut self, run: RunId) {
        self.send(&HostForget { run }).await;
    }

    /// The next frame; none at the end of the connection.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.decoder.next(&mut self.buf).unwrap() {
                return Some(frame);
            }
            self.read.read_buf(&mut self.buf).await.ok().filter(|n| *n > 0)?;
        }
    }

    /// The next thing that the host says.
    pub async fn next(&mut self) -> Said {
        loop {
            let frame = timeout(PATIENCE, self.frame()).await.expect("the host is silent").expect("the host hung up");
            if let Some(said) = self.said(frame) {
                return said;
            }
        }
    }

    /// What a frame says; nothing for a ping.
    fn said(&mut self, frame: Frame) -> Option<Said> {
        let value: serde_json::Value = serde_json::from_slice(&frame.line).unwrap();
        Some(match value["t"].as_str().unwrap() {
            "host.started" => Said::Started(serde_json::from_value(value).unwrap()),
            "host.output" => Said::Output(serde_json::from_value(value).unwrap(), frame.body),
            "host.detached" => Said::Detached(serde_json::from_value(value).unwrap()),
            "host.ended" => Said::Ended(serde_json::from_value(value).unwrap()),
            "host.input_ack" => Said::InputAck(serde_json::from_value(value).unwrap()),
            "ping" => return None,
            "pong" => Said::Pong(value["n"].as_u64().unwrap()),
            "err" => Said::Err(serde_json::from_value(value).unwrap()),
            other => panic!("the host said {other}"),
        })
    }

    /// Everything that the host had to say before it read a ping that is sent now.
    pub async fn flush(&mut self) -> Vec<Said> {
        self.pings += 1;
        let n = self.pings;
        self.send(&Ping { n, now: None }).await;
        let mut before = Vec::new();
        loop {
            match self.next().await {
                Said::Pong(m) if m == n => return before,
                said => before.push(said),
            }
        }
    }

    /// Starts a run and waits for its process. The host may say nothing else meanwhile.
    pub async fn started(&mut self, start: &HostStart) -> u32 {
        self.send(start).await;
        match self.next().await {
            Said::Started(started) if started.run == start.run => started.pid,
            other => panic!("not started: {other:?}"),
        }
    }

    /// Waits until the run has written this line, and acknowledges it. Only for runs that write nothing else meanwhile.
    pub async fn line(&mut self, run: RunId, wanted: &str) {
        let mut got = Vec::new();
        while got != wanted.as_bytes() {
            match self.next().await {
                Said::Output(output, bytes) if output.run == run => {
                    got.extend_from_slice(&bytes);
                    assert!(
                        wanted.as_bytes().starts_with(&got),
                        "wanted {wanted:?}, got {:?}",
                        got.escape_ascii().to_string()
                    );
                    self.ack(run, output.off + output.len).await;
                }
                Said::Started(_) | Said::InputAck(_) | Said::Detached(_) => {}
                other => panic!("wanted {wanted:?}: {other:?}"),
            }
        }
    }

    /// Reads the run to its end from an offset, acknowledges all, and has it forgotten. Checks that offsets have no
    /// gap, that the start comes first and the end last.
    pub async fn whole(&mut self, run: RunId, from: u64) -> Transcript {
        let mut pieces: Vec<(u8, Vec<u8>)> = Vec::new();
        let (mut pid, mut at) = (None, from);
        loop {
            match self.next().await {
                Said::Started(started) if started.run == run => {
                    assert_eq!(at, from, "host.started came after output");
                    pid = Some(started.pid);
                }
                Said::Output(output, bytes) if output.run == run => {
                    assert_eq!(output.off, at, "a gap or a repetition");
                    assert_eq!(output.len, bytes.len() as u64);
                    at += output.len;
                    match pieces.last_mut() {
                        Some((fd, last)) if *fd == output.fd => last.extend_from_slice(&bytes),
                        _ => pieces.push((output.fd, bytes.to_vec())),
                    }
                    self.ack(run, at).await;
                }
                Said::Ended(ended) if ended.run == run => {
                    assert_eq!(ended.bytes, at, "host.ended came before the last byte");
                    self.forget(run).await;
                    return Transcript { pid, pieces, ended };
                }
                Said::Err(refusal) => panic!("refused: {}", refusal.msg),
                _ => {}
            }
        }
    }

    /// Starts a run and reads it to its end.
    pub async fn run(&mut self, start: &HostStart) -> Transcript {
        self.send(start).await;
        self.whole(start.run, 0).await
    }
}
