//! Bulk data for a person: a flow whose reader handles every byte as it arrives, and a fence to wait behind.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::oneshot;
use wardroom_protocol::StreamId;

use super::followed::Followed;
use super::limits::STALL_MS;
use crate::clock::now_ms;
use crate::flow::{Flow, FlowKey, Step};
use crate::secrets::new_ulid;
use crate::sender::{ConnectionSender, Item};

/// A flow whose reader sends no acknowledgements. The writer asks for more only when everything before is on the
/// socket, which is all the credit that a terminal needs.
pub struct UnackedFlow {
    flow: Box<dyn Flow>,
    /// All bytes before this offset were taken.
    taken: u64,
}

#[derive(Deserialize)]
struct Span {
    off: u64,
    len: u64,
}

impl UnackedFlow {
    /// Wraps a flow.
    pub fn over(flow: Box<dyn Flow>) -> Box<dyn Flow> {
        Box::new(Self { flow, taken: 0 })
    }
}

impl Flow for UnackedFlow {
    fn key(&self) -> FlowKey {
        self.flow.key()
    }

    fn ack(&mut self, off: u64) {
        self.flow.ack(off);
    }

    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step {
        self.flow.ack(self.taken);
        let from = out.len();
        let step = self.flow.take(count, out);
        for frame in out.iter().skip(from) {
            let line = frame.split(|byte| *byte == b'\n').next().unwrap_or_default();
            if let Ok(Span { off, len }) = serde_json::from_slice(line) {
                self.taken = self.taken.max(off.saturating_add(len));
            }
        }
        match step {
            // There may be more, under the credit that the next call gives.
            Step::Wait if out.len() > from => Step::More,
            step => step,
        }
    }

    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.flow.load()
    }
}

/// A file's bytes for a terminal, followed by a receipt.
pub struct Download {
    flow: Box<dyn Flow>,
    sender: Arc<ConnectionSender>,
    followed: Arc<Followed>,
    receipt: Bytes,
}

impl Download {
    /// Wraps a raw flow. `receipt` follows its last byte.
    pub fn over(
        flow: Box<dyn Flow>,
        sender: &Arc<ConnectionSender>,
        followed: &Arc<Followed>,
        receipt: String,
    ) -> Box<dyn Flow> {
        let (sender, followed) = (Arc::clone(sender), Arc::clone(followed));
        Box::new(Self { flow, sender, followed, receipt: receipt.into() })
    }
}

impl Flow for Download {
    fn key(&self) -> FlowKey {
        self.flow.key()
    }

    fn ack(&mut self, off: u64) {
        self.flow.ack(off);
    }

    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step {
        let from = out.len();
        let step = self.flow.take(count, out);
        let bytes = out.iter().skip(from).map(Bytes::len).sum();
        self.followed.advance(bytes, self.followed.has_partials());
        // A flow that broke off has already closed the connection with its own message.
        if step == Step::Done && !self.sender.is_closing() {
            out.push(std::mem::take(&mut self.receipt));
        }
        step
    }

    fn is_raw(&self) -> bool {
        true
    }

    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.flow.load()
    }
}

/// Reports when everything that was queued before it, and all events up to then, are on the socket: it is asked a
/// second time only after what was taken with it has been written.
struct FlushFence {
    key: FlowKey,
    is_seen: bool,
    tell: Option<oneshot::Sender<()>>,
}

impl Flow for FlushFence {
    fn key(&self) -> FlowKey {
        self.key
    }

    fn ack(&mut self, _off: u64) {}

    fn take(&mut self, _count: usize, _out: &mut Vec<Bytes>) -> Step {
        if !self.is_seen {
            self.is_seen = true;
            return Step::More;
        }
        if let Some(tell) = self.tell.take() {
            // The waiting task may have given up.
            let _ = tell.send(());
        }
        Step::Done
    }

    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// Waits until everything queued is on the socket. Returns false if the reader takes nothing for [`STALL_MS`].
pub async fn flush(sender: &ConnectionSender, followed: &Followed) -> bool {
    let (tell, mut told) = oneshot::channel();
    let key = FlowKey::Stream(StreamId(new_ulid(now_ms())));
    sender.push(Item::Flow(Box::new(FlushFence { key, is_seen: false, tell: Some(tell) })));
    let mut progress = followed.progress();
    loop {
        tokio::select! {
            // An error means that the writer has ended.
            _ = &mut told => return true,
            () = sender.closed() => return true,
            () = tokio::time::sleep(Duration::from_millis(STALL_MS)) => {
                let now = followed.progress();
                if now == progress {
                    sender.push(Item::Stop(key));
                    return false;
                }
                progress = now;
            }
        }
    }
}
