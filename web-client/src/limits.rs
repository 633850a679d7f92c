//! Every limit of the page, with its reason.

/// Lines that are loaded when a room is opened: three screens of the largest monitor.
pub const INITIAL_ROWS: usize = 150;
/// Milliseconds until the hosts in the panel are loaded again: their load is an average over a minute.
pub const HOSTS_EVERY_MS: u32 = 30_000;
/// Pixels of rows drawn above and below the visible part: more than a turn of the wheel, so that no gap is seen.
pub const ROW_OVERSCAN_PX: f64 = 900.0;
/// The same above the end of a room, where people read first: a slow phone draws fewer rows before it can be used. The others are
/// drawn as soon as somebody scrolls up.
pub const ROW_OVERSCAN_AT_END_PX: f64 = 200.0;
/// Assumed height in pixels of a line that was never drawn: two lines of text, as on a phone. If lines are lower, more of them are drawn
/// at once.
pub const LINE_PX: f64 = 48.0;
/// The same for a day heading.
pub const DAY_PX: f64 = 38.0;
/// Milliseconds after the last scrolling until visible lines count as read.
pub const READ_AFTER_MS: u32 = 300;
/// Pixels from the end that still count as the end: a line and rounding.
pub const AT_END_PX: f64 = 32.0;
/// Pixels from either edge of the loaded lines at which more are loaded, so that they arrive before the reader does.
pub const LOAD_MORE_PX: f64 = 3_000.0;
/// Lines of a paste above which it is offered as a file: more than people read without scrolling.
pub const PASTE_LINES_MAX: usize = 30;
/// Lines of its preview.
pub const PASTE_PREVIEW_LINES: usize = 8;
/// Bytes of a draft that are kept over a reload: far more than a message may have; longer texts are pasted and offered
/// as a file.
pub const DRAFT_BYTES_MAX: usize = 262_144;
/// Suggestions in the list: what people take in at a glance.
pub const SUGGESTIONS_MAX: usize = 8;
/// Milliseconds of a touch until the actions on a line open.
pub const LONG_PRESS_MS: u32 = 450;
/// Milliseconds after the last key until a search starts.
pub const SEARCH_DELAY_MS: u32 = 180;
/// Search hits per page.
pub const HITS_PAGE: u32 = 20;
/// Lines of output in the card of a run that has ended.
pub const CARD_LINES_MAX: usize = 12;
/// Lines of output in the card of a running run. Its box has this height from the start, so that nothing moves while
/// lines arrive (`.output--live` in the style sheet).
pub const CARD_LIVE_LINES: usize = 8;
/// Bytes of output that *Copy* takes: more than people paste, and what a clipboard takes without a pause.
pub const COPY_BYTES_MAX: u64 = 4 << 20;
/// Bytes of output that a card requests: some hundred lines, of which it shows the last.
pub const CARD_OUTPUT_BYTES: u64 = 16_384;
/// Bytes of output that the output view keeps: ten thousand lines of a hundred characters, all of which it reads again
/// within some ten milliseconds when others are loaded above them.
pub const OUTPUT_LOG_BYTES_MAX: usize = 1 << 20;
/// Bytes that it loads at a time: more than a thousand lines of a hundred characters.
pub const OUTPUT_CHUNK_BYTES: u64 = 128 << 10;
/// Lines that it keeps: at 19 pixels each they stay below the maximum height of a layout (17 million pixels), also with
/// a chunk of empty ones more.
pub const OUTPUT_LINES_MAX: usize = 400_000;
/// Pixels from either edge of the loaded lines at which more are loaded: what a turn of the wheel and the time for a
/// chunk need.
pub const OUTPUT_MORE_PX: f64 = 4_000.0;
/// Milliseconds between questions how long the output of a run is that is not followed.
pub const OUTPUT_LENGTH_EVERY_MS: u32 = 1_000;
/// Places of which the number of lines before them is remembered.
pub const OUTPUT_PLACES_MAX: usize = 64;
/// Bytes of a line in it; longer ones are split, because browsers lay out long lines slowly.
pub const OUTPUT_LINE_BYTES_MAX: usize = 4_096;
/// Lines drawn above and below the visible ones.
pub const OUTPUT_OVERSCAN_LINES: usize = 40;
/// Emoji that the picker shows at once: all that fit, and some to scroll.
pub const PICKER_MAX: usize = 160;
/// Milliseconds over which the speed of a transfer is measured.
pub const SPEED_WINDOW_MS: u64 = 5_000;
/// Samples of it: twelve a second.
pub const SPEED_SAMPLES_MAX: usize = 64;
/// Milliseconds until changes are drawn if there is no animation frame, because the page is hidden.
pub const HIDDEN_FRAME_MS: u32 = 250;
/// Notices at the same time; older ones are removed.
pub const NOTICES_MAX: usize = 3;
/// Runs and files under *Recent*.
pub const RECENT_MAX: usize = 12;
/// Milliseconds that another tab has to answer. If two tabs take over the same outbox they send it under the same
/// nonces, so a late answer does no harm.
pub const TAB_ANSWER_MS: u32 = 200;
/// Rooms and webhooks that are being created.
pub const CREATE_NONCES_MAX: usize = 32;
/// Unfinished uploads in the list; further files wait in a queue, whose length is shown. Nobody reads more rows.
pub const UPLOADS_LISTED_MAX: usize = 100;
/// Files in the queue, and files read from a dropped folder. Each costs a name and a file handle, some hundred bytes; a
/// larger tree is better sent as one archive.
pub const UPLOADS_QUEUED_MAX: usize = 50_000;
/// Uploads whose nonces are stored, so that they continue after a reload: as many as fit in the list. Without its nonce
/// a file is sent from the start.
pub const UPLOAD_NONCES_MAX: usize = UPLOADS_LISTED_MAX;
/// Milliseconds between attempts to reach the server while the page starts.
pub const SESSION_RETRY_MS: u32 = 5_000;
/// Milliseconds between two looks at the screen of a terminal in the timeline: it costs a request for each card in sight.
pub const SCREEN_EVERY_MS: u32 = 2_000;
/// Milliseconds that an HTTP request may take.
pub const HTTP_TIMEOUT_MS: u32 = 20_000;

const _: () = {
    assert!(OUTPUT_LINE_BYTES_MAX < OUTPUT_LOG_BYTES_MAX, "a line fits");
    assert!(
        4 * OUTPUT_CHUNK_BYTES <= OUTPUT_LOG_BYTES_MAX as u64,
        "what is on both sides of a line that one goes to stays"
    );
};
