//! `wardroom send ROOM TEXT|-`: posts a message, and waits for confirmation. Input that is too long for a message (or
//! is not text) becomes a file, and the message shows its first lines.

use std::io::{IsTerminal, Read};
use std::path::Path;

use tokio::time::Instant;
use wardroom_client_core::{Command, Effect, Operation};
use wardroom_protocol::limits::TEXT_BYTES_MAX;
use wardroom_protocol::mention::not_here_words;
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Nonce, RelPath, RoomName};

use super::out::say;
use super::put::put_one;
use super::rooms::meant_or_new;
use super::{Out, ReconnectDeadline, refused};
use crate::exit::{ExitCode, Failure};
use crate::files::{Spool, io_words};
use crate::limits::{ANSWER_TIMEOUT, BUSY_WAIT, PREVIEW_BYTES, PREVIEW_LINES};
use crate::runner::{Runner, Target, now_ms, random};
use crate::text::{Bar, bytes_words};

/// The message, and the room.
#[derive(Clone, Debug)]
pub struct Send {
    /// The room.
    pub room: RoomName,
    /// The text; `-` reads it from standard input.
    pub text: String,
    /// The line that it replies to.
    pub reply_to: Option<u64>,
    /// Print its position as JSON.
    pub json: bool,
}

/// Posts it.
///
/// # Errors
/// See [`Failure`].
pub async fn send(target: Target, mut send: Send) -> Result<ExitCode, Failure> {
    let words = Words::of(&send.text)?;
    let mut runner = Runner::connect(target).await?;
    send.room = meant_or_new(&mut runner, send.room).await?;
    let said = say_in(&mut runner, &send.room, words, send.reply_to).await;
    runner.finish().await;
    let seq = said?;
    if send.json {
        Out::new().json(&serde_json::json!({ "room": send.room, "seq": seq }))?;
    }
    Ok(ExitCode::Ok)
}

/// What to post: a text, or one that is too long for a message.
pub(super) enum Words {
    Text(String),
    Long { spool: Spool, preview: String },
}

impl Words {
    /// Reads the text; `-` is standard input. All of it is read before anything is sent, however long it is.
    pub(super) fn of(text: &str) -> Result<Words, Failure> {
        let input_failed = |e: std::io::Error| Failure::failed(format!("standard input: {e}"));
        let mut begin = Vec::new();
        if text == "-" {
            let bound = TEXT_BYTES_MAX.saturating_add(3) as u64;
            std::io::stdin().take(bound).read_to_end(&mut begin).map_err(input_failed)?;
        } else {
            begin.extend_from_slice(text.as_bytes());
        }
        let end = begin.trim_ascii_end().len();
        if end == 0 && begin.len() < TEXT_BYTES_MAX {
            return Err(Failure::usage("nothing to send"));
        }
        // A final line end, as the output of a pipe has it, is not sent.
        let bare = begin.strip_suffix(b"\n").unwrap_or(&begin);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        if bare.len() <= TEXT_BYTES_MAX
            && let Ok(text) = std::str::from_utf8(bare)
        {
            return Ok(Words::Text(text.trim_end_matches(['\r', '\n']).to_owned()));
        }
        let preview = preview(&begin);
        let rest: Box<dyn Read> = if text == "-" { Box::new(std::io::stdin()) } else { Box::new(std::io::empty()) };
        let spool = Spool::of(&begin, rest, random()?)
            .map_err(|e| Failure::failed(format!("cannot store the text until it is sent: {}", io_words(&e))))?;
        Ok(Words::Long { spool, preview })
    }
}

/// Returns the first lines, as many as a message shows.
pub(super) fn preview(begin: &[u8]) -> String {
    let begin = begin.get(..PREVIEW_BYTES.min(begin.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(begin);
    let lines: Vec<&str> = text.trim_end_matches('\u{fffd}').lines().take(PREVIEW_LINES).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Posts it, and waits for confirmation; returns its position. A long text is first stored as a file, which the message
/// names.
pub(super) async fn say_in(
    runner: &mut Runner,
    room: &RoomName,
    words: Words,
    reply_to: Option<u64>,
) -> Result<u64, Failure> {
    let text = match words {
        Words::Text(text) => text,
        Words::Long { spool, preview } => {
            let shelved = shelve(runner, room, spool.path(), &preview, |size| Bar::new("", size, false)).await?;
            let TextFile { path, size, .. } = &shelved;
            say(&format!("wardroom: {size} is too long for a message; sent as file {room}:{path}"));
            shelved.text
        }
    };
    let nonce = wardroom_client_core::nonce(now_ms(), random()?);
    runner.command(Command::Post { room: room.clone(), text, reply_to, nonce: nonce.clone() });
    stands(runner, &nonce).await
}

/// A long text that is now a file.
pub(super) struct TextFile {
    /// The message for it: its first lines, and the path of the file.
    pub(super) text: String,
    /// Its path.
    pub(super) path: RelPath,
    /// Its size, in words.
    pub(super) size: String,
}

/// Stores a long text as a file, named after the current time.
pub(super) async fn shelve(
    runner: &mut Runner,
    room: &RoomName,
    file: &Path,
    preview: &str,
    bar: impl FnOnce(u64) -> Bar,
) -> Result<TextFile, Failure> {
    let name = format!("text-{}.txt", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"));
    let path = RelPath::parse(&name).map_err(|e| Failure::failed(e.to_string()))?;
    let (path, size) = put_one(runner, room, file, path, bar).await?;
    let size = bytes_words(size);
    Ok(TextFile { text: format!("{preview}\n… full text ({size}): {path}"), path, size })
}

/// Waits until the post is confirmed; returns its position.
async fn stands(runner: &mut Runner, nonce: &Nonce) -> Result<u64, Failure> {
    let mut patience = ReconnectDeadline::default();
    let mut until = Instant::now() + ANSWER_TIMEOUT;
    // The server's last refusal, as long as the post cannot have been stored since.
    let mut busy = None;
    loop {
        let effect = match (tokio::time::timeout_at(until, patience.next(runner)).await, busy.clone()) {
            (Ok(effect), _) => effect?,
            (Err(_), Some(error)) => return refused(error),
            (Err(_), None) => {
                return Err(Failure::no_connection("the server did not answer; the message may have been sent"));
            }
        };
        match effect {
            Effect::Posted { nonce: posted, seq } if posted == *nonce => return Ok(seq),
            Effect::Failed { operation: Operation::Post(of), error } if of == *nonce => return refused(error),
            Effect::Waiting { operation: Operation::Post(of), error } if of == *nonce => {
                if std::io::stderr().is_terminal() {
                    say(&format!("wardroom: {}; retrying", visible(&error.message)));
                }
                until = until.min(Instant::now() + BUSY_WAIT);
                busy = Some(error);
            }
            Effect::NotInRoom { users, .. } => {
                not_here_words(&users).into_iter().for_each(|told| say(&format!("wardroom: {told}")));
            }
            Effect::Disconnected { .. } => busy = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_short_and_whole_characters() {
        assert_eq!(preview(b"a\r\nb\n"), "a\nb");
        assert_eq!(preview("line\n".repeat(100).as_bytes()).lines().count(), PREVIEW_LINES);
        let long = preview("ü".repeat(PREVIEW_BYTES).as_bytes());
        assert!(long.len() <= PREVIEW_BYTES && long.chars().all(|c| c == 'ü'), "{long}");
    }
}
