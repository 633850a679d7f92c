//! sshx as a contender: a terminal in browsers that all viewers share. Its server passes on what it cannot read: the
//! program beside the terminal and the viewers encrypt. They speak CBOR over a WebSocket, as
//! `crates/sshx-server/src/web/protocol.rs` of sshx 0.4 defines it.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aes::cipher::{KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ciborium::Value;
use futures_util::{SinkExt as _, StreamExt as _};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;

use super::cost;
use super::viewer::{Sent, Viewer};

/// What both programs may take to start.
const START_WAIT: Duration = Duration::from_secs(10);
/// Messages of a viewer that wait to be sent.
const TOLD_MAX: usize = 16;
/// The streams that are encrypted: what is typed, and what each terminal prints.
const TYPED: u64 = 2 << 32;
const PRINTED: u64 = 1 << 32;
const SALT: &[u8] = b"This is a non-random salt for sshx.io, since we want to stretch the security of 83-bit keys!";

/// An sshx server, and the terminal that is looked at.
pub struct Sshx {
    folder: TempDir,
    running: Option<Running>,
}

struct Running {
    programs: Programs,
    address: String,
    cipher: Cipher,
    viewers: usize,
}

/// How to get it, or `None`.
pub fn missing() -> Option<&'static str> {
    let is_there = |program| Command::new(program).arg("--version").output().is_ok();
    (!is_there("sshx-server") || !is_there("sshx")).then_some("cargo install sshx-server sshx, which needs protoc")
}

impl Sshx {
    /// Nothing is started yet.
    pub fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir_in(".").context("no place for a folder")?, running: None })
    }

    /// Starts a server, and the program whose terminals run this. Those before are stopped.
    pub async fn start(&mut self, script: &str) -> Result<()> {
        self.running = None;
        let path = std::fs::canonicalize(self.folder.path())?.join("sh");
        std::fs::write(&path, format!("#!/bin/sh\n{script}"))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut server = on_first_core("sshx-server");
        server.args(["--listen", "127.0.0.1", "--port", &port.to_string()]).stdout(Stdio::null());
        let mut programs = Programs(vec![server.spawn()?]);
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(began.elapsed() < START_WAIT, "sshx-server did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut client = on_first_core("sshx");
        client.args(["--quiet", "--server", &format!("http://127.0.0.1:{port}"), "--shell"]).arg(&path);
        let mut client = client.stdout(Stdio::piped()).spawn()?;
        let said = client.stdout.take().context("no output")?;
        programs.0.push(client);
        let first_line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(said).read_line(&mut line).map(|_| line)
        });
        let line = tokio::time::timeout(START_WAIT, first_line).await.context("sshx named no address")???;
        let (_, session) = line.trim().split_once("/s/").context("sshx named another address")?;
        let (name, key) = session.split_once('#').context("an address without a key")?;
        let address = format!("ws://127.0.0.1:{port}/api/s/{name}");
        self.running = Some(Running { programs, address, cipher: Cipher::new(key)?, viewers: 0 });
        Ok(())
    }

    /// One more viewer. The first one opens the terminal.
    pub async fn viewer(&mut self, pace: Option<u64>) -> Result<Viewer> {
        let running = self.running.as_mut().context("no terminal was started")?;
        let (cipher, is_first) = (running.cipher, running.viewers == 0);
        running.viewers += 1;
        // As browsers do: a key does not wait for the acknowledgement of what was sent before.
        let has_nodelay = true;
        let stream = connect_async_with_config(&running.address, None, has_nodelay).await?.0;
        let (mut writing, mut reading) = stream.split();
        let (mut viewer, shared, mut sent) = Viewer::new(pace);
        let (tell, mut told) = mpsc::channel::<Value>(TOLD_MAX);
        tell.send(call("authenticate", vec![Value::Bytes(cipher.apply(0, 0, &[0; 16])), Value::Null])).await?;
        viewer.spawn(async move {
            let mut terminal = None;
            while let Some(message) = reading.next().await {
                let Message::Binary(message) = message? else { continue };
                let (kind, values) = parse(&message)?;
                match kind.as_str() {
                    "invalidAuth" | "error" => bail!("sshx refused: {kind} {values:?}"),
                    "shells" if terminal.is_none() => {
                        terminal = values.first().and_then(|shell| number(shell.as_array()?.first()?));
                        match terminal {
                            Some(id) => tell.send(call("subscribe", vec![id.into(), 0.into()])).await?,
                            None if is_first => tell.send(call("create", vec![0.into(), 0.into()])).await?,
                            None => {}
                        }
                    }
                    "chunks" => {
                        let [id, off, chunks] = values.as_slice() else { bail!("chunks without their place") };
                        let (id, mut off) = number(id).zip(number(off)).context("chunks without their place")?;
                        for chunk in chunks.as_array().into_iter().flatten().filter_map(Value::as_bytes) {
                            shared.take(&cipher.apply(PRINTED | id, off, chunk));
                            off += chunk.len() as u64;
                        }
                    }
                    _ => {}
                }
                shared.until_it_reads(message.len()).await;
            }
            bail!("sshx closed the connection")
        });
        viewer.spawn(async move {
            let mut off = 0;
            loop {
                let value = tokio::select! {
                    Some(value) = told.recv() => value,
                    sent = sent.recv() => match sent {
                        Some(Sent::Keys(keys)) => {
                            let typed = Value::Bytes(cipher.apply(TYPED, off, &keys));
                            // The first terminal of a session.
                            let value = call("data", vec![1.into(), typed, off.into()]);
                            off += keys.len() as u64;
                            value
                        }
                        Some(Sent::Line(_)) => continue,
                        None => return Ok(()),
                    },
                };
                let mut bytes = Vec::new();
                ciborium::into_writer(&value, &mut bytes)?;
                writing.send(Message::binary(bytes)).await?;
            }
        });
        Ok(viewer)
    }

    /// Its server, and the program beside the terminal.
    pub fn processes(&self) -> Result<Vec<u32>> {
        let programs = self.running.iter().flat_map(|running| &running.programs.0);
        cost::tree(&programs.map(Child::id).collect::<Vec<_>>())
    }
}

