//! How this machine is: its load, and the disk of the spool. Read when the core asks.

use std::path::Path;

use wardroom_protocol::messages::HostStatus;

/// Returns how this machine is. Blocks: the disk may be slow.
pub fn of(spool: &Path) -> HostStatus {
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.and_then(|text| text.split_whitespace().next()?.parse().ok());
    let cpus = std::thread::available_parallelism().ok().and_then(|cpus| u32::try_from(cpus.get()).ok());
    let disk = rustix::fs::statvfs(spool).ok();
    let free_bytes = disk.as_ref().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let disk_bytes = disk.as_ref().map(|disk| disk.f_blocks.saturating_mul(disk.f_frsize));
    HostStatus { load, cpus, free_bytes, disk_bytes }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_load_and_a_disk() {
        let status = of(Path::new("/"));
        assert!(status.load.unwrap() >= 0.0 && status.cpus.unwrap() > 0, "{status:?}");
        assert!(status.free_bytes.unwrap() <= status.disk_bytes.unwrap(), "{status:?}");
        assert_eq!(of(Path::new("/nowhere")).free_bytes, None);
    }
}
