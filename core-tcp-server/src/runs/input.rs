//! The input of a run on its way to the host: what the host has not acknowledged is kept, to be sent again, and every
//! byte has an offset. At most [`INPUT_WINDOW`] bytes are kept; more waits at its sender.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode, encode_with_body};
use wardroom_protocol::limits::{BODY_BYTES_MAX, INPUT_WINDOW};
use wardroom_protocol::messages::{HostEof, HostInput, RunInputAck};

use crate::sender::ConnectionSender;

/// The input of one run.
pub(super) struct Input {
    run: RunId,
    /// The command has been given everything before this offset.
    acked: u64,
    /// What was accepted from there on.
    kept: VecDeque<u8>,
    /// False until the host has said what the command has: it may be more than this core knows of.
    is_known: bool,
    /// The length of the input, once its end was sent.
    end: Option<u64>,
    /// Who sent it and is to be told. The last one is that of the current lease.
    spans: VecDeque<Span>,
}

/// A part of the input that was sent under one lease.
struct Span {
    lease: u64,
    /// The offset after its last byte.
    end: u64,
    /// The connection that sent it, or sent it again.
    sender: Arc<ConnectionSender>,
}

/// What became of input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Accepted {
    /// All of it is accepted; these bytes at its end are new.
    New(usize),
    /// There is no room for it yet.
    Full,
    /// It begins beyond the end.
    Gap(u64),
    /// The input has ended.
    Ended,
    /// The host has not said yet where it goes on.
    Unknown,
}

impl Input {
    /// Creates an input; `is_new` if no host can have any of it.
    pub(super) fn new(run: RunId, is_new: bool) -> Self {
        Self { run, acked: 0, kept: VecDeque::new(), is_known: is_new, end: None, spans: VecDeque::new() }
    }

    /// Returns the offset of the next byte; `None` until the host has said it.
    pub(super) fn head(&self) -> Option<u64> {
        self.is_known.then_some(self.acked.saturating_add(self.kept.len() as u64))
    }

    /// Accepts input under a lease. Bytes that are known already are cut off, and whoever sends them is told when the
    /// command has them. Returns the frame for the host, if there is anything new.
    pub(super) fn push(
        &mut self,
        lease: u64,
        sender: &Arc<ConnectionSender>,
        off: u64,
        bytes: &Bytes,
    ) -> (Accepted, Option<Bytes>) {
        let Some(head) = self.head() else { return (Accepted::Unknown, None) };
        let Some(known) = head.checked_sub(off) else { return (Accepted::Gap(head), None) };
        let new = usize::try_from(known).ok().and_then(|known| bytes.get(known..)).unwrap_or_default();
        if !new.is_empty() {
            if self.end.is_some() {
                return (Accepted::Ended, None);
            }
            if self.kept.len() as u64 + new.len() as u64 > INPUT_WINDOW {
                return (Accepted::Full, None);
            }
        }
        self.kept.extend(new);
        let end = head.saturating_add(new.len() as u64);
        match self.spans.back_mut() {
            Some(span) if span.lease == lease => (span.end, span.sender) = (end, Arc::clone(sender)),
            _ if end > self.acked => self.spans.push_back(Span { lease, end, sender: Arc::clone(sender) }),
            _ => {}
        }
        if new.is_empty() {
            let off = self.acked;
            sender.tell(encode(Number::None, &RunInputAck { run: self.run, lease, off }));
            return (Accepted::New(0), None);
        }
        (Accepted::New(new.len()), Some(self.frame(head, new)))
    }

    /// Ends the input at `off`. Returns the frame for the host.
    ///
    /// # Errors
    /// The next offset, if it is a different one.
    pub(super) fn end(&mut self, off: u64) -> Result<Bytes, u64> {
        match self.head() {
            Some(head) if head != off => Err(head),
            _ => {
                self.end = Some(off);
                Ok(encode(Number::None, &HostEof { run: self.run, off }))
            }
        }
    }

    /// Records that the command has everything before `off`, and tells those who sent it.
    pub(super) fn ack(&mut self, off: u64) {
        let Some(head) = self.head() else { return };
        let off = off.min(head);
        let Some(count) = off.checked_sub(self.acked).filter(|count| *count > 0) else { return };
        self.kept.drain(..usize::try_from(count).unwrap_or(usize::MAX).min(self.kept.len()));
        if self.kept.is_empty() && self.kept.capacity() > BODY_BYTES_MAX {
            // An idle run does not keep the memory of a past paste.
            self.kept = VecDeque::new();
        }
        self.acked = off;
        while let Some(span) = self.spans.front() {
            let told = RunInputAck { run: self.run, lease: span.lease, off: off.min(span.end) };
            span.sender.tell(encode(Number::None, &told));
            if span.end > off {
                break;
            }
            self.spans.pop_front();
        }
    }

