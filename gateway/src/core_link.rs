//! A connection to the core: frames in, frames out. The bridge, sign-in and each transfer use one of their own, and
//! interpret the frames themselves.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use wardroom_protocol::frame::{Number, encode, encode_with_body};
use wardroom_protocol::messages::{Auth, ErrAnswer, Hello, Pong, Via, Welcome};
use wardroom_protocol::{Address, DecodeError, Decoder, Frame, Message, ServerMessage, VERSION};

use crate::caller::Caller;
use crate::config::Settings;
use crate::limits::{CORE_READ_BYTES_MAX, CORE_READ_BYTES_MIN};
use crate::unix_path::ShortPath;

/// What can go wrong between gateway and core.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("cannot connect: {0}")]
    Unreachable(io::Error),
    #[error("connection lost: {0}")]
    Lost(io::Error),
    #[error("no answer in time")]
    TimedOut,
    #[error("the core sent no frame: {0}")]
    Decode(#[from] DecodeError),
    #[error("the core sent an unexpected answer: {0}")]
    Unexpected(String),
    #[error("refused: {}", .0.msg)]
    Refused(Box<ErrAnswer>),
}

/// Both directions of a connection to the core.
pub(crate) struct CoreLink {
    pub reader: FrameReader,
    pub writer: FrameWriter,
}

/// Frames from the core. All methods are cancel-safe.
pub(crate) struct FrameReader {
    io: Box<dyn AsyncRead + Send + Unpin>,
    buffer: BytesMut,
    decoder: Decoder,
    read_bytes: usize,
}

impl FrameReader {
    /// Returns the next frame, or `None` if the core closed its side after a whole one.
    pub async fn next(&mut self) -> Result<Option<Frame>, LinkError> {
        loop {
            if let Some(frame) = self.buffered()? {
                return Ok(Some(frame));
            }
            self.buffer.reserve(self.read_bytes.max(self.decoder.wanted(self.buffer.len())));
            let read = self.io.read_buf(&mut self.buffer).await.map_err(LinkError::Lost)?;
            if read == 0 && self.buffer.is_empty() && self.decoder.wanted(0) == 1 {
                return Ok(None);
            }
            if read == 0 {
                return Err(LinkError::Lost(io::ErrorKind::UnexpectedEof.into()));
            }
            self.adapt(read);
        }
    }

    /// Returns the next frame, if it has arrived already.
    pub fn buffered(&mut self) -> Result<Option<Frame>, DecodeError> {
        self.decoder.next(&mut self.buffer)
    }

    /// Grows the read size while much data arrives, and releases the memory when it does not.
    fn adapt(&mut self, read: usize) {
        if read >= self.read_bytes {
            self.read_bytes = (self.read_bytes * 4).min(CORE_READ_BYTES_MAX);
        } else if read < self.read_bytes / 16 {
            self.read_bytes = CORE_READ_BYTES_MIN;
        }
    }
}

/// Frames to the core.
pub(crate) struct FrameWriter {
    io: Box<dyn AsyncWrite + Send + Unpin>,
    idle: Duration,
}

