//! Every number that bounds the command line client, each with its reason.

use std::time::Duration;

/// What a command waits for its first welcome: opening, TLS, and a password's hash on a busy server.
pub(crate) const WELCOME_TIMEOUT: Duration = Duration::from_secs(30);
/// What one answer may take, over reconnects.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a run, an upload or a download waits for a connection that is lost before it gives up: a server's upgrade
/// or a train's tunnel.
pub(crate) const RECONNECT_GIVE_UP: Duration = Duration::from_secs(15 * 60);
/// What `send` waits for a server that cannot take it now: one that is just being restarted says so for two seconds, one
/// whose disk is full asks to be tried again after ten.
pub(crate) const BUSY_WAIT: Duration = Duration::from_secs(15);
/// What `run` waits for a host that is away: its own longest pause between two attempts is ten seconds.
pub(crate) const HOST_WAIT: Duration = Duration::from_secs(15);
/// How often it asks meanwhile.
pub(crate) const START_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// What the last frames may take to leave when a command ends.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes that one read from a socket takes at most: four bulk frames, so that their lines are decoded together.
pub(crate) const READ_BYTES: usize = 256 * 1024;
/// Batches of frames between the socket's reader and the command: with [`READ_BYTES`] this is what a slow command
/// holds back; beyond it the socket waits.
pub(crate) const EVENT_BATCHES: usize = 4;
/// Bytes that one write to the socket is given together.
pub(crate) const WRITE_BYTES: usize = 1024 * 1024;
/// Batches on their way to the socket's writer.
pub(crate) const WRITE_BATCHES: usize = 2;
/// Bytes of a download in flight: the protocol's bound.
pub(crate) const DOWNLOAD_WINDOW: u64 = wardroom_protocol::limits::WINDOW_MAX;
/// Bytes of a download after which it is acknowledged.
pub(crate) const DOWNLOAD_ACK_BYTES: u64 = 1024 * 1024;
/// Pieces of a download between the socket and the disk: a window full of them.
pub(crate) const DOWNLOAD_PIECES: usize = 160;
/// Bytes of standard input that one `run.input` takes.
pub(crate) const INPUT_BYTES: usize = 64 * 1024;
/// Lines of a text that became a file which its message shows, and their bytes: what one sees without opening it.
pub(crate) const PREVIEW_LINES: usize = 8;
/// See [`PREVIEW_LINES`].
pub(crate) const PREVIEW_BYTES: usize = 1_024;
/// Lines of history that `chat` begins with.
pub(crate) const CHAT_HISTORY: u64 = 20;
/// Lines that `log` shows if it is not told from where.
pub(crate) const LOG_HISTORY: u64 = 50;
/// The longest path that fits the address of a unix socket (108 bytes, NUL included), with some room.
pub(crate) const UNIX_PATH_MAX: usize = 100;
/// Lines of a paste above which it is offered as a file: what one reads of another's message without scrolling. The page's is the same.
pub(crate) const PASTE_LINES_MAX: u64 = 30;
/// Bytes of the line that one writes: more than a message may have, so that one sees what is too long; what is longer still is
/// gathered as a paste is. Laid out within a few milliseconds with each key.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a gathered text that stay in memory; the rest goes to a file.
pub(crate) const GATHERED_MEMORY: usize = 1024 * 1024;
/// Texts that can be had again with the arrow keys.
pub(crate) const HISTORY_LINES_MAX: usize = 200;
/// What follows an Escape within this time is of one sequence with it: a key sends all of it at once, and a network rarely cuts it.
pub(crate) const ESCAPE_TIMEOUT: Duration = Duration::from_millis(50);
/// Files that a chat sends and fetches at one time: two of the disk and two of the network keep both busy.
pub(crate) const TRANSFERS_MAX: usize = 4;
/// Words of transfers that are not taken yet; how far one is may be left out.
pub(crate) const TRANSFER_WORDS: usize = 16;
/// Bytes that one read of the terminal takes, and such reads that are not taken yet: what a person types is less, a paste waits in the
/// terminal.
pub(crate) const KEY_BYTES: usize = 16 * 1024;
/// See [`KEY_BYTES`].
pub(crate) const KEY_BATCHES: usize = 4;
/// Lines of one message that a chat at a terminal shows below each other: what is longer was better a file.
pub(crate) const MESSAGE_LINES_MAX: usize = PASTE_LINES_MAX as usize;
