//! A watcher: a cursor in a run's output, under credit. It takes frames from memory while it keeps up, and reads from
//! disk when it lags behind; a watcher of a screen takes the screen instead. It holds at most what its credit and one read from disk allow.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::BODY_BYTES_MAX;
use wardroom_protocol::messages::ErrAnswer;

use super::log::{LogRead, RunLog};
use super::output::OutputReader;
use super::piece::Piece;
use super::terminal::Terminal;
use crate::access::BreakOff;
use crate::error::Error;
use crate::flow::{Flow, FlowKey, Step};
use crate::limits::{BULK_READ_BYTES_MAX, WATCHES_MAX};
use crate::sender::ConnectionSender;

/// One connection that is woken by one run's output. Both have bounds.
pub(super) struct Watching {
    /// The output.
    pub log: Arc<RunLog>,
    /// The connection.
    pub sender: Arc<ConnectionSender>,
}

impl Watching {
    /// Subscribes to a log.
    ///
    /// # Errors
    /// `busy` if the run or the connection already has the maximum number of watchers.
    pub(super) fn begin(log: &Arc<RunLog>, sender: &Arc<ConnectionSender>) -> Result<Self, Error> {
        if sender.watches.fetch_add(1, Ordering::AcqRel) >= WATCHES_MAX {
            sender.watches.fetch_sub(1, Ordering::AcqRel);
            return Err(Error::busy("this connection watches 32 runs: unwatch one first", 1_000));
        }
        if !log.subscribe(sender) {
            sender.watches.fetch_sub(1, Ordering::AcqRel);
            return Err(Error::busy("this run has as many watchers as it may", 10_000));
        }
        Ok(Self { log: Arc::clone(log), sender: Arc::clone(sender) })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.log.unsubscribe(&self.sender);
        self.sender.watches.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The position of one connection in one run's output.
pub(super) struct Watch {
    watching: Watching,
    /// The next byte to send.
    cursor: u64,
    /// The reader has acknowledged everything before this offset.
    acked: u64,
    window: u64,
    /// Frames read from disk, starting at `cursor`.
    loaded: VecDeque<Piece>,
    /// The offset up to which the next read from disk goes.
    load_upto: u64,
    reader: Option<Arc<OutputReader>>,
    /// The error that ends this flow before the run ends.
    failure: Option<Error>,
    /// The last notice sent about why the run is held up.
    told: Option<Bytes>,
    /// Set if it begins with the screen, and gets the screen again when it lags behind.
    screen: Option<ScreenWatch>,
}

/// Where a watcher begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    /// With this byte.
    Byte(u64),
    /// With the screen as it is. Whoever lags behind gets it again.
    Screen,
    /// With the stored screen nearest before this moment, Unix milliseconds. All output follows.
    Moment(u64),
}

/// What a watcher of a screen gets next.
struct ScreenWatch {
    /// It needs the screen before anything else.
    is_wanted: bool,
    /// The moment of a recording; `None` for the screen as it is.
    moment: Option<u64>,
    /// Parts of the screen that are not sent yet.
    parts: VecDeque<Bytes>,
}

impl Watch {
    /// Starts watching. Subscribes first; existing output is sent when the writer asks for it.
    ///
    /// # Errors
    /// `busy` if the run or the connection already has the maximum number of watchers.
    pub(super) fn begin(
        log: &Arc<RunLog>,
        sender: &Arc<ConnectionSender>,
        begin: Begin,
        window: u64,
    ) -> Result<Self, Error> {
        let (from, moment) = match begin {
            Begin::Byte(from) => (from, None),
            Begin::Screen => (0, Some(None)),
            Begin::Moment(at) => (0, Some(Some(at))),
        };
        Ok(Self {
            watching: Watching::begin(log, sender)?,
            cursor: from,
            acked: from,
            window,
            loaded: VecDeque::new(),
            load_upto: from,
            reader: None,
            failure: None,
            told: None,
            screen: moment.map(|moment| ScreenWatch { is_wanted: true, moment, parts: VecDeque::new() }),
        })
    }

