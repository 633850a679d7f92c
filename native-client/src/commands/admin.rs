//! `wardroom admin`: the requests to a server, running or not, and the display of its answers. [`admin`] asks a running
//! server; for a data folder that nobody holds, the binary asks the core's own library.

use wardroom_protocol::Role;
use wardroom_protocol::messages::{
    HostAdd, HostAdded, HostList, HostListed, HostRemove, InviteAdd, InviteAdded, TokenAdd, TokenAdded, UserAdd,
    UserDisable, UserInfo, UserList, UserListed, UserPasswd, UserSetRole,
};
use wardroom_protocol::{Request, UserName};

use super::Out;
use super::hosts::host_line;
use super::ls::other_version;
use super::out::say;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};

/// A request.
#[derive(Clone, Debug)]
pub enum AdminCall {
    /// Create an account.
    UserAdd(UserAdd),
    /// List a page of the accounts.
    UserList(UserList),
    /// Set a password.
    UserPasswd(UserPasswd),
    /// Disable an account, or enable it again.
    UserDisable(UserDisable),
    /// Change an account's role.
    UserSetRole(UserSetRole),
    /// Create a token for a program.
    TokenAdd(TokenAdd),
    /// Create an invite.
    Invite(InviteAdd),
    /// Create a token for a host.
    HostAdd(HostAdd),
    /// List a page of the hosts.
    HostList(HostList),
    /// Remove a host.
    HostRemove(HostRemove),
}

/// A request, and how its answer is shown.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The request.
    pub call: AdminCall,
    /// The page's address, for the link of an invite.
    pub web_url: Option<String>,
    /// Print JSON.
    pub json: bool,
}

