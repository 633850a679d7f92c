//! A host that survived its server: it connects to the next server by itself, and is not our child. To stop it with the
//! server, it must be found first: it is the process that holds the lock of the spool.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Stops the host that holds this lock, and waits for its end; does nothing if nobody holds it.
pub async fn stop(lock: &Path, at_most: Duration) {
    let lock = lock.to_owned();
    let stopped = tokio::task::spawn_blocking(move || stop_holder(&lock, at_most));
    match stopped.await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => tracing::warn!(why, "the host from before could not be stopped"),
        Err(error) => tracing::error!(%error, "stopping the host from before failed"),
    }
}

fn stop_holder(lock: &Path, at_most: Duration) -> Result<(), String> {
    let Some(pid) = holder(lock) else { return Ok(()) };
    // By descriptor: a pid may be reused a moment later.
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        Err(e) => return Err(e.to_string()),
    };
    if holder(lock) != Some(pid) {
        return Ok(());
    }
    pidfd_send_signal(&process, Signal::TERM).map_err(|e| e.to_string())?;
    let timeout = Timespec { tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX), tv_nsec: 0 };
    let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&timeout)).map_err(|e| e.to_string())?;
    if ended == 0 { Err(format!("process {pid:?} has not ended in time")) } else { Ok(()) }
}

/// Returns the holder of this file's lock (flock(2)), as the kernel lists it: proc_locks(5).
fn holder(lock: &Path) -> Option<Pid> {
    let meta = fs::metadata(lock).ok()?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let pid = locks.lines().find_map(|line| holder_in(line, meta.dev(), meta.ino()))?;
    Pid::from_raw(pid)
}

/// Parses `1: FLOCK  ADVISORY  WRITE 4711 fe:00:131 0 EOF`: the device in hexadecimal, the inode in decimal. A line
/// with `->` is a process that waits.
fn holder_in(line: &str, dev: u64, inode: u64) -> Option<i32> {
    let mut words = line.split_whitespace().skip(1);
    let (kind, _, access) = (words.next()?, words.next()?, words.next()?);
    if kind != "FLOCK" || access != "WRITE" {
        return None;
    }
    let pid = words.next()?.parse().ok()?;
    let file = format!("{:02x}:{:02x}:{inode}", rustix::fs::major(dev), rustix::fs::minor(dev));
    (words.next()? == file).then_some(pid)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rustix::fs::{FlockOperation, flock};

    #[test]
    fn the_holder_of_a_lock_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let file = fs::File::create(&path).unwrap();
        assert_eq!(holder(&path), None);
        flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        assert_eq!(holder(&path), Some(rustix::process::getpid()));
        drop(file);
        assert_eq!(holder(&path), None);
    }

    #[test]
    fn other_lines_are_not_taken_for_it() {
        let dev = rustix::fs::makedev(0xfe, 0);
        assert_eq!(holder_in("1: FLOCK  ADVISORY  WRITE 4711 fe:00:131 0 EOF", dev, 131), Some(4711));
        assert_eq!(holder_in("1: -> FLOCK  ADVISORY  WRITE 4711 fe:00:131 0 EOF", dev, 131), None);
        assert_eq!(holder_in("1: POSIX  ADVISORY  WRITE 4711 fe:00:131 0 EOF", dev, 131), None);
        assert_eq!(holder_in("1: FLOCK  ADVISORY  WRITE 4711 fe:00:132 0 EOF", dev, 131), None);
        assert_eq!(holder_in("nonsense", dev, 131), None);
    }
}
