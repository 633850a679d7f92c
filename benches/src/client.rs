//! The least client that a measurement needs: it asks one thing at a time, or counts what comes.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use wardroom_protocol::{Decoder, Frame};

use crate::server::Server;

/// A connection.
pub struct Client<S> {
    /// The socket.
    pub stream: S,
    decoder: Decoder,
    buf: BytesMut,
    id: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    fn over(stream: S) -> Self {
        Self { stream, decoder: Decoder::default(), buf: BytesMut::with_capacity(128 << 10), id: 0 }
    }

    /// Sends a line.
    pub async fn send(&mut self, line: &Value) -> Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        Ok(self.stream.write_all(&bytes).await?)
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Result<Frame> {
        loop {
            if let Some(frame) = self.decoder.next(&mut self.buf)? {
                return Ok(frame);
            }
            self.buf.reserve(128 << 10);
            if self.stream.read_buf(&mut self.buf).await? == 0 {
                bail!("the server closed the connection");
            }
        }
    }

    /// Asks, and waits for the answer; what is told meanwhile is dropped.
    pub async fn ask(&mut self, mut line: Value) -> Result<Value> {
        self.id += 1;
        line["id"] = self.id.into();
        self.send(&line).await?;
        loop {
            let answer: Value = serde_json::from_slice(&self.frame().await?.line)?;
            if answer["re"] == self.id {
                anyhow::ensure!(answer["t"] == "ok", "{line} was answered {answer}");
                return Ok(answer);
            }
        }
    }

    async fn hello(&mut self, token: &str) -> Result<()> {
        self.send(&json!({"t":"hello","v":1,"client":"bench","auth":{"token":token}})).await?;
        let welcome: Value = serde_json::from_slice(&self.frame().await?.line)?;
        anyhow::ensure!(welcome["t"] == "welcome", "{welcome}");
        Ok(())
    }
}

/// A nonce as our own clients make them: the time first, so that those of one moment lie together.
pub fn nonce() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    // Spread over its range, as random digits are.
    let rest = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{now_ms:012x}{rest:020x}")
}

/// Who measures.
pub const USER: &str = "bench";
/// Its password, for the page.
pub const PASSWORD: &str = "correct horse";

/// Makes somebody who may do everything, and gives the token: what holds one user back does not hold admins back.
pub async fn operator(server: &Server) -> Result<String> {
    add_user(server, USER).await
}

/// Makes another one, and gives the token.
pub async fn add_user(server: &Server, user: &str) -> Result<String> {
    let mut admin = admin(server).await?;
    admin.ask(json!({"t":"user.add","user":user,"role":"admin","password":PASSWORD})).await?;
    let token = admin.ask(json!({"t":"token.add","user":user})).await?;
    Ok(token["token"].as_str().context("token")?.to_owned())
}

/// Adds rooms that this user is a member of to a database that no server has open: faster than to ask for each.
pub fn seed_rooms(database: &Path, user: &str, count: usize) -> Result<()> {
    let mut conn = Connection::open(database)?;
    let tx = conn.transaction()?;
    let user: i64 = tx.query_row("SELECT id FROM users WHERE name = ?1", [user], |row| row.get(0))?;
    for n in 0..count {
        let id = 100 + i64::try_from(n)?;
        tx.execute(
            "INSERT INTO rooms(id, name, title, private, created) VALUES(?1, ?2, '', 0, 0)",
            params![id, format!("seeded-{n}")],
        )?;
        tx.execute("INSERT INTO members(room, user, read) VALUES(?1, ?2, 0)", params![id, user])?;
    }
    Ok(tx.commit()?)
}

/// Starts a server with so many members, and gives their tokens.
pub async fn with_members(binary: &str, count: u64) -> Result<(Server, Vec<String>)> {
    let folder = Server::start(binary, "core")?.stop()?;
    // Written by hand: hashing a password for each would take longer than all the rest.
    let mut db = rusqlite::Connection::open(folder.path().join("data/wardroom.db"))?;
    let tx = db.transaction()?;
    for n in 0..count {
        tx.execute(
            "INSERT INTO users(name, shown, role, password, created) VALUES(?1, ?1, 'member', '!', 0)",
            [format!("member{n}")],
        )?;
        tx.execute("INSERT INTO members(room, user, read) VALUES(1, ?1, 0)", [tx.last_insert_rowid()])?;
    }
    tx.commit()?;
    drop(db);
    let server = Server::start_on(folder, binary, "core")?;
    let mut admin = admin(&server).await?;
    let mut tokens = Vec::new();
    for n in 0..count {
        let token = admin.ask(json!({"t":"token.add","user":format!("member{n}")})).await?;
        tokens.push(token["token"].as_str().context("token")?.to_owned());
    }
    Ok((server, tokens))
}

async fn admin(server: &Server) -> Result<Client<UnixStream>> {
    let key = std::fs::read_to_string(server.data.join("keys/admin.key")).context("admin.key")?;
    let mut admin = Client::over(UnixStream::connect(server.data.join("core.sock")).await?);
    admin.hello(key.trim()).await?;
    Ok(admin)
}

/// A connection that is signed in.
pub async fn connect(server: &Server, token: &str) -> Result<Client<TcpStream>> {
    let stream = TcpStream::connect(&server.tcp).await?;
    stream.set_nodelay(true)?;
    let mut client = Client::over(stream);
    client.hello(token).await?;
    Ok(client)
}
