//! `wardroom dm USER… TEXT|-`: sends a direct message to one or several users.

use wardroom_protocol::UserName;

use super::Out;
use super::rooms::open_dm;
use super::send::{Words, say_in};
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};

/// The message and its recipients.
#[derive(Clone, Debug)]
pub struct Dm {
    /// The other users.
    pub users: Vec<UserName>,
    /// The text; `-` reads it from standard input.
    pub text: String,
    /// Print its position as JSON.
    pub json: bool,
}

/// Sends it.
///
/// # Errors
/// See [`Failure`].
pub async fn dm(target: Target, dm: Dm) -> Result<ExitCode, Failure> {
    let words = Words::of(&dm.text)?;
    let mut runner = Runner::connect(target).await?;
    let room = open_dm(&mut runner, dm.users).await?;
    let said = say_in(&mut runner, &room, words, None).await;
    runner.finish().await;
    let seq = said?;
    if dm.json {
        Out::new().json(&serde_json::json!({ "room": room, "seq": seq }))?;
    }
    Ok(ExitCode::Ok)
}
