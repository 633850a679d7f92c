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
/// Pages that the writer copies itself, at most, so that the log can be begun anew: some milliseconds between two batches.
pub const WAL_REST_PAGES_MAX: i64 = 512;
/// Milliseconds that one read may take. Its snapshot keeps the log growing, and its connection is one of few.
pub const READ_MS_MAX: u64 = 5_000;
/// Steps of SQLite's machine between looks at the clock: less than a millisecond.
pub const READ_CHECK_STEPS: i32 = 10_000;
/// Milliseconds that the database may be locked by a reader's snapshot or another tool before it is an error.
pub const STORE_BUSY_MS: u64 = 5_000;

/// Events that a room keeps encoded in memory. Readers further behind read from disk.
pub const TAIL_EVENTS_MAX: usize = 1_024;
/// Readers of a room that one task writes to: at 5 µs each, half a millisecond in which other tasks of its thread wait.
pub const READERS_PER_TASK: usize = 100;
/// Bytes that a room keeps encoded in memory: 1,024 of the longest texts would be 16 MiB a room.
pub const TAIL_BYTES_MAX: usize = 1 << 20;
/// Bytes that the tails of all rooms take in memory together: a seventh of the 64 MiB that a core with 10,000 rooms may
/// take, or the full tails of nine rooms that people talk in. The rooms that nobody wrote to for longest give theirs up.
pub const TAILS_BYTES_MAX: usize = 9 << 20;
/// Events that one segment of a tail holds: half a commit. An edit copies a segment, so it stays small.
pub const SEGMENT_EVENTS_MAX: usize = 256;
/// Bytes that one segment of a tail holds, unless a single event is longer: what a reader that stopped reading keeps
/// from being freed is one write and the segments that it is cut from.
pub const SEGMENT_BYTES_MAX: usize = 64 << 10;
/// Bytes of events that one write takes: as many as a kernel buffer holds at once.
pub const EVENT_BYTES_PER_WRITE_MAX: usize = 64 << 10;
/// Events that one read from disk gives a reader that is behind.
pub const PAGE_EVENTS_MAX: usize = 200;
/// Bytes that one read from disk gives a reader, so that a page of long texts stays small too.
pub const PAGE_BYTES_MAX: usize = 256 << 10;

/// Requests of one connection that may be under way or unread; then the core stops reading that connection.
pub const IN_FLIGHT_MAX: u32 = 64;
/// Bytes of a connection's replies that may be under way or unread; then the core stops reading that connection. Four
/// of the longest lines: a client that reads has its next page while it draws this one.
pub const REPLY_BYTES_MAX: usize = 4 * wardroom_protocol::limits::LINE_BYTES_MAX;
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

/// Connections over the network that are not signed in, and as many over the unix socket: at 10 KiB each, 10 MiB.
pub const PERMITS_MAX: usize = 1_024;
/// Connections of one address (IPv6: one /64) that are not signed in. A sign-in takes milliseconds, or as long as somebody types:
/// an office has fewer under way at a time.
pub const PERMITS_PER_ADDRESS_MAX: usize = 64;
/// Milliseconds that a connection is given to be read before it may be closed for a newcomer: after a restart a thousand
/// clients come back at once, and their first frames wait for a busy server.
pub const PERMIT_GRACE_MS: u64 = 250;
/// Connections at all, over one TCP listener, where the process may open twice as many files.
pub const CONNECTIONS_MAX: usize = 60_000;
/// Open files below which the core warns at its start: a few hundred connections and the files that they use.
pub const DESCRIPTORS_WANTED: u64 = 4_096;
/// Milliseconds to wait when the process is out of file descriptors, before accepting again.
pub const ACCEPT_BACKOFF_MS: u64 = 100;