impl FrameWriter {
    /// Writes whole frames; a core that takes nothing for too long is considered lost.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), LinkError> {
        while !bytes.is_empty() {
            let written = timeout(self.idle, self.io.write(bytes)).await.map_err(|_| LinkError::TimedOut)?;
            match written.map_err(LinkError::Lost)? {
                0 => return Err(LinkError::Lost(io::ErrorKind::WriteZero.into())),
                n => bytes = bytes.get(n..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// Writes one message.
    pub async fn send<M: Message>(&mut self, number: Number, message: &M) -> Result<(), LinkError> {
        self.write(&encode(number, message)).await
    }

    /// Closes the direction to the core; the other direction stays open.
    pub async fn finish(&mut self) {
        // A core that is gone needs no shutdown.
        let _ = timeout(self.idle, self.io.shutdown()).await;
    }
}

impl CoreLink {
    /// Connects, and sends the `via`.
    pub async fn open(settings: &Settings, caller: &Caller, session: Option<String>) -> Result<CoreLink, LinkError> {
        let mut link = CoreLink::connect(settings).await?;
        let via = Via { key: settings.key.clone(), ..via_of(caller, session) };
        link.writer.send(Number::None, &via).await?;
        Ok(link)
    }

    /// Only connects, as the readiness check needs.
    pub async fn connect(settings: &Settings) -> Result<CoreLink, LinkError> {
        let limits = &settings.limits;
        let halves = timeout(limits.connect_within, dial(&settings.core)).await.map_err(|_| LinkError::TimedOut)?;
        let (reader, writer) = halves.map_err(LinkError::Unreachable)?;
        let reader = FrameReader {
            io: reader,
            buffer: BytesMut::new(),
            decoder: Decoder::default(),
            read_bytes: CORE_READ_BYTES_MIN,
        };
        Ok(CoreLink { reader, writer: FrameWriter { io: writer, idle: limits.dead_after } })
    }

    /// Opens a connection that is signed in, by the caller's session or by `auth`.
    pub async fn sign_in(
        settings: &Settings,
        caller: &Caller,
        session: Option<String>,
        auth: Option<Auth>,
        remember: Option<String>,
    ) -> Result<(CoreLink, Welcome), LinkError> {
        let within = settings.limits.answer_within;
        let signed_in = async {
            let mut link = CoreLink::open(settings, caller, session).await?;
            let client = concat!("wardroom-gateway/", env!("CARGO_PKG_VERSION")).to_owned();
            link.writer.send(Number::None, &Hello { v: VERSION, client, auth, remember }).await?;
            let welcome = link.welcome().await?;
            Ok((link, welcome))
        };
        timeout(within, signed_in).await.map_err(|_| LinkError::TimedOut)?
    }

    async fn welcome(&mut self) -> Result<Welcome, LinkError> {
        loop {
            match self.message().await? {
                ServerMessage::Welcome(welcome) => return Ok(welcome),
                ServerMessage::Err(err) => return Err(LinkError::Refused(Box::new(err))),
                _ => {}
            }
        }
    }

    /// Sends a request and waits for its answer. Everything else that the core sends meanwhile is ignored.
    pub async fn ask<M: Message, A: DeserializeOwned>(
        &mut self,
        id: u64,
        message: &M,
        within: Duration,
    ) -> Result<A, LinkError> {
        self.ask_with_body(id, message, &[], within).await
    }

    /// Like [`CoreLink::ask`], with raw bytes, whose number the message contains.
    pub async fn ask_with_body<M: Message, A: DeserializeOwned>(
        &mut self,
        id: u64,
        message: &M,
        body: &[u8],
        within: Duration,
    ) -> Result<A, LinkError> {
        let answered = async {
            // A core that takes no more may have said why, so its answer is read even then; without one it is lost.
            drop(self.writer.write(&encode_with_body(Number::Id(id), message, body)).await);
            loop {
                match self.message().await? {
                    ServerMessage::Ok(answer) if answer.re == id => {
                        return answer.fields().map_err(|e| LinkError::Unexpected(e.to_string()));
                    }
                    ServerMessage::Err(err) if err.re == Some(id) || err.re.is_none() => {
                        return Err(LinkError::Refused(Box::new(err)));
                    }
                    _ => {}
                }
            }
        };
        timeout(within, answered).await.map_err(|_| LinkError::TimedOut)?
    }

    /// Returns the next message that is not a ping or pong.
    pub async fn message(&mut self) -> Result<ServerMessage, LinkError> {
        loop {
            let frame = self.reader.next().await?.ok_or_else(closed)?;
            match parse(frame)? {
                ServerMessage::Ping(ping) => self.writer.send(Number::None, &Pong { n: ping.n }).await?,
                other => return Ok(other),
            }
        }
    }
}

/// Returns the `via` of a connection, without the key that proves it.
pub(crate) fn via_of(caller: &Caller, session: Option<String>) -> Via {
    Via {
        key: String::new(),
        client: caller.address_text(),
        tls: caller.is_https,
        agent: caller.agent.clone(),
        session,
    }
}

/// Parses a frame from the core.
pub(crate) fn parse(frame: Frame) -> Result<ServerMessage, LinkError> {
    ServerMessage::parse(frame).map_err(|e| LinkError::Unexpected(e.msg))
}

/// The core closed a connection that was still in use.
pub(crate) fn closed() -> LinkError {
    LinkError::Lost(io::ErrorKind::UnexpectedEof.into())
}

/// Returns a frame as on the wire, for the WebSocket: the line, LF and the raw bytes.
pub(crate) fn joined(frame: &Frame) -> Bytes {
    let mut out = BytesMut::with_capacity(frame.line.len() + 1 + frame.body.len());
    out.extend_from_slice(&frame.line);
    out.extend_from_slice(b"\n");
    out.extend_from_slice(&frame.body);
    out.freeze()
}

type SplitStream = (Box<dyn AsyncRead + Send + Unpin>, Box<dyn AsyncWrite + Send + Unpin>);

async fn dial(address: &Address) -> io::Result<SplitStream> {
    match address {
        Address::Tcp(host_port) => {
            let stream = TcpStream::connect(host_port).await?;
            stream.set_nodelay(true)?;
            let (reader, writer) = stream.into_split();
            Ok((Box::new(reader), Box::new(writer)))
        }
        Address::Unix(path) => {
            let short = ShortPath::of(path)?;
            let (reader, writer) = UnixStream::connect(short.as_path()).await?.into_split();
            Ok((Box::new(reader), Box::new(writer)))
        }
    }
}
