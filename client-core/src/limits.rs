//! Every number that bounds the client, each with its reason.

use wardroom_protocol::limits::{BODY_BYTES_MAX, DEAD_AFTER_MS, HISTORY_LIMIT_MAX, PING_AFTER_MS, WINDOW_DEFAULT};

/// Milliseconds before the first attempt after a loss, at most (a random half to whole of it): a server that was
/// restarted is back by then, and a thousand clients do not come in one instant.
pub const BACKOFF_MIN_MS: u64 = 500;
/// Milliseconds between attempts at most: who waits longer takes the page for dead.
pub const BACKOFF_MAX_MS: u64 = 30_000;
/// Milliseconds that a socket may take to open, TLS and HTTP upgrade included.
pub const CONNECT_TIMEOUT_MS: u64 = 15_000;
/// Milliseconds from an open socket to the welcome: the server's own 10 s, and the way there.
pub const HELLO_TIMEOUT_MS: u64 = 15_000;
/// Milliseconds a connection must have been welcome before the back-off begins anew: one that is thrown out at once,
/// again and again, must not hammer.
pub const STABLE_AFTER_MS: u64 = 5_000;
/// Milliseconds that a probe (after sleep, or on demand) waits for any frame.
pub const PROBE_TIMEOUT_MS: u64 = 10_000;
/// Milliseconds between two ticks that mean that the machine slept: ticks come at least every [`TICK_MAX_MS`].
pub const SLEEP_GAP_MS: u64 = 15_000;
/// Milliseconds until the next tick at most, so that a gap between two means something.
pub const TICK_MAX_MS: u64 = 5_000;
/// Milliseconds without a connection after which what is shown is called out of date.
pub const OUT_OF_DATE_AFTER_MS: u64 = 15_000;
/// Milliseconds that an answer may take.
pub const ANSWER_TIMEOUT_MS: u64 = 30_000;
/// Milliseconds that a commit may take: the server reads a large file's last bytes to disk before it answers.
pub const COMMIT_TIMEOUT_MS: u64 = 600_000;
/// Requests that may wait for an answer or a connection; more are a fault of the caller, and fail.
pub const REQUESTS_MAX: usize = 1_024;
/// Posts that the outbox keeps: an evening's worth offline. Callers ask [`crate::Outbox::is_full`] and keep what is typed after that.
pub const OUTBOX_POSTS_MAX: usize = 1_000;
/// Bytes of their texts: a browser keeps 5 MiB for a site, and several tabs share it.
pub const OUTBOX_BYTES_MAX: usize = 1 << 20;
/// Milliseconds that a command waits for the messages written before it. Later is not "now": it is kept as not sent.
pub const RUN_WAIT_MS: u64 = 10_000;
/// Deeds to messages that it keeps: an evening's worth too.
pub const OUTBOX_AMENDMENTS_MAX: usize = 1_000;
/// Lines of an open room that are kept, some 6 MB of them: a long day of a busy room, which one scrolls without waiting. The
/// far end is dropped, and loaded again when it is scrolled to, so that a room of a million events costs no more.
pub const TIMELINE_LINES_MAX: usize = 10_000;
/// Events that one page of history asks for.
pub const HISTORY_PAGE: u32 = 100;
/// Events that a stretch of a room ([`crate::OpenFrom::Stretch`]) catches up with after a break: about 150 KB, a second of a
/// phone's connection. Who missed more is shown the end, and loads the rest page by page, where it is scrolled to.
pub const CATCH_UP_MAX: u64 = 500;
/// Lines of the live end that are kept while a window elsewhere is shown: a screen, to go back to without waiting. What lies
/// between is loaded page by page.
pub const TAIL_LINES: usize = 100;
/// Quoted lines of a room that are kept, beside those that are loaded anyway: more than a screen of replies.
pub const QUOTES_MAX: usize = 200;
/// Amendments that are kept until pages that were asked for before they came are there. A page takes [`ANSWER_TIMEOUT_MS`]
/// at most, so this is 300 a second.
pub const LATE_AMENDMENTS_MAX: usize = 10_000;
/// Milliseconds between two read positions that are told: others of one's screens follow within this.
pub const READ_EVERY_MS: u64 = 1_000;
/// Milliseconds between two words that one is typing; the server drops what comes more often than every 2 s.
pub const TYPING_EVERY_MS: u64 = 3_000;
/// Milliseconds after which somebody who was typing is forgotten: two of their words lost.
pub const TYPING_FORGET_MS: u64 = 6_000;
/// Bytes of a run's output that are kept as lines.
pub const TAIL_BYTES_MAX: usize = 65_536;
/// Bytes of one such line; a longer one is cut into several.
pub const TAIL_LINE_BYTES_MAX: usize = 8_192;
/// Runs that the model keeps; the oldest that nobody watches goes first.
pub const RUNS_MAX: usize = 500;
/// Bytes in flight to a watcher that says itself what it has dealt with: the command line, which writes to a pipe.
pub const WATCH_WINDOW_MANUAL: u64 = 1 << 20;
/// Bytes of output after which an acknowledgement is sent: a quarter of the window, so that credit never runs dry.
pub const ACK_EVERY_BYTES: u64 = WINDOW_DEFAULT / 4;
/// Bytes of a file that are read at once: sixteen frames, so that reading costs little against sending.
pub const SLICE_BYTES_MAX: u64 = 16 * BODY_BYTES_MAX as u64;
/// Slices that an upload may ask for ahead: one is read while the other is sent.
pub const SLICES_AHEAD_MAX: usize = 2;
/// Uploads that the list holds. One that is done makes room for the next; a caller with more files feeds them in as
/// [`crate::Client::uploads_free`] says.
pub const UPLOADS_MAX: usize = 1_000;
/// Uploads that send at one time: they share one connection, and more only take turns.
pub const UPLOADS_ACTIVE_MAX: usize = 2;

const _: () = {
    assert!(TICK_MAX_MS < SLEEP_GAP_MS, "a late tick is not a sleep");
    assert!(PING_AFTER_MS + PROBE_TIMEOUT_MS < DEAD_AFTER_MS, "a probe is answered before the connection is dead");
    assert!(HISTORY_PAGE <= HISTORY_LIMIT_MAX, "the server gives that much");
    assert!(TAIL_LINES <= HISTORY_PAGE as usize && TAIL_LINES < TIMELINE_LINES_MAX, "the live end is a page of a room");
    assert!(CATCH_UP_MAX >= HISTORY_PAGE as u64, "after a break no less is shown than at first");
    assert!(TYPING_EVERY_MS < TYPING_FORGET_MS, "who goes on typing is not forgotten");
    assert!(BACKOFF_MIN_MS < BACKOFF_MAX_MS, "the back-off grows");
    assert!(TAIL_LINE_BYTES_MAX < TAIL_BYTES_MAX, "more than one line is kept");
};