/// Password hashes of strangers at a time: each takes 19 MiB and a core for 20 ms.
pub const HASHES_MAX: usize = 2;
/// Password hashes at a time beside those: of admins, and of people at an address from which they signed in before.
pub const HASHES_KNOWN_MAX: usize = 1;
/// Sign-ins of strangers by password or invite that are under way or wait, over all addresses: at 20 ms each on two threads they
/// are done within the wait. More are `busy` at once.
pub const SIGN_INS_MAX: usize = 256;
/// People whose own new password is hashed at a time: each takes two hashes of the lane that known people sign in by, which
/// go one after the other, so that a sign-in waits for one of them at most.
pub const PASSWORD_CHANGES_MAX: usize = 1;
/// Addresses of one account from which somebody signed in, the latest.
pub const KNOWN_ADDRESSES_MAX: usize = 64;
/// Milliseconds that a sign-in may wait for others of its address and its account, and once more for its turn to hash.
pub const SIGN_IN_WAIT_MS: u64 = 4_000;
/// Failed sign-ins of one address at once; then one more every [`ADDRESS_REFILL_MS`].
pub const ADDRESS_BURST: u32 = 10;
/// Milliseconds after which an address may fail once more.
pub const ADDRESS_REFILL_MS: u64 = 6_000;
/// Failed sign-ins for one account from addresses that never signed in to it; then one more every [`ACCOUNT_REFILL_MS`].
pub const ACCOUNT_BURST: u32 = 15;
/// Milliseconds after which an account may be failed once more by strangers.
pub const ACCOUNT_REFILL_MS: u64 = 6_000;
/// Addresses and accounts that the throttle remembers: at 100 bytes each, a megabyte.
pub const THROTTLE_ENTRIES_MAX: usize = 10_000;
/// Milliseconds that an invite is good for: a day.
pub const INVITE_MS: u64 = 24 * 3_600 * 1_000;
/// Milliseconds that a remembered session is good for: thirty days.
pub const SESSION_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// Bytes that an upload may have under way: what a round trip of 50 ms at 1 Gbit/s needs, the most that the wire allows.
pub const UPLOAD_WINDOW_BYTES: u64 = wardroom_protocol::limits::WINDOW_MAX;
/// Bytes of all uploads that wait in memory for the disk. When they are that many, the connections wait.
pub const UPLOAD_QUEUE_BYTES_MAX: usize = 256 << 20;
/// Bytes that a queued chunk counts for at least: it may be the last hold on a read buffer.
pub const UPLOAD_PIECE_BYTES_MIN: usize = 4 << 10;
/// Milliseconds that a connection waits for the disk to take an upload's bytes before they are refused.
pub const UPLOAD_WAIT_MS: u64 = 30_000;
/// Milliseconds that a commit waits for what is queued, and for the digest of what was staged before a restart:
/// 64 GiB are read back at 100 MB/s in this time.
pub const COMMIT_WAIT_MS: u64 = 700_000;
/// Uploads that one user may have begun: a folder dropped into a room is sent a few files at a time. One more takes the place
/// of the one that was left for longest: its connection is gone, or nothing came for [`UPLOAD_IDLE_MS`].
pub const UPLOADS_PER_USER_MAX: usize = 64;
/// Milliseconds after which an upload that nobody goes on with may give way to another: longer than a lost connection is away.
pub const UPLOAD_IDLE_MS: u64 = 60_000;
/// Uploads begun by all: a few kilobytes each in memory, and a row that is read at each start.
pub const UPLOADS_MAX: usize = 4_096;
/// Milliseconds after which an upload that nobody goes on with is removed, and one that is over is forgotten: a week,
/// so that a sender may be away over a week-end.
pub const UPLOAD_KEEP_MS: u64 = 7 * 24 * 3_600 * 1_000;
/// Milliseconds between looks for such uploads.
pub const UPLOAD_SWEEP_EVERY_MS: u64 = 600_000;
/// Bytes that an upload leaves free on the disk: room for the database and for what runs write.
pub const FREE_BYTES_MIN: u64 = 64 << 20;
/// Bytes that one write to a staged file takes: few system calls, and an acknowledgement every few milliseconds.
pub const STAGE_WRITE_BYTES_MAX: usize = 1 << 20;
/// Bytes after which a staged file is sent to the disk while more comes, so that the commit has little left to wait for.
pub const STAGE_SYNC_BYTES: u64 = 32 << 20;
/// Bytes that a staged file may be ahead of the disk: a third of a second here. Then the sender waits, and sees true
/// progress instead of an upload that hangs at its end.
pub const STAGE_UNSYNCED_BYTES_MAX: u64 = 128 << 20;
/// Commits that are serialised apart from each other: those of different rooms seldom wait for one another.
pub const PLACING_LANES: usize = 32;
/// Names that are tried for a file whose own is taken.
pub const RENAMES_MAX: u32 = 1_000;
/// Lines of a text that became a file which its message shows: enough to know what it is, and a room is still a room.
pub const PREVIEW_LINES: usize = 8;
/// Bytes of them: a few long lines.
pub const PREVIEW_BYTES: usize = 1_024;
/// Downloads under way at all: two blocks each in memory, half a gigabyte.
pub const DOWNLOADS_ALL_MAX: usize = 256;
/// Sessions and tokens of one user. The oldest session ends when one more is made.
pub const SESSIONS_PER_USER_MAX: usize = 64;
/// Rooms on one server: all are held in memory, at about a kilobyte each.
pub const ROOMS_MAX: usize = 10_000;
/// Rooms that one user may own: a twentieth of what the server holds. Admins have no such limits.
pub const OWNED_MAX: usize = 500;
/// Rooms that one user may be in, without direct messages: each is told about when it moves, and listed in every welcome.
pub const JOINED_MAX: usize = 2_000;
/// Direct messages that one user may have before they open another.
pub const DMS_MAX: usize = 1_000;
/// Events that one user may write at once: a script that posts a whole log. Then one more every [`WRITES_REFILL_MS`].
pub const WRITES_BURST: u32 = 5_000;
/// Milliseconds after which a user may write one event more: fifty a second, which no person reads.
pub const WRITES_REFILL_MS: u64 = 20;
/// Users whose rate is remembered; beyond that those are forgotten that were quiet.
pub const WRITERS_MAX: usize = 10_000;
/// Connections of one user: some browsers with many tabs, and a hundred scripts. Each takes memory and a descriptor.
pub const CONNECTIONS_PER_USER_MAX: usize = 512;
/// Milliseconds after which somebody with too many connections may try again.
pub const CONNECTION_RETRY_MS: u64 = 10_000;
/// Rooms that are looked at for one line of a list: the shortest takes 64 bytes of it.
pub const ROOMS_OF_A_LINE_MAX: usize = wardroom_protocol::limits::LINE_BYTES_MAX / 64;
/// Bytes of an event's line beside its fields: names, numbers and a nonce.
pub const EVENT_HEAD_BYTES: usize = 1_024;
/// Lines from the end in which somebody's last message is looked for, where they do not say which they mean.
pub const LAST_SAID_LINES: u64 = 5_000;
/// Unread messages that name one, as they are held in memory: as many as are counted.
pub const MENTIONS_MAX: usize = wardroom_protocol::limits::UNREAD_MAX as usize;
/// Messages that name all, as each room holds them: twice as many as are counted, since one's own do not count.
pub const HERE_MENTIONS_MAX: usize = 2 * MENTIONS_MAX;
/// Lines of others that a room holds for each reader, to count unread ones: as many as are counted, and half as many
/// again, so that deletions seldom make it read from disk.
pub const LINES_KEPT: usize = MENTIONS_MAX + MENTIONS_MAX / 2;
/// Lines up to which a room is scanned to count those of one author: 1 KiB, read in less time than a look-up takes. Most of
/// ten thousand rooms hold no more, and save an index.
pub const LINES_SCANNED_MAX: usize = 64;
/// Lines that a room holds in all, at 24 bytes each. Reached only where one author wrote most of them; that author's
/// count may then be too small.
pub const LINES_KEPT_MAX: usize = 4 * MENTIONS_MAX;
/// Lines after which a room looks for those that it need not hold any more: it looks at every author.
pub const LINES_TRIM_EVERY: usize = 256;
/// People that one message names: what is longer is a list, and would be a write for each.
pub const MENTIONED_MAX: usize = 50;
/// People beside the room of whom the author of a message is told that they are not notified: one sentence of names.
pub const NOT_HERE_MAX: usize = 16;
/// Looks at the disk for what somebody has not read, where what they look at is deleted meanwhile.
pub const RECOUNTS_MAX: u32 = 32;
/// Milliseconds between two tellings that somebody is typing in a room.
pub const TYPING_EVERY_MS: u64 = 2_000;
/// People who are told to be typing in a room within that time: nobody reads more names.
pub const TYPING_USERS_MAX: usize = 8;
/// Users in one `presence` frame: with the longest names half a line.
pub const PRESENCE_USERS_MAX: usize = 1_000;
/// Items that wait for a connection's writer at which what may be dropped is: it is about to be out of date anyway.
pub const QUEUED_ITEMS_MAX: u32 = 16;

