//! Every number that bounds the gateway, each with its reason. [`Limits`] holds those that tests shorten.

use std::time::Duration;

use wardroom_protocol::limits::{
    BODY_BYTES_MAX, DEAD_AFTER_MS, HELLO_BYTES_MAX, LINE_BYTES_MAX, PING_AFTER_MS, WINDOW_MAX,
};

/// Bytes of a WebSocket message: the longest frame of the protocol.
pub const MESSAGE_BYTES_MAX: usize = LINE_BYTES_MAX + BODY_BYTES_MAX;
/// Bytes of one read from a WebSocket. Allocated for each browser, so small: people type slowly.
pub const WS_READ_BUFFER_BYTES: usize = 8 * 1024;
/// Bytes that a WebSocket buffers before it writes without a flush: one write for a page of events.
pub const WS_WRITE_BUFFER_BYTES: usize = 64 * 1024;
/// Bytes that a WebSocket may hold unwritten: a full buffer, and the message that found it full.
pub const WS_WRITE_BUFFER_BYTES_MAX: usize = WS_WRITE_BUFFER_BYTES + 2 * MESSAGE_BYTES_MAX;
/// Unsent bytes that the kernel may hold for a browser. Less would cost throughput; with more, chat would wait behind
/// it.
pub const NOT_SENT_BYTES: u32 = 128 * 1024;
/// Bytes of the first read from the core; an idle connection holds no more.
pub const CORE_READ_BYTES_MIN: usize = 4 * 1024;
/// Bytes of one read from the core under load: four of the largest frames.
pub const CORE_READ_BYTES_MAX: usize = 256 * 1024;
/// Bytes written to a WebSocket since the last ping above which a missing pong means nothing: it waits behind them.
pub const BULK_BYTES: u64 = 64 * 1024;
/// Bytes of a JSON request body: the longest password, with each character escaped.
pub const JSON_BYTES_MAX: usize = 16 * 1024;
/// Lines that the page shows while its program loads: more than a screen of a phone holds.
pub const FIRST_LINES_MAX: usize = 30;
/// Events that are read for them: many are reactions, edits and joins, which are no lines of their own. A full page.
pub const FIRST_EVENTS_MAX: u32 = 200;
/// Characters of one such line: more than a screen of a phone holds.
pub const FIRST_LINE_CHARS_MAX: usize = 1_000;
/// Bytes of request headers.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Characters of a user agent that are sent to the core: enough to tell browsers apart.
pub const AGENT_CHARS_MAX: usize = 200;
/// Bytes of a token in a cookie or an Authorization header; the core's own have less than a hundred.
pub const TOKEN_BYTES_MAX: usize = 256;
/// Bytes of a webhook's key and of each of its headers: six of them fit what the core takes before a welcome, with each
/// quotation mark escaped.
pub const HOOK_FIELD_BYTES_MAX: usize = 512;
/// Bytes of a download or an upload that may be in flight between gateway and core. Loopback or a local network needs
/// no more, and each transfer costs at most this much memory.
pub const TRANSFER_WINDOW_BYTES: u64 = 4 << 20;
/// Pieces of a download that wait for the browser. The window bounds their bytes; this bounds a core that sends tiny
/// pieces.
pub const TRANSFER_PIECES_MAX: usize = 1_024;
/// Connections of one address (IPv6: one /64). A household or an office behind one address has many tabs.
pub const CONNECTIONS_PER_ADDRESS_MAX: u32 = 1_024;
/// Connections of one address without a request under way: two hundred people with a page each, or forty browsers with
/// the six connections that each keeps.
pub const IDLE_PER_ADDRESS_MAX: usize = 256;
/// Connections without a request under way, over all addresses: what proxies and thousands of pages keep.
pub const IDLE_MAX: usize = 2_048;
/// Connections in all; a browser's socket costs two file descriptors.
pub const CONNECTIONS_MAX: u32 = 16_384;
/// Connections that wait to be accepted.
pub const LISTEN_BACKLOG: i32 = 1_024;
/// Bytes read and discarded after an answer that was sent before the request's body arrived, so that the client reads
/// the answer instead of a reset.
pub const LINGER_BYTES_MAX: u64 = 32 << 20;
/// Seconds a browser keeps the cookie; the core ends sessions by its own clock.
pub const COOKIE_MAX_AGE_S: u64 = 30 * 24 * 3_600;

/// The time limits, which tests shorten.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Silence after which a WebSocket is pinged: below the 60 s after which nginx and most load balancers close it.
    pub ping_after: Duration,
    /// Time for a pong: a browser answers at once, and three times the worst mobile round trip is below this.
    pub pong_within: Duration,
    /// Silence after which a browser is considered gone, whatever else holds.
    pub dead_after: Duration,
    /// Time to connect: a core on the same network answers within milliseconds, a starting one within a second or two.
    pub connect_within: Duration,
    /// Time for an answer: a sign-in waits for its turn at the password hash; the core gives a connection 10 s.
    pub answer_within: Duration,
    /// Time for a commit: syncing a large file to disk and checking its digest takes long.
    pub commit_within: Duration,
    /// Time from connect to the end of the headers, and between two requests. Longer than proxies keep idle connections
    /// (`keepalive_timeout 20s` in deploy/nginx.conf), so that they close them, not we.
    pub headers_within: Duration,
    /// Time between two pieces of a request's body: enough for a phone that changes cells.
    pub body_idle: Duration,
    /// Time between two writes that make progress: a browser whose download is paused reads nothing, and resumes by
    /// range.
    pub write_idle: Duration,
    /// Time from the stop signal until everything that still runs is cut.
    pub drain: Duration,
    /// Time for the client to read an answer that was sent before its body was read.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            ping_after: Duration::from_millis(PING_AFTER_MS),
            pong_within: Duration::from_secs(10),
            dead_after: Duration::from_millis(DEAD_AFTER_MS),
            connect_within: Duration::from_secs(3),
            answer_within: Duration::from_secs(15),
            commit_within: Duration::from_secs(600),
            headers_within: Duration::from_secs(30),
            body_idle: Duration::from_secs(60),
            write_idle: Duration::from_secs(600),
            drain: Duration::from_secs(8),
            linger: Duration::from_secs(2),
        }
    }
}

const _: () = {
    assert!(WS_WRITE_BUFFER_BYTES_MAX > WS_WRITE_BUFFER_BYTES + MESSAGE_BYTES_MAX, "a message always fits");
    assert!(2 * 6 * HOOK_FIELD_BYTES_MAX + 2 * TOKEN_BYTES_MAX < HELLO_BYTES_MAX, "quotation marks escaped, they fit");
    assert!(CORE_READ_BYTES_MAX >= MESSAGE_BYTES_MAX, "the largest frame is read at once");
    assert!(TRANSFER_WINDOW_BYTES <= WINDOW_MAX, "the core grants this window");
    assert!(TRANSFER_WINDOW_BYTES >= 4 * BODY_BYTES_MAX as u64, "frames are in flight while others are made");
};
