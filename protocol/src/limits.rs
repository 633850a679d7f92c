//! Every number that bounds the wire, each with its reason. The welcome tells clients the ones that they need.

/// Bytes of a frame's line, LF included. Room for the longest text after JSON escaping (6 bytes for a control
/// character would exceed it, but such text is refused by [`TEXT_BYTES_MAX`] long before in practice).
pub const LINE_BYTES_MAX: usize = 65_536;
/// Raw bytes that may follow a line. One bulk frame holds up a chat line on the same socket for this long at most:
/// 0.5 ms at 1 Gbit/s.
pub const BODY_BYTES_MAX: usize = 65_536;
/// Bytes of what a program posts to a webhook: a thousand alerts of one group, which come together when it matters most.
pub const HOOK_BYTES_MAX: usize = 1 << 20;
/// Bytes (UTF-8) of a message's text. Longer texts become files.
pub const TEXT_BYTES_MAX: usize = 16_384;
/// Bytes a connection may send before it is welcome: a `via` and a `hello` with room to spare.
pub const HELLO_BYTES_MAX: usize = 8_192;
/// Milliseconds a connection has until it must be welcome.
pub const HELLO_TIMEOUT_MS: u64 = 10_000;
/// Milliseconds the server waits for a first byte before it takes the other end for a person and greets.
pub const FIRST_BYTE_WAIT_MS: u64 = 250;
/// Milliseconds of silence after which the server pings. Below the 60 s at which nginx and most balancers cut.
pub const PING_AFTER_MS: u64 = 25_000;
/// Milliseconds of silence after which a connection is dead: two pings missed, and some grace.
pub const DEAD_AFTER_MS: u64 = 60_000;
/// Bytes of a file: 64 GiB. More than a core dump of the machines that we meet; a bound for mistakes.
pub const FILE_BYTES_MAX: u64 = 64 << 30;
/// Characters of a room's name. Shown in a rail of 232 px, and a folder's name on disk.
pub const ROOM_NAME_MAX: usize = 64;
/// Bytes of a room's name: most scripts need three for a character, and a folder's name takes 255.
pub const ROOM_NAME_BYTES_MAX: usize = 192;
/// Characters of a user's name.
pub const USER_NAME_MAX: usize = 32;
/// Characters of a room's title or a person's displayed name.
pub const TITLE_CHARS_MAX: usize = 120;
/// Bytes of a nonce. A ULID or UUID with room to spare.
pub const NONCE_BYTES_MAX: usize = 64;
/// Bytes of a password. Longer input would only be work for the hash.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Characters of a password at least (NIST SP 800-63B).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Bytes of a room's topic: a few lines, with a link to a runbook.
pub const TOPIC_BYTES_MAX: usize = 1_024;
/// Members of a direct message, oneself included. More is a room, which has a name.
pub const DM_USERS_MAX: usize = 16;
/// Different reactions to one message.
pub const REACTIONS_MAX: usize = 20;
/// Bytes of a reaction: the longest emoji sequences (families, flags of regions) have 28 to 35.
pub const EMOJI_BYTES_MAX: usize = 40;
/// Characters that a search is for, at least. One is a word in Chinese, or an emoji.
pub const QUERY_CHARS_MIN: usize = 1;
/// Bytes of a search, at most.
pub const QUERY_BYTES_MAX: usize = 1_024;
/// Hits of one answer, at most.
pub const HITS_MAX: u32 = 100;
/// Days that a room can be told to keep what is in it, at most: ten years.
pub const RETENTION_DAYS_MAX: u32 = 3_650;
/// Unread lines are counted exactly up to here; more are told as so many.
pub const UNREAD_MAX: u64 = 1_000;
/// Minutes after which a message of the same author shows author and time again: by then readers think of it as a new remark.
pub const GROUP_MINUTES_MAX: u64 = 5;
/// Lines of one author after which author and time are shown again: a terminal has 24, and a page shows about twice as many.
pub const GROUP_LINES_MAX: usize = 20;
/// Events in one `room.history` answer.
pub const HISTORY_LIMIT_MAX: u32 = 200;
/// Events that one write to a reader takes: half a commit of the core, which a kernel buffer holds at once.
pub const EVENTS_PER_WRITE_MAX: usize = 256;
/// Bytes of a command as text.
pub const CMD_BYTES_MAX: usize = 16_384;
/// Words of a command as `argv`.
pub const ARGV_MAX: usize = 256;
/// Variables that a request may set for a run.
pub const ENV_VARS_MAX: usize = 64;
/// Bytes of one name and value of the environment.
pub const ENV_BYTES_MAX: usize = 4_096;
/// Seconds a run may take if the request does not say.
pub const RUN_TIMEOUT_DEFAULT_S: u64 = 3_600;
/// Seconds a run may ask for: a day.
pub const RUN_TIMEOUT_MAX_S: u64 = 86_400;
/// Bytes a watcher may have in flight if it does not say: one bandwidth-delay product of 20 ms at 100 Mbit/s.
pub const WINDOW_DEFAULT: u64 = 262_144;
/// Bytes a watcher, a download or an upload may have in flight: 50 ms at 1 Gbit/s is 6 MiB.
pub const WINDOW_MAX: u64 = 8 << 20;
/// Bytes of a file's path.
pub const PATH_BYTES_MAX: usize = 1_024;
/// Bytes of one component of a path: NAME_MAX of the file systems that we meet.
pub const PATH_PART_BYTES_MAX: usize = 255;
/// Components of a path.
pub const PATH_DEPTH_MAX: usize = 32;
/// Entries in one `file.list` answer: at 200 bytes an entry they fit a line.
pub const LIST_ENTRIES_MAX: usize = 200;
/// Integers on the wire stay below this, so that every JSON reader keeps them exact (RFC 8259, section 6).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Bytes of a secret, at least: what is shorter is guessed.
pub const HOOK_SECRET_BYTES_MIN: usize = 8;
/// Bytes of a secret, at most: longer keys of HMAC-SHA-256 are hashed, and gain nothing.
pub const HOOK_SECRET_BYTES_MAX: usize = 256;

const _: () = {
    assert!(TEXT_BYTES_MAX * 3 < LINE_BYTES_MAX, "a text of quotes and accents still fits a line");
    assert!(CMD_BYTES_MAX * 3 < LINE_BYTES_MAX, "so does a command");
    assert!(WINDOW_DEFAULT as usize >= 2 * BODY_BYTES_MAX, "one frame in flight while the next is made");
    assert!(WINDOW_MAX >= WINDOW_DEFAULT, "the default window is allowed");
    assert!(DEAD_AFTER_MS > 2 * PING_AFTER_MS, "a ping may be lost");
    assert!(PATH_PART_BYTES_MAX <= PATH_BYTES_MAX, "one component is a path");
};
