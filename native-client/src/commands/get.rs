//! `wardroom get ROOM:PATH`: downloads a file of a room. It is written to `FILE.part`, checked against its digest and
//! renamed; a reconnect, or another call, resumes where it stopped.

use std::collections::VecDeque;
use std::path::PathBuf;

use bytes::Bytes;
use wardroom_client_core::{Change, Effect, Error, OnDisconnect, Operation, RequestId};
use wardroom_protocol::messages::{FileAck, FileClose, FileGet, FileGetOk, Place};
use wardroom_protocol::{Code, RelPath, RoomName, StreamId};

use super::ls::other_version;
use super::out::say;
use super::rooms::meant;
use super::{Out, ReconnectDeadline};
use crate::exit::{ExitCode, Failure};
use crate::files::{Sink, SinkEvent, io_words, part_path, publish};
use crate::limits::DOWNLOAD_WINDOW;
use crate::runner::{Runner, Target};
use crate::text::{Bar, bytes_words};

/// The file to download, and the target.
#[derive(Clone, Debug)]
pub struct Get {
    /// The room.
    pub room: RoomName,
    /// The path in the room.
    pub path: RelPath,
    /// The file to write; `-` for standard output; by default the file's own name in the current folder.
    pub output: Option<PathBuf>,
    /// Replace an existing file.
    pub replace: bool,
    /// Print the result as JSON on standard output.
    pub json: bool,
}

/// Downloads it.
///
/// # Errors
/// See [`Failure`].
pub async fn get(target: Target, mut get: Get) -> Result<ExitCode, Failure> {
    let output = get.output.clone().unwrap_or_else(|| PathBuf::from(get.path.file_name()));
    let to_stdout = output.as_os_str() == "-";
    if !to_stdout && output.is_dir() {
        return Err(Failure::usage(format!("{} is a directory; name a file with -o", output.display())));
    }
    if !to_stdout && !get.replace && output.exists() {
        let words = format!("{} exists; use -o for another name, or --replace", output.display());
        return Err(Failure::failed(words));
    }
    let mut runner = Runner::connect(target).await?;
    get.room = meant(&mut runner, get.room).await?;
    let bar = |size| Bar::new(get.path.file_name(), size, !get.json);
    let fetched = fetch(&mut runner, &get, &output, to_stdout, &bar).await;
    runner.finish().await;
    let (size, digest) = fetched?;
    if get.json && !to_stdout {
        let done = serde_json::json!({ "file": output, "size": size, "blake3": digest });
        Out::new().json(&done)?;
    } else if !to_stdout {
        say(&format!("{} ({})", output.display(), bytes_words(size)));
    }
    Ok(ExitCode::Ok)
}

/// Makes the progress bar for a file of this size.
pub(super) type NewBar<'a> = &'a (dyn Fn(u64) -> Bar + Sync);

/// Downloads it, if necessary a second time from the start: an earlier partial download may be of another file.
pub(super) async fn fetch(
    runner: &mut Runner,
    get: &Get,
    output: &std::path::Path,
    to_stdout: bool,
    bar: NewBar<'_>,
) -> Result<(u64, String), Failure> {
    let part = part_path(output);
    for anew in [false, true] {
        let sink = if to_stdout { Sink::stdout() } else { Sink::file(part.clone(), anew) };
        let mut download = Download::new(get, sink, bar);
        match download.follow(runner).await? {
            End::Whole { digest, size } => {
                if !to_stdout {
                    publish(&part, output).map_err(|e| cannot_write(output, &e))?;
                }
                return Ok((size, digest));
            }
            End::Other if anew || to_stdout || download.began_at == 0 => break,
            End::Other => {}
        }
    }
    if !to_stdout {
        std::fs::remove_file(&part).ok();
    }
    Err(Failure::failed("digest mismatch; the file may have changed: try again"))
}

fn cannot_write(path: &std::path::Path, e: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {}", path.display(), io_words(e)))
}

/// How a download ended.
enum End {
    /// The digest matches.
    Whole { digest: String, size: u64 },
    /// It does not, or the file has changed.
    Other,
}

struct Download<'a> {
    get: &'a Get,
    sink: Sink,
    new_bar: NewBar<'a>,
    bar: Option<Bar>,
    /// The byte at which it resumed an earlier call's part.
    began_at: u64,
    /// The next byte needed; `None` until the file is open.
    next: Option<u64>,
    asked: Option<RequestId>,
    stream: Option<StreamId>,
    about: Option<FileGetOk>,
    waiting: VecDeque<Bytes>,
    is_complete: bool,
}

impl<'a> Download<'a> {
    fn new(get: &'a Get, sink: Sink, new_bar: NewBar<'a>) -> Self {
        Download {
            get,
            sink,
            new_bar,
            bar: None,
            began_at: 0,
            next: None,
            asked: None,
            stream: None,
            about: None,
            waiting: VecDeque::new(),
            is_complete: false,
        }
    }