    /// The offset up to which bytes may be sent.
    fn credit(&self) -> u64 {
        self.acked.saturating_add(self.window)
    }

    /// Takes frames that were read from disk and returns their number.
    fn take_loaded(&mut self, count: usize, out: &mut Vec<Bytes>) -> usize {
        let mut taken = 0;
        while taken < count {
            let Some(piece) = self.loaded.pop_front() else { break };
            self.cursor = piece.end();
            out.push(piece.frame);
            taken += 1;
        }
        taken
    }

    /// Reports why no output arrives, if there is a reason that was not yet reported.
    fn tell_trouble(&mut self, out: &mut Vec<Bytes>) {
        let trouble = self.watching.log.trouble();
        if trouble != self.told {
            out.extend(trouble.clone());
            self.told = trouble;
        }
    }

    /// Takes the screen, and goes on from its offset; so does the credit.
    async fn load_screen(&mut self, moment: Option<u64>) {
        let log = Arc::clone(&self.watching.log);
        let loading = move || {
            let screen = |terminal: &Terminal| match moment {
                Some(at) => terminal.recorded(at, log.written()),
                None => terminal.snapshot(log.written()),
            };
            log.terminal.as_ref().map(screen).transpose()
        };
        match tokio::task::spawn_blocking(loading).await.map_err(io::Error::other).and_then(|loaded| loaded) {
            Ok(Some(snapshot)) => {
                (self.cursor, self.acked) = (snapshot.off, self.acked.max(snapshot.off));
                let parts = snapshot.frames.iter().cloned().collect();
                self.screen = Some(ScreenWatch { is_wanted: false, moment, parts });
            }
            Ok(None) => self.screen = None,
            Err(error) => self.failure = Some(Error::internal(format!("run {}: {error}", self.watching.log.run))),
        }
    }

    fn fail(&mut self, error: &Error, out: &mut Vec<Bytes>) -> Step {
        let answer = ErrAnswer { run: Some(self.watching.log.run), ..error.answer(None) };
        out.push(encode(Number::None, &answer));
        Step::Done
    }
}

impl Flow for Watch {
    fn key(&self) -> FlowKey {
        FlowKey::Run(self.watching.log.run)
    }

    fn ack(&mut self, off: u64) {
        // Not beyond what was sent, because the window is counted from here.
        self.acked = self.acked.max(off.min(self.cursor));
    }

    fn take(&mut self, count: usize, out: &mut Vec<Bytes>) -> Step {
        if let Some(error) = self.failure.take() {
            return self.fail(&error, out);
        }
        let taken = match &mut self.screen {
            Some(screen) if screen.is_wanted => return Step::Load,
            Some(screen) if !screen.parts.is_empty() => {
                let parts = screen.parts.len().min(count);
                out.extend(screen.parts.drain(..parts));
                parts
            }
            _ => self.take_loaded(count, out),
        };
        if taken == count {
            return Step::More;
        }
        match self.watching.log.read(self.cursor, self.credit(), count - taken, out) {
            LogRead::UpToDate => {
                self.tell_trouble(out);
                Step::Wait
            }
            LogRead::Took(cursor) => {
                self.cursor = cursor;
                Step::More
            }
            LogRead::Behind(upto) => {
                if let Some(screen) = &mut self.screen {
                    screen.is_wanted = screen.moment.is_none();
                }
                self.load_upto = upto;
                Step::Load
            }
            LogRead::End(end) => {
                out.push(end);
                Step::Done
            }
            LogRead::Beyond => self.fail(&beyond(self.watching.log.head()), out),
        }
    }

