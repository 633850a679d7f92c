//! Looks into a run's output on disk for a reader who sees a part of it: where the next text is, and how many lines are
//! before a byte. An output has up to a gibibyte, so a look has a time limit and says where to continue.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wardroom_output_index::Segment;
use wardroom_protocol::RunId;
use wardroom_protocol::limits::{FIND_TEXTS_MAX, QUERY_BYTES_MAX};
use wardroom_protocol::messages::{RunFind, RunFindOk, RunLines, RunLinesOk};

use super::list;
use super::output::OutputFolder;
use crate::error::Error;
use crate::limits::{FIND_BLOCK_BYTES, FIND_MS};
use crate::policy::Member;
use crate::state::State;

/// Looks for the next text.
///
/// # Errors
/// `not_found`, also for a run in a private room that the member is not in; `bad_request`, `too_large`; `busy` and
/// `rate_limited`, as searches have them.
pub async fn find(state: &Arc<State>, member: &Member, ask: RunFind) -> Result<RunFindOk, Error> {
    let texts: Vec<Text> = ask.texts.iter().map(|text| Text::new(text)).collect();
    if texts.is_empty() && ask.fd.is_none() {
        return Err(Error::bad_request("name a text or a descriptor to look for"));
    }
    if ask.texts.iter().any(String::is_empty) || !matches!(ask.fd, None | Some(1 | 2)) {
        return Err(Error::bad_request("a text has at least one byte, and fd is 1 or 2"));
    }
    let bytes = ask.texts.iter().map(String::len).fold(0, usize::saturating_add);
    if texts.len() > FIND_TEXTS_MAX || bytes > QUERY_BYTES_MAX {
        return Err(Error::too_large("at most 8 texts, together of 1,024 bytes"));
    }
    look(state, member, ask.run, RunFindOk::default(), move |output| {
        let wanted = Wanted { texts, fd: ask.fd };
        match ask.back {
            false => output.forwards(&wanted, ask.from.unwrap_or(0)),
            true => output.backwards(&wanted, ask.from.unwrap_or(u64::MAX)),
        }
    })
    .await
}

/// Counts line ends.
///
/// # Errors
/// See [`find`].
pub async fn lines(state: &Arc<State>, member: &Member, ask: RunLines) -> Result<RunLinesOk, Error> {
    let nothing = RunLinesOk { lines: 0, to: ask.from };
    look(state, member, ask.run, nothing, move |output| output.lines(ask.from, ask.to)).await
}

/// Reads the output of a run on a blocking thread; returns `nothing` if there is none.
async fn look<T: Send + 'static>(
    state: &Arc<State>,
    member: &Member,
    run: RunId,
    nothing: T,
    read: impl FnOnce(&Output) -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    list::get(state, member, run).await?;
    let folder = OutputFolder::new(&state.runs.folder, run);
    let turn = state.search.turn(member.user.id).await?;
    let reading = tokio::task::spawn_blocking(move || {
        let output = Output::open(&folder)?;
        let found = output.as_ref().map_or(Ok(nothing), read);
        drop(turn);
        found
    });
    let read = reading.await.map_err(io::Error::other).and_then(|read| read);
    read.map_err(|e| Error::internal(format!("run {run}: {e}")))
}

/// What is looked for.
struct Wanted {
    /// Any of these; without one, any byte of `fd`.
    texts: Vec<Text>,
    fd: Option<u8>,
}

/// A text in lower case, as far as ASCII goes.
struct Text {
    bytes: Vec<u8>,
    /// The place of its rarest byte, which is looked for first.
    rare: usize,
}

impl Text {
    fn new(text: &str) -> Text {
        // By how often they are in logs: of two bytes, the later one in this list is rarer; all others are rarer still.
        const COMMON: &[u8] = b" e0ta1inos2r.l3-d:/c4u5mp";
        let bytes = text.to_ascii_lowercase().into_bytes();
        let rank = |byte: &u8| COMMON.iter().position(|common| common == byte).unwrap_or(COMMON.len());
        let rare = bytes.iter().enumerate().max_by_key(|(_, byte)| rank(byte)).map_or(0, |(at, _)| at);
        Text { bytes, rare }
    }

