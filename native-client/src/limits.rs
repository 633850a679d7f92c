//! Every number that bounds the command line client, each with its reason.

use std::time::Duration;

/// How long a command waits for its first welcome: connecting, TLS, and a password's hash on a busy server.
pub(crate) const WELCOME_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one answer may take, including reconnects.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a run, an upload or a download waits for a lost connection before it gives up: a server's upgrade, or a
/// train in a tunnel.
pub(crate) const RECONNECT_GIVE_UP: Duration = Duration::from_secs(15 * 60);
/// How long `send` waits for a busy server: a restarting one says so for two seconds, one with a full disk asks to
/// retry after ten.
pub(crate) const BUSY_WAIT: Duration = Duration::from_secs(15);
/// How long `run` waits for a host that is away: the longest pause of a host between two attempts is ten seconds.
pub(crate) const HOST_WAIT: Duration = Duration::from_secs(15);
/// How often `run` retries meanwhile.
pub(crate) const START_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// How long the last frames may take to be sent when a command ends.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes of one read from a socket: four bulk frames, so that their lines are decoded together.
pub(crate) const READ_BYTES: usize = 256 * 1024;
/// Batches of frames between the socket's reader and the command: with [`READ_BYTES`] this is what is buffered for a
/// slow command; beyond it the socket waits.
pub(crate) const EVENT_BATCHES: usize = 4;
/// Bytes of one write to the socket.
pub(crate) const WRITE_BYTES: usize = 1024 * 1024;
/// Batches queued for the socket's writer.
pub(crate) const WRITE_BATCHES: usize = 2;
/// Bytes of a download in flight: the protocol's bound.
pub(crate) const DOWNLOAD_WINDOW: u64 = wardroom_protocol::limits::WINDOW_MAX;
/// Bytes of a download after which it is acknowledged.
pub(crate) const DOWNLOAD_ACK_BYTES: u64 = 1024 * 1024;
/// Pieces of a download between the socket and the disk: a window full of them.
pub(crate) const DOWNLOAD_PIECES: usize = 160;
/// Output that waits for a slow terminal for [`SCREEN_BEHIND`]: then a picture of the screen replaces it. A terminal that
/// keeps up takes this much within a tenth of a second.
pub(crate) const SCREEN_BEHIND_BYTES: usize = 512 * 1024;
/// See [`SCREEN_BEHIND_BYTES`].
pub(crate) const SCREEN_BEHIND: Duration = Duration::from_secs(2);
/// How long a note covers a row of an attached terminal: long enough to read it twice.
pub(crate) const NOTE_SHOWN: Duration = Duration::from_secs(4);
/// How long the list of escapes covers some rows.
pub(crate) const HELP_SHOWN: Duration = Duration::from_secs(12);
/// How long `stop` waits for the end of a run: the server's own 3 s before KILL, and the way to a slow host and back.
pub(crate) const STOP_WAIT: Duration = Duration::from_secs(20);
/// Bytes of standard input in one `run.input`.
pub(crate) const INPUT_BYTES: usize = 64 * 1024;
/// Lines of a text that became a file which its message shows: what is visible without opening it. [`PREVIEW_BYTES`]
/// bounds their bytes.
pub(crate) const PREVIEW_LINES: usize = 8;
/// See [`PREVIEW_LINES`].
pub(crate) const PREVIEW_BYTES: usize = 1_024;
/// Lines of history that `chat` begins with.
pub(crate) const CHAT_HISTORY: u64 = 20;
/// Lines that `log` shows by default.
pub(crate) const LOG_HISTORY: u64 = 50;
/// Lines of a paste above which it is offered as a file: what readers see of a message without scrolling. The same as
/// in the page.
pub(crate) const PASTE_LINES_MAX: u64 = 30;
/// Bytes of the edited line: more than a message may have, so that an overlong message is visible; longer text is
/// collected like a paste. Laid out within a few milliseconds per key.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a collected text that stay in memory; the rest goes to a file.
pub(crate) const GATHERED_MEMORY: usize = 1024 * 1024;
/// Texts in the history of the arrow keys.
pub(crate) const HISTORY_LINES_MAX: usize = 200;
/// What follows an Escape within this time belongs to its sequence: a key sends all of it at once, and a network rarely
/// splits it.
pub(crate) const ESCAPE_TIMEOUT: Duration = Duration::from_millis(50);
/// Simultaneous transfers of a chat: two for the disk and two for the network keep both busy.
pub(crate) const TRANSFERS_MAX: usize = 4;
/// Reports of transfers that wait to be handled; progress reports may be dropped.
pub(crate) const TRANSFER_WORDS: usize = 16;
/// Bytes of one read of the terminal. A person types less; a paste waits in the terminal. [`KEY_BATCHES`] bounds the
/// reads that wait to be handled.
pub(crate) const KEY_BYTES: usize = 16 * 1024;
/// See [`KEY_BYTES`].
pub(crate) const KEY_BATCHES: usize = 4;
/// Lines of one message that a chat at a terminal shows: longer messages are better sent as a file.
pub(crate) const MESSAGE_LINES_MAX: usize = PASTE_LINES_MAX as usize;
