//! Invites in links.

use std::fmt;

use wardroom_dial::Server;

/// A link with an invite in its fragment: `https://host/ops/#invite=CODE`.
#[derive(Clone, Eq, PartialEq)]
pub struct Invite {
    /// The server of the invite.
    pub server: Server,
    /// The code.
    pub code: String,
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invite").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Invite {
    /// Parses a link with an invite; `None` if it has none.
    pub fn parse(link: &str) -> Option<Result<Invite, String>> {
        let code = link.split_once("#invite=")?.1;
        let code = code.split('&').next().unwrap_or_default().to_owned();
        if code.is_empty() {
            return None;
        }
        Some(link.parse().map(|server| Invite { server, code }))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_invite_stands_in_the_fragment() {
        let invite = Invite::parse("http://h:8080/ops/#invite=c0de").unwrap().unwrap();
        assert_eq!((invite.code.as_str(), invite.server.to_string().as_str()), ("c0de", "ws://h:8080/ops/ws"));
        assert!(Invite::parse("http://h:8080/ops/").is_none());
        assert!(Invite::parse("http://h/#invite=").is_none());
        assert!(!format!("{invite:?}").contains("c0de"));
    }
}
