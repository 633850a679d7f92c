//! Every number that bounds the core, each with its reason. The limits of the wire are in the protocol crate.

/// Jobs that the store's writer commits as one transaction. At 12 µs each, a batch takes 6 ms: long enough that one
/// fsync serves many, short enough that nobody waits for it.
pub const COMMIT_BATCH_MAX: usize = 512;
/// Jobs that may wait for the writer. A full queue makes requests wait, which makes connections wait.
pub const WRITE_QUEUE_MAX: usize = 4_096;
/// Committed batches that may wait for the publisher. It never blocks on a reader, so this queue stays short.
pub const PUBLISH_QUEUE_MAX: usize = 16;
/// Database connections for reading: more than there are cores, because some wait for the disk.
pub const STORE_READERS_MAX: usize = 4;
/// Pages (of 4 KiB) in the write-ahead log that trigger a checkpoint: 8 MiB.
pub const WAL_PAGES_MAX: i64 = 2_048;
/// Milliseconds between checks of the write-ahead log.
pub const CHECKPOINT_EVERY_MS: u64 = 500;
/// The most pages that the writer copies itself so that the log can restart: a few milliseconds between two batches.
pub const WAL_REST_PAGES_MAX: i64 = 512;
/// Milliseconds that one read may take. Its snapshot keeps the log growing, and there are few connections for reading.
pub const READ_MS_MAX: u64 = 5_000;
/// SQLite virtual machine steps between checks of the clock: less than a millisecond.
pub const READ_CHECK_STEPS: i32 = 10_000;
/// Milliseconds that a reader's snapshot or another tool may lock the database before we report an error.
pub const STORE_BUSY_MS: u64 = 5_000;

/// Events that a room keeps encoded in memory. Readers further behind read from disk.
pub const TAIL_EVENTS_MAX: usize = 1_024;
/// Readers of a room that one task writes to. At 5 µs each, other tasks on its thread wait half a millisecond.
pub const READERS_PER_TASK: usize = 100;
/// Bytes that a room keeps encoded in memory. Without it, 1,024 of the longest texts would take 16 MiB per room.
pub const TAIL_BYTES_MAX: usize = 1 << 20;
/// Bytes that the tails of all rooms may take together: a seventh of the 64 MiB allowed to a core with 10,000 rooms, or
/// the full tails of nine busy rooms. The rooms without a post for longest give up their tails.
pub const TAILS_BYTES_MAX: usize = 9 << 20;
/// Events in one segment of a tail: half a commit. An edit copies a segment, so segments stay small.
pub const SEGMENT_EVENTS_MAX: usize = 256;
/// Bytes in one segment of a tail, unless a single event is longer. A reader that stopped reading keeps one write, and
/// the segments it was cut from, from being freed.
pub const SEGMENT_BYTES_MAX: usize = 64 << 10;
/// Bytes of events in one write: as many as a kernel buffer holds.
pub const EVENT_BYTES_PER_WRITE_MAX: usize = 64 << 10;
/// Events that one read from disk returns to a reader that lags behind.
pub const PAGE_EVENTS_MAX: usize = 200;
/// Bytes that one read from disk returns to a reader, so that a page of long texts stays small too.
pub const PAGE_BYTES_MAX: usize = 256 << 10;

/// Requests of one connection that may be in flight or unread before the core stops reading that connection.
pub const IN_FLIGHT_MAX: u32 = 64;
/// Bytes of a connection's replies that may be in flight or unread before the core stops reading that connection. It is
/// four of the longest lines, so a client that reads has its next page while it draws this one.
pub const REPLY_BYTES_MAX: usize = 4 * wardroom_protocol::limits::LINE_BYTES_MAX;
/// Bytes of replies in one write.
pub const WRITE_BYTES_MAX: usize = 256 << 10;
/// Slices in one write. IOV_MAX is 1,024 on Linux, but more than this gains nothing.
pub const WRITE_SLICES_MAX: usize = 128;
/// Bytes of a bulk read from disk: one hop to a blocking thread for sixteen frames.
pub const BULK_READ_BYTES_MAX: usize = 1 << 20;
/// Bulk frames in one write. At 64 KiB each, chat waits behind 256 KiB at most.
pub const BULK_FRAMES_PER_WRITE_MAX: usize = 4;
/// Initial size of a connection's read buffer, in bytes. It doubles while reads fill it, and is freed when idle.
pub const READ_BYTES_MIN: usize = 4 << 10;
/// Maximum size of a connection's read buffer: four bulk frames.
pub const READ_BYTES_MAX: usize = 256 << 10;
/// Rooms that one connection may have open.
pub const OPEN_ROOMS_MAX: usize = 64;
/// Runs that one connection may watch.
pub const WATCHES_MAX: usize = 32;
/// Downloads that one connection may have in progress.
pub const DOWNLOADS_MAX: usize = 8;
/// Milliseconds that a closing connection has to read what was written to it.
pub const CLOSE_WAIT_MS: u64 = 1_000;
/// Milliseconds between checks for silent connections and for rooms whose state has to be sent.
pub const SWEEP_EVERY_MS: u64 = 1_000;

