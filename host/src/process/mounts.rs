//! What is mounted where, as this process sees it: proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};

/// A mount.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mount {
    /// Which part of the file system is mounted.
    pub root: PathBuf,
    /// The folder or the file where it is.
    pub at: PathBuf,
    /// The type of the file system.
    pub kind: String,
}

/// Returns all mounts, each after the one that it is in.
pub fn mounts() -> Vec<Mount> {
    parse(&std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default())
}

fn parse(text: &str) -> Vec<Mount> {
    let parse = |line: &str| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3).map(unescaped);
        Some(Mount { root: fields.next()?, at: fields.next()?, kind: file_system.split(' ').next()?.to_owned() })
    };
    text.lines().filter_map(parse).collect()
}

/// Blanks, line ends and backslashes are written as three octal digits.
fn unescaped(field: &str) -> PathBuf {
    let mut bytes = field.bytes();
    let mut path = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' {
            let digits = bytes.by_ref().take(3);
            path.push(digits.fold(0_u8, |value, digit| value.wrapping_mul(8).wrapping_add(digit.wrapping_sub(b'0'))));
        } else {
            path.push(byte);
        }
    }
    OsString::from_vec(path).into()
}

/// Makes a mount read-only for those who see it in this mount namespace.
///
/// # Errors
/// If the operating system refuses.
pub fn remount_read_only(at: &Path) -> nix::Result<()> {
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | flags_of(at);
    mount(None::<&str>, at, None::<&str>, flags, None::<&str>)
}

/// Returns the flags of a mount that must stay as they are in a user namespace: mount_namespaces(7).
fn flags_of(mount: &Path) -> MsFlags {
    use rustix::fs::StatVfsMountFlags as Seen;
    let seen = rustix::fs::statvfs(mount).map(|stat| stat.f_flag).unwrap_or(Seen::empty());
    let pairs =
        [(Seen::NOSUID, MsFlags::MS_NOSUID), (Seen::NODEV, MsFlags::MS_NODEV), (Seen::NOEXEC, MsFlags::MS_NOEXEC)];
    pairs.into_iter().filter(|(flag, _)| seen.contains(*flag)).map(|(_, flag)| flag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_their_blanks_restored() {
        let text = "36 35 98:0 /mnt1 /mnt\\040with\\134all rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n\
                    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\nnonsense\n";
        let mount = |root: &str, at: &str, kind: &str| Mount { root: root.into(), at: at.into(), kind: kind.into() };
        let wanted = [mount("/mnt1", "/mnt with\\all", "ext3"), mount("/", "/sys/fs/cgroup/unified", "cgroup2")];
        assert_eq!(parse(text), wanted);
        assert!(mounts().iter().any(|mount| mount.kind == "proc"));
    }
}
