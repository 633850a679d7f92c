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
