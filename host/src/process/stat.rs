//! Reads `/proc`: proc(5). Used by [`super::tree`] and [`super::handle`], which draw the conclusions.

use std::io::Read;

use crate::limits::{COMMAND_LINE_BYTES_MAX, ENVIRON_BYTES_MAX};

/// One line of the process table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stat {
    /// The process.
    pub pid: u32,
    /// Its parent.
    pub ppid: u32,
    /// Its session.
    pub sid: u32,
    /// Start time in clock ticks since boot. With the pid it identifies a process for good, as pids are reused.
    pub start_ticks: u64,
    /// False for a zombie. A process whose first thread has ended while others run looks like a zombie, but is alive.
    pub is_alive: bool,
}

impl Stat {
    /// Returns the process with this pid, if there is one.
    pub fn of(pid: u32) -> Option<Stat> {
        parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
    }
}

/// Returns all processes, in no order. A process that ends while the table is read may be missing.
pub fn table() -> Vec<Stat> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(Stat::of).collect()
}

/// Returns the command line of a process for people: its arguments, or its name in brackets if it has none. `None` if it
/// has ended.
pub fn command_line(pid: u32) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(format!("/proc/{pid}/cmdline"))
        .ok()?
        .take(COMMAND_LINE_BYTES_MAX)
        .read_to_end(&mut bytes)
        .ok()?;
    let words: Vec<_> = bytes.split(|b| *b == 0).filter(|word| !word.is_empty()).map(String::from_utf8_lossy).collect();
    if words.is_empty() {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        return Some(format!("[{}]", name.trim_end()));
    }
    Some(words.join(" "))
}

/// Returns the id of this boot: pids and start times of another boot mean nothing. Empty if the kernel does not provide
/// it.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Returns the value of a variable in a process's environment, as it was at `execve`.
pub fn variable(pid: u32, name: &str) -> Option<Vec<u8>> {
    let file = std::fs::File::open(format!("/proc/{pid}/environ")).ok()?;
    let mut environ = Vec::new();
    file.take(ENVIRON_BYTES_MAX).read_to_end(&mut environ).ok()?;
    let mut entries = environ.split(|b| *b == 0);
    entries.find_map(|entry| Some(entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec()))
}

/// Returns the soft limit of file locks, which Linux has ignored since 2.4.25, but which every child inherits and
/// everybody can read (getrlimit(2)). `None` if there is no limit.
pub fn locks_limit(pid: u32) -> Option<u64> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?.split_ascii_whitespace().next()?.parse().ok()
}

/// Parses `pid (name) state ppid pgrp session …`; the name may contain anything, including brackets and line ends.
fn parse(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|b| *b == b'(')?;
    let close = line.iter().rposition(|b| *b == b')')?;
    let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
    let rest = std::str::from_utf8(line.get(close.checked_add(1)?..)?).ok()?;
    // Counted from the state: fields 3 (state), 4 (ppid), 6 (session), 20 (threads) and 22 (start) of proc(5).
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let ppid = fields.next()?.parse().ok()?;
    let sid = fields.nth(1)?.parse().ok()?;
    let threads: u32 = fields.nth(13)?.parse().ok()?;
    let start_ticks = fields.nth(1)?.parse().ok()?;
    let is_alive = !matches!(state, "Z" | "X" | "x") || threads > 1;
    Some(Stat { pid, ppid, sid, start_ticks, is_alive })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line =
            b"42 (a) Z (1 2\n) S 7 8 9 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 3 0 5555 1000 2 18446744073709551615\n";
        let stat = parse(line).unwrap();
        assert_eq!(stat, Stat { pid: 42, ppid: 7, sid: 9, start_ticks: 5555, is_alive: true });
    }

    #[test]
    fn a_zombie_is_dead_unless_threads_run() {
        let zombie = |threads: u32| format!("1 (x) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 9 0 0");
        assert!(!parse(zombie(1).as_bytes()).unwrap().is_alive);
        assert!(parse(zombie(2).as_bytes()).unwrap().is_alive);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [&b""[..], b"1", b"1 (x", b"1 (x)", b"1 )x( S 1", b"(x) S 1 1 1", b"1 (x) S 1 2 3 4"] {
            assert_eq!(parse(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn this_process_is_in_the_table() {
        let me = std::process::id();
        assert_eq!(table().into_iter().find(|s| s.pid == me), Stat::of(me));
        assert!(Stat::of(me).unwrap().is_alive);
        assert!(!boot_id().is_empty());
    }

    #[test]
    fn a_limit_of_locks_is_read() {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let limit = Rlimit { current: Some(12345), maximum: Some(12345) };
        prlimit(Some(Pid::from_child(&child)), Resource::Locks, limit).unwrap();
        assert_eq!(locks_limit(child.id()), Some(12345));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(locks_limit(child.id()), None);
    }
}
