//! `wardroom put FILE… ROOM[:PATH]`: uploads files to a room. An upload whose connection or process is lost resumes
//! where it stopped: its nonce is derived from the file and the target.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use tokio::sync::mpsc;
use wardroom_client_core::{Command, Effect, NewUpload, Upload, UploadState};
use wardroom_protocol::messages::{IfExists, Place};
use wardroom_protocol::{Nonce, RelPath, RoomName};

use super::out::say;
use super::rooms::meant;
use super::{Out, ReconnectDeadline};
use crate::exit::{ExitCode, Failure};
use crate::files::Source;
use crate::runner::{Runner, Target, now_ms, random};
use crate::text::{Bar, bytes_words};

/// The files, and the target.
#[derive(Clone, Debug)]
pub struct Put {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The room.
    pub room: RoomName,
    /// The path in the room: of one file, or (with a trailing `/`, or for several files) of a folder.
    pub path: Option<String>,
    /// What happens if a file exists.
    pub if_exists: IfExists,
    /// Print one JSON object per file.
    pub json: bool,
}

/// A slice that was read: its upload, its offset, and the bytes.
type Slice = (Nonce, u64, Result<bytes::Bytes, String>);

/// Slices in flight: two for each of the two uploads that send at the same time.
const SLICES: usize = 4;

/// Files that are open at the same time: far below the usual limit of a process, and enough to keep the connection
/// busy.
const OPEN_FILES_MAX: usize = 64;

/// Uploads them.
///
/// # Errors
/// See [`Failure`].
pub async fn put(target: Target, mut put: Put) -> Result<ExitCode, Failure> {
    // All files are checked before the first is sent.
    let mut planned = VecDeque::new();
    let mut marks = BTreeSet::new();
    for file in &put.files {
        let path = room_path(file, put.path.as_deref(), put.files.len())?;
        let source = Source::open(file).map_err(Failure::failed)?;
        if !marks.insert(mark(&put, &path, &source)?) {
            return Err(Failure::usage(format!("{} is given twice", file.display())));
        }
        planned.push_back((file.clone(), path));
    }
    let mut runner = Runner::connect(target).await?;
    put.room = meant(&mut runner, put.room).await?;
    let mut sending =
        Sending { put, planned, sources: BTreeMap::new(), bars: BTreeMap::new(), out: Out::new(), worst: None };
    let sent = sending.follow(&mut runner).await;
    runner.finish().await;
    sent?;
    sending.worst.map_or(Ok(ExitCode::Ok), Err)
}

/// Uploads one file to this path, or with `rename` to a free one like it; returns the path and the size. `bar` gets the
/// size, and makes the progress bar. For commands that do more than upload.
pub(super) async fn put_one(
    runner: &mut Runner,
    room: &RoomName,
    file: &std::path::Path,
    path: RelPath,
    bar: impl FnOnce(u64) -> Bar,
) -> Result<(RelPath, u64), Failure> {
    let source = Source::open(file).map_err(Failure::failed)?;
    let size = source.size;
    let bar = bar(size);
    let nonce = wardroom_client_core::nonce(now_ms(), random()?);
    let upload = NewUpload {
        place: Place::Room(room.clone()),
        path,
        size,
        mtime: Some(source.mtime_ms),
        if_exists: IfExists::Rename,
        nonce: nonce.clone(),
    };
    runner.command(Command::Upload(upload));
    let (slice_in, mut slices) = mpsc::channel::<Slice>(SLICES);
    let mut patience = ReconnectDeadline::default();
    loop {
        tokio::select! {
            effect = patience.next(runner) => {
                if let Effect::ReadSlice { nonce, off, len } = effect? {
                    read_slice(&source, &slice_in, nonce, off, len);
                }
            }
            Some(slice) = slices.recv() => runner.command(taken(slice)),
        }
        let Some(upload) = runner.client().upload(&nonce) else { continue };
        match &upload.state {
            UploadState::Done { .. } => return Ok((upload.path.clone(), size)),
            UploadState::Failed(error) => return Err(Failure::from(error.clone())),
            _ => bar.set(upload.acked),
        }
    }
}

