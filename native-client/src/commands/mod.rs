//! The commands, one file each. Each takes its options as a struct and returns the exit code.

mod account;
mod admin;
mod attach;
mod cast;
mod chat;
mod dm;
mod ended;
mod export;
mod fan_out;
mod get;
mod history;
mod hosts;
mod input;
mod log;
mod login;
mod ls;
mod members;
mod named;
mod out;
mod output;
mod printer;
mod proposed;
mod put;
mod rights;
mod rooms;
mod run;
mod runs;
mod search;
mod secrets;
mod send;
mod signals;
mod starting;

use std::time::Duration;

use wardroom_client_core::{Effect, Error};

use crate::exit::Failure;
use crate::limits::RECONNECT_GIVE_UP;
use crate::runner::Runner;

pub use account::{SessionsAction, change_password, sessions};
pub use admin::{Admin, AdminCall, admin, invite_link};
pub use attach::{Attach, Shell, attach, shell};
pub use cast::cast;
pub use chat::{Chat, chat};
pub use dm::{Dm, dm};
pub use export::{Export, Format, export};
pub use get::{Get, get};
pub use hosts::hosts;
pub use log::{Log, log};
pub use login::{Login, LoginTo, login, logout};
pub use ls::{Ls, ls};
pub use members::{join, leave, who};
pub use named::{Changes, NamedAction, named};
pub use output::{Output, output};
pub use proposed::{approve, parse_proposal, proposals, refuse};
pub use put::{Put, put};
pub use rights::{RightsAction, rights};
pub use run::{Run, run};
pub use runs::{HowToStop, RunName, Runs, Stop, parse_state, runs, stop};
pub use search::{Search, parse_kind, search};
pub use secrets::SecretSource;
pub use send::{Send, send};

use out::Out;

/// Allows a connection to be lost for a while, but not for ever.
#[derive(Debug, Default)]
struct ReconnectDeadline {
    lost_at: Option<tokio::time::Instant>,
}

impl ReconnectDeadline {
    /// Returns the next effect; fails if the client is signed out for good, or the server stays away for too long.
    async fn next(&mut self, runner: &mut Runner) -> Result<Effect, Failure> {
        runner.fail_if_signed_out()?;
        let give_up_in = match (runner.client().connection().is_up(), self.lost_at) {
            (true, _) => {
                self.lost_at = None;
                Duration::MAX
            }
            (false, None) => {
                self.lost_at = Some(tokio::time::Instant::now());
                RECONNECT_GIVE_UP
            }
            (false, Some(at)) => RECONNECT_GIVE_UP.saturating_sub(at.elapsed()),
        };
        match tokio::time::timeout(give_up_in, runner.next()).await {
            Ok(effect) => Ok(effect),
            Err(_) => {
                let minutes = RECONNECT_GIVE_UP.as_secs() / 60;
                Err(Failure::no_connection(format!("no connection to {} for {minutes} minutes", runner.server())))
            }
        }
    }
}

/// Makes a refusal end the command.
fn refused<T>(error: Error) -> Result<T, Failure> {
    Err(Failure::from(error))
}
