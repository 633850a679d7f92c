//! Every number that bounds a person's connection, each with its reason.

use wardroom_protocol::limits::{CMD_BYTES_MAX, HELLO_BYTES_MAX, TEXT_BYTES_MAX};

use crate::limits::WATCHES_MAX;

/// Bytes of a line, which is held in memory until it ends: enough for ten thousand lines of a log pasted as one. A line
/// that is too long for a message becomes a file.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Bytes before sign-in, the same as for programs.
pub const SIGN_IN_BYTES_MAX: usize = HELLO_BYTES_MAX;
/// Milliseconds to sign in: a person has to look up a password and type it.
pub const SIGN_IN_MS: u64 = 120_000;
/// Milliseconds to sign in while half of the places for strangers are taken. The same as for programs, so that silent
/// connections do not block others for longer.
pub const SIGN_IN_CROWDED_MS: u64 = 10_000;
/// Milliseconds between checks of how crowded it is.
pub const CROWD_LOOK_MS: u64 = 1_000;
/// Wrong passwords or invites on one connection. The throttle of the accounts counts across connections.
pub const WRONG_MAX: u32 = 3;
/// Unknown lines before sign-in: enough for a person who tries things, too few for a dump of bytes.
pub const SENSELESS_MAX: u32 = 8;

/// Events shown when somebody enters a room.
pub const LAST_EVENTS: u64 = 10;
/// Hits that `/search` shows: one screen.
pub const HITS_SHOWN: u32 = 20;
/// Runs that `/runs` shows.
pub const RUNS_SHOWN: u32 = 20;
/// Entries of a folder that `/files` shows at most: ten pages. Longer lists are for programs.
pub const FILES_SHOWN: usize = 2_000;

/// Bytes of an unfinished line of a run that are held back; a longer line is cut into several.
pub const PARTIAL_BYTES_MAX: usize = 4_096;
/// Milliseconds after which an unfinished line is shown, so that a row of dots can be seen growing.
pub const PARTIAL_AGE_MS: u64 = 1_000;
/// Runs followed at a time.
pub const FOLLOWED_MAX: usize = WATCHES_MAX;
/// Runs remembered after their end, so that the room's event about it is not shown as well.
pub const REMEMBERED_MAX: usize = 2 * FOLLOWED_MAX;

/// Bytes per read while a file is uploaded: as many as in a frame of a program's upload.
pub const RAW_BYTES_MAX: usize = 64 << 10;
/// Milliseconds that an answer waits for earlier answers. This only affects the order on the screen.
pub const SETTLE_MS: u64 = 2_000;
/// Milliseconds without progress after which a reader that has sent its last line is disconnected.
pub const STALL_MS: u64 = 60_000;
/// Milliseconds between updates of the read state: each is a write to the disk.
pub const READ_NOTE_MS: u64 = 5_000;

const _: () = {
    assert!(LINE_BYTES_MAX > TEXT_BYTES_MAX, "the longest message fits a line");
    assert!(LINE_BYTES_MAX > CMD_BYTES_MAX + 8, "so does the longest command, behind its /run");
    assert!(SIGN_IN_CROWDED_MS < SIGN_IN_MS, "a crowd shortens the wait");
};
