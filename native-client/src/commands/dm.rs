//! `wardroom dm USER… TEXT|-`: says something to one person, or to a few.

use wardroom_protocol::UserName;
use wardroom_protocol::messages::{DmOpen, DmOpened};

use super::Out;
use super::ls::other_version;
use super::send::{Words, say_in};
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};

/// What to say, and to whom.
#[derive(Clone, Debug)]
pub struct Dm {
    /// The others.
    pub users: Vec<UserName>,
    /// The words; `-` reads them from standard input.
    pub text: String,
    /// Print where it stands, as JSON.
    pub json: bool,
}

/// Says it.
///
/// # Errors
/// See [`Failure`].
pub async fn dm(target: Target, dm: Dm) -> Result<ExitCode, Failure> {
    let words = Words::of(&dm.text)?;
    let mut runner = Runner::connect(target).await?;
    let opened: DmOpened = runner.ask(&DmOpen { users: dm.users }).await?.fields().map_err(other_version)?;
    let said = say_in(&mut runner, &opened.room, words, None).await;
    runner.finish().await;
    let seq = said?;
    if dm.json {
        Out::new().json(&serde_json::json!({ "room": opened.room, "seq": seq }))?;
    }
    Ok(ExitCode::Ok)
}