    /// Records what the command has according to a host that has connected, and returns what the host is to be sent
    /// again.
    pub(super) fn resume(&mut self, has: u64) -> Vec<Bytes> {
        let is_ours = self.head().is_some_and(|head| (self.acked..=head).contains(&has));
        if is_ours {
            self.ack(has);
        } else {
            // This core has been restarted, or the host has lost what it acknowledged. Senders learn it from `off`.
            self.kept.clear();
            self.spans.clear();
            (self.acked, self.is_known) = (has, true);
        }
        let (mut frames, mut off) = (Vec::new(), self.acked);
        for chunk in self.kept.make_contiguous().chunks(BODY_BYTES_MAX) {
            let input = HostInput { run: self.run, off, len: chunk.len() as u64 };
            frames.push(encode_with_body(Number::None, &input, chunk));
            off = off.saturating_add(chunk.len() as u64);
        }
        frames.extend(self.end.map(|off| encode(Number::None, &HostEof { run: self.run, off })));
        frames
    }

    fn frame(&self, off: u64, bytes: &[u8]) -> Bytes {
        encode_with_body(Number::None, &HostInput { run: self.run, off, len: bytes.len() as u64 }, bytes)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::sender::Item;

    fn input() -> (Input, Arc<ConnectionSender>) {
        (Input::new(RunId::from_parts(1, 2), true), ConnectionSender::new())
    }

    fn text(frame: &Bytes) -> (u64, String) {
        let (line, body) = std::str::from_utf8(frame).unwrap().split_once('\n').unwrap();
        let head: HostInput = serde_json::from_str(line).unwrap();
        (head.off, body.to_owned())
    }

    fn told(sender: &ConnectionSender) -> Vec<(u64, u64)> {
        let mut acks = Vec::new();
        while let Some(Item::Frame(frame)) = sender.pop() {
            let ack: RunInputAck = serde_json::from_slice(&frame).unwrap();
            acks.push((ack.lease, ack.off));
        }
        acks
    }

    #[test]
    fn each_byte_is_taken_once_and_in_order() {
        let (mut input, ann) = input();
        let (accepted, frame) = input.push(1, &ann, 0, &Bytes::from_static(b"abc"));
        assert_eq!((accepted, text(&frame.unwrap())), (Accepted::New(3), (0, "abc".into())));
        assert_eq!(input.push(1, &ann, 4, &Bytes::from_static(b"x")), (Accepted::Gap(3), None));
        let (accepted, frame) = input.push(1, &ann, 1, &Bytes::from_static(b"bcde"));
        assert_eq!((accepted, text(&frame.unwrap())), (Accepted::New(2), (3, "de".into())));
        assert!(told(&ann).is_empty(), "the command has nothing yet");
        assert_eq!(input.push(1, &ann, 0, &Bytes::from_static(b"abc")), (Accepted::New(0), None));
        assert_eq!(told(&ann), [(1, 0)], "who sends it again learns how far it is");
        input.ack(4);
        input.ack(2);
        input.ack(9);
        assert_eq!(told(&ann), [(1, 4), (1, 5)]);
        assert_eq!(input.end(4), Err(5));
        assert!(input.end(5).is_ok() && input.end(5).is_ok());
        assert_eq!(input.push(1, &ann, 5, &Bytes::from_static(b"x")).0, Accepted::Ended);
    }

    #[test]
    fn acks_go_to_who_sent_it_last_under_that_lease() {
        let (mut input, ann) = input();
        let (again, ben) = (ConnectionSender::new(), ConnectionSender::new());
        input.push(1, &ann, 0, &Bytes::from_static(b"abc"));
        input.push(1, &again, 0, &Bytes::from_static(b"abc"));
        assert_eq!(told(&again), [(1, 0)]);
        input.push(2, &ben, 3, &Bytes::from_static(b"de"));
        input.ack(2);
        input.ack(4);
        input.ack(5);
        assert!(told(&ann).is_empty());
        assert_eq!(told(&again), [(1, 2), (1, 3)]);
        assert_eq!(told(&ben), [(2, 4), (2, 5)]);
    }

    /// A command's input as a shim takes it: what it has already is cut off.
    #[derive(Default)]
    struct Command {
        has: Vec<u8>,
    }

    impl Command {
        fn take(&mut self, frame: &Bytes) {
            let (off, body) = text(frame);
            let known = self.has.len().checked_sub(usize::try_from(off).unwrap()).expect("no gap");
            self.has.extend_from_slice(body.as_bytes().get(known..).unwrap_or_default());
        }
    }

    /// What a client has not been told of yet: `acked`, and how much it has typed and sent since it connected.
    struct Typist {
        sender: Arc<ConnectionSender>,
        acked: usize,
        sent: usize,
    }

    #[test]
    fn nothing_is_lost_or_repeated_whatever_breaks() {
        let typed: Vec<u8> = (0..4_000u32).map(|n| b'a' + u8::try_from(n % 23).unwrap()).collect();
        for seed in 1..60u64 {
            let mut random = seed;
            let mut next = |below: usize| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(random >> 33).unwrap() % below
            };
            let mut input = Input::new(RunId::from_parts(1, 2), true);
            let (mut command, mut on_its_way) = (Command::default(), Vec::new());
            let mut ann = Typist { sender: ConnectionSender::new(), acked: 0, sent: 0 };
            while ann.acked < typed.len() {
                match next(12) {
                    // The client's connection breaks: it sends again what was not acknowledged.
                    0 => ann = Typist { sender: ConnectionSender::new(), sent: ann.acked, ..ann },
                    // The host's connection breaks, and what was on its way is lost.
                    1 => on_its_way = input.resume(command.has.len() as u64),
                    // The core is restarted: it knows nothing, and all connections break.
                    2 if next(4) == 0 => {
                        input = Input::new(RunId::from_parts(1, 2), false);
                        on_its_way = input.resume(command.has.len() as u64);
                        ann = Typist { sender: ConnectionSender::new(), sent: ann.acked, ..ann };
                    }
                    3..=5 => {
                        on_its_way.drain(..next(on_its_way.len() + 1)).for_each(|frame| command.take(&frame));
                    }
                    6 => input.ack(command.has.len() as u64),
                    _ => {
                        let end = typed.len().min(ann.sent + next(90));
                        let bytes = Bytes::copy_from_slice(&typed[ann.sent..end]);
                        let (accepted, frame) = input.push(1, &ann.sender, ann.sent as u64, &bytes);
                        assert!(matches!(accepted, Accepted::New(_)), "{accepted:?}");
                        (ann.sent, _) = (end, on_its_way.extend(frame));
                    }
                }
                ann.acked = told(&ann.sender)
                    .into_iter()
                    .fold(ann.acked, |acked, (_, off)| acked.max(usize::try_from(off).unwrap()));
                assert!(ann.acked <= command.has.len() && command.has == typed[..command.has.len()], "seed {seed}");
            }
            assert_eq!(command.has, typed, "seed {seed}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (mut input, ann) = input();
        let chunk = Bytes::from(vec![b'x'; BODY_BYTES_MAX]);
        let mut off = 0;
        while let (Accepted::New(len), _) = input.push(1, &ann, off, &chunk) {
            off += len as u64;
        }
        assert_eq!(off, INPUT_WINDOW);
        assert_eq!(input.push(1, &ann, off, &chunk), (Accepted::Full, None));
        input.ack(chunk.len() as u64);
        assert_eq!(input.push(1, &ann, off, &chunk).0, Accepted::New(chunk.len()));
    }

    #[test]
    fn a_host_that_comes_again_gets_what_the_command_has_not() {
        let (mut input, ann) = input();
        input.push(1, &ann, 0, &Bytes::from_static(b"abcdef"));
        let again: Vec<_> = input.resume(2).iter().map(text).collect();
        assert_eq!((again, told(&ann)), (vec![(2, "cdef".into())], vec![(1, 2)]));
        assert!(input.resume(6).is_empty());
        assert_eq!(told(&ann), [(1, 6)]);
        assert!(input.resume(3).is_empty(), "it has less than it said: nothing is left to be sent");
        assert_eq!(input.head(), Some(3));
        let mut input = Input::new(RunId::from_parts(1, 2), false);
        assert_eq!(input.push(1, &ann, 0, &Bytes::from_static(b"x")).0, Accepted::Unknown);
        assert!(input.resume(17).is_empty());
        assert_eq!(input.push(1, &ann, 15, &Bytes::from_static(b"xyz")).0, Accepted::New(1));
    }
}
