//! `wardroom password` and `wardroom sessions`: the caller's own account.

use wardroom_protocol::messages::{PasswordSet, SessionEnd, SessionInfo, SessionList, SessionListed};
use wardroom_protocol::visible::visible;

use super::Out;
use super::ls::other_version;
use super::out::say;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};
use crate::text::{moment_words, password};

/// What to do with the caller's sessions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionsAction {
    /// List them.
    List,
    /// End this one.
    End(u64),
    /// End all except the session of this command.
    EndOthers,
}

/// Changes the caller's password.
///
/// # Errors
/// See [`Failure`].
pub async fn change_password(target: Target, from_stdin: bool) -> Result<ExitCode, Failure> {
    let (current, new) = if from_stdin {
        password::pair_from_stdin()?
    } else {
        let current = password::ask_secret("Current password: ").await?;
        (current, password::ask_new("New password (8 characters or more): ").await?)
    };
    let mut runner = Runner::connect(target).await?;
    // Not sent again after a lost connection: it may have been carried out, and the current password would be wrong.
    runner.ask_once(&PasswordSet { current, password: new }).await?;
    runner.finish().await;
    say("password changed; your other sessions have ended, tokens still work");
    Ok(ExitCode::Ok)
}

/// Lists or ends the caller's sessions.
///
/// # Errors
/// See [`Failure`].
pub async fn sessions(target: Target, action: SessionsAction, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    match action {
        SessionsAction::List => {
            let listed: SessionListed = runner.ask(&SessionList {}).await?.fields().map_err(other_version)?;
            let mut out = Out::new();
            for session in &listed.sessions {
                if json { out.json(session)? } else { out.line(&line(session))? }
            }
        }
        SessionsAction::End(session) => {
            runner.ask_once(&SessionEnd { session: Some(session), others: false }).await?;
            say(&format!("session {session} ended"));
        }
        SessionsAction::EndOthers => {
            runner.ask_once(&SessionEnd { session: None, others: true }).await?;
            say("all other sessions ended; tokens still work");
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

fn line(session: &SessionInfo) -> String {
    let from = if session.until.is_none() { "token" } else { &visible(&session.address) };
    let state = match (session.this, session.connections) {
        (true, _) => "  (this session)",
        (false, 0) => "",
        (false, _) => "  (connected)",
    };
    format!("{:>6}  {}  {from:<15}  {}{state}", session.session, moment_words(session.at), visible(&session.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_one_line_whatever_it_calls_itself() {
        let session = SessionInfo {
            session: 12,
            label: "Fire\x1b[31mfox\n".to_owned(),
            address: "203.0.113.9".to_owned(),
            at: 0,
            until: Some(1),
            connections: 2,
            this: false,
        };
        let shown = line(&session);
        assert!(shown.starts_with("    12  ") && shown.ends_with("(connected)"), "{shown}");
        assert!(!shown.contains(['\x1b', '\n']), "{shown:?}");
        let token = SessionInfo { until: None, address: String::new(), connections: 0, ..session };
        assert!(line(&token).contains("  token "), "{}", line(&token));
    }
}
