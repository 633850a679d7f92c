//! `wardroom login` and `logout`: a session on the server, and its token in a file of the user's.

use std::path::PathBuf;
use std::time::Duration;

use wardroom_client_core::Effect;
use wardroom_protocol::UserName;
use wardroom_protocol::messages::{Auth, SessionEnd};

use super::out::say;
use crate::exit::{ExitCode, Failure};
use crate::invite::Invite;
use crate::limits::WELCOME_TIMEOUT;
use crate::runner::{Runner, Target};
use crate::saved::SavedLogin;
use crate::text::password;
use wardroom_dial::Server;

/// How to sign in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The server or the invite.
    pub to: LoginTo,
    /// The name; if absent, an invite asks for it.
    pub user: Option<String>,
    /// Read the password from the first line of standard input.
    pub password_stdin: bool,
    /// The file of the saved login.
    pub file: PathBuf,
}

/// The server or the invite.
#[derive(Clone, Debug)]
pub enum LoginTo {
    /// With an account.
    Server(Server),
    /// With an invite, which creates the account.
    Invite(Invite),
}

/// Signs in, and saves the session.
///
/// # Errors
/// See [`Failure`].
pub async fn login(login: Login) -> Result<ExitCode, Failure> {
    let (server, invite) = match login.to {
        LoginTo::Server(server) => (server, None),
        LoginTo::Invite(invite) => (invite.server, Some(invite.code)),
    };
    let user = match (login.user, &invite) {
        (Some(user), _) => user,
        (None, Some(_)) => password::ask_plain("Choose a name (a-z 0-9 . _ -): ").await?,
        (None, None) => return Err(Failure::usage("user name missing; run: wardroom login URL NAME")),
    };
    let name = UserName::parse(user.trim()).map_err(|e| Failure::usage(e.to_string()))?;
    let secret = secret(login.password_stdin, invite.is_some()).await?;
    let auth = match invite {
        Some(invite) => Auth::Invite { invite, user: name.clone(), password: secret },
        None => Auth::Password { user: name.to_string(), password: secret },
    };
    let target = Target { server: server.clone(), auth, remember: Some(label()) };
    let mut runner = Runner::connect(target).await?;
    let token = tokio::time::timeout(WELCOME_TIMEOUT, token(&mut runner)).await;
    let token = token.map_err(|_| Failure::failed("the server created no session; is it another version?"))?;
    let saved = SavedLogin { server: server.to_string(), user: name.to_string(), token };
    saved.save(&login.file).map_err(|e| Failure::failed(format!("cannot write {}: {e}", login.file.display())))?;
    runner.finish().await;
    say(&format!("signed in to {server} as {name}; try: wardroom chat general"));
    Ok(ExitCode::Ok)
}

async fn secret(from_stdin: bool, is_new: bool) -> Result<String, Failure> {
    if from_stdin {
        return password::from_stdin();
    }
    if !is_new {
        return password::ask_secret("Password: ").await;
    }
    password::ask_new("Choose a password (8 characters or more): ").await
}

async fn token(runner: &mut Runner) -> String {
    loop {
        if let Effect::SignedIn { token } = runner.next().await {
            return token.to_string();
        }
    }
}

/// Returns the label of the session: this machine's name.
fn label() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("wardroom on {}", wardroom_protocol::visible::visible(&name))
}

/// Ends the saved session on the server, and deletes the file.
///
/// # Errors
/// See [`Failure`].
pub async fn logout(file: PathBuf) -> Result<ExitCode, Failure> {
    let Some(saved) = SavedLogin::load(&file).map_err(Failure::failed)? else {
        say("not signed in");
        return Ok(ExitCode::Ok);
    };
    let ended = end_session(&saved).await;
    SavedLogin::remove(&file).map_err(|e| Failure::failed(format!("cannot delete {}: {e}", file.display())))?;
    match ended {
        Ok(()) => say(&format!("signed out of {}", saved.server)),
        Err(why) => say(&format!("signed out here; the server could not be told: {}", why.words)),
    }
    Ok(ExitCode::Ok)
}

async fn end_session(saved: &SavedLogin) -> Result<(), Failure> {
    const END_TIMEOUT: Duration = Duration::from_secs(10);
    let server: Server = saved.server.parse().map_err(Failure::failed)?;
    let target = Target { server, auth: Auth::Token { token: saved.token.clone() }, remember: None };
    let mut runner = Runner::connect(target).await?;
    // Ending the session may close the connection before the answer; either means success.
    let asked = runner.request(&SessionEnd::default(), wardroom_client_core::OnDisconnect::Fail);
    let answered = async {
        loop {
            match runner.next().await {
                Effect::Answered { request, .. } if request == asked => return,
                Effect::Disconnected { .. } => return,
                _ if !runner.client().connection().is_up() => return,
                _ => {}
            }
        }
    };
    tokio::time::timeout(END_TIMEOUT, answered).await.map_err(|_| Failure::no_connection("connection timed out"))
}
