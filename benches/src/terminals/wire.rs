//! A viewer of a Wardroom terminal over TCP: watches a run, acknowledges what came as our clients do, and types.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;
use wardroom_protocol::Decoder;

use super::viewer::{Sent, Shared, Viewer};
use crate::client;
use crate::server::Server;

/// Bytes after which output is acknowledged: a quarter of the window, as our clients do.
const ACK_BYTES: u64 = wardroom_protocol::limits::SCREEN_WINDOW_DEFAULT / 4;

/// Where a viewer begins.
#[derive(Clone, Copy, Debug)]
pub enum From {
    /// With the screen; a viewer that falls behind gets it again, as `wardroom attach` and the page do.
    Screen,
    /// At this byte, and every byte after it.
    Byte(u64),
}

/// Connects, opens the room, and watches a run.
pub async fn watch(server: &Server, token: &str, run: &str, from: From, pace: Option<u64>) -> Result<Viewer> {
    let stream = client::connect(server, token).await?.stream;
    let (reading, mut writing) = stream.into_split();
    let (mut viewer, shared, mut sent) = Viewer::new(pace);
    let run = run.to_owned();
    let mut request = json!({"t":"run.watch","id":1,"run":run});
    match from {
        From::Screen => request["screen"] = true.into(),
        From::Byte(off) => request["from"] = off.into(),
    }
    let open = json!({"t":"room.open","id":2,"room":"general","last":0});
    writing.write_all(format!("{open}\n{request}\n").as_bytes()).await?;
    let (acks, reader_run) = (viewer.out(), run.clone());
    viewer.spawn(read(reading, shared, acks, reader_run, from));
    viewer.spawn(async move {
        let mut off = 0;
        while let Some(sent) = sent.recv().await {
            let out = match sent {
                Sent::Line(line) => [line.as_bytes(), b"\n"].concat(),
                Sent::Keys(keys) => {
                    let head = json!({"t":"run.input","run":run,"gen":1,"off":off,"len":keys.len()});
                    off += keys.len();
                    [head.to_string().as_bytes(), b"\n", &keys].concat()
                }
            };
            writing.write_all(&out).await?;
        }
        Ok(())
    });
    Ok(viewer)
}

async fn read(
    mut socket: OwnedReadHalf,
    shared: Arc<Shared>,
    acks: mpsc::Sender<Sent>,
    run: String,
    from: From,
) -> Result<()> {
    let (mut decoder, mut buf) = (Decoder::default(), BytesMut::new());
    let mut acked = if let From::Byte(off) = from { off } else { 0 };
    loop {
        while let Some(frame) = decoder.next(&mut buf)? {
            let head: Value = serde_json::from_slice(&frame.line)?;
            let off = head["off"].as_u64().unwrap_or_default();
            match head["t"].as_str().unwrap_or_default() {
                "run.output" => {
                    shared.take(&frame.body);
                    let end = off + frame.body.len() as u64;
                    if end >= acked + ACK_BYTES {
                        acked = end;
                        let ack = json!({"t":"run.ack","run":run,"off":end}).to_string();
                        acks.send(Sent::Line(ack)).await.context("the viewer is gone")?;
                    }
                }
                "run.snapshot" => {
                    shared.take(&frame.body);
                    if head["more"] != true {
                        acked = off;
                    }
                }
                "ping" => {
                    let pong = json!({"t":"pong","n":head["n"]}).to_string();
                    acks.send(Sent::Line(pong)).await.context("the viewer is gone")?;
                }
                "err" => bail!("{head}"),
                _ => shared.take_line(&frame.line),
            }
        }
        let limit = shared.read_bytes();
        buf.reserve(limit);
        let count = (&mut socket).take(limit as u64).read_buf(&mut buf).await?;
        if count == 0 {
            bail!("the server closed the connection");
        }
        shared.until_it_reads(count).await;
    }
}