fn on_first_core(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0", program]).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Programs that end with this.
struct Programs(Vec<Child>);

impl Drop for Programs {
    fn drop(&mut self) {
        for program in &mut self.0 {
            // It may have ended by itself.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// AES-128 in counter mode, with the key that Argon2 makes of the one in the address.
#[derive(Clone, Copy)]
struct Cipher([u8; 16]);

impl Cipher {
    fn new(key: &str) -> Result<Self> {
        let params = argon2::Params::new(19 * 1024, 2, 1, Some(16)).map_err(|error| anyhow!("argon2: {error}"))?;
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut made = [0; 16];
        argon2.hash_password_into(key.as_bytes(), SALT, &mut made).map_err(|error| anyhow!("argon2: {error}"))?;
        Ok(Self(made))
    }

    /// Encrypts or decrypts the bytes of a stream from `off` on.
    fn apply(&self, stream: u64, off: u64, bytes: &[u8]) -> Vec<u8> {
        let mut start = [0; 16];
        start[..8].copy_from_slice(&stream.to_be_bytes());
        let mut cipher = ctr::Ctr64BE::<aes::Aes128>::new(&self.0.into(), &start.into());
        let mut bytes = bytes.to_vec();
        cipher.seek(off);
        cipher.apply_keystream(&mut bytes);
        bytes
    }
}

/// A message with its values.
fn call(kind: &str, values: Vec<Value>) -> Value {
    Value::Map(vec![(kind.into(), Value::Array(values))])
}

/// The kind of a message, and its values; none of a single one that is no list.
fn parse(message: &[u8]) -> Result<(String, Vec<Value>)> {
    let Value::Map(mut fields) = ciborium::from_reader(message)? else { bail!("a message that is no map") };
    let (kind, values) = fields.pop().context("an empty message")?;
    let kind = kind.into_text().map_err(|_| anyhow!("a message without a kind"))?;
    Ok((kind, values.into_array().unwrap_or_default()))
}

fn number(value: &Value) -> Option<u64> {
    value.as_integer()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_stream_is_read_at_its_place() {
        let cipher = Cipher([7; 16]);
        let whole = cipher.apply(PRINTED | 1, 0, b"what a terminal prints");
        assert_eq!(cipher.apply(PRINTED | 1, 7, &whole[7..]), b"terminal prints");
    }

    #[test]
    fn messages_are_read_as_they_are_written() -> Result<()> {
        let mut bytes = Vec::new();
        ciborium::into_writer(&call("subscribe", vec![1.into(), 0.into()]), &mut bytes)?;
        let (kind, values) = parse(&bytes)?;
        assert_eq!((kind.as_str(), number(&values[0])), ("subscribe", Some(1)));
        Ok(())
    }
}
