//! Every number that bounds the core, each with its reason. What bounds the wire is in the protocol crate.

/// Work that the store's writer commits as one transaction. At 12 µs each a batch takes 6 ms: long enough that one
/// fsync serves many, short enough that nobody waits for it.
pub const COMMIT_BATCH_MAX: usize = 512;
/// Work that may wait for the writer. A full queue makes requests wait, which makes connections wait.
pub const WRITE_QUEUE_MAX: usize = 4_096;
/// Committed batches that may wait to be published. The publisher never blocks on a reader, so this stays short.
pub const PUBLISH_QUEUE_MAX: usize = 16;
/// Connections to the database for reading: more than cores, because some wait for the disk.
pub const STORE_READERS_MAX: usize = 4;
/// Pages (of 4 KiB) in the write-ahead log after which it is checkpointed: 8 MiB.
pub const WAL_PAGES_MAX: i64 = 2_048;
/// Milliseconds between looks at the write-ahead log.
pub const CHECKPOINT_EVERY_MS: u64 = 500;
/// Milliseconds that the database may be locked by a reader's snapshot or another tool before it is an error.
pub const STORE_BUSY_MS: u64 = 5_000;

/// Events that a room keeps encoded in memory. Readers further behind read from disk.
pub const TAIL_EVENTS_MAX: usize = 1_024;
/// Bytes that a room keeps encoded in memory: 1,024 of the longest texts would be 16 MiB a room.
pub const TAIL_BYTES_MAX: usize = 1 << 20;
/// Events that one read from disk gives a reader that is behind.
pub const PAGE_EVENTS_MAX: usize = 200;
/// Bytes that one read from disk gives a reader, so that a page of long texts stays small too.
pub const PAGE_BYTES_MAX: usize = 256 << 10;

/// Requests of one connection that may be under way or unread; then the core stops reading that connection.
pub const IN_FLIGHT_MAX: u32 = 64;
/// Bytes of replies that one write takes.
pub const WRITE_BYTES_MAX: usize = 256 << 10;
/// Slices that one write takes: IOV_MAX is 1,024 on Linux; more than this gains nothing.
pub const WRITE_SLICES_MAX: usize = 128;
/// Bytes of a bulk read from disk: one hop to a blocking thread for sixteen frames.
pub const BULK_READ_BYTES_MAX: usize = 1 << 20;
/// Bulk frames in one write. With 64 KiB each, chat waits behind 256 KiB at most.
pub const BULK_FRAMES_PER_WRITE_MAX: usize = 4;
/// First size of a connection's read buffer, in bytes. Doubled while reads fill it, and given back when idle.
pub const READ_BYTES_MIN: usize = 4 << 10;
/// Last size of a connection's read buffer: four bulk frames.
pub const READ_BYTES_MAX: usize = 256 << 10;
/// Rooms that one connection may have open.
pub const OPEN_ROOMS_MAX: usize = 64;
/// Runs that one connection may watch.
pub const WATCHES_MAX: usize = 32;
/// Downloads that one connection may have under way.
pub const DOWNLOADS_MAX: usize = 8;
/// Milliseconds that a closing connection has to take what is written to it.
pub const CLOSE_WAIT_MS: u64 = 1_000;
/// Milliseconds between looks for silent connections and for rooms whose state is to be told.
pub const SWEEP_EVERY_MS: u64 = 1_000;

/// Connections that are not signed in yet, over all addresses.
pub const STRANGERS_MAX: usize = 1_024;
/// Connections at all; two file descriptors each are kept free for the rest.
pub const CONNECTIONS_MAX: usize = 60_000;
/// Milliseconds to wait when the process is out of file descriptors, before accepting again.
pub const ACCEPT_BACKOFF_MS: u64 = 100;

/// Password hashes at a time: each takes 19 MiB and a core for 20 ms.
pub const HASHES_MAX: usize = 2;
/// Milliseconds that a sign-in may wait for its turn to hash.
pub const HASH_WAIT_MS: u64 = 8_000;
/// Failed sign-ins of one address at once; then one more every [`ADDRESS_REFILL_MS`].
pub const ADDRESS_BURST: u32 = 10;
/// Milliseconds after which an address may fail once more.
pub const ADDRESS_REFILL_MS: u64 = 6_000;
/// Failed sign-ins for one account from addresses that never signed in to it; then one more every [`ACCOUNT_REFILL_MS`].
pub const ACCOUNT_BURST: u32 = 20;
/// Milliseconds after which an account may be failed once more by strangers.
pub const ACCOUNT_REFILL_MS: u64 = 3_000;
/// Addresses and accounts that the throttle remembers: at 100 bytes each, a megabyte.
pub const THROTTLE_ENTRIES_MAX: usize = 10_000;
/// Milliseconds that an invite is good for: a day.
pub const INVITE_MS: u64 = 24 * 3_600 * 1_000;
/// Milliseconds that a remembered session is good for: thirty days.
pub const SESSION_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// Bytes of a file: 64 GiB. More than a core dump of the machines that we meet; a bound for mistakes.
pub const FILE_BYTES_MAX: u64 = 64 << 30;
/// Sessions and tokens of one user. The oldest session ends when one more is made.
pub const SESSIONS_PER_USER_MAX: usize = 64;
/// Rooms on one server: all are held in memory, at about a kilobyte each.
pub const ROOMS_MAX: usize = 10_000;

const _: () = {
    assert!(TAIL_EVENTS_MAX >= 4 * COMMIT_BATCH_MAX / 2, "a commit does not overrun the tail");
    assert!(PAGE_EVENTS_MAX <= TAIL_EVENTS_MAX, "a reader that takes a page from disk can reach the tail");
    assert!(READ_BYTES_MAX >= 2 * (64 << 10), "a read takes more than one bulk frame");
};
