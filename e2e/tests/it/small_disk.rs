//! A file system of a few megabytes, so that a disk is really full: a tmpfs in a mount namespace of its own. Programs
//! enter it to run; the test reaches its files through `/proc`. It takes user namespaces, or root, and nothing of the
//! machine is changed: when the holder ends, kernel and all, it is gone.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Made by [`SmallDisk::fill`].
const FILLER: &str = "filler";

/// The disk; it goes when this is dropped and nobody is in it any more.
pub struct SmallDisk {
    /// Holds the namespace: it ends when its standard input does, so also when the test is killed.
    holder: Child,
    mount: TempDir,
}

impl SmallDisk {
    /// A disk of this size.
    pub fn of_megabytes(megabytes: u64) -> Self {
        let mount = tempfile::tempdir().unwrap();
        let script = "mount -t tmpfs -o size=\"$1\"m,mode=700 tmpfs \"$2\" && echo mounted && exec cat";
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", &megabytes.to_string()]);
        unshare.arg(mount.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = unshare.spawn().expect("unshare is installed: the package util-linux has it");
        let mut said = [0; 8];
        let mounted = holder.stdout.take().unwrap().read_exact(&mut said);
        assert!(
            mounted.is_ok(),
            "no small file system can be mounted here, so a full disk cannot be tested: allow user namespaces \
             (sysctl kernel.unprivileged_userns_clone=1, or a container that may mount) and run it again"
        );
        Self { holder, mount }
    }

    /// Where it is for those who are in it.
    pub fn path(&self) -> &Path {
        self.mount.path()
    }

    /// Where it is for those who are not.
    pub fn seen_from_outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.mount.path().strip_prefix("/").unwrap())
    }

    /// A command that runs in it.
    pub fn enter(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--user", "--mount", "--preserve-credentials"]);
        command.arg(program);
        command
    }

    /// Takes every byte that is free.
    pub fn fill(&self) {
        let mut filler = std::fs::File::options();
        let mut filler = filler.create(true).append(true).open(self.seen_from_outside().join(FILLER)).unwrap();
        for bytes in [1 << 20, 1 << 12, 1] {
            let piece = vec![0; bytes];
            loop {
                match filler.write(&piece) {
                    Ok(_) => {}
                    Err(e) if e.kind() == ErrorKind::StorageFull => break,
                    Err(e) => panic!("the disk cannot be filled: {e}"),
                }
            }
        }
    }

    /// Gives back what [`SmallDisk::fill`] took.
    pub fn free(&self) {
        std::fs::remove_file(self.seen_from_outside().join(FILLER)).unwrap();
    }

    /// All but this many bytes are taken.
    pub fn leave(&self, bytes: u64) {
        self.fill();
        let filler = std::fs::File::options().write(true).open(self.seen_from_outside().join(FILLER)).unwrap();
        filler.set_len(filler.metadata().unwrap().len() - bytes).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