    async fn follow(&mut self, runner: &mut Runner) -> Result<End, Failure> {
        let mut patience = ReconnectDeadline::default();
        loop {
            if self.is_complete && self.waiting.is_empty() {
                self.is_complete = false;
                self.sink.end().await;
            }
            let pieces = self.sink.pieces().clone();
            tokio::select! {
                event = self.sink.event() => match event {
                    SinkEvent::Done(digest) => return Ok(self.judge(digest)),
                    SinkEvent::Failed(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return Err(Failure::quiet()),
                    SinkEvent::Failed(e) => return Err(self.cannot_write(&e)),
                    SinkEvent::Ready(off) => {
                        self.began_at = off;
                        self.next = Some(off);
                        self.ask(runner);
                    }
                    SinkEvent::Written(off) => self.acknowledge(runner, off),
                },
                permit = pieces.reserve(), if !self.waiting.is_empty() => match (permit, self.waiting.pop_front()) {
                    (Ok(permit), Some(piece)) => permit.send(piece),
                    // The thread is gone, and reports why next.
                    _ => self.waiting.clear(),
                },
                effect = patience.next(runner) => {
                    if let Some(end) = self.take(runner, effect?)? {
                        return Ok(end);
                    }
                }
            }
        }
    }

    fn cannot_write(&self, e: &std::io::Error) -> Failure {
        let name = self.get.output.clone().unwrap_or_else(|| PathBuf::from(self.get.path.file_name()));
        cannot_write(&name, e)
    }

    fn judge(&self, digest: String) -> End {
        match &self.about {
            Some(about) if about.blake3.as_ref().is_none_or(|right| *right == digest) => {
                End::Whole { digest, size: about.size }
            }
            _ => End::Other,
        }
    }

    /// Requests the bytes from the current position on.
    fn ask(&mut self, runner: &mut Runner) {
        let Some(off) = self.next else { return };
        if self.asked.is_some() || self.stream.is_some() || !runner.client().connection().is_up() {
            return;
        }
        let request = FileGet {
            place: Place::Room(self.get.room.clone()),
            path: self.get.path.clone(),
            off,
            count: None,
            window: Some(DOWNLOAD_WINDOW),
            blake3: self.about.as_ref().and_then(|about| about.blake3.clone()),
        };
        self.asked = Some(runner.request(&request, OnDisconnect::Fail));
    }

    fn acknowledge(&mut self, runner: &mut Runner, off: u64) {
        if let Some(bar) = &self.bar {
            bar.set(off);
        }
        if let Some(stream) = self.stream {
            runner.tell(&FileAck { upload: None, stream: Some(stream), off });
        }
    }

    fn take(&mut self, runner: &mut Runner, effect: Effect) -> Result<Option<End>, Failure> {
        match effect {
            Effect::Answered { request, result } if Some(request) == self.asked => {
                self.asked = None;
                return match result {
                    Ok(answer) => self.begun(runner, answer.fields().map_err(other_version)?),
                    Err(error) => self.refused(runner, error),
                };
            }
            Effect::FileData { stream, off, bytes } if Some(stream) == self.stream && Some(off) == self.next => {
                self.next = Some(off.saturating_add(bytes.len() as u64));
                self.waiting.push_back(bytes);
            }
            Effect::FileEnd { stream } if Some(stream) == self.stream => {
                self.stream = None;
                if self.about.as_ref().map(|about| about.size) == self.next {
                    self.is_complete = true;
                } else {
                    self.ask(runner);
                }
            }
            Effect::Failed { operation: Operation::Download(stream), error } if Some(stream) == self.stream => {
                self.stream = None;
                return self.refused(runner, error);
            }
            Effect::Disconnected { why } => {
                self.stream = None;
                if let Some(bar) = &self.bar {
                    bar.say(&why);
                }
            }
            Effect::Changed(Change::Connection) if !self.is_complete => {
                if !runner.client().connection().is_up() {
                    self.stream = None;
                }
                let is_all_there = self.about.as_ref().is_some_and(|about| Some(about.size) == self.next);
                if !is_all_there {
                    self.ask(runner);
                }
            }
            _ => {}
        }
        Ok(None)
    }

    fn begun(&mut self, runner: &mut Runner, about: FileGetOk) -> Result<Option<End>, Failure> {
        let is_other =
            self.about.as_ref().is_some_and(|before| before.blake3 != about.blake3 || before.size != about.size);
        if is_other || self.next.is_some_and(|next| next > about.size) {
            runner.tell(&FileClose { stream: about.stream });
            return Ok(Some(End::Other));
        }
        let bar = self.bar.get_or_insert_with(|| (self.new_bar)(about.size));
        bar.say("");
        self.stream = Some(about.stream);
        self.about = Some(about);
        Ok(None)
    }

    fn refused(&mut self, runner: &mut Runner, error: Error) -> Result<Option<End>, Failure> {
        match error.code {
            // The file has changed, or has become shorter than an earlier call's part.
            Some(Code::Conflict | Code::Reset) => Ok(Some(End::Other)),
            Some(Code::BadRequest | Code::TooLarge) if self.began_at > 0 => Ok(Some(End::Other)),
            // Lost with the connection: requested again after a reconnect.
            None => {
                self.ask(runner);
                Ok(None)
            }
            Some(_) => Err(Failure::from(error)),
        }
    }
}
