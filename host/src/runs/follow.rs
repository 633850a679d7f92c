//! The task of a run: it talks to the run's shim until the run is over, and finds out how it ended if the shim is gone.

use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;
use wardroom_protocol::messages::{Exit, HostEnded};
use wardroom_protocol::{Decoder, RunId};

use super::run::Run;
use crate::limits::{READ_BYTES, RECONNECT_MS, SHIM_CONT_MS, SWEEP_MS, WAKE_MS, WAKES_MAX};
use crate::process::escalation::{Escalation, Step};
use crate::process::handle::Process;
use crate::process::stat::Stat;
use crate::process::tree::LostRun;
use crate::shim::wire::{Notice, Resized};
use crate::spool::{SizeRecord, Spool, now_ms};

/// What the tasks of all runs share.
#[derive(Debug, Default)]
pub struct News {
    /// Notified when any run has news for the core.
    pub changed: Notify,
    /// Notified when input for a shim may have been lost: the connection to the core starts again, and with it the input
    /// that the core has not been told of.
    pub input_lost: Notify,
}

/// Follows a run from the connection to its shim to its end, which is noted when this returns.
pub async fn follow(run: &Arc<Run>, stream: StdStream, requests: &mut Receiver<Bytes>, news: &News, boot: &str) {
    let mut next = Some(stream);
    while let Some(stream) = next.take() {
        if let Err(error) = talk(run, stream, requests, news).await {
            tracing::debug!(%error, run = %run.id, "the connection to a shim was lost");
        }
        if run.is_over() {
            return;
        }
        // The shim has ended, with the end in the spool, or it waits for another connection.
        next = reconnect(run).await;
        if next.is_some() {
            news.input_lost.notify_one();
        }
    }
    let ended = match run.spool.end() {
        Some(ended) => ended,
        None => lost(run.id, &run.spool, boot).await,
    };
    run.ended(ended);
    news.changed.notify_one();
}

/// Connects to the shim again; `None` if it is gone. Anything else that prevents it, such as too many open files, says
/// nothing about the shim, and passes.
async fn reconnect(run: &Run) -> Option<StdStream> {
    loop {
        if run.spool.end().is_some() {
            return None;
        }
        match run.spool.connect() {
            Ok(stream) => return Some(stream),
            Err(error) if is_gone(&error) => return None,
            Err(error) => tracing::warn!(%error, run = %run.id, "a shim cannot be reached"),
        }
        tokio::time::sleep(Duration::from_millis(RECONNECT_MS)).await;
    }
}

/// Returns true if an error of a connection says that there is no shim.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Talks to the shim until the connection is lost, or the run is over and the shim needs nothing more.
async fn talk(run: &Arc<Run>, stream: StdStream, requests: &mut Receiver<Bytes>, news: &News) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let (read, mut write) = UnixStream::from_std(stream)?.into_split();
    let mut incoming = Incoming { read, buf: BytesMut::new(), decoder: Decoder::default() };
    let mut wake = tokio::time::interval(Duration::from_millis(SHIM_CONT_MS));
    loop {
        tokio::select! {
            _ = wake.tick() => signal_shim(run, Signal::CONT),
            notice = incoming.next() => {
                let Some(notice) = notice? else { return Ok(()) };
                let is_end = matches!(notice, Notice::Ended(_));
                note(run, notice);
                news.changed.notify_one();
                if run.take_dropped() {
                    news.input_lost.notify_one();
                }
                if is_end && run.spool.end().is_some() {
                    return Ok(());
                }
            }
            // The sender lives as long as the run.
            Some(frame) = requests.recv() => write.write_all(&frame).await?,
        }
    }
}

fn note(run: &Run, notice: Notice) {
    match notice {
        Notice::State(state) => {
            run.progress(state.pid, Some(state.bytes), Some(state.input));
            run.set_known(state.can_pace);
        }
        Notice::Started(started) => run.progress(Some(started.pid), None, None),
        Notice::Output(output) => run.progress(None, Some(output.bytes), None),
        Notice::InputAck(ack) => run.progress(None, None, Some(ack.off)),
        Notice::Resized(Resized { off, size }) => run.resized(SizeRecord { off, size, at: now_ms() }),
        Notice::Detached(notice) => run.detached(notice.detached),
        Notice::Ended(ended) => run.ended(ended.end),
        Notice::Unknown(got) => tracing::warn!(run = %run.id, got, "a shim of another version does not know this"),
    }
}

