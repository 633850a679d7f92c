//! What the processes of a run use together: proc(5). Read from time to time by the watchdog of a shim that has limits
//! to enforce; without such limits nobody reads it.

use std::io::Read;

use super::tree::members_of;

/// Bytes of `/proc/PID/smaps_rollup`, which has some thirty lines.
const ROLLUP_BYTES_MAX: u64 = 16_384;

/// What is to be measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Usage {
    /// Living processes.
    pub processes: u64,
    /// Milliseconds of processor time of these and of all that have ended.
    pub cpu_ms: u64,
    /// Bytes of memory that are not files. Pages that processes share since a fork are counted for each of them.
    pub memory_bytes: u64,
}

/// Returns what the descendants of a process use.
pub fn usage_below(of: u32) -> Usage {
    let members = members_of(of);
    let mut ticks = times(of).map_or(0, |times| times.of_children);
    let mut pages = 0_u64;
    for pid in members.iter().map(|stat| stat.pid) {
        ticks = ticks.saturating_add(times(pid).map_or(0, |times| times.own.saturating_add(times.of_children)));
        pages = pages.saturating_add(anonymous_pages(pid));
    }
    let processes = members.iter().filter(|stat| stat.is_alive).count() as u64;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    let memory_bytes = pages.saturating_mul(rustix::param::page_size() as u64);
    Usage { processes, cpu_ms: ticks.saturating_mul(1_000) / per_second, memory_bytes }
}

/// Returns the same memory, with each shared page counted once (`Pss_Anon`). Slow, and therefore only for a run that
/// seems to be over its limit.
pub fn exact_memory_below(of: u32) -> u64 {
    let bytes = |pid: u32| {
        proportional_bytes(pid).unwrap_or_else(|| {
            // Of a process that cannot be looked into, such as one of another user, the rough number counts.
            anonymous_pages(pid).saturating_mul(rustix::param::page_size() as u64)
        })
    };
    members_of(of).iter().map(|stat| bytes(stat.pid)).fold(0, u64::saturating_add)
}

/// Processor time of a process in ticks.
struct Times {
    own: u64,
    of_children: u64,
}

fn times(pid: u32) -> Option<Times> {
    let line = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let close = line.iter().rposition(|b| *b == b')')?;
    let rest = std::str::from_utf8(line.get(close.checked_add(1)?..)?).ok()?;
    // Counted from the state, field 3: 14 (utime), 15 (stime), 16 (cutime) and 17 (cstime).
    let mut fields = rest.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || fields.next()?.ok();
    let (user, system, of_users, of_systems) = (next()?, next()?, next()?, next()?);
    Some(Times { own: user.saturating_add(system), of_children: of_users.saturating_add(of_systems) })
}

/// Resident pages that are not mapped files or shared memory.
fn anonymous_pages(pid: u32) -> u64 {
    let Ok(statm) = std::fs::read_to_string(format!("/proc/{pid}/statm")) else { return 0 };
    let mut fields = statm.split_ascii_whitespace().skip(1).map(|field| field.parse::<u64>().unwrap_or(0));
    let (resident, shared) = (fields.next().unwrap_or(0), fields.next().unwrap_or(0));
    resident.saturating_sub(shared)
}

fn proportional_bytes(pid: u32) -> Option<u64> {
    let mut text = String::new();
    let file = std::fs::File::open(format!("/proc/{pid}/smaps_rollup")).ok()?;
    file.take(ROLLUP_BYTES_MAX).read_to_string(&mut text).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss_Anon:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1_024)
}

/// Returns how many processes the kernel has killed since the boot because memory ran out.
pub fn oom_kills() -> u64 {
    let text = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn children_are_measured() {
        // 64 MiB of memory in a process below a shell, once it says so.
        let script = "x=$(head -c 67108864 /dev/zero | tr '\\0' x); echo up; read _";
        let mut child = Command::new("bash");
        let mut child = child.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
        let of = std::process::id();
        let (usage, exact) = (usage_below(of), exact_memory_below(of));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(usage.processes >= 1 && usage.cpu_ms > 0, "{usage:?}");
        assert!(usage.memory_bytes >= 64 << 20, "{usage:?}");
        assert!(exact >= 64 << 20, "{exact}");
    }
}