/// Unauthenticated connections over the network, and as many over the unix socket: at 10 KiB each, 10 MiB.
pub const PERMITS_MAX: usize = 1_024;
/// Unauthenticated connections from one address (IPv6: one /64). A sign-in takes milliseconds, or as long as somebody
/// types, so an office has fewer at a time.
pub const PERMITS_PER_ADDRESS_MAX: usize = 64;
/// Milliseconds for which a new connection is safe from being closed for a newcomer. After a restart a thousand
/// clients return at once, and their first frames wait for a busy server.
pub const PERMIT_GRACE_MS: u64 = 250;
/// All connections of one TCP listener, if the process may open twice as many files.
pub const CONNECTIONS_MAX: usize = 60_000;
/// The core warns at start if it may open fewer files: enough for a few hundred connections and the files they use.
pub const DESCRIPTORS_WANTED: u64 = 4_096;
/// Milliseconds to wait before accepting again when the process is out of file descriptors.
pub const ACCEPT_BACKOFF_MS: u64 = 100;

/// Concurrent password hashes for strangers. Each takes 19 MiB and a core for 20 ms.
pub const HASHES_MAX: usize = 2;
/// Additional concurrent password hashes for admins, and for people at an address from which they signed in before.
pub const HASHES_KNOWN_MAX: usize = 1;
/// Sign-ins of strangers by password or invite that run or wait, over all addresses. At 20 ms each on two threads they
/// finish within the wait. Any more get `busy` at once.
pub const SIGN_INS_MAX: usize = 256;
/// People whose own new password is hashed at a time. Each takes two hashes in the lane that known people sign in by.
/// They run one after the other, so that a sign-in waits for one of them at most.
pub const PASSWORD_CHANGES_MAX: usize = 1;
/// Latest addresses from which somebody signed in that are kept per account.
pub const KNOWN_ADDRESSES_MAX: usize = 64;
/// Milliseconds that a sign-in may wait for others of its address and account, and again for its turn to hash.
pub const SIGN_IN_WAIT_MS: u64 = 4_000;
/// Failed sign-ins that one address may make at once; then one more every [`ADDRESS_REFILL_MS`].
pub const ADDRESS_BURST: u32 = 10;
/// Milliseconds until an address may fail once more.
pub const ADDRESS_REFILL_MS: u64 = 6_000;
/// Failed sign-ins for one account from addresses that never signed in to it; then one more every
/// [`ACCOUNT_REFILL_MS`].
pub const ACCOUNT_BURST: u32 = 15;
/// Milliseconds until strangers may fail once more to sign in to an account.
pub const ACCOUNT_REFILL_MS: u64 = 6_000;
/// Addresses and accounts that the throttle remembers: at 100 bytes each, a megabyte.
pub const THROTTLE_ENTRIES_MAX: usize = 10_000;
/// Milliseconds for which an invite is valid: a day.
pub const INVITE_MS: u64 = 24 * 3_600 * 1_000;
/// Milliseconds for which a remembered session is valid: thirty days.
pub const SESSION_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// Bytes that an upload may have in flight: a round trip of 50 ms at 1 Gbit/s, the most that the wire allows.
pub const UPLOAD_WINDOW_BYTES: u64 = wardroom_protocol::limits::WINDOW_MAX;
/// Bytes of all uploads that may wait in memory for the disk. Beyond that, the connections wait.
pub const UPLOAD_QUEUE_BYTES_MAX: usize = 256 << 20;
/// The least that a queued chunk counts for, in bytes: it may be the last reference to a read buffer.
pub const UPLOAD_PIECE_BYTES_MIN: usize = 4 << 10;
/// Milliseconds that a connection waits for the disk to take an upload's bytes before they are refused.
pub const UPLOAD_WAIT_MS: u64 = 30_000;
/// Milliseconds that a commit waits for queued bytes, and for the digest of bytes staged before a restart: reading 64
/// GiB back at 100 MB/s takes this long.
pub const COMMIT_WAIT_MS: u64 = 700_000;
/// Unfinished uploads per user. A client sends a folder dropped into a room a few files at a time. One more replaces
/// the upload that has been idle for longest, if its connection is gone or nothing arrived for [`UPLOAD_IDLE_MS`].
pub const UPLOADS_PER_USER_MAX: usize = 64;
/// Milliseconds until an idle upload may give way to another: longer than a lost connection stays away.
pub const UPLOAD_IDLE_MS: u64 = 60_000;
/// Unfinished uploads of all users: a few kilobytes each in memory, and a row that is read at each start.
pub const UPLOADS_MAX: usize = 4_096;
/// Milliseconds until an idle upload is removed, and a finished one forgotten: a week, so that a sender may be away
/// over a weekend.
pub const UPLOAD_KEEP_MS: u64 = 7 * 24 * 3_600 * 1_000;
/// Milliseconds between checks for such uploads.
pub const UPLOAD_SWEEP_EVERY_MS: u64 = 600_000;
/// Bytes that uploads leave free on the disk: space for the database and for what runs write.
pub const FREE_BYTES_MIN: u64 = 64 << 20;
/// Bytes in one write to a staged file: few system calls, and an acknowledgement every few milliseconds.
pub const STAGE_WRITE_BYTES_MAX: usize = 1 << 20;
/// Bytes after which a staged file is synced while more arrives, so that the commit has little left to wait for.
pub const STAGE_SYNC_BYTES: u64 = 32 << 20;
/// Bytes of a staged file that may be unsynced: a third of a second here. Then the sender waits, and sees true progress
/// instead of an upload that hangs at its end.
pub const STAGE_UNSYNCED_BYTES_MAX: u64 = 128 << 20;
/// Locks that serialise commits: those of different rooms seldom wait for one another.
pub const PLACING_LANES: usize = 32;
/// Names to try for a file whose own name is taken.
pub const RENAMES_MAX: u32 = 1_000;
/// Lines that a message shows of a long text that became a file: enough to recognise it without filling the room.
pub const PREVIEW_LINES: usize = 8;
/// Bytes of those lines: a few long ones.
pub const PREVIEW_BYTES: usize = 1_024;
/// Downloads in progress on the whole server: two blocks each in memory, half a gigabyte.
pub const DOWNLOADS_ALL_MAX: usize = 256;
/// Sessions and tokens of one user. A new session beyond that ends the oldest one.
pub const SESSIONS_PER_USER_MAX: usize = 64;
/// Rooms on one server. All are in memory, at about a kilobyte each.
pub const ROOMS_MAX: usize = 10_000;
/// Rooms that one user may own: a twentieth of what the server holds. Admins have no such limit.
pub const OWNED_MAX: usize = 500;
/// Rooms that one user may be in, without direct messages: each sends updates, and is listed in every welcome.
pub const JOINED_MAX: usize = 2_000;
/// Direct messages that one user may have before they open another.
pub const DMS_MAX: usize = 1_000;
/// Events that one user may write at once, such as a script that posts a whole log; then one more every
/// [`WRITES_REFILL_MS`].
pub const WRITES_BURST: u32 = 5_000;
/// Milliseconds until a user may write one more event: fifty per second, which no person reads.
pub const WRITES_REFILL_MS: u64 = 20;
/// Users whose rate is remembered. Beyond that, those without recent events are forgotten.
pub const WRITERS_MAX: usize = 10_000;
/// Connections of one user: some browsers with many tabs, and a hundred scripts. Each takes memory and a descriptor.
pub const CONNECTIONS_PER_USER_MAX: usize = 512;
/// Milliseconds until somebody with too many connections may try again.
pub const CONNECTION_RETRY_MS: u64 = 10_000;
/// Rooms that are considered for one line of a list: the shortest takes 64 bytes of it.
pub const ROOMS_OF_A_LINE_MAX: usize = wardroom_protocol::limits::LINE_BYTES_MAX / 64;
/// Bytes of an event's line besides its fields: names, numbers and a nonce.
pub const EVENT_HEAD_BYTES: usize = 1_024;
/// Lines from the end to search for a user's last message, if they do not say which one they mean.
pub const LAST_SAID_LINES: u64 = 5_000;
/// Unread messages that mention a user, as held in memory: as many as are counted.
pub const MENTIONS_MAX: usize = wardroom_protocol::limits::UNREAD_MAX as usize;
/// Messages that mention everyone, as each room holds them: twice as many as are counted, since a user's own do not
/// count.
pub const HERE_MENTIONS_MAX: usize = 2 * MENTIONS_MAX;
/// Lines by others that a room holds for each reader to count unread ones: as many as are counted, and half as many
/// again, so that deletions seldom make it read from disk.
pub const LINES_KEPT: usize = MENTIONS_MAX + MENTIONS_MAX / 2;
/// Lines up to which a room is scanned to count those of one author: 1 KiB, which is read in less time than a look-up
/// takes. Most of ten thousand rooms hold no more, and save an index.
pub const LINES_SCANNED_MAX: usize = 64;
/// Lines that a room holds in all, at 24 bytes each. Reached only if one author wrote most of them; that author's count
/// may then be too small.
pub const LINES_KEPT_MAX: usize = 4 * MENTIONS_MAX;
/// Lines after which a room looks for lines it no longer needs. It does so rarely because it looks at every author.
pub const LINES_TRIM_EVERY: usize = 256;
/// People that one message can mention. More would be a list, and each costs a write.
pub const MENTIONED_MAX: usize = 50;
/// Mentioned people outside the room that the author is told about, because they are not notified: one sentence of
/// names.
pub const NOT_HERE_MAX: usize = 16;
/// Attempts to read unread lines from disk if a deletion changes them meanwhile.
pub const RECOUNTS_MAX: u32 = 32;
/// Milliseconds between two notices that a user is typing in a room.
pub const TYPING_EVERY_MS: u64 = 2_000;
/// Users who are announced as typing in a room within that time: nobody reads more names.
pub const TYPING_USERS_MAX: usize = 8;
/// Users in one `presence` frame. With the longest names that is half a line.
pub const PRESENCE_USERS_MAX: usize = 1_000;
/// Items waiting for a connection's writer at which optional items are dropped: they would soon be out of date anyway.
pub const QUEUED_ITEMS_MAX: u32 = 16;

