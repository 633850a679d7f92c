//! How the composer starts a command.

use std::collections::BTreeMap;

/// The options of a command. All are off, and the host is the server's own, unless the user says otherwise.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RunOptions {
    /// The host; `local` if `None`.
    pub host: Option<String>,
    /// Or several hosts, by name.
    pub hosts: Vec<String>,
    /// Or all hosts with these labels.
    pub label: BTreeMap<String, String>,
    /// What it does without.
    pub sandbox: Vec<String>,
    /// It gets a terminal, which has an input and one stream of output by itself.
    pub tty: bool,
    /// It reads what is typed.
    pub stdin: bool,
    /// Standard output and error share one pipe, so that their order is kept.
    pub merge: bool,
    /// Processes that outlive the first one are kept.
    pub detach: bool,
}
