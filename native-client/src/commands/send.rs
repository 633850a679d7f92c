//! `wardroom send ROOM TEXT|-`: says something, and waits until it stands in the room.

use std::io::Read;

use wardroom_client_core::{Command, Effect, Subject};
use wardroom_protocol::RoomName;

use super::{Out, Patience, refused};
use crate::exit::{ExitCode, Failure};
use crate::limits::{ANSWER_TIMEOUT, SEND_BYTES_MAX};
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
    let mut patience = Patience::default();
    let stood = async {
        loop {
            match patience.next(&mut runner).await? {
                Effect::Posted { nonce: posted, seq } if posted == nonce => return Ok(seq),
                Effect::Failed { subject: Subject::Post(of), refusal } if of == nonce => return refused(refusal),
                _ => {}
            }
        }
    };
    let seq = match tokio::time::timeout(ANSWER_TIMEOUT, stood).await {
        Ok(seq) => seq?,
        Err(_) => return Err(Failure::no_connection("the server did not answer; it is not known whether it was sent")),
    };
    runner.finish().await;
    if send.json {
        Out::new().json(&serde_json::json!({ "room": send.room, "seq": seq }))?;
    }
    Ok(ExitCode::Ok)
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let mut input = std::io::stdin().take(SEND_BYTES_MAX);
    input.read_to_string(&mut text).map_err(|e| Failure::failed(format!("standard input: {e}")))?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}