/// Milliseconds in a day.
pub const DAY_MS: u64 = 24 * 3_600 * 1_000;
/// Milliseconds between searches for expired events: an hour is precise enough for retention in days.
pub const RETENTION_EVERY_MS: u64 = 3_600 * 1_000;
/// Events that one transaction of retention removes: a few milliseconds of the writer.
pub const RETENTION_BATCH_EVENTS: i64 = 200;
/// Milliseconds between two such transactions, in which others can post.
pub const RETENTION_PAUSE_MS: u64 = 20;

/// Unfinished runs on all hosts together: four fully loaded hosts. Each may hold [`RUN_TAIL_BYTES_MAX`] and
/// [`HOST_WINDOW_BYTES`] in memory, which makes 320 MiB in the worst case.
pub const OPEN_RUNS_MAX: usize = 256;
/// Bytes of output of one run; the host stops it there. Enough for a day of a chatty build, and `yes` cannot fill the
/// disk.
pub const RUN_OUTPUT_BYTES_MAX: u64 = 1 << 30;
/// Bytes of each running run's output kept encoded in memory: a default window. Readers that lag behind read from disk.
pub const RUN_TAIL_BYTES_MAX: usize = 256 << 10;
/// Bytes of one run that a host may send beyond what is written here: 10 ms of a disk that writes 100 MB/s.
pub const HOST_WINDOW_BYTES: u64 = 1 << 20;
/// Watchers of one run. Each piece of output wakes all of them. Four times the largest room that we measure.
pub const WATCHERS_MAX: usize = 2_048;
/// Hosts known by name.
pub const HOSTS_MAX: usize = 256;
/// Bytes of a host's token. Nobody guesses 192 bits.
pub const HOST_TOKEN_BYTES: usize = 24;
/// Labels of a host: role, place, system and some more.
pub const LABELS_MAX: usize = 8;
/// Bytes of a label's name, and of its value.
pub const LABEL_BYTES_MAX: usize = 32;
/// Characters of a host's program and version.
pub const HOST_VERSION_CHARS_MAX: usize = 64;
/// Bytes of memory that a run may be limited to, at least: a shell needs about one MiB.
pub const RUN_MEMORY_BYTES_MIN: u64 = 4 << 20;
/// Files that a run may be limited to, at least: a dynamic loader has some open beside the three standard ones.
pub const RUN_OPEN_FILES_MIN: u64 = 16;
/// Files that a run may be limited to, at most: the kernel's own limit, `fs.nr_open`.
pub const RUN_OPEN_FILES_MAX: u64 = 1 << 20;
/// Bytes of the name of a level of isolation: twice the longest of today's, for those that hosts learn later.
pub const ISOLATION_BYTES_MAX: usize = 18;
/// Milliseconds between two pings of a host whose name another process wants.
pub const HOST_PROBE_MS: u64 = 250;
/// Pings without an answer after which that host counts as dead: 5 s, within which a slow network answers, and less
/// than the other host waits for its welcome.
pub const HOST_PROBES: u32 = 20;
/// Bytes in a host's name: a DNS label.
pub const HOST_NAME_BYTES_MAX: usize = 63;
/// Milliseconds that input waits while as much as may be kept has not reached its command. Its connection is not read
/// meanwhile.
pub const INPUT_WAIT_MS: u64 = 5_000;
/// Milliseconds within which output of one descriptor shares an index record: the resolution of its times.
pub const INDEX_RESOLUTION_MS: u64 = 10;
/// Milliseconds that a look into a run's output may take: then the answer says where to continue, so that others have
/// their turn, and the page can say how far it is.
pub const FIND_MS: u64 = 100;
/// Bytes of output that it reads at a time.
pub const FIND_BLOCK_BYTES: usize = 256 << 10;
/// Milliseconds between checks for unfinished work on a host's runs: starts to record, writes to retry.
pub const HOST_TICK_MS: u64 = 1_000;
/// Milliseconds for which what a host has said about its load and disk is good enough for the next who asks.
pub const HOST_STATUS_MS: u64 = 10_000;
/// Milliseconds that a list of hosts waits for them to say how they are: a slow network answers within them. One that
/// does not is listed without its load.
pub const HOST_STATUS_WAIT_MS: u64 = 1_000;
/// Bytes of the id of a host's spool: more than any host makes.
pub const HOST_SPOOL_BYTES_MAX: usize = 64;
/// The longest time until the runs of a host that is away are lost, in milliseconds: 30 days. A host that has not
/// returned by then does not return.
pub const HOST_LOST_AFTER_MS_MAX: u64 = 30 * DAY_MS;
/// Milliseconds after the start of a core in which its hosts return: twice the longest pause between their attempts.
pub const LOST_FIRST_LOOK_MS: u64 = 20_000;
/// The most milliseconds between two looks for hosts that are away for too long.
pub const LOST_LOOK_MS_MAX: u64 = 10_000;
/// The fewest: nobody chooses a time so short that this matters, but tests do.
pub const LOST_LOOK_MS_MIN: u64 = 50;
/// Milliseconds to wait until it is on record that a run is lost: its last output may wait for the disk.
pub const LOSE_WAIT_MS: u64 = 5_000;
/// Milliseconds that a stopping core waits for output that is still being written to disk.
pub const RUNS_STOP_MS: u64 = 2_000;
/// Characters of a host's explanation of how a run ended. An event is one line.
pub const EXIT_CHARS_MAX: usize = 1_024;
/// Command lines in the end of a run, of processes that outlived its first one: enough to know what was left.
pub const ENDED_MAX: usize = 16;
/// Characters of each of them: at six bytes for each in JSON they fit a line.
pub const ENDED_CHARS_MAX: usize = 200;

/// Bytes of a terminal's output after which its screen is stored again: read again within some 20 ms.
pub const SCREEN_EVERY_BYTES: u64 = 1 << 20;
/// Milliseconds between looks at a screen for those who read it as text: people follow two changes a second.
pub const TEXT_SCREEN_EVERY_MS: u64 = 500;
/// Answers to a terminal's queries that are kept for a host that connects again: programs ask a few things at their
/// start, and then wait.
pub const REPLIES_KEPT_MAX: usize = 32;
/// Milliseconds until a proposal expires: long enough to reach a colleague, short enough that what is approved still fits.
pub const PROPOSAL_MS: u64 = 15 * 60 * 1_000;
/// Proposals that wait in one room: as many as somebody can look through.
pub const PROPOSALS_MAX: i64 = 64;
/// Proposals of one user that wait in one room: nobody fills the list of the others.
pub const PROPOSALS_PER_USER_MAX: i64 = 16;
/// Bytes of a compiled pattern: a few classes of letters, each repeated some times. It is compiled for each value.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1 << 20;
/// Groups within groups of a pattern: people read no deeper ones, and the parser's stack is bounded.
pub const PATTERN_DEPTH_MAX: u32 = 32;

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
