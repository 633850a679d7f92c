//! The environment of a command: a clean one, the request's variables, and those that identify the run.

use std::collections::BTreeMap;
use std::path::Path;

use nix::unistd::{Uid, User};
use wardroom_protocol::messages::HostStart;

use crate::process::isolation::{Isolation, find_user};
use crate::process::tree::MARK;

/// Variables that are passed on from the host's own environment.
const INHERITED: [&str; 2] = ["PATH", "LANG"];
/// The default search path: that of Debian's login(1), for all users.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The user that commands run as, as a login sees it.
#[derive(Clone, Debug)]
pub struct RunUser {
    /// The name.
    pub name: String,
    /// The home folder.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

impl RunUser {
    /// Returns the user of an isolation, or that of the host: passwd(5).
    pub fn of(isolation: &Isolation) -> RunUser {
        let found = match &isolation.user {
            Some(name) => find_user(name).ok(),
            None => User::from_uid(Uid::current()).ok().flatten(),
        };
        let text = |path: &Path| path.to_string_lossy().into_owned();
        match found {
            Some(user) => RunUser { name: user.name.clone(), home: text(&user.dir), shell: text(&user.shell) },
            // A user without an entry, as in some containers.
            None => RunUser { name: "?".to_owned(), home: "/".to_owned(), shell: "/bin/sh".to_owned() },
        }
    }
}

/// Returns the whole environment of a run. The request may set any variable except those that identify the run and its
/// user.
pub fn of(start: &HostStart, user: &RunUser) -> Vec<(String, String)> {
    let mut env = BTreeMap::from([("LANG", "C.UTF-8"), ("PATH", PATH)].map(|(k, v)| (k.to_owned(), v.to_owned())));
    env.extend(INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))));
    let login = [("USER", &user.name), ("LOGNAME", &user.name), ("HOME", &user.home), ("SHELL", &user.shell)];
    env.extend(login.map(|(name, value)| (name.to_owned(), value.clone())));
    env.insert("TERM".to_owned(), if start.tty.is_some() { "xterm-256color" } else { "dumb" }.to_owned());
    // Python keeps what it prints until its buffer is full, unless it is told not to.
    env.insert("PYTHONUNBUFFERED".to_owned(), "1".to_owned());
    env.extend(start.env.iter().chain(&start.secrets.0).map(|(k, v)| (k.clone(), v.clone())));
    env.insert(MARK.to_owned(), start.run.to_string());
    env.insert("WARDROOM_USER".to_owned(), start.by.to_string());
    env.insert("WARDROOM_ROOM".to_owned(), start.room.clone());
    env.into_iter().collect()
}

/// Returns why the request cannot be carried out, as text for the room.
pub fn fault(start: &HostStart) -> Option<&'static str> {
    let has_nul = |text: &String| text.contains('\0');
    let wants_shell = start.argv.is_empty() && start.tty.is_some();
    if !wants_shell && start.argv.first().is_none_or(String::is_empty) {
        return Some("no command was given");
    }
    let mut values = start.env.values().chain(start.secrets.0.values());
    if start.argv.iter().chain(&start.cwd).any(has_nul) || values.any(has_nul) || start.room.contains('\0') {
        return Some("a NUL byte cannot be given to a command");
    }
    let is_bad_name = |name: &String| name.is_empty() || name.contains(['=', '\0']);
    let mut names = start.env.keys().chain(start.secrets.0.keys());
    names.any(is_bad_name).then_some("the name of a variable is empty or holds = or NUL")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn start(json: &str) -> HostStart {
        let head = r#""run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","timeout_s":1,"output_bytes_max":1,"by":"ann","room":"ops""#;
        serde_json::from_str(&format!("{{{head},{json}}}")).unwrap()
    }

    #[test]
    fn a_run_cannot_pass_for_another() {
        let start = start(r#""argv":["x"],"env":{"WARDROOM_RUN":"other","WARDROOM_USER":"root","TERM":"xterm"}"#);
        let env = of(&start, &RunUser::of(&Isolation::default()));
        let value = |name: &str| env.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
        assert_eq!(value("WARDROOM_RUN"), Some("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
        assert_eq!(value("WARDROOM_USER"), Some("ann"));
        assert_eq!(value("WARDROOM_ROOM"), Some("ops"));
        assert_eq!(value("TERM"), Some("xterm"));
        assert!(value("PATH").is_some());
        assert_eq!(value("CARGO"), None, "only what is listed is handed on");
    }

    #[test]
    fn faults_are_found() {
        assert_eq!(fault(&start(r#""argv":["x"],"env":{"A":"b"}"#)), None);
        for bad in [
            r#""argv":[]"#,
            r#""argv":[""]"#,
            r#""argv":["a\u0000b"]"#,
            r#""argv":["a"],"cwd":"/\u0000""#,
            r#""argv":["a"],"env":{"":"x"}"#,
            r#""argv":["a"],"env":{"A=B":"x"}"#,
            r#""argv":["a"],"env":{"A":"\u0000"}"#,
        ] {
            assert!(fault(&start(bad)).is_some(), "{bad}");
        }
    }
}
