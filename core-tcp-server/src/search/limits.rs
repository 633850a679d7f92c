//! Every number that bounds search, each with its reason.

use wardroom_protocol::limits::{LINE_BYTES_MAX, QUERY_BYTES_MAX};

/// Searches at a time: each may keep a core busy. The others wait for their turn.
pub const SEARCHES_MAX: usize = 2;
/// Milliseconds that a search waits for its turn: with those before it, nobody waits for longer than a person does.
pub const TURN_WAIT_MS: u64 = 4_000;
/// Milliseconds that a search takes, at most. A million events take a tenth of a second; this ends those that look
/// through them all for words that stand together nowhere.
pub const SEARCH_MS: u64 = 2_000;
/// Milliseconds after which it may be tried again.
pub const BUSY_RETRY_MS: u64 = 2_000;
/// Searches of one user that may wait for their turn: what somebody types in two windows. One of them runs at a time.
pub const SEARCHES_PER_USER_MAX: usize = 8;
/// Hits that are counted: nobody reads more, and counting reads each of them.
pub const HITS_COUNTED_MAX: u64 = 1_000;
/// Lines of a run's output that are counted.
pub const LINES_COUNTED_MAX: u64 = 1_000;
/// Milliseconds that hits are counted which are not shown.
pub const COUNT_MS: u128 = 250;
/// Bytes that the count of lines takes in a hit.
pub const LINES_FIELD_BYTES: usize = 16;
/// Hits if it is not said.
pub const HITS_DEFAULT: u32 = 20;
/// Characters of an excerpt: two or three lines on a screen.
pub const EXCERPT_CHARS_MAX: usize = 300;
/// Characters of it that stand before the first word.
pub const EXCERPT_BEFORE_CHARS: usize = 80;
/// Bytes of all hits of an answer, which is one line.
pub const ANSWER_BYTES_MAX: usize = LINE_BYTES_MAX - 1_024;
/// Grams that the index is asked for. More make it slower, not more exact: each hit is looked at again.
pub const GRAMS_MAX: usize = 48;
/// Grams of one word: those of a longer one are taken with gaps, but so that together they touch all of it.
pub const GRAMS_OF_WORD_MAX: usize = 16;
/// Private rooms that are named to the index; whoever is in more is asked about each hit instead.
pub const PRIVATE_ROOMS_MAX: usize = 64;

/// Milliseconds that the index waits after an event for others: a search is behind by so much, and a busy room costs
/// ten small transactions a second instead of a thousand.
pub const GATHER_MS: u64 = 100;
/// Milliseconds that it waits for more output of runs that go on: what is printed is found soon, and a log that grows by a
/// line now and then is a row of the index every so often, not one for each line.
pub const PRINTED_GATHER_MS: u64 = 2_000;
/// Milliseconds that it waits after a failure.
pub const RETRY_MS: u64 = 5_000;
/// How much less than others the index's thread is to run, as nice(1) has it.
pub const NICENESS: i32 = 10;
/// Rows that one transaction of the index takes.
pub const BATCH_ROWS_MAX: usize = 2_000;
/// Bytes of text that one transaction takes.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// Events that wait in memory to be indexed, of all rooms together.
pub const FEED_EVENTS_MAX: usize = 8_192;
/// Bytes of the events that are read of a room at once, where many rooms are read.
pub const FEED_PAGE_BYTES_MAX: usize = 256 << 10;
/// Bytes that a table of the index gathers in memory before it writes them: a batch, so that it becomes one segment.
pub const HASH_BYTES: i64 = 4 << 20;
/// Kibibytes of the index's own cache, and of a reader's.
pub const CACHE_KIB: i64 = 4_096;

/// Bytes of output of one run that are searched: a million lines. What is written behind them is still kept, and shown.
pub const OUTPUT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of output that are one row of the index: some lines. Fewer cost more rows, more make more rows be looked at
/// in vain.
pub const PIECE_BYTES_MAX: usize = 2_048;
/// Bytes that two pieces have in common where a line is longer than a piece: a word of so many is found wherever it is.
pub const PIECE_OVERLAP_BYTES: usize = 256;
/// Bytes of output that are read at once.
pub const OUTPUT_READ_BYTES: usize = 256 << 10;

const _: () = {
    assert!(PIECE_OVERLAP_BYTES * 2 < PIECE_BYTES_MAX, "each piece goes on");
    assert!(PIECE_BYTES_MAX * 8 <= OUTPUT_READ_BYTES, "a read is many pieces");
    assert!(EXCERPT_BEFORE_CHARS * 2 < EXCERPT_CHARS_MAX, "the word itself is seen");
    assert!(QUERY_BYTES_MAX <= 65_536, "a question is small beside its answer");
};