/// Asks a running server.
///
/// # Errors
/// See [`Failure`].
pub async fn admin(target: Target, mut admin: Admin) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    loop {
        let answer = match admin.call.clone() {
            AdminCall::UserAdd(request) => runner.ask(&request).await,
            AdminCall::UserList(request) => runner.ask(&request).await,
            AdminCall::UserPasswd(request) => runner.ask(&request).await,
            AdminCall::UserDisable(request) => runner.ask(&request).await,
            AdminCall::UserSetRole(request) => runner.ask(&request).await,
            AdminCall::TokenAdd(request) => runner.ask(&request).await,
            AdminCall::Invite(request) => runner.ask(&request).await,
            AdminCall::HostAdd(request) => runner.ask(&request).await,
            AdminCall::HostList(request) => runner.ask(&request).await,
            AdminCall::HostRemove(request) => runner.ask(&request).await,
        }?;
        match admin.show(&answer.line)? {
            Some(rest) => admin.call = rest,
            None => break,
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

impl AdminCall {
    /// Returns the request, for a caller without a socket.
    pub fn request(&self) -> Request {
        match self.clone() {
            AdminCall::UserAdd(request) => Request::UserAdd(request),
            AdminCall::UserList(request) => Request::UserList(request),
            AdminCall::UserPasswd(request) => Request::UserPasswd(request),
            AdminCall::UserDisable(request) => Request::UserDisable(request),
            AdminCall::UserSetRole(request) => Request::UserSetRole(request),
            AdminCall::TokenAdd(request) => Request::TokenAdd(request),
            AdminCall::Invite(request) => Request::InviteAdd(request),
            AdminCall::HostAdd(request) => Request::HostAdd(request),
            AdminCall::HostList(request) => Request::HostList(request),
            AdminCall::HostRemove(request) => Request::HostRemove(request),
        }
    }
}

impl Admin {
    /// Shows an answer: the line of an `ok`. Returns the request for the next page, if there is one.
    ///
    /// # Errors
    /// If standard output cannot be written, or the answer is of another version.
    pub fn show(&self, line: &[u8]) -> Result<Option<AdminCall>, Failure> {
        let mut out = Out::new();
        match &self.call {
            AdminCall::UserAdd(UserAdd { user, .. }) => done(&mut out, self.json, user, "added")?,
            AdminCall::UserPasswd(UserPasswd { user, .. }) => done(&mut out, self.json, user, "password set")?,
            AdminCall::UserDisable(UserDisable { user, disabled }) => {
                done(&mut out, self.json, user, if *disabled { "disabled" } else { "enabled" })?;
            }
            AdminCall::UserSetRole(UserSetRole { user, role }) => done(&mut out, self.json, user, role.as_str())?,
            AdminCall::UserList(_) => {
                let listed: UserListed = read(line)?;
                for user in &listed.users {
                    if self.json { out.json(user)? } else { out.line(&user_line(user))? }
                }
                let last = listed.users.into_iter().last().filter(|_| listed.more);
                return Ok(last.map(|last| AdminCall::UserList(UserList { after: Some(last.user) })));
            }
            AdminCall::TokenAdd(_) => {
                let added: TokenAdded = read(line)?;
                if self.json { out.json(&added)? } else { out.line(&added.token)? }
            }
            AdminCall::Invite(InviteAdd { role, .. }) => {
                let added: InviteAdded = read(line)?;
                self.show_invite(&mut out, *role, &added)?;
            }
            AdminCall::HostAdd(_) => {
                let added: HostAdded = read(line)?;
                if self.json { out.json(&added)? } else { out.line(&added.token)? }
            }
            AdminCall::HostList(_) => {
                let listed: HostListed = read(line)?;
                for host in &listed.hosts {
                    if self.json { out.json(host)? } else { out.line(&host_line(host))? }
                }
                let last = listed.hosts.into_iter().last().filter(|_| listed.more);
                return Ok(last.map(|last| AdminCall::HostList(HostList { after: Some(last.host) })));
            }
            AdminCall::HostRemove(HostRemove { host }) => {
                let done = serde_json::json!({ "host": host, "done": "removed" });
                if self.json { out.json(&done)? } else { out.line(&format!("{host}: removed"))? }
            }
        }
        Ok(None)
    }

    fn show_invite(&self, out: &mut Out, role: Role, added: &InviteAdded) -> Result<(), Failure> {
        let link = self.web_url.as_deref().map(|url| invite_link(url, &added.invite));
        if self.json {
            let value = serde_json::json!({
                "invite": added.invite, "until": added.until, "role": role, "link": link,
            });
            return out.json(&value);
        }
        match link {
            Some(link) => out.line(&link),
            None => {
                say("wardroom: the page's address is not known yet; --public-url names it. The invite alone:");
                out.line(&added.invite)
            }
        }
    }
}

/// Returns the link for a new member: the code is in the fragment, which no server logs.
pub fn invite_link(web_url: &str, invite: &str) -> String {
    format!("{}/#invite={invite}", web_url.trim_end_matches('/'))
}

fn read<T: serde::de::DeserializeOwned>(line: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(line).map_err(other_version)
}

fn done(out: &mut Out, json: bool, user: &UserName, what: &str) -> Result<(), Failure> {
    if json {
        return out.json(&serde_json::json!({ "user": user, "done": what }));
    }
    out.line(&format!("{user}: {what}"))
}

fn user_line(user: &UserInfo) -> String {
    let name = wardroom_protocol::visible::visible(&user.name);
    let state = if user.disabled { "disabled" } else { "" };
    let line = format!(
        "{:20}  {:8}  {:8}  {:3} sessions  {name}",
        user.user.as_str(),
        user.role.as_str(),
        state,
        user.sessions
    );
    line.trim_end().to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_code_stands_in_the_fragment() {
        assert_eq!(invite_link("https://h/ops/", "c0de"), "https://h/ops/#invite=c0de");
        assert_eq!(invite_link("http://h:8080", "c0de"), "http://h:8080/#invite=c0de");
    }

    #[test]
    fn accounts_are_one_line_each() {
        let user = UserInfo {
            user: UserName::parse("ann").unwrap(),
            name: "A\x1bnn".to_owned(),
            role: Role::Admin,
            disabled: true,
            sessions: 2,
        };
        assert_eq!(user_line(&user), "ann                   admin     disabled    2 sessions  A␛nn");
    }
}