struct Incoming {
    read: OwnedReadHalf,
    buf: BytesMut,
    decoder: Decoder,
}

impl Incoming {
    /// Returns the next notice; `None` at the end. Cancel-safe.
    async fn next(&mut self) -> io::Result<Option<Notice>> {
        loop {
            if let Some(frame) = self.decoder.next(&mut self.buf).map_err(io::Error::other)? {
                return Ok(Some(Notice::parse(&frame.line)?));
            }
            self.buf.reserve(READ_BYTES / 4);
            if self.read.read_buf(&mut self.buf).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Wakes the shim of a run that is to end, again and again, and kills it if that does not help: then the run is lost, and
/// what is left of it is ended here.
pub async fn see_to_end(run: &Run) {
    for _ in 0..WAKES_MAX {
        signal_shim(run, Signal::CONT);
        tokio::time::sleep(Duration::from_millis(WAKE_MS)).await;
        if run.is_over() {
            return;
        }
    }
    tracing::warn!(run = %run.id, "a shim does not stop its run, and is killed");
    signal_shim(run, Signal::KILL);
}

/// Sends a signal to the shim of a run: the parent of its first process.
fn signal_shim(run: &Run, signal: Signal) {
    let leader = run.spool.meta().and_then(|meta| Stat::of(meta.pid).filter(|s| s.start_ticks == meta.start_ticks));
    let shim = leader.and_then(|leader| Process::open(&Stat::of(leader.ppid)?)).filter(|shim| shim.pid > 1);
    if let Some(Err(error)) = shim.map(|shim| shim.signal(signal)) {
        tracing::debug!(%error, run = %run.id, "a shim took no signal");
    }
}

/// Ends what is left of a run whose shim was killed, and records that. Its output stays.
pub async fn lost(id: RunId, spool: &Spool, boot: &str) -> HostEnded {
    let meta = spool.meta();
    let ms = meta.as_ref().map_or(0, |meta| now_ms().saturating_sub(meta.at));
    // No process of a run survives a reboot. Without a record its processes are known by their markers.
    let is_this_boot = meta.as_ref().is_none_or(|meta| meta.boot == boot);
    let (leader, start_ticks, cgroup) = meta.map_or((0, 0, None), |meta| (meta.pid, meta.start_ticks, meta.cgroup));
    let tree = is_this_boot.then_some(LostRun { run: id, leader, start_ticks, cgroup });
    let left = match tree {
        Some(tree) => spawn_blocking(move || end_processes(&tree)).await.unwrap_or(0),
        None => 0,
    };
    let why = if is_this_boot { "its shim was killed" } else { "the machine was restarted" };
    let exit = Exit::Lost { lost: why.to_owned() };
    let ended = HostEnded { run: id, exit, bytes: spool.output_bytes(), ms, truncated: false, left, ended: Vec::new() };
    if let Err(error) = spool.write_end(&ended) {
        tracing::error!(%error, run = %id, "the end of a run cannot be kept");
    }
    tracing::warn!(run = %id, left, why, "a run was lost");
    ended
}

/// Ends the processes of a lost run, and returns how many cannot be ended. Blocks for some seconds at most.
fn end_processes(tree: &LostRun) -> u32 {
    let left = escalate(tree);
    if let Some(cgroup) = &tree.cgroup {
        cgroup.end();
    }
    left
}

fn escalate(tree: &LostRun) -> u32 {
    let mut escalation = Escalation::new(false);
    let mut empty_since: Option<Instant> = None;
    loop {
        if let (true, Some(cgroup)) = (escalation.is_killing(), &tree.cgroup) {
            cgroup.kill();
        }
        let living = tree.living();
        // Twice nothing: a process may have been forked while the table was read.
        if living.is_empty() && empty_since.is_some() {
            return 0;
        }
        empty_since = living.is_empty().then(Instant::now);
        if let Step::GaveUp(left) = escalation.step(&living) {
            return left;
        }
        std::thread::sleep(Duration::from_millis(SWEEP_MS));
    }
}