    /// The places in `within` at which it begins.
    fn places<'a>(&'a self, within: &'a [u8]) -> impl DoubleEndedIterator<Item = usize> + 'a {
        let rare = self.bytes.get(self.rare).copied().unwrap_or(0);
        memchr::memchr2_iter(rare, rare.to_ascii_uppercase(), within).filter_map(|at| {
            let begin = at.checked_sub(self.rare)?;
            let here = within.get(begin..begin.checked_add(self.bytes.len())?)?;
            here.eq_ignore_ascii_case(&self.bytes).then_some(begin)
        })
    }
}

struct Output {
    output: File,
    index: File,
    bytes: u64,
    deadline: Instant,
}

impl Output {
    /// Returns `None` if there is no output.
    fn open(folder: &OutputFolder) -> io::Result<Option<Output>> {
        let bytes = folder.bytes()?;
        if bytes == 0 {
            return Ok(None);
        }
        let (output, index) = (File::open(folder.0.join("output"))?, File::open(folder.0.join("index"))?);
        Ok(Some(Output { output, index, bytes, deadline: Instant::now() + Duration::from_millis(FIND_MS) }))
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    fn forwards(&self, wanted: &Wanted, from: u64) -> io::Result<RunFindOk> {
        let mut at = from;
        while at < self.bytes {
            let segment = self.segments(wanted, at, at.saturating_add(FIND_BLOCK_BYTES as u64).min(self.bytes))?;
            for part in &segment {
                if let Some(found) = self.within(wanted, *part, false)? {
                    return Ok(RunFindOk { at: Some(found), next: None });
                }
                at = part.end;
            }
            if at < self.bytes && self.is_late() {
                return Ok(RunFindOk { at: None, next: Some(at) });
            }
        }
        Ok(RunFindOk::default())
    }

    fn backwards(&self, wanted: &Wanted, from: u64) -> io::Result<RunFindOk> {
        let mut end = from.min(self.bytes);
        while end > 0 {
            let begin = end.saturating_sub(FIND_BLOCK_BYTES as u64);
            let (mut parts, mut at) = (Vec::new(), begin);
            while at < end {
                parts.append(&mut self.segments(wanted, at, end)?);
                at = parts.last().map_or(end, |last| last.end);
            }
            for part in parts.iter().rev() {
                if let Some(found) = self.within(wanted, *part, true)? {
                    return Ok(RunFindOk { at: Some(found), next: None });
                }
            }
            end = begin;
            if end > 0 && self.is_late() {
                return Ok(RunFindOk { at: None, next: Some(end) });
            }
        }
        Ok(RunFindOk::default())
    }

    /// The segments of `from..upto`, at least the first; one of no descriptor if it does not matter.
    fn segments(&self, wanted: &Wanted, from: u64, upto: u64) -> io::Result<Vec<Segment>> {
        match wanted.fd {
            Some(_) => wardroom_output_index::segments(&self.index, from, upto),
            None => Ok(vec![Segment { fd: 0, off: from, end: upto }]),
        }
    }

    /// The first place within a segment, or the last.
    fn within(&self, wanted: &Wanted, segment: Segment, is_back: bool) -> io::Result<Option<u64>> {
        if wanted.fd.is_some_and(|fd| fd != segment.fd) {
            return Ok(None);
        }
        let longest = wanted.texts.iter().map(|text| text.bytes.len()).max();
        let Some(longest) = longest else {
            return Ok(Some(if is_back { segment.end.saturating_sub(1) } else { segment.off }));
        };
        // What begins in this segment may end after it.
        let upto = segment.end.saturating_add(longest.saturating_sub(1) as u64).min(self.bytes);
        let bytes = self.read(segment.off, upto)?;
        let len = usize::try_from(segment.end.saturating_sub(segment.off)).unwrap_or(usize::MAX);
        let places = wanted.texts.iter().filter_map(|text| {
            let mut places = text.places(&bytes).filter(|at| *at < len);
            if is_back { places.next_back() } else { places.next() }
        });
        let place = if is_back { places.max() } else { places.min() };
        Ok(place.map(|at| segment.off.saturating_add(at as u64)))
    }

    fn lines(&self, from: u64, to: u64) -> io::Result<RunLinesOk> {
        let (mut at, mut lines, to) = (from, 0_u64, to.min(self.bytes));
        while at < to {
            let upto = at.saturating_add(FIND_BLOCK_BYTES as u64).min(to);
            lines = lines.saturating_add(memchr::memchr_iter(b'\n', &self.read(at, upto)?).count() as u64);
            at = upto;
            if self.is_late() {
                break;
            }
        }
        Ok(RunLinesOk { lines, to: at })
    }

    fn read(&self, from: u64, upto: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(upto.saturating_sub(from)).unwrap_or(0)];
        self.output.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// An output of these pieces; `late` looks no further than a block.
    fn output(data: &tempfile::TempDir, pieces: &[(u8, &[u8])], late: bool) -> Output {
        let folder = OutputFolder::new(data.path(), RunId::from_parts(1, 2));
        let mut writer = folder.writer(0).unwrap();
        let mut off = 0;
        for (fd, bytes) in pieces {
            writer.append(*fd, off, 100, bytes).unwrap();
            off += bytes.len() as u64;
        }
        let output = Output::open(&folder).unwrap().unwrap();
        let deadline = if late { Instant::now() } else { Instant::now() + Duration::from_secs(60) };
        Output { deadline, ..output }
    }

    fn wanted(texts: &[&str], fd: Option<u8>) -> Wanted {
        Wanted { texts: texts.iter().map(|text| Text::new(text)).collect(), fd }
    }

    fn at(found: io::Result<RunFindOk>) -> Option<u64> {
        let found = found.unwrap();
        assert_eq!(found.next, None);
        found.at
    }

    #[test]
    fn texts_are_found_in_both_directions() {
        let data = tempfile::tempdir().unwrap();
        let output = output(&data, &[(1, b"ok\nERROR one\n"), (2, b"fatal: two\n"), (1, b"error three")], false);
        let errors = wanted(&["error", "fatal"], None);
        for (from, found) in [(0, Some(3)), (3, Some(3)), (4, Some(13)), (14, Some(24)), (25, None), (99, None)] {
            assert_eq!(at(output.forwards(&errors, from)), found, "from {from}");
        }
        for (from, found) in [(u64::MAX, Some(24)), (24, Some(13)), (13, Some(3)), (3, None), (0, None)] {
            assert_eq!(at(output.backwards(&errors, from)), found, "before {from}");
        }
        assert_eq!(at(output.forwards(&wanted(&["error"], Some(2)), 0)), None);
        assert_eq!(at(output.forwards(&wanted(&[], Some(2)), 0)), Some(13));
        assert_eq!(at(output.forwards(&wanted(&[], Some(2)), 24)), None);
        assert_eq!(at(output.backwards(&wanted(&[], Some(2)), u64::MAX)), Some(23));
        assert_eq!(at(output.backwards(&wanted(&[], Some(1)), 20)), Some(12));
        assert_eq!(output.lines(0, 99).unwrap(), RunLinesOk { lines: 3, to: 35 });
        assert_eq!(output.lines(3, 13).unwrap(), RunLinesOk { lines: 1, to: 13 });
    }

    #[test]
    fn a_text_on_the_border_of_two_blocks_is_found() {
        let data = tempfile::tempdir().unwrap();
        let mut bytes = vec![b'x'; FIND_BLOCK_BYTES * 2];
        let place = FIND_BLOCK_BYTES - 3;
        bytes.splice(place..place + 6, *b"NeEdLe");
        let output = output(&data, &[(1, &bytes)], false);
        let needle = wanted(&["needle"], None);
        assert_eq!(at(output.forwards(&needle, 0)), Some(place as u64));
        assert_eq!(at(output.backwards(&needle, u64::MAX)), Some(place as u64));
        let in_one = wanted(&["needle"], Some(1));
        assert_eq!(at(output.forwards(&in_one, 0)), Some(place as u64));
    }

    #[test]
    fn a_long_look_is_continued() {
        let data = tempfile::tempdir().unwrap();
        let bytes = [&vec![b'\n'; FIND_BLOCK_BYTES * 2][..], b"needle"].concat();
        let output = output(&data, &[(1, &bytes)], true);
        let block = FIND_BLOCK_BYTES as u64;
        let (needle, absent) = (wanted(&["needle"], None), wanted(&["absent"], None));
        assert_eq!(output.forwards(&needle, 0).unwrap(), RunFindOk { at: None, next: Some(block) });
        assert_eq!(output.forwards(&needle, 2 * block).unwrap(), RunFindOk { at: Some(2 * block), next: None });
        assert_eq!(output.backwards(&absent, 2 * block).unwrap(), RunFindOk { at: None, next: Some(block) });
        assert_eq!(output.backwards(&absent, block).unwrap(), RunFindOk::default());
        assert_eq!(output.lines(0, u64::MAX).unwrap(), RunLinesOk { lines: block, to: block });
    }
}
