//! Every number that bounds the page, each with its reason.

use wardroom_client_core::limits::WATCH_WINDOW_MANUAL;

/// Lines that are drawn when a room is opened: three screens of the largest monitor.
pub const INITIAL_ROWS: usize = 150;
/// Pixels of rows that are drawn above and below what is in sight: a turn of the wheel and more, so that no gap is seen.
pub const ROW_OVERSCAN_PX: f64 = 900.0;
/// Minutes after which the messages of one author show name and time again.
pub const GROUP_MINUTES_MAX: u16 = 5;
/// Lines after which they do: half a screen, so that the author is in sight.
pub const GROUP_LINES_MAX: usize = 20;
/// Pixels of a line that was never drawn: a guess, which is corrected when it is.
pub const LINE_PX: f64 = 34.0;
/// Pixels of a day's divider, likewise.
pub const DAY_PX: f64 = 38.0;
/// Milliseconds after the last scrolling at which what is in sight counts as seen.
pub const READ_AFTER_MS: u32 = 300;
/// Pixels from the end within which one is at the end: a line's height and rounding.
pub const AT_END_PX: f64 = 32.0;
/// Pixels from either edge of what is loaded at which more is wanted: so that it is there before one arrives.
pub const LOAD_MORE_PX: f64 = 3_000.0;
/// Lines of a paste above which it is offered as a file: what one reads of another's message without scrolling.
pub const PASTE_LINES_MAX: usize = 30;
/// Lines of its preview.
pub const PASTE_PREVIEW_LINES: usize = 8;
/// Bytes of unsent text that are kept over a reload: far more than a message may have; what is longer is pasted, and offered as a file.
pub const DRAFT_BYTES_MAX: usize = 262_144;
/// Entries of a list of suggestions: what one takes in at a glance.
pub const SUGGESTIONS_MAX: usize = 8;
/// Milliseconds that a finger rests on a line until what can be done with it is offered.
pub const LONG_PRESS_MS: u32 = 450;
/// Milliseconds after the last key at which a search is asked for.
pub const SEARCH_DELAY_MS: u32 = 180;
/// Hits that are shown of a search at first, and for each asking for more.
pub const HITS_PAGE: u32 = 20;
/// Lines of output in the card of a run that ended.
pub const CARD_LINES_MAX: usize = 12;
/// Lines of output in the card of one that goes on. Its box has this height from the start, so that nothing in the card
/// moves while lines come (`--live-lines` in the styles).
pub const CARD_LIVE_LINES: usize = 8;
/// Bytes of a run's output that *Copy* takes: more than people paste, and what a clipboard takes without a pause.
pub const COPY_BYTES_MAX: u64 = 4 << 20;
/// Bytes of output that a card asks for: some hundred lines, of which it shows the last.
pub const CARD_OUTPUT_BYTES: u64 = 16_384;
/// Bytes of output that the output view keeps: forty thousand lines of a hundred characters.
pub const OUTPUT_LOG_BYTES_MAX: usize = 4 << 20;
/// Bytes that it shows before a line that one goes to: thousands of lines to scroll up.
pub const OUTPUT_BEFORE_BYTES: u64 = 256 << 10;
/// Bytes behind it; a window of the watch more, and all of that is kept.
pub const OUTPUT_AFTER_BYTES: u64 = 1 << 20;
/// Lines that it keeps: at 19 pixels each they stay below the height that browsers can lay out (17 million pixels).
pub const OUTPUT_LINES_MAX: usize = 400_000;
/// Bytes of one line there; a longer one is cut into several, because browsers lay out long lines slowly.
pub const OUTPUT_LINE_BYTES_MAX: usize = 4_096;
/// Lines that are drawn above and below what is in sight.
pub const OUTPUT_OVERSCAN_LINES: usize = 40;
/// Emoji that the picker shows at once: all there is room for, and some to scroll.
pub const PICKER_MAX: usize = 160;
/// Milliseconds over which a transfer's speed is taken.
pub const SPEED_WINDOW_MS: u64 = 5_000;
/// Samples of it: twelve a second.
pub const SPEED_SAMPLES_MAX: usize = 64;
/// Milliseconds after which changes are drawn where no animation frame comes, because the page is hidden.
pub const HIDDEN_FRAME_MS: u32 = 250;
/// Notices at one time; older ones make room.
pub const NOTICES_MAX: usize = 3;
/// Runs and files under *Lately*.
pub const RECENT_MAX: usize = 12;
/// Milliseconds that another tab has to say that it lives. Two that take over the same outbox send it under the same marks, so a late
/// answer does no harm.
pub const TAB_ANSWER_MS: u32 = 200;
/// Rooms and webhooks whose creation was asked for and not answered.
pub const CREATE_NONCES_MAX: usize = 32;
/// Unfinished uploads in the list; further files wait in a queue, which the list counts. More rows nobody reads.
pub const UPLOADS_LISTED_MAX: usize = 100;
/// Files that wait for a place in the list, and files that are read out of one dropped folder. Each costs a name and the browser's
/// handle of a file, some hundred bytes; a tree with more files is better sent as one archive.
pub const UPLOADS_QUEUED_MAX: usize = 50_000;
/// Uploads whose marks are remembered, so that they go on after a reload: as many as are in the list. Without its mark a file is
/// sent from its start.
pub const UPLOAD_NONCES_MAX: usize = UPLOADS_LISTED_MAX;
/// Milliseconds after which a page that got no answer asks again by itself.
pub const SESSION_RETRY_MS: u32 = 5_000;
/// Milliseconds that a request over HTTP may take.
pub const HTTP_TIMEOUT_MS: u32 = 20_000;

const _: () = {
    assert!(OUTPUT_LINE_BYTES_MAX < OUTPUT_LOG_BYTES_MAX, "a line fits");
    assert!(
        OUTPUT_BEFORE_BYTES + OUTPUT_AFTER_BYTES + WATCH_WINDOW_MANUAL < OUTPUT_LOG_BYTES_MAX as u64,
        "a line that one goes to stays"
    );
};