/// Reads a slice on a task of its own.
fn read_slice(source: &Source, slices: &mpsc::Sender<Slice>, nonce: Nonce, off: u64, len: u64) {
    let (source, slices) = (source.clone(), slices.clone());
    tokio::spawn(async move {
        let read = source.slice(off, len).await;
        // Nobody receives it if the command has ended.
        slices.send((nonce, off, read)).await.ok();
    });
}

fn taken((nonce, off, read): Slice) -> Command {
    match read {
        Ok(bytes) => Command::Slice { nonce, off, bytes },
        Err(why) => Command::SliceFailed { nonce, why },
    }
}

/// Returns the target of a file, by the rules of cp(1).
fn room_path(file: &std::path::Path, path: Option<&str>, count: usize) -> Result<RelPath, Failure> {
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::usage(format!("{} has no valid file name", file.display())))?;
    let whole = match path {
        None | Some("") => name.to_owned(),
        Some(folder) if folder.ends_with('/') => format!("{folder}{name}"),
        Some(folder) if count > 1 => format!("{folder}/{name}"),
        Some(path) => path.to_owned(),
    };
    RelPath::parse(&whole).map_err(|e| Failure::usage(format!("{whole}: {e}")))
}

/// Returns the nonce of an upload: the same file to the same target is the same upload, in another process too.
fn mark(put: &Put, path: &RelPath, source: &Source) -> Result<Nonce, Failure> {
    let what = format!("{}\0{path}\0{:?}\0{}", put.room, put.if_exists, source.fingerprint());
    let digest = blake3::hash(what.as_bytes()).to_hex();
    let short = digest.get(..32).unwrap_or_default();
    Nonce::parse(short).map_err(|e| Failure::failed(e.to_string()))
}

struct Sending {
    put: Put,
    /// Files that wait for their turn, and their targets.
    planned: VecDeque<(PathBuf, RelPath)>,
    /// Files that are open.
    sources: BTreeMap<Nonce, Source>,
    bars: BTreeMap<Nonce, Bar>,
    out: Out,
    /// The first failure; the other files continue.
    worst: Option<Failure>,
}

impl Sending {
    async fn follow(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        let (slice_in, mut slices) = mpsc::channel::<Slice>(SLICES);
        let mut patience = ReconnectDeadline::default();
        loop {
            self.feed(runner)?;
            if self.sources.is_empty() {
                return Ok(());
            }
            tokio::select! {
                effect = patience.next(runner) => self.take(runner, effect?, &slice_in)?,
                Some(slice) = slices.recv() => runner.command(taken(slice)),
            }
        }
    }

    /// Begins as many as may be open at the same time.
    fn feed(&mut self, runner: &mut Runner) -> Result<(), Failure> {
        while self.sources.len() < OPEN_FILES_MAX.min(runner.client().uploads_free()) {
            let Some((file, path)) = self.planned.pop_front() else { break };
            let source = match Source::open(&file) {
                Ok(source) => source,
                Err(words) => {
                    self.failed(Failure::failed(words));
                    continue;
                }
            };
            let nonce = mark(&self.put, &path, &source)?;
            runner.command(Command::Upload(NewUpload {
                place: Place::Room(self.put.room.clone()),
                path,
                size: source.size,
                mtime: Some(source.mtime_ms),
                if_exists: self.put.if_exists,
                nonce: nonce.clone(),
            }));
            self.sources.insert(nonce, source);
        }
        Ok(())
    }

