//! Every number that bounds the gateway, each with its reason. [`Limits`] holds those that tests shorten.

use std::time::Duration;

use wardroom_protocol::limits::{
    BODY_BYTES_MAX, DEAD_AFTER_MS, HELLO_BYTES_MAX, LINE_BYTES_MAX, PING_AFTER_MS, WINDOW_MAX,
};

/// Bytes of a WebSocket message: the longest frame of the protocol.
pub const MESSAGE_BYTES_MAX: usize = LINE_BYTES_MAX + BODY_BYTES_MAX;
/// Bytes that a WebSocket reads at once. Allocated for each browser, so small: people type.
pub const WS_READ_BUFFER_BYTES: usize = 8 * 1024;
/// Bytes that a WebSocket gathers before it writes without being told to flush: one write for a page of events.
pub const WS_WRITE_BUFFER_BYTES: usize = 64 * 1024;
/// Bytes that a WebSocket may hold unwritten: a full buffer, and the message that found it so.
pub const WS_WRITE_BUFFER_BYTES_MAX: usize = WS_WRITE_BUFFER_BYTES + 2 * MESSAGE_BYTES_MAX;
/// Bytes that the kernel may hold unsent for a browser. Less would cost throughput, more would let chat wait behind it.
pub const NOT_SENT_BYTES: u32 = 128 * 1024;
/// Bytes first read from the core at once; an idle connection holds no more.
pub const CORE_READ_BYTES_MIN: usize = 4 * 1024;
/// Bytes read from the core at once where they come fast: four of the largest frames.
pub const CORE_READ_BYTES_MAX: usize = 256 * 1024;
/// Bytes written to a WebSocket since the last ping above which a missing pong says nothing: it waits behind them.
pub const BULK_BYTES: u64 = 64 * 1024;
/// Bytes of a JSON request body: a password of the longest kind, each character escaped.
pub const JSON_BYTES_MAX: usize = 16 * 1024;
/// Lines that the page shows while its program loads: more than a screen of a phone holds.
pub const FIRST_LINES_MAX: u32 = 30;
/// Characters of one of them: more than a screen of a phone holds.
pub const FIRST_LINE_CHARS_MAX: usize = 1_000;
/// Bytes of request headers.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Characters of a user agent that go to the core: enough to tell browsers apart.
pub const AGENT_CHARS_MAX: usize = 200;
/// Bytes of a token in a cookie or an Authorization header; the core's own have less than a hundred.
pub const TOKEN_BYTES_MAX: usize = 256;
/// Bytes of a webhook's key and headers: six of them fit what the core takes before a welcome, with each quotation mark escaped.
pub const HOOK_FIELD_BYTES_MAX: usize = 512;
/// Bytes of a download or an upload that may be under way between gateway and core. A loopback or a local network
/// needs no more, and each transfer costs this much memory at most.
pub const TRANSFER_WINDOW_BYTES: u64 = 4 << 20;
/// Pieces of a download that wait for the browser. The window bounds their bytes; this bounds a core that sends crumbs.
pub const TRANSFER_PIECES_MAX: usize = 1_024;
/// Connections of one address (IPv6: one /64). A household or an office behind one address has many tabs.
pub const CONNECTIONS_PER_ADDRESS_MAX: u32 = 1_024;
/// Connections of one address that have no request under way: two hundred people with a page each, or forty browsers with the six
/// that they keep.
pub const IDLE_PER_ADDRESS_MAX: usize = 256;
/// Connections without a request under way, over all addresses: what proxies and thousands of pages keep.
pub const IDLE_MAX: usize = 2_048;
/// Connections in all; a browser's socket costs two file descriptors.
pub const CONNECTIONS_MAX: u32 = 16_384;
/// Connections that wait to be accepted.
pub const LISTEN_BACKLOG: i32 = 1_024;
/// Bytes read and thrown away after an answer that came before the request's body, so that the client reads the answer
/// instead of a reset.
pub const LINGER_BYTES_MAX: u64 = 32 << 20;
/// Seconds a browser keeps the cookie; the core ends sessions by its own clock.
pub const COOKIE_MAX_AGE_S: u64 = 30 * 24 * 3_600;

/// The limits in time, which tests make shorter.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Silence after which a WebSocket is pinged: below the 60 s at which nginx and most balancers cut.
    pub ping_after: Duration,
    /// A browser answers a ping at once, and three times the worst mobile round trip is below this.
    pub pong_within: Duration,
    /// No word from a browser for so long: it is gone, whatever else holds.
    pub dead_after: Duration,
    /// A core on the same network answers within milliseconds; one that is starting within a second or two.
    pub connect_within: Duration,
    /// A sign-in waits for its turn at the password hash; the core gives a connection 10 s.
    pub answer_within: Duration,
    /// Writing a large file through to the disk and checking its digest takes its time.
    pub commit_within: Duration,
    /// From connect to the end of the headers, and from one request to the next. Longer than proxies keep idle
    /// connections (`keepalive_timeout 20s` in deploy/nginx.conf), so that they close them, not we.
    pub headers_within: Duration,
    /// Between two pieces of a request's body: a network that changes from one mast to another comes back by then.
    pub body_idle: Duration,
    /// Between two writes that make progress: a browser whose download is paused reads nothing, and resumes by range.
    pub write_idle: Duration,
    /// From the stop signal until what still runs is cut.
    pub drain: Duration,
    /// For the client to read an answer that came before its body was read.
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
