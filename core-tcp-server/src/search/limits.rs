//! Every number that bounds search, each with its reason.

use wardroom_protocol::limits::{LINE_BYTES_MAX, QUERY_BYTES_MAX};

/// Concurrent searches: each may keep a core busy. The others wait for their turn.
pub const SEARCHES_MAX: usize = 2;
/// Milliseconds that a search waits for its turn. Even behind others it takes no longer than a person will wait.
pub const TURN_WAIT_MS: u64 = 4_000;
/// Milliseconds that a search may take. A million events take a tenth of a second; this stops searches that scan all of
/// them for words that never occur together.
pub const SEARCH_MS: u64 = 2_000;
/// Milliseconds before a retry.
pub const BUSY_RETRY_MS: u64 = 2_000;
/// Searches of one user that may wait for their turn: what somebody types in two windows. Only one of them runs at a
/// time.
pub const SEARCHES_PER_USER_MAX: usize = 8;
/// Hits that are counted: nobody reads more, and counting has to read each of them.
pub const HITS_COUNTED_MAX: u64 = 1_000;
/// Lines of a run's output that are counted.
pub const LINES_COUNTED_MAX: u64 = 1_000;
/// Milliseconds spent on counting hits that are not shown.
pub const COUNT_MS: u128 = 250;
/// Bytes of the line count in a hit.
pub const LINES_FIELD_BYTES: usize = 16;
/// Hits if the request names no limit.
pub const HITS_DEFAULT: u32 = 20;
/// Characters of an excerpt: two or three lines on a screen.
pub const EXCERPT_CHARS_MAX: usize = 300;
/// Characters of an excerpt before the first word.
pub const EXCERPT_BEFORE_CHARS: usize = 80;
/// Bytes of all hits of an answer, which is one line.
pub const ANSWER_BYTES_MAX: usize = LINE_BYTES_MAX - 1_024;
/// Grams in a query to the index. More make it slower, not more exact: each hit is compared anyway.
pub const GRAMS_MAX: usize = 48;
/// Grams of one word. Those of a longer word are sampled, spread over all of it.
pub const GRAMS_OF_WORD_MAX: usize = 16;
/// Private rooms named in a query to the index. For members of more rooms, each hit is checked instead.
pub const PRIVATE_ROOMS_MAX: usize = 64;

/// Milliseconds that the index waits after an event for more: a search lags by this much, and a busy room costs ten
/// small transactions a second instead of a thousand.
pub const GATHER_MS: u64 = 100;
/// Milliseconds that the index waits for more output of open runs. New output is found soon, and a log that grows by a
/// line now and then does not cost a row of the index for each line.
pub const PRINTED_GATHER_MS: u64 = 2_000;
/// Milliseconds before a retry after a failure.
pub const RETRY_MS: u64 = 5_000;
/// The niceness of the index's thread, as in nice(1).
pub const NICENESS: i32 = 10;
/// Rows in one transaction of the index.
pub const BATCH_ROWS_MAX: usize = 2_000;
/// Bytes of text in one transaction.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// Events of all rooms that wait in memory to be indexed.
pub const FEED_EVENTS_MAX: usize = 8_192;
/// Bytes of events read from one room at a time, if many rooms are read.
pub const FEED_PAGE_BYTES_MAX: usize = 256 << 10;
/// Bytes that a table of the index collects in memory before writing: a batch, so that it becomes one segment.
pub const HASH_BYTES: i64 = 4 << 20;
/// Kibibytes of the page cache of the index's writer, and of each reader.
pub const CACHE_KIB: i64 = 4_096;

/// Bytes of output of one run that are searched: a million lines. Output after that is still stored and shown.
pub const OUTPUT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of output in one row of the index: a few lines. Smaller rows mean more rows; larger ones mean more rows
/// examined in vain.
pub const PIECE_BYTES_MAX: usize = 2_048;
/// Bytes that two pieces share if a line is longer than a piece: a word of up to this many bytes is found anywhere.
pub const PIECE_OVERLAP_BYTES: usize = 256;
/// Bytes of output read at once.
pub const OUTPUT_READ_BYTES: usize = 256 << 10;

const _: () = {
    assert!(PIECE_OVERLAP_BYTES * 2 < PIECE_BYTES_MAX, "each piece goes on");
    assert!(PIECE_BYTES_MAX * 8 <= OUTPUT_READ_BYTES, "a read is many pieces");
    assert!(EXCERPT_BEFORE_CHARS * 2 < EXCERPT_CHARS_MAX, "the word itself is seen");
    assert!(QUERY_BYTES_MAX <= 65_536, "a question is small beside its answer");
};
