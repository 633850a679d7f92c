//! `wardroom admin`: asks the core that holds the data folder, or opens the folder itself if none is running.

use std::collections::BTreeMap;
use std::path::Path;

use wardroom_native_client::commands::{Admin, AdminCall, admin as ask_running};
use wardroom_native_client::{ExitCode, Failure, Server, Target, new_nonce, password};
use wardroom_protocol::messages::{
    Auth, HostAdd, HostList, HostRemove, InviteAdd, TokenAdd, UserAdd, UserDisable, UserList, UserPasswd, UserSetRole,
};

use crate::args::{AdminArgs, AdminCommand, HostCommand, TokenCommand, UserCommand};
use crate::console::sentence;
use crate::data;

/// Runs the subcommand.
pub async fn admin(args: AdminArgs, json: bool) -> Result<u8, Failure> {
    let AdminArgs { data, command } = args;
    let mut web_url = data::web_url(&data);
    let call = match command {
        AdminCommand::User { command } => user_call(command).await?,
        AdminCommand::Token { command: TokenCommand::Add { name, label } } => {
            AdminCall::TokenAdd(TokenAdd { user: name, label, nonce: Some(new_nonce()?) })
        }
        AdminCommand::Host { command: HostCommand::Add { name, labels, replace } } => {
            let labels = Some(labels.into_iter().collect()).filter(|labels: &BTreeMap<_, _>| !labels.is_empty());
            AdminCall::HostAdd(HostAdd { host: name, labels, replace, nonce: Some(new_nonce()?) })
        }
        AdminCommand::Host { command: HostCommand::List } => AdminCall::HostList(HostList::default()),
        AdminCommand::Host { command: HostCommand::Remove { name } } => {
            AdminCall::HostRemove(HostRemove { host: name })
        }
        AdminCommand::Invite { role, public_url } => {
            web_url = public_url.or(web_url);
            AdminCall::Invite(InviteAdd { role, nonce: Some(new_nonce()?) })
        }
    };
    let admin = Admin { call, web_url, json };
    let code = if is_served(&data) { beside(&data, admin).await? } else { alone(&data, admin).await? };
    Ok(code as u8)
}

async fn user_call(command: UserCommand) -> Result<AdminCall, Failure> {
    Ok(match command {
        UserCommand::Add { name, shown, role, password_stdin } => {
            let password = new_password(password_stdin).await?;
            AdminCall::UserAdd(UserAdd { user: name, name: shown, role, password })
        }
        UserCommand::List => AdminCall::UserList(UserList::default()),
        UserCommand::Passwd { name, password_stdin } => {
            AdminCall::UserPasswd(UserPasswd { user: name, password: new_password(password_stdin).await? })
        }
        UserCommand::Role { name, role } => AdminCall::UserSetRole(UserSetRole { user: name, role }),
        UserCommand::Disable { name, enable } => AdminCall::UserDisable(UserDisable { user: name, disabled: !enable }),
    })
}

async fn new_password(from_stdin: bool) -> Result<String, Failure> {
    if from_stdin {
        return password::from_stdin();
    }
    let first = password::ask_secret("New password (8 characters or more): ").await?;
    if password::ask_secret("Once more: ").await? == first {
        return Ok(first);
    }
    Err(Failure::failed("the passwords do not match; try again"))
}

/// Returns true if a core answers on the folder's socket.
fn is_served(data: &Path) -> bool {
    let socket = data::core_socket(data);
    let Ok(folder) = std::fs::File::open(data) else { return false };
    // Through the folder's descriptor: its path may be too long for a socket's address.
    let short = format!("/proc/self/fd/{}/core.sock", std::os::fd::AsRawFd::as_raw_fd(&folder));
    socket.exists() && std::os::unix::net::UnixStream::connect(short).is_ok()
}

async fn beside(data: &Path, admin: Admin) -> Result<ExitCode, Failure> {
    let token = data::key(&data.join("keys/admin.key"))?;
    let target = Target { server: Server::Unix(data::core_socket(data)), auth: Auth::Token { token }, remember: None };
    ask_running(target, admin).await
}

async fn alone(data: &Path, mut admin: Admin) -> Result<ExitCode, Failure> {
    if !data.is_dir() {
        let words = format!(
            "there is no data folder {}; wardroom admin works on the one of a server on this machine: name it with \
             --data, or start one with wardroom serve",
            data.display()
        );
        return Err(Failure::failed(words));
    }
    let offline = wardroom_core::admin::open(data).await.map_err(sentence)?;
    let shown = loop {
        let answer = offline.request(admin.call.request()).await;
        let shown = answer.map_err(|refusal| Failure::refused(refusal.to_string())).and_then(|line| admin.show(&line));
        match shown {
            Ok(Some(rest)) => admin.call = rest,
            other => break other,
        }
    };
    offline.close().await;
    shown.map(|_| ExitCode::Ok)
}
