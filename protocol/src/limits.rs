//! Every number that bounds the wire, each with its reason. The welcome sends clients those that they need.

/// Bytes of a frame's line, LF included. Room for the longest text after JSON escaping (a text of control characters,
/// at 6 bytes each, would exceed it, but [`TEXT_BYTES_MAX`] refuses such text long before in practice).
pub const LINE_BYTES_MAX: usize = 65_536;
/// Raw bytes that may follow a line. One bulk frame delays a chat line on the same socket by at most its transfer time:
/// 0.5 ms at 1 Gbit/s.
pub const BODY_BYTES_MAX: usize = 65_536;
/// Bytes that a program posts to a webhook: a thousand alerts of one group, which arrive together when it matters most.
pub const HOOK_BYTES_MAX: usize = 1 << 20;
/// Bytes (UTF-8) of a message's text. Longer texts become files.
pub const TEXT_BYTES_MAX: usize = 16_384;
/// Bytes that a connection may send before the welcome: a `via` and a `hello` with room to spare.
pub const HELLO_BYTES_MAX: usize = 8_192;
/// Milliseconds that a connection has until the welcome.
pub const HELLO_TIMEOUT_MS: u64 = 10_000;
/// Milliseconds that the server waits for a first byte before it assumes a person and greets.
pub const FIRST_BYTE_WAIT_MS: u64 = 250;
/// Milliseconds of silence after which the server pings. Below the 60 s after which nginx and most load balancers
/// close.
pub const PING_AFTER_MS: u64 = 25_000;
/// Milliseconds of silence after which a connection is dead: two missed pings, and some grace.
pub const DEAD_AFTER_MS: u64 = 60_000;
/// Bytes of a file: 64 GiB. More than a core dump of a usual machine; a bound for mistakes.
pub const FILE_BYTES_MAX: u64 = 64 << 30;
/// Characters of a room's name. Shown in a sidebar of 232 px, and used as a folder's name on disk.
pub const ROOM_NAME_MAX: usize = 64;
/// Bytes of a room's name: most scripts need three per character, and a folder's name may have 255.
pub const ROOM_NAME_BYTES_MAX: usize = 192;
/// Characters of a user's name.
pub const USER_NAME_MAX: usize = 32;
/// Characters of a room's title or a person's displayed name.
pub const TITLE_CHARS_MAX: usize = 120;
/// Bytes of a nonce: a ULID or UUID with room to spare.
pub const NONCE_BYTES_MAX: usize = 64;
/// Bytes of a password. Longer input would only cost hashing time.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Characters of a status: a line beside a name.
pub const STATUS_CHARS_MAX: usize = 80;
/// The least number of characters of a password (NIST SP 800-63B).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Bytes of a room's topic: a few lines, with a link to a runbook.
pub const TOPIC_BYTES_MAX: usize = 1_024;
/// Members of a direct message, including the caller. A larger group uses a room, which has a name.
pub const DM_USERS_MAX: usize = 16;
/// Different reactions to one message.
pub const REACTIONS_MAX: usize = 20;
/// Bytes of a reaction: the longest emoji sequences (families, flags of regions) have 28 to 35.
pub const EMOJI_BYTES_MAX: usize = 40;
/// The least number of characters of a search. One is a word in Chinese, or an emoji.
pub const QUERY_CHARS_MIN: usize = 1;
/// Bytes of a search.
pub const QUERY_BYTES_MAX: usize = 1_024;
/// Hits in one answer.
pub const HITS_MAX: u32 = 100;
/// Texts that one `run.find` looks for at a time: the words that programs write when something went wrong. Together
/// they have at most [`QUERY_BYTES_MAX`].
pub const FIND_TEXTS_MAX: usize = 8;
/// Days of a room's retention: ten years.
pub const RETENTION_DAYS_MAX: u32 = 3_650;
/// Unread lines are counted exactly up to here; larger counts are reported as this number.
pub const UNREAD_MAX: u64 = 1_000;
/// Minutes after which a message of the same author shows author and time again: by then readers take it as a new
/// remark.
pub const GROUP_MINUTES_MAX: u64 = 5;
/// Lines of one author after which author and time are shown again: a terminal has 24, and a page shows about twice as many.
pub const GROUP_LINES_MAX: usize = 20;
/// Events in one `room.history` answer.
pub const HISTORY_LIMIT_MAX: u32 = 200;
/// Events in one write to a reader: half a commit of the core, which fits a kernel buffer.
pub const EVENTS_PER_WRITE_MAX: usize = 256;
/// Bytes of a command as text.
pub const CMD_BYTES_MAX: usize = 16_384;
/// Arguments of a command as `argv`.
pub const ARGV_MAX: usize = 256;
/// Characters of the name of a named command: a word that people type.
pub const COMMAND_NAME_MAX: usize = 32;
/// Named commands of a room: what still fits a list that somebody chooses from.
pub const COMMANDS_MAX: usize = 64;
/// Parameters of a named command: more are a configuration file.
pub const COMMAND_PARAMS_MAX: usize = 16;
/// Bytes of a definition as JSON: at least seven fit an answer.
pub const COMMAND_BYTES_MAX: usize = 8_192;
/// Bytes of a parameter's pattern.
pub const PATTERN_BYTES_MAX: usize = 256;
/// Bytes of a parameter's value: a path or an address, with room to spare.
pub const PARAM_BYTES_MAX: usize = 1_024;
/// Hosts on which one request may start a command: as many as one connection can watch.
pub const RUN_HOSTS_MAX: usize = 32;
/// Variables that a request may set for a run.
pub const ENV_VARS_MAX: usize = 64;
/// Bytes of one name and value of the environment.
pub const ENV_BYTES_MAX: usize = 4_096;
/// Secrets of a run. Each is looked for at each byte of its output.
pub const SECRETS_MAX: usize = 16;
/// Bytes of a secret, at least. A shorter one is found in ordinary output, and says what it is by where it is missing.
pub const SECRET_BYTES_MIN: usize = 8;
/// Seconds that a run may take if the request does not say.
pub const RUN_TIMEOUT_DEFAULT_S: u64 = 3_600;
/// Seconds that a run may request: a day.
pub const RUN_TIMEOUT_MAX_S: u64 = 86_400;
/// Columns of a terminal: three times the widest screens. A screen's memory is its size times its scrollback.
pub const TERM_COLS_MAX: u16 = 1_000;
/// Rows of a terminal.
pub const TERM_ROWS_MAX: u16 = 500;
/// Milliseconds without input after which anyone may take a keyboard: longer than a look at another window.
pub const KEYBOARD_SILENCE_MS: u64 = 60_000;
/// People who may wait for one keyboard.
pub const KEYBOARD_ASKED_MAX: usize = 16;
/// Bytes of input that may be sent beyond the last `run.input_ack`, and which the core keeps for the host: a paste waits
/// at the sender, not in the server.
pub const INPUT_WINDOW: u64 = 262_144;
/// Bytes that a watcher may have in flight by default: one bandwidth-delay product of 20 ms at 100 Mbit/s.
pub const WINDOW_DEFAULT: u64 = 262_144;
/// The same with the screen of a terminal: who reads slowly during a flood sees what follows a Ctrl-C only after what is in
/// flight, and who falls behind gets the screen anyway.
pub const SCREEN_WINDOW_DEFAULT: u64 = 131_072;
/// Bytes that a watcher, a download or an upload may have in flight: 50 ms at 1 Gbit/s is 6 MiB.
pub const WINDOW_MAX: u64 = 8 << 20;
/// Bytes of a file's path.
pub const PATH_BYTES_MAX: usize = 1_024;
/// Bytes of one component of a path: NAME_MAX of common file systems.
pub const PATH_PART_BYTES_MAX: usize = 255;
/// Components of a path.
pub const PATH_DEPTH_MAX: usize = 32;
/// Entries in one `file.list` answer: at 200 bytes each they fit a line.
pub const LIST_ENTRIES_MAX: usize = 200;
/// Integers on the wire stay below this, so that every JSON reader keeps them exact (RFC 8259, section 6).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// The least number of bytes of a secret: shorter ones can be guessed.
pub const HOOK_SECRET_BYTES_MIN: usize = 8;
/// Bytes of a secret: HMAC-SHA-256 hashes longer keys, so they gain nothing.
pub const HOOK_SECRET_BYTES_MAX: usize = 256;

const _: () = {
    assert!(TEXT_BYTES_MAX * 3 < LINE_BYTES_MAX, "a text of quotes and accents still fits a line");
    assert!(CMD_BYTES_MAX * 3 < LINE_BYTES_MAX, "so does a command");
    assert!(SCREEN_WINDOW_DEFAULT as usize >= 2 * BODY_BYTES_MAX, "one frame in flight while the next is made");
    assert!(WINDOW_MAX >= WINDOW_DEFAULT && WINDOW_DEFAULT >= SCREEN_WINDOW_DEFAULT, "the default windows are allowed");
    assert!(COMMAND_BYTES_MAX * 7 < LINE_BYTES_MAX, "several definitions fit a line");
    assert!(DEAD_AFTER_MS > 2 * PING_AFTER_MS, "a ping may be lost");
    assert!(PATH_PART_BYTES_MAX <= PATH_BYTES_MAX, "one component is a path");
};
