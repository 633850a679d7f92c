//! What the processes of a contender's server cost, from proc(5): the descendants of its first processes. The command in
//! the terminal is not among them.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context as _, Result};

/// What runs in the terminals, by its name in proc(5).
const COMMANDS: [&str; 8] = ["sh", "dash", "bash", "cat", "head", "yes", "stty", "true"];
/// See proc(5): what sysconf(_SC_CLK_TCK) gives on Linux.
const TICKS_PER_S: f64 = 100.0;

/// The server's processes: these and all their descendants, without the commands.
pub fn tree(roots: &[u32]) -> Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<(u32, String)>> = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // It may have ended since.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let (before, after) = stat.rsplit_once(") ").context("a line of stat without a name")?;
        let name = before.split_once('(').map(|(_, name)| name.to_owned()).unwrap_or_default();
        let parent: u32 = after.split(' ').nth(1).context("no parent")?.parse()?;
        children.entry(parent).or_default().push((pid, name));
    }
    let (mut found, mut next) = (Vec::new(), roots.to_vec());
    while let Some(pid) = next.pop() {
        found.push(pid);
        let below = children.get(&pid).map(Vec::as_slice).unwrap_or_default();
        next.extend(below.iter().filter(|(_, name)| !COMMANDS.contains(&name.as_str())).map(|(pid, _)| *pid));
    }
    Ok(found)
}

/// CPU seconds of these processes so far, user and system. In nanoseconds where the kernel counts them: the ticks of
/// 600 processes would be seconds.
pub fn cpu_s(pids: &[u32]) -> f64 {
    pids.iter().map(|pid| threads_s(*pid).max(ticks_s(*pid).unwrap_or_default())).sum()
}

fn threads_s(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    spent.filter_map(|line| line.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

fn ticks_s(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(") ")?.1;
    Some(after_name.split(' ').skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S)
}

/// Resident memory of these processes in MB, each with what it shares: an upper bound.
pub fn resident_mb(pids: &[u32]) -> f64 {
    let kib = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find(|line| line.starts_with("VmRSS:"))?.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    pids.iter().filter_map(kib).sum::<f64>() * 1_024.0 / 1e6
}
