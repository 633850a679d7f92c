//! Every limit of the client, with its reason.

use wardroom_protocol::limits::{
    BODY_BYTES_MAX, DEAD_AFTER_MS, HISTORY_LIMIT_MAX, INPUT_WINDOW, PING_AFTER_MS, SCREEN_WINDOW_DEFAULT,
};

/// Maximum milliseconds before the first attempt after a loss (the delay is a random half to whole of it): by then a
/// restarted server is back, and a thousand clients do not return at the same instant.
pub const BACKOFF_MIN_MS: u64 = 500;
/// Maximum milliseconds between attempts: after a longer wait people think that the page is dead.
pub const BACKOFF_MAX_MS: u64 = 30_000;
/// Milliseconds to open a socket, including TLS and the HTTP upgrade.
pub const CONNECT_TIMEOUT_MS: u64 = 15_000;
/// Milliseconds from an open socket to the welcome: the server's own 10 s plus the round trip.
pub const HELLO_TIMEOUT_MS: u64 = 15_000;
/// Milliseconds a connection must last before the back-off starts over: a client that is rejected again and again must
/// not hammer the server.
pub const STABLE_AFTER_MS: u64 = 5_000;
/// Milliseconds that a probe (after sleep, or on request) waits for any frame.
pub const PROBE_TIMEOUT_MS: u64 = 10_000;
/// A gap of this many milliseconds between two ticks means that the machine slept: ticks come at least every
/// [`TICK_MAX_MS`].
pub const SLEEP_GAP_MS: u64 = 15_000;
/// Maximum milliseconds until the next tick, so that a gap is meaningful.
pub const TICK_MAX_MS: u64 = 5_000;
/// Milliseconds without a connection after which the page calls itself offline.
pub const OUT_OF_DATE_AFTER_MS: u64 = 15_000;
/// Milliseconds to wait for an answer.
pub const ANSWER_TIMEOUT_MS: u64 = 30_000;
/// Milliseconds to wait for a commit: the server writes a large file's last bytes to disk before it answers.
pub const COMMIT_TIMEOUT_MS: u64 = 600_000;
/// Requests that may wait for an answer or a connection; more are a bug of the caller, and fail.
pub const REQUESTS_MAX: usize = 1_024;
/// Posts that the outbox keeps: an evening offline. Callers check [`crate::Outbox::is_full`] and keep further text.
pub const OUTBOX_POSTS_MAX: usize = 1_000;
/// Bytes of their texts: a browser stores 5 MiB for a site, and several tabs share it.
pub const OUTBOX_BYTES_MAX: usize = 1 << 20;
/// Milliseconds that a command waits for the messages written before it. Later is not "now": it is kept as not sent.
pub const RUN_WAIT_MS: u64 = 10_000;
/// Amendments that the outbox keeps: an evening offline, too.
pub const OUTBOX_AMENDMENTS_MAX: usize = 1_000;
/// Lines of an open room that are kept, about 6 MB: a long day in a busy room, scrolled without waiting. The far end is
/// dropped and loaded again when needed, so that a room with a million events costs no more.
pub const TIMELINE_LINES_MAX: usize = 10_000;
/// Events per page of history.
pub const HISTORY_PAGE: u32 = 100;
/// Events that [`crate::OpenFrom::Recent`] catches up with after a break: about 150 KB, a second on a phone's
/// connection. After more missed events the end is shown, and the rest loads page by page as it is scrolled to.
pub const CATCH_UP_MAX: u64 = 500;
/// Lines of the live end that are kept while an older window is shown: one screen, to return to without waiting.
pub const TAIL_LINES: usize = 100;
/// Quoted lines of a room that are kept besides the loaded lines: more than a screen of replies.
pub const QUOTES_MAX: usize = 200;
/// Amendments that are kept while pages requested before them are in flight. A page takes [`ANSWER_TIMEOUT_MS`] at
/// most, so this allows 300 a second.
pub const LATE_AMENDMENTS_MAX: usize = 10_000;
/// Milliseconds between two read positions that are sent: the user's other devices follow within this time.
pub const READ_EVERY_MS: u64 = 1_000;
/// Milliseconds between two typing messages; the server drops those that come more often than every 2 s.
pub const TYPING_EVERY_MS: u64 = 3_000;
/// Milliseconds after which somebody no longer counts as typing: two lost messages.
pub const TYPING_FORGET_MS: u64 = 6_000;
/// Bytes of a run's output that are kept as lines.
pub const TAIL_BYTES_MAX: usize = 65_536;
/// Bytes of one such line; longer ones are split.
pub const TAIL_LINE_BYTES_MAX: usize = 8_192;
/// Runs in the model; the oldest unwatched one is dropped first.
pub const RUNS_MAX: usize = 500;
/// Bytes in flight to a watcher that acknowledges by hand: the command line, which writes to a pipe.
pub const WATCH_WINDOW_MANUAL: u64 = 1 << 20;
/// Bytes of output after which an acknowledgement is sent: a quarter of the smallest window, so that credit never runs out.
pub const ACK_EVERY_BYTES: u64 = SCREEN_WINDOW_DEFAULT / 4;
/// Bytes of a screen: 1,000 x 500 cells, each with its own colours (about 40 bytes), and some scrollback.
pub const SCREEN_BYTES_MAX: usize = 32 << 20;
/// Bytes of input that wait in the client for a run: four windows, so that a paste is one call. A caller with more reads
/// on as [`crate::Effect::InputTaken`] allows.
pub const INPUT_QUEUE_BYTES_MAX: usize = 1 << 20;
/// Milliseconds after which input is sent again to a server that could not take it and did not say when.
pub const KEYBOARD_RETRY_MS: u64 = 1_000;
/// Bytes of a file that are read at once: sixteen frames, so that reading costs little compared with sending.
pub const SLICE_BYTES_MAX: u64 = 16 * BODY_BYTES_MAX as u64;
/// Slices that an upload reads ahead: one is read while the other is sent.
pub const SLICES_AHEAD_MAX: usize = 2;
/// Uploads in the list. A finished one makes room for the next; a caller with more files adds them as
/// [`crate::Client::uploads_free`] allows.
pub const UPLOADS_MAX: usize = 1_000;
/// Uploads that send at the same time: they share one connection, and more would only take turns.
pub const UPLOADS_ACTIVE_MAX: usize = 2;

const _: () = {
    assert!(INPUT_QUEUE_BYTES_MAX as u64 > INPUT_WINDOW, "the window is full while the caller reads on");
    assert!(TICK_MAX_MS < SLEEP_GAP_MS, "a late tick is not a sleep");
    assert!(PING_AFTER_MS + PROBE_TIMEOUT_MS < DEAD_AFTER_MS, "a probe is answered before the connection is dead");
    assert!(HISTORY_PAGE <= HISTORY_LIMIT_MAX, "the server gives that much");
    assert!(TAIL_LINES <= HISTORY_PAGE as usize && TAIL_LINES < TIMELINE_LINES_MAX, "the live end is a page of a room");
    assert!(CATCH_UP_MAX >= HISTORY_PAGE as u64, "after a break no less is shown than at first");
    assert!(TYPING_EVERY_MS < TYPING_FORGET_MS, "who goes on typing is not forgotten");
    assert!(BACKOFF_MIN_MS < BACKOFF_MAX_MS, "the back-off grows");
    assert!(TAIL_LINE_BYTES_MAX < TAIL_BYTES_MAX, "more than one line is kept");
};