    fn take(&mut self, runner: &mut Runner, effect: Effect, slices: &mpsc::Sender<Slice>) -> Result<(), Failure> {
        match effect {
            Effect::ReadSlice { nonce, off, len } => {
                if let Some(source) = self.sources.get(&nonce) {
                    read_slice(source, slices, nonce, off, len);
                }
            }
            Effect::Changed(wardroom_client_core::Change::Upload(nonce)) => {
                let Some(upload) = runner.client().upload(&nonce).cloned() else { return Ok(()) };
                if !self.sources.contains_key(&nonce) {
                    return Ok(());
                }
                self.show(&upload);
                if upload.state.is_over() {
                    self.bars.remove(&nonce);
                    self.over(&upload)?;
                    self.sources.remove(&nonce);
                    runner.command(Command::ForgetUpload { nonce });
                }
            }
            Effect::Disconnected { why } => {
                for bar in self.bars.values() {
                    bar.say(&why);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn show(&mut self, upload: &Upload) {
        let wanted = !self.put.json;
        let bar = self.bars.entry(upload.nonce.clone());
        let bar = bar.or_insert_with(|| Bar::new(upload.path.file_name(), upload.size, wanted));
        match upload.state {
            UploadState::Hashing { done, .. } => {
                bar.set(done);
                bar.say("checking");
            }
            UploadState::Committing => bar.say("finishing"),
            UploadState::Waiting => bar.say("waiting"),
            _ => {
                bar.set(upload.acked);
                bar.say("");
            }
        }
    }

    fn over(&mut self, upload: &Upload) -> Result<(), Failure> {
        let room = &self.put.room;
        match &upload.state {
            UploadState::Done { seq } => {
                if self.sources.get(&upload.nonce).is_some_and(|source| !source.is_unchanged()) {
                    say(&format!("wardroom: {} changed during the upload", upload.path));
                }
                if self.put.json {
                    let done = serde_json::json!({
                        "room": room, "path": upload.path, "size": upload.size, "seq": seq,
                    });
                    return self.out.json(&done);
                }
                say(&format!("{room}:{} ({})", upload.path, bytes_words(upload.size)));
            }
            UploadState::Failed(error) => {
                let mut failure = Failure::from(error.clone());
                failure.words = format!("{}: {}", upload.path, failure.words);
                self.failed(failure);
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes that one upload failed; the others continue. The first failure determines the exit code.
    fn failed(&mut self, failure: Failure) {
        if self.worst.is_some() || self.put.files.len() > 1 {
            say(&format!("wardroom: {}", failure.words));
        }
        self.worst.get_or_insert(failure);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_file_goes_where_cp_would_put_it() {
        let to = |path: Option<&str>, count| room_path(Path::new("/tmp/a.log"), path, count).unwrap().to_string();
        assert_eq!(to(None, 1), "a.log");
        assert_eq!(to(Some(""), 1), "a.log");
        assert_eq!(to(Some("logs/"), 1), "logs/a.log");
        assert_eq!(to(Some("logs/b.log"), 1), "logs/b.log");
        assert_eq!(to(Some("logs"), 2), "logs/a.log");
        assert!(room_path(Path::new("/tmp/a.log"), Some("../x"), 1).is_err());
        assert!(room_path(Path::new("/tmp/.."), None, 1).is_err());
    }

    #[test]
    fn the_mark_is_that_of_the_file_and_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, b"abc").unwrap();
        let put = Put {
            files: vec![file.clone()],
            room: RoomName::parse("ops").unwrap(),
            path: None,
            if_exists: IfExists::Fail,
            json: false,
        };
        let path = RelPath::parse("f").unwrap();
        let open = || Source::open(&file).unwrap();
        let first = mark(&put, &path, &open()).unwrap();
        assert_eq!(mark(&put, &path, &open()).unwrap(), first);
        assert_ne!(mark(&put, &RelPath::parse("g").unwrap(), &open()).unwrap(), first);
        assert_ne!(mark(&Put { if_exists: IfExists::Rename, ..put.clone() }, &path, &open()).unwrap(), first);
        std::fs::write(&file, b"abcd").unwrap();
        assert_ne!(mark(&put, &path, &open()).unwrap(), first);
    }
}
