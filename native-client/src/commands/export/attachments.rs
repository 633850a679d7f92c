//! The files beside an exported timeline: shared files in `files/`, output in `runs/rN.txt`. A file that no longer
//! exists or has changed is noted, and does not end the export.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use wardroom_client_core::{Command, Effect, Operation, WatchFrom};
use wardroom_protocol::event::{FileAdded, RunStarted};
use wardroom_protocol::messages::{FileInfo, FileStat, Place, RunGet, RunInfo};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Event, EventBody, RoomName};

use super::super::ReconnectDeadline;
use super::super::get::{Get, fetch};
use super::super::ls::other_version;
use super::super::out::say;
use crate::exit::{ExitCode, Failure};
use crate::files::io_words;
use crate::runner::Runner;
use crate::text::Bar;

/// The folder, and what could not be fetched.
pub(super) struct Beside {
    folder: PathBuf,
    room: RoomName,
    missing: u64,
}

impl Beside {
    pub(super) fn new(folder: PathBuf, room: &RoomName) -> Beside {
        Beside { folder, room: room.clone(), missing: 0 }
    }

    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// Fetches the file of this event; returns its path, or why it is missing.
    pub(super) async fn fetch(&mut self, runner: &mut Runner, event: &Event) -> Result<Option<String>, Failure> {
        let (name, fetched) = match &event.body {
            EventBody::FileAdded(file) => {
                let name = format!("files/{}", file.path);
                let fetched = self.file(runner, file, &name).await;
                (name, fetched)
            }
            EventBody::RunStarted(run) => {
                let name = format!("runs/r{}.txt", run.n);
                let fetched = self.output(runner, run, &name).await;
                (name, fetched)
            }
            _ => return Ok(None),
        };
        match fetched {
            Ok(Fetched::There) => Ok(Some(format!("in {name}"))),
            Ok(Fetched::Not(why)) => {
                self.missing = self.missing.saturating_add(1);
                say(&format!("wardroom: {} is not in the export: {why}", visible(&name)));
                Ok(Some(format!("not exported: {why}")))
            }
            Err(failure) => Err(failure),
        }
    }

    fn path_of(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.folder.join(name);
        let folder = path.parent().unwrap_or(&self.folder);
        let made = fs::create_dir_all(folder);
        made.map_err(|e| Failure::failed(format!("cannot create {}: {}", folder.display(), io_words(&e))))?;
        Ok(path)
    }

    async fn file(&self, runner: &mut Runner, file: &FileAdded, name: &str) -> Result<Fetched, Failure> {
        let stat = FileStat { place: Place::Room(self.room.clone()), path: file.path.clone() };
        let info: FileInfo = match runner.ask(&stat).await {
            Ok(answer) => answer.fields().map_err(other_version)?,
            Err(e) => return not_there(e),
        };
        let is_other = info.blake3.as_ref().is_some_and(|digest| *digest != file.blake3) || info.size != file.size;
        if is_other {
            return Ok(Fetched::Not("another file has its name by now".to_owned()));
        }
        let path = self.path_of(name)?;
        // The same file, shared twice.
        if path.exists() {
            return Ok(Fetched::There);
        }
        let get = Get {
            room: self.room.clone(),
            path: file.path.clone(),
            output: Some(path.clone()),
            replace: false,
            json: true,
        };
        let (_, digest) = fetch(runner, &get, &path, false, &|size| Bar::new("", size, false)).await?;
        if digest == file.blake3 {
            return Ok(Fetched::There);
        }
        fs::remove_file(&path).ok();
        Ok(Fetched::Not("another file has its name by now".to_owned()))
    }

    async fn output(&self, runner: &mut Runner, run: &RunStarted, name: &str) -> Result<Fetched, Failure> {
        let info: RunInfo = match runner.ask(&RunGet { run: run.run }).await {
            Ok(answer) => answer.fields().map_err(other_version)?,
            Err(e) => return not_there(e),
        };
        if info.exit.is_none() {
            return Ok(Fetched::Not("it still runs".to_owned()));
        }
        let path = self.path_of(name)?;
        let cannot = |e: &std::io::Error| Failure::failed(format!("cannot write {}: {}", path.display(), io_words(e)));
        let mut file = File::create(&path).map_err(|e| cannot(&e))?;
        runner.command(Command::WatchRun { run: run.run, from: WatchFrom::Byte(0), auto_ack: false });
        let mut patience = ReconnectDeadline::default();
        loop {
            match patience.next(runner).await? {
                Effect::Output { run: of, off, bytes, .. } if of == run.run => {
                    file.write_all(&bytes).map_err(|e| cannot(&e))?;
                    runner.command(Command::AckRun { run: of, off: off.saturating_add(bytes.len() as u64) });
                }
                Effect::RunEnded(end) if end.run == run.run => break,
                Effect::Failed { operation: Operation::Run(of), error } if of == run.run => {
                    fs::remove_file(&path).ok();
                    return not_there(Failure::from(error));
                }
                _ => {}
            }
        }
        runner.command(Command::UnwatchRun { run: run.run });
        file.sync_all().map_err(|e| cannot(&e))?;
        Ok(Fetched::There)
    }
}

/// The result.
enum Fetched {
    There,
    Not(String),
}

/// A refusal becomes a note in the export; every other failure ends it.
fn not_there(failure: Failure) -> Result<Fetched, Failure> {
    if failure.code == ExitCode::Refused { Ok(Fetched::Not(failure.words)) } else { Err(failure) }
}
