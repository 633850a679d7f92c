//! The target of an export: a file, a folder or standard output. Files and folders are written under another name and
//! renamed when complete; incomplete ones are removed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::options::Export;
use crate::exit::Failure;
use crate::files::{io_words, part_path, publish};

/// The target that is being written.
pub(super) struct Place {
    out: Target,
    is_whole: bool,
}

enum Target {
    Stdout(BufWriter<io::Stdout>),
    File { out: BufWriter<File>, path: PathBuf },
    Folder { out: BufWriter<File>, path: PathBuf },
}

fn cannot(path: &Path, e: &io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {}", path.display(), io_words(e)))
}

impl Place {
    /// Checks the target before anything is requested.
    pub(super) fn of(export: &Export) -> Result<Place, Failure> {
        let name = |extension: &str| PathBuf::from(format!("{}.{extension}", export.room));
        let is_stdout = export.output.as_ref().is_some_and(|output| output.as_os_str() == "-");
        let target = match (&export.output, export.files) {
            (_, true) if is_stdout => return Err(Failure::usage("--files needs a directory; name one with -o")),
            (_, false) if is_stdout => Target::Stdout(BufWriter::new(io::stdout())),
            (output, true) => {
                let path = output.clone().unwrap_or_else(|| PathBuf::from(format!("{}-export", export.room)));
                // Without a trailing slash, after which the other name would be inside the folder.
                let path: PathBuf = path.components().collect();
                Target::folder(path, &format!("room.{}", export.format.extension()))?
            }
            (Some(output), false) if output.is_dir() => Target::file(output.join(name(export.format.extension())))?,
            (output, false) => Target::file(output.clone().unwrap_or_else(|| name(export.format.extension())))?,
        };
        Ok(Place { out: target, is_whole: false })
    }

    /// Returns true if progress can be shown without mixing with the output.
    pub(super) fn wants_progress(&self) -> bool {
        !matches!(self.out, Target::Stdout(_))
    }

    /// Returns the folder being written, if it is one.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        match &self.out {
            Target::Folder { path, .. } => Some(part_path(path)),
            _ => None,
        }
    }

    pub(super) fn write(&mut self, text: &str) -> Result<(), Failure> {
        match &mut self.out {
            Target::Stdout(out) => out.write_all(text.as_bytes()).map_err(|e| stdout_failed(&e)),
            Target::File { out, path } | Target::Folder { out, path } => {
                out.write_all(text.as_bytes()).map_err(|e| cannot(path, &e))
            }
        }
    }

    /// Renames the complete target, and returns its name; `None` for standard output.
    pub(super) fn finish(mut self) -> Result<Option<PathBuf>, Failure> {
        let path = match &mut self.out {
            Target::Stdout(out) => {
                out.flush().map_err(|e| stdout_failed(&e))?;
                None
            }
            Target::File { out, path } | Target::Folder { out, path } => {
                let synced = out.flush().and_then(|()| out.get_ref().sync_all());
                synced.map_err(|e| cannot(path, &e))?;
                refuse_existing(path)?;
                publish(&part_path(path), path).map_err(|e| cannot(path, &e))?;
                Some(path.clone())
            }
        };
        self.is_whole = true;
        Ok(path)
    }
}

impl Target {
    fn file(path: PathBuf) -> Result<Target, Failure> {
        refuse_existing(&path)?;
        let file = File::create(part_path(&path)).map_err(|e| cannot(&path, &e))?;
        Ok(Target::File { out: BufWriter::new(file), path })
    }

    fn folder(path: PathBuf, name: &str) -> Result<Target, Failure> {
        refuse_existing(&path)?;
        let part = part_path(&path);
        fs::create_dir(&part).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Failure::failed(format!(
                "{} is there from an earlier call; remove it, or name another with -o",
                part.display()
            )),
            _ => cannot(&path, &e),
        })?;
        let file = File::create(part.join(name)).map_err(|e| cannot(&path, &e))?;
        Ok(Target::Folder { out: BufWriter::new(file), path })
    }
}

fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::failed(format!("{} exists; use -o for another name", path.display())));
    }
    Ok(())
}

fn stdout_failed(e: &io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::failed(format!("standard output: {}", io_words(e))),
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_whole {
            return;
        }
        match &self.out {
            Target::Stdout(_) => {}
            Target::File { path, .. } => drop(fs::remove_file(part_path(path))),
            Target::Folder { path, .. } => drop(fs::remove_dir_all(part_path(path))),
        }
    }
}
