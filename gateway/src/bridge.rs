//! Connects one browser with one connection to the core: messages become frames and frames become messages, in two
//! directions that do not wait for each other. It buffers only what one read returned: what the browser does not take
//! is not read from the core, and vice versa. Bodies are never decoded. farewell.rs has the closing messages of both
//! sides.

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use wardroom_protocol::Frame;
use wardroom_protocol::frame::decode_message;

use crate::core_link::{CoreLink, FrameReader, FrameWriter, LinkError, joined};
use crate::farewell::{self, Farewell, Fault, Sink};
use crate::heartbeat::Heartbeat;
use crate::limits::Limits;

/// How a bridge ended, for the log.
#[derive(Debug)]
#[expect(dead_code, reason = "the log shows it by Debug")]
pub(crate) enum Ended {
    BrowserLeft,
    BrowserLost,
    BrowserErred(Fault),
    CoreClosed,
    CoreLost(LinkError),
    Stopping,
}

/// Carries messages both ways until one side leaves.
pub(crate) async fn run(socket: WebSocket, link: CoreLink, limits: &Limits, stop: &CancellationToken) -> Ended {
    let (mut sink, stream) = socket.split();
    let CoreLink { mut reader, writer } = link;
    let heartbeat = Heartbeat::new();
    let (fault, faulted) = oneshot::channel();
    let carried = async {
        let up = up(stream, writer, &heartbeat, fault);
        let down =
            CoreToBrowser { sink: &mut sink, reader: &mut reader, heartbeat: &heartbeat, limits }.run(faulted, stop);
        let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
        // Each direction ends by itself: what the browser sent before it left still reaches the core, and what the core
        // sent before it left still reaches the browser.
        tokio::select! {
            ended = &mut down => {
                let _ = timeout(limits.linger, up).await;
                ended
            }
            () = &mut up => {
                let _ = timeout(limits.linger, down).await;
                Ended::BrowserLeft
            }
        }
    };
    let ended = tokio::select! {
        biased;
        ended = carried => ended,
        () = heartbeat.lost(limits) => Ended::BrowserLost,
    };
    // Closing a socket that has unread data resets it, and the core could lose what it has not read yet.
    let _ = timeout(limits.linger, drain(&mut reader)).await;
    ended
}

async fn drain(reader: &mut FrameReader) {
    while let Ok(Some(_)) = reader.next().await {}
}

/// Browser to core. Ends when the browser has left; after a fault or the browser's close it only waits for that.
async fn up(
    mut stream: SplitStream<WebSocket>,
    mut writer: FrameWriter,
    heartbeat: &Heartbeat,
    fault: oneshot::Sender<Fault>,
) {
    let why = loop {
        let Some(message) = stream.next().await else { break None };
        heartbeat.heard();
        match message {
            Ok(Message::Close(_)) => break None,
            Ok(message) => {
                heartbeat.set_deaf(true);
                let passed = pass_on(message, &mut writer).await;
                heartbeat.set_deaf(false);
                if let Err(fault) = passed {
                    break Some(fault);
                }
            }
            Err(error) => break Fault::of(error),
        }
    };
    writer.finish().await;
    if let Some(why) = why {
        // If nobody listens, the other direction has ended already.
        let _ = fault.send(why);
    }
    // Reading on also answers the browser's close frame.
    while let Some(Ok(_)) = stream.next().await {
        heartbeat.heard();
    }
}

async fn pass_on(message: Message, writer: &mut FrameWriter) -> Result<(), Fault> {
    let is_text = matches!(message, Message::Text(_));
    if !is_text && !matches!(message, Message::Binary(_)) {
        return Ok(());
    }
    let bytes = message.into_data();
    let frame = decode_message(bytes.clone(), is_text).map_err(Fault::Bad)?;
    // A binary message is the frame as on the wire; a text message lacks the LF.
    let bytes = if is_text { joined(&frame) } else { bytes };
    writer.write(&bytes).await.map_err(Fault::CoreGone)
}

/// Core to browser.
struct CoreToBrowser<'a> {
    sink: &'a mut Sink,
    reader: &'a mut FrameReader,
    heartbeat: &'a Heartbeat,
    limits: &'a Limits,
}

impl CoreToBrowser<'_> {
    async fn run(mut self, mut faulted: oneshot::Receiver<Fault>, stop: &CancellationToken) -> Ended {
        let mut ticks = interval_at(Instant::now() + self.limits.ping_after, self.limits.ping_after);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut farewell = Farewell::default();
        let mut is_up_open = true;
        loop {
            let sent = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    farewell::stopping(self.sink).await;
                    return Ended::Stopping;
                }
                fault = &mut faulted, if is_up_open => {
                    is_up_open = false;
                    match fault {
                        Ok(Fault::CoreGone(error)) => return self.rest(farewell, error).await,
                        Ok(fault) => {
                            farewell::fault(self.sink, &fault).await;
                            return Ended::BrowserErred(fault);
                        }
                        // The browser has left; sending on its socket will fail.
                        Err(_) => Ok(()),
                    }
                }
                _ = ticks.tick() => self.ping().await,
                frame = self.reader.next() => match frame {
                    Ok(Some(frame)) => match self.forward(frame, &mut farewell).await {
                        Ok(sent) => sent,
                        Err(error) => return self.lost(farewell, error).await,
                    },
                    Ok(None) => {
                        farewell.close(self.sink).await;
                        return Ended::CoreClosed;
                    }
                    Err(error) => return self.lost(farewell, error).await,
                },
            };
            if sent.is_err() {
                return Ended::BrowserLeft;
            }
        }
    }

    /// Sends a frame and all that arrived with it, with one flush.
    async fn forward(&mut self, first: Frame, farewell: &mut Farewell) -> Result<Result<(), axum::Error>, LinkError> {
        let mut next = Some(first);
        while let Some(frame) = next {
            farewell.note(&frame);
            self.heartbeat.wrote(frame.line.len() + frame.body.len());
            if let Err(error) = self.sink.feed(message(frame)?).await {
                return Ok(Err(error));
            }
            next = self.reader.buffered()?;
        }
        Ok(self.sink.flush().await)
    }

    async fn ping(&mut self) -> Result<(), axum::Error> {
        self.sink.send(Message::Ping(bytes::Bytes::new())).await?;
        self.heartbeat.pinged();
        Ok(())
    }

    /// Passes on what a core that takes nothing any more still sends, as it most likely says why.
    async fn rest(mut self, mut farewell: Farewell, error: LinkError) -> Ended {
        let until = Instant::now() + self.limits.linger;
        loop {
            let frame = tokio::select! {
                frame = self.reader.next() => frame,
                () = sleep_until(until) => break,
            };
            let Ok(Some(frame)) = frame else { break };
            match self.forward(frame, &mut farewell).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Ended::BrowserLeft,
                Err(_) => break,
            }
        }
        self.lost(farewell, error).await
    }

    async fn lost(self, farewell: Farewell, error: LinkError) -> Ended {
        farewell.close(self.sink).await;
        Ended::CoreLost(error)
    }
}

/// Turns a frame into a message: text if there are no raw bytes. The decoder has checked that the line is UTF-8.
fn message(frame: Frame) -> Result<Message, LinkError> {
    if !frame.body.is_empty() {
        return Ok(Message::Binary(joined(&frame)));
    }
    // The line has no LF; joined() would add it.
    Utf8Bytes::try_from(frame.line).map(Message::Text).map_err(|e| LinkError::Unexpected(e.to_string()))
}