/// Milliseconds of a day.
pub const DAY_MS: u64 = 24 * 3_600 * 1_000;
/// Milliseconds between looks at what is older than its room keeps it: days are counted in hours.
pub const RETENTION_EVERY_MS: u64 = 3_600 * 1_000;
/// Events that one transaction of retention removes: a few milliseconds of the writer.
pub const RETENTION_BATCH_EVENTS: i64 = 200;
/// Milliseconds between two of them, which belong to those who post.
pub const RETENTION_PAUSE_MS: u64 = 20;

/// Runs that are not over, on all hosts together: four hosts that do as much as they can. Each may hold
/// [`RUN_TAIL_BYTES_MAX`] and [`HOST_WINDOW_BYTES`] in memory, which makes 320 MiB at the very worst.
pub const OPEN_RUNS_MAX: usize = 256;
/// Bytes of output of one run; the host stops it there. A day of a chatty build, and no full disk by a `yes`.
pub const RUN_OUTPUT_BYTES_MAX: u64 = 1 << 30;
/// Bytes of each running run's output that are kept encoded in memory: a default window. Who is behind reads from disk.
pub const RUN_TAIL_BYTES_MAX: usize = 256 << 10;
/// Bytes that a host may send of one run beyond what is written here: 10 ms of a disk that writes 100 MB/s.
pub const HOST_WINDOW_BYTES: u64 = 1 << 20;
/// Watchers of one run: each is woken by each piece of output. Four times the largest room that we measure.
pub const WATCHERS_MAX: usize = 2_048;
/// Hosts that are known by name.
pub const HOSTS_MAX: usize = 256;
/// Bytes of a host's name: a DNS label.
pub const HOST_NAME_BYTES_MAX: usize = 63;
/// Frames of standard input on their way to one host: a megabyte at most. Who sends more waits.
pub const INPUT_FRAMES_MAX: usize = 16;
/// Milliseconds that input waits for its way to the host; its connection is not read meanwhile.
pub const INPUT_WAIT_MS: u64 = 5_000;
/// Milliseconds within which output of one descriptor shares a record of the index: the resolution of its times.
pub const INDEX_RESOLUTION_MS: u64 = 10;
/// Milliseconds between looks at what a host's runs left undone: starts to be noted, writes to be tried again.
pub const HOST_TICK_MS: u64 = 1_000;
/// Milliseconds that a stopping core waits for output on its way to the disk.
pub const RUNS_STOP_MS: u64 = 2_000;
/// Characters of a sentence that a host gives for how a run ended. An event is one line.
pub const EXIT_CHARS_MAX: usize = 1_024;

