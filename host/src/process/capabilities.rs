//! What a command of root may no longer do, so that it cannot undo its isolation or its sandbox: capabilities(7).
//!
//! They are taken from the bounding set: no program that the command starts gets them back, whatever its owner and mode.
//! In a user namespace of its own a command has all of them again, but there they are good only for what was made in it;
//! the mounts that were copied into it are locked (mount_namespaces(7)).

use rustix::thread::{
    CapabilitySet, capabilities, capability_is_in_bounding_set, remove_capability_from_bounding_set, set_capabilities,
};

/// What root loses with any isolation: mounts and namespaces (`SYS_ADMIN`), other processes (`SYS_PTRACE`,
/// `CHECKPOINT_RESTORE`), files by their handle (`DAC_READ_SEARCH`: open_by_handle_at(2)), devices of disks that are not
/// there yet (`MKNOD`), and the memory of the kernel (the rest).
const UNDOING: CapabilitySet = CapabilitySet::SYS_ADMIN
    .union(CapabilitySet::SYS_PTRACE)
    .union(CapabilitySet::CHECKPOINT_RESTORE)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::SYS_MODULE)
    .union(CapabilitySet::SYS_RAWIO)
    .union(CapabilitySet::SYS_BOOT)
    .union(CapabilitySet::BPF)
    .union(CapabilitySet::PERFMON);

/// What root keeps in a sandbox: it changes owners and users, kills, and listens on low ports. Everything else would let
/// it change back what is taken from it: `NET_ADMIN` reaches other network namespaces.
const KEPT_IN_SANDBOX: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::SYS_NICE)
    .union(CapabilitySet::SYS_RESOURCE)
    .union(CapabilitySet::AUDIT_WRITE);

/// Takes from root what would undo an isolation, as soon as this process becomes another program.
///
/// # Errors
/// Why not, for people.
pub fn drop_undoing() -> Result<(), String> {
    drop_all_of(UNDOING)
}

/// The same for a sandbox, which needs more.
///
/// # Errors
/// Why not, for people.
pub fn drop_for_sandbox() -> Result<(), String> {
    drop_all_of(CapabilitySet::all().difference(KEPT_IN_SANDBOX))
}

/// Returns true if this process administers the system, or the user namespace that it is in.
pub fn may_administer() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
}

fn drop_all_of(set: CapabilitySet) -> Result<(), String> {
    if !rustix::process::getuid().is_root() {
        return Ok(());
    }
    let failed = |error| format!("a capability cannot be dropped: {error}");
    for capability in set.iter() {
        // Older kernels do not know all.
        if let Ok(true) = capability_is_in_bounding_set(capability) {
            remove_capability_from_bounding_set(capability).map_err(failed)?;
        }
    }
    // What is inheritable passes by the bounding set.
    let mut sets = capabilities(None).map_err(failed)?;
    sets.inheritable.remove(set);
    set_capabilities(None, sets).map_err(failed)
}
