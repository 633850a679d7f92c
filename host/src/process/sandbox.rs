//! What a run does without because whoever started it said so: `wardroom run --sandbox NAME`.
//!
//! - `no-network`: a network namespace of its own, with a loopback device and nothing else (network_namespaces(7)).
//! - `read-only`: all that is mounted is read-only.
//! - `private-tmp`: `/tmp` is empty at first, gone at the end, and nobody else sees it.
//!
//! The stage that becomes the command sets this up in the mount namespace that it enters anyway (see
//! [`super::isolation`]); a Landlock domain keeps the command from changing it back.

use std::io;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;
use rustix::fs::StatVfsMountFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};
use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::SANDBOXES;

use super::mounts::{mounts, remount_read_only};
use crate::limits::PRIVATE_TMP_BYTES_MAX;

/// What is taken from a run.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Sandbox {
    no_network: bool,
    read_only: bool,
    private_tmp: bool,
}

impl Sandbox {
    /// Everything is taken.
    pub const ALL: Sandbox = Sandbox { no_network: true, read_only: true, private_tmp: true };

    /// Returns what these names mean together.
    ///
    /// # Errors
    /// If one is unknown here, as text for the room.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<Sandbox, String> {
        let mut sandbox = Sandbox::default();
        for name in names {
            *(match name.as_str() {
                "no-network" => &mut sandbox.no_network,
                "read-only" => &mut sandbox.read_only,
                "private-tmp" => &mut sandbox.private_tmp,
                _ => return Err(format!("this host knows no sandbox {name}: there are {}", SANDBOXES.join(", "))),
            }) = true;
        }
        Ok(sandbox)
    }

    /// Returns true if nothing is taken.
    pub fn is_empty(self) -> bool {
        self == Sandbox::default()
    }

    /// Returns true for a folder that others may see and the run does not.
    pub fn hides(self, folder: &str) -> bool {
        self.private_tmp && Path::new(folder).starts_with("/tmp")
    }

    /// Returns the namespaces that it needs besides that of mounts.
    pub fn namespaces(self) -> CloneFlags {
        if self.no_network { CloneFlags::CLONE_NEWNET } else { CloneFlags::empty() }
    }

    /// Sets it up for this process, which has entered the namespaces.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn set_up(self) -> Result<(), String> {
        if self.no_network {
            start_loopback().map_err(|error| format!("no loopback device: {error}"))?;
        }
        if self.read_only {
            make_all_read_only()?;
        }
        if self.private_tmp {
            let options = format!("size={PRIVATE_TMP_BYTES_MAX},mode=1777");
            let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
            mount(Some("tmpfs"), "/tmp", Some("tmpfs"), flags, Some(options.as_str()))
                .map_err(|error| format!("no /tmp of its own: {}", error.desc()))?;
        }
        Ok(())
    }
}

/// Makes each mount read-only. Some cannot be reached, by the command either: others cover them.
fn make_all_read_only() -> Result<(), String> {
    for mount in mounts() {
        if let Err(error) = remount_read_only(&mount.at)
            && may_be_written(&mount.at)
        {
            return Err(format!("{} cannot be made read-only: {}", mount.at.display(), error.desc()));
        }
    }
    Ok(())
}

fn may_be_written(mount: &Path) -> bool {
    match rustix::fs::statvfs(mount) {
        Ok(stat) => !stat.f_flag.contains(StatVfsMountFlags::RDONLY),
        Err(error) => !matches!(error, Errno::NOENT | Errno::NOTDIR | Errno::ACCESS),
    }
}

/// Starts the loopback device of a new network namespace, so that programs can talk to each other: rtnetlink(7).
fn start_loopback() -> io::Result<()> {
    /// RTM_NEWLINK, with NLM_F_REQUEST and NLM_F_ACK.
    const NEW_LINK: (u16, u16) = (16, 1 | 4);
    /// The first device of each network namespace.
    const LOOPBACK: i32 = 1;
    const IFF_UP: u32 = 1;
    let mut request = Vec::new();
    request.extend_from_slice(&32_u32.to_ne_bytes());
    request.extend_from_slice(&NEW_LINK.0.to_ne_bytes());
    request.extend_from_slice(&NEW_LINK.1.to_ne_bytes());
    // The number of the request, and the sender, which the kernel fills in.
    request.extend_from_slice(&[0; 8]);
    // No family and no type.
    request.extend_from_slice(&[0; 4]);
    request.extend_from_slice(&LOOPBACK.to_ne_bytes());
    // The flags, and which of them change.
    request.extend_from_slice(&IFF_UP.to_ne_bytes());
    request.extend_from_slice(&IFF_UP.to_ne_bytes());
    // The first protocol of netlink, `NETLINK_ROUTE`.
    let kernel = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    send(&kernel, &request, SendFlags::empty())?;
    let mut answer = [0; 64];
    let (len, _) = recv(&kernel, &mut answer, RecvFlags::empty())?;
    // After the header of 16 bytes: zero, or the negative number of an error.
    let code = answer.get(..len).and_then(|answer| answer.get(16..20)?.try_into().ok()).map(i32::from_ne_bytes);
    match code {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}