    fn load(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if let Some(screen) = self.screen.as_ref().filter(|screen| screen.is_wanted) {
            let moment = screen.moment;
            return Box::pin(self.load_screen(moment));
        }
        Box::pin(async move {
            let (log, reader, from) = (Arc::clone(&self.watching.log), self.reader.take(), self.cursor);
            let upto = self.load_upto.min(from.saturating_add(BULK_READ_BYTES_MAX as u64));
            let loading = tokio::task::spawn_blocking(move || load(&log, reader, from, upto)).await;
            match loading.map_err(io::Error::other).and_then(|loaded| loaded) {
                Ok((reader, pieces)) => (self.reader, self.loaded) = (Some(reader), pieces),
                Err(error) => self.failure = Some(Error::internal(format!("run {}: {error}", self.watching.log.run))),
            }
        })
    }
}

impl BreakOff for Watch {
    fn break_off(&mut self, error: Error, out: &mut Vec<Bytes>) {
        self.fail(&error, out);
    }
}

/// The refusal of an offset beyond the end of a finished run's output.
pub(super) fn beyond(bytes: u64) -> Error {
    Error::bad_request(format!("this run is over and has only {bytes} bytes of output"))
}

/// Reads `from..upto` as frames of at most 64 KiB, each from one descriptor.
fn load(
    log: &RunLog,
    reader: Option<Arc<OutputReader>>,
    from: u64,
    upto: u64,
) -> io::Result<(Arc<OutputReader>, VecDeque<Piece>)> {
    let reader = reader.map_or_else(|| log.folder.reader().map(Arc::new), Ok)?;
    let mut pieces = VecDeque::new();
    let mut buf = vec![0; BODY_BYTES_MAX];
    let mut at = from;
    while at < upto {
        let mut sizes = reader.sizes(at, upto)?.into_iter().peekable();
        for segment in reader.segments(at, upto)? {
            while at < segment.end {
                let size = sizes.next_if(|(off, _)| *off == at).map(|(_, size)| size);
                let end = sizes.peek().map_or(segment.end, |(off, _)| segment.end.min(*off));
                let rest = usize::try_from(end - at).unwrap_or(usize::MAX).min(BODY_BYTES_MAX);
                let bytes = buf.get_mut(..rest).unwrap_or_default();
                reader.read(bytes, at)?;
                pieces.push_back(Piece::new(log.run, segment.fd, at, size, bytes));
                at += rest as u64;
            }
        }
    }
    Ok((reader, pieces))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use wardroom_protocol::RunId;

    fn log(data: &tempfile::TempDir, on_disk: &[(u8, &[u8])]) -> Arc<RunLog> {
        let run = RunId::from_parts(1, 2);
        let folder = super::super::output::OutputFolder::new(data.path(), run);
        let (mut writer, mut off) = (folder.writer(0).unwrap(), 0);
        for (fd, bytes) in on_disk {
            writer.append(*fd, off, 1, bytes).unwrap();
            off += bytes.len() as u64;
        }
        Arc::new(RunLog::new(data.path(), run, off, None))
    }

    fn bodies(out: &mut Vec<Bytes>) -> String {
        let body = |frame: &Bytes| String::from_utf8(frame.to_vec()).unwrap().split_once('\n').unwrap().1.to_owned();
        out.drain(..).map(|frame| body(&frame)).collect()
    }

    #[tokio::test]
    async fn who_is_behind_reads_from_disk_and_goes_on_in_memory() {
        let data = tempfile::tempdir().unwrap();
        let log = log(&data, &[(1, b"abc"), (2, b"def")]);
        log.append(1, 6, None, b"ghi");
        let sender = ConnectionSender::new();
        let (mut watch, mut out) = (Watch::begin(&log, &sender, Begin::Byte(1), 4).unwrap(), Vec::new());
        assert_eq!(watch.take(4, &mut out), Step::Load);
        watch.load().await;
        assert_eq!(watch.take(4, &mut out), Step::Wait, "no credit beyond the window");
        assert_eq!((out.len(), bodies(&mut out).as_str()), (2, "bcde"));
        watch.ack(99);
        assert_eq!(watch.acked, 5, "not beyond what was sent");
        assert_eq!(watch.take(4, &mut out), Step::Load);
        watch.load().await;
        assert_eq!(watch.take(4, &mut out), Step::More);
        assert_eq!(bodies(&mut out), "fghi");
        assert_eq!(watch.take(4, &mut out), Step::Wait);
        log.finish(Bytes::from_static(b"end"));
        assert_eq!(watch.take(4, &mut out), Step::Done);
        assert_eq!(out, [Bytes::from_static(b"end")]);
    }

    #[tokio::test]
    async fn output_that_cannot_be_read_is_said_and_ends_it() {
        let data = tempfile::tempdir().unwrap();
        let log = log(&data, &[(1, b"abc")]);
        std::fs::remove_dir_all(data.path().join(log.run.to_string())).unwrap();
        let sender = ConnectionSender::new();
        let (mut watch, mut out) = (Watch::begin(&log, &sender, Begin::Byte(0), 4).unwrap(), Vec::new());
        assert_eq!(watch.take(4, &mut out), Step::Load);
        watch.load().await;
        assert_eq!(watch.take(4, &mut out), Step::Done);
        let answer: ErrAnswer = serde_json::from_slice(&out[0]).unwrap();
        assert_eq!((answer.code, answer.run), (Some(wardroom_protocol::Code::Internal), Some(log.run)));
    }

    #[tokio::test]
    async fn trouble_is_told_behind_what_is_known_and_once() {
        let data = tempfile::tempdir().unwrap();
        let log = log(&data, &[]);
        log.append(1, 0, None, b"a");
        log.set_trouble(Bytes::from_static(b"full\nfull"));
        // Watchers that join later are told too.
        let sender = ConnectionSender::new();
        let (mut watch, mut out) = (Watch::begin(&log, &sender, Begin::Byte(0), 4).unwrap(), Vec::new());
        assert_eq!(watch.take(4, &mut out), Step::More);
        assert_eq!(bodies(&mut out), "a");
        assert_eq!((watch.take(4, &mut out), bodies(&mut out).as_str()), (Step::Wait, "full"));
        assert_eq!((watch.take(4, &mut out), bodies(&mut out).as_str()), (Step::Wait, ""));
        log.set_written(1);
        assert_eq!((watch.take(4, &mut out), bodies(&mut out).as_str()), (Step::Wait, ""));
        log.set_trouble(Bytes::from_static(b"full\nagain"));
        assert_eq!((watch.take(4, &mut out), bodies(&mut out).as_str()), (Step::Wait, "again"));
    }

    #[tokio::test]
    async fn what_comes_between_a_look_and_a_sleep_wakes() {
        let data = tempfile::tempdir().unwrap();
        let log = log(&data, &[]);
        let sender = ConnectionSender::new();
        let (mut watch, mut out) = (Watch::begin(&log, &sender, Begin::Byte(0), 4).unwrap(), Vec::new());
        assert_eq!(watch.take(4, &mut out), Step::Wait);
        log.append(1, 0, None, b"a");
        // Returns at once, because the wake-up was kept.
        sender.woken().await;
        assert_eq!(watch.take(4, &mut out), Step::More);
        drop(watch);
        log.append(1, 1, None, b"b");
        let woken = tokio::time::timeout(std::time::Duration::ZERO, sender.woken()).await;
        assert!(woken.is_err(), "who does not watch any more is not woken");
    }

    #[test]
    fn a_connection_watches_a_bounded_number() {
        let data = tempfile::tempdir().unwrap();
        let (log, sender) = (log(&data, &[]), ConnectionSender::new());
        let mut all: Vec<_> =
            (0..WATCHES_MAX).map(|_| Watch::begin(&log, &sender, Begin::Byte(0), 4).unwrap()).collect();
        assert!(Watch::begin(&log, &sender, Begin::Byte(0), 4).is_err());
        all.pop();
        assert!(Watch::begin(&log, &sender, Begin::Byte(0), 4).is_ok());
    }
}
