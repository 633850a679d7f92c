//! `wardroom send ROOM TEXT|-`: says something, and waits until it stands in the room.

use std::io::{IsTerminal, Read};

use tokio::time::Instant;
use wardroom_client_core::{Command, Effect, Subject};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Nonce, RoomName};

use super::out::say;
use super::{Out, Patience, refused};
use crate::exit::{ExitCode, Failure};
use crate::limits::{ANSWER_TIMEOUT, BUSY_WAIT, SEND_BYTES_MAX};
use crate::runner::{Runner, Target, now_ms, random};

/// What to say, and where.
#[derive(Clone, Debug)]
pub struct Send {
    /// The room.
    pub room: RoomName,
    /// The words; `-` reads them from standard input.
    pub text: String,
    /// Print where it stands, as JSON.
    pub json: bool,
}

/// Says it.
///
/// # Errors
/// See [`Failure`].
pub async fn send(target: Target, send: Send) -> Result<ExitCode, Failure> {
    let text = if send.text == "-" { from_stdin()? } else { send.text };
    if text.trim().is_empty() {
        return Err(Failure::usage("there is nothing to send"));
    }
    let mut runner = Runner::connect(target).await?;
    let nonce = wardroom_client_core::nonce(now_ms(), random()?);
    runner.command(Command::Post { room: send.room.clone(), text, reply_to: None, nonce: nonce.clone() });
    let seq = stands(&mut runner, &nonce).await?;
    runner.finish().await;
    if send.json {
        Out::new().json(&serde_json::json!({ "room": send.room, "seq": seq }))?;
    }
    Ok(ExitCode::Ok)
}

/// Waits until the post stands; gives where.
async fn stands(runner: &mut Runner, nonce: &Nonce) -> Result<u64, Failure> {
    let mut patience = Patience::default();
    let mut until = Instant::now() + ANSWER_TIMEOUT;
    // What the server said to it last, as long as nothing else can have become of it.
    let mut busy = None;
    loop {
        let effect = match (tokio::time::timeout_at(until, patience.next(runner)).await, busy.clone()) {
            (Ok(effect), _) => effect?,
            (Err(_), Some(refusal)) => return refused(refusal),
            (Err(_), None) => {
                return Err(Failure::no_connection("the server did not answer; it is not known whether it was sent"));
            }
        };
        match effect {
            Effect::Posted { nonce: posted, seq } if posted == *nonce => return Ok(seq),
            Effect::Failed { subject: Subject::Post(of), refusal } if of == *nonce => return refused(refusal),
            Effect::Waiting { subject: Subject::Post(of), refusal } if of == *nonce => {
                if std::io::stderr().is_terminal() {
                    say(&format!("wardroom: {}; trying again", visible(&refusal.words)));
                }
                until = until.min(Instant::now() + BUSY_WAIT);
                busy = Some(refusal);
            }
            Effect::Lost { .. } => busy = None,
            _ => {}
        }
    }
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let mut input = std::io::stdin().take(SEND_BYTES_MAX);
    input.read_to_string(&mut text).map_err(|e| Failure::failed(format!("standard input: {e}")))?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}