const _: () = {
    assert!(
        RUN_TAIL_BYTES_MAX as u64 <= HOST_WINDOW_BYTES,
        "what is in memory for safety covers what is kept for speed"
    );
    assert!(TAIL_EVENTS_MAX >= 4 * COMMIT_BATCH_MAX / 2, "a commit does not overrun the tail");
    assert!(
        TAILS_BYTES_MAX > 2 * 4 * TAIL_BYTES_MAX,
        "one room, both kinds of frames for both faces, leaves others some"
    );
    assert!(SEGMENT_BYTES_MAX * 8 <= TAIL_BYTES_MAX, "a tail that drops a segment keeps most of itself");
    assert!(PAGE_EVENTS_MAX <= TAIL_EVENTS_MAX, "a reader that takes a page from disk can reach the tail");
    assert!(READ_BYTES_MAX >= 2 * (64 << 10), "a read takes more than one bulk frame");
    assert!(UPLOAD_QUEUE_BYTES_MAX as u64 >= 8 * UPLOAD_WINDOW_BYTES, "several uploads fill their windows");
    assert!(STAGE_SYNC_BYTES < STAGE_UNSYNCED_BYTES_MAX, "the disk begins before the sender waits for it");
    assert!(2 * SIGN_IN_WAIT_MS < wardroom_protocol::limits::HELLO_TIMEOUT_MS, "a wait ends with its own answer");
    assert!(SIGN_INS_MAX <= PERMITS_MAX / 4, "most connections that are not signed in can be closed for a newcomer");
    assert!(PERMITS_PER_ADDRESS_MAX <= PERMITS_MAX / 4, "four addresses do not take all permits");
    assert!(UPLOADS_PER_USER_MAX < UPLOADS_MAX, "one user does not keep out the others");
};
