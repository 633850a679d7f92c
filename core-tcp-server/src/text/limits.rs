//! Every number that bounds a person's connection, each with its reason.

use wardroom_protocol::limits::{CMD_BYTES_MAX, HELLO_BYTES_MAX, TEXT_BYTES_MAX};

use crate::limits::WATCHES_MAX;

/// Bytes of a line, which is held in memory until its end comes: ten thousand lines of a log that somebody pastes as one. More than
/// a message holds becomes a file.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Bytes before one is signed in: as programs have.
pub const SIGN_IN_BYTES_MAX: usize = HELLO_BYTES_MAX;
/// Milliseconds to sign in: a person looks up a password, and types it.
pub const SIGN_IN_MS: u64 = 120_000;
/// Milliseconds to sign in while half of the places for strangers are taken: as programs have, so that silent
/// connections keep nobody out for longer.
pub const SIGN_IN_CROWDED_MS: u64 = 10_000;
/// Milliseconds between looks at how crowded it is.
pub const CROWD_LOOK_MS: u64 = 1_000;
/// Wrong passwords or invites on one connection. The throttle of the accounts counts over all of them.
pub const WRONG_MAX: u32 = 3;
/// Lines that make no sense before one is signed in: enough for somebody who tries, too few for a dump of bytes.
pub const SENSELESS_MAX: u32 = 8;

/// Events that are shown when one comes into a room.
pub const LAST_EVENTS: u64 = 10;
/// Hits that `/search` shows: a screen of them.
pub const HITS_SHOWN: u32 = 20;
/// Runs that `/runs` shows.
pub const RUNS_SHOWN: u32 = 20;
/// Entries of a folder that `/files` shows at most: ten pages. More is for programs.
pub const FILES_SHOWN: usize = 2_000;

/// Bytes of a run's line that are held until its end comes; a longer one is cut into several.
pub const PARTIAL_BYTES_MAX: usize = 4_096;
/// Milliseconds after which a line that has no end yet is shown: a row of dots is seen to grow.
pub const PARTIAL_AGE_MS: u64 = 1_000;
/// Runs that are followed at a time.
pub const FOLLOWED_MAX: usize = WATCHES_MAX;
/// Runs that are remembered after their end, so that the room's line of it is not shown as well.
pub const REMEMBERED_MAX: usize = 2 * FOLLOWED_MAX;

/// Bytes of a read while a file comes in: as much as a frame of a program's upload holds.
pub const RAW_BYTES_MAX: usize = 64 << 10;
/// Milliseconds that an answer waits for what was asked for before it. For the order on the screen only.
pub const SETTLE_MS: u64 = 2_000;
/// Milliseconds without a byte taken after which a reader that has said all it had to say is given up.
pub const STALL_MS: u64 = 60_000;
/// Milliseconds between notes of how far somebody has read: each is a write to the disk.
pub const READ_NOTE_MS: u64 = 5_000;

const _: () = {
    assert!(LINE_BYTES_MAX > TEXT_BYTES_MAX, "the longest message fits a line");
    assert!(LINE_BYTES_MAX > CMD_BYTES_MAX + 8, "so does the longest command, behind its /run");
    assert!(SIGN_IN_CROWDED_MS < SIGN_IN_MS, "a crowd shortens the wait");
};
