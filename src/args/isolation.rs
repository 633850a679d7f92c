//! How commands are kept from the server's files, for `serve` and `host`.

use clap::{Args, ValueEnum as _};
use wardroom_host::{Level, Wanted};

/// How commands are kept from the server's files.
#[derive(Args, Clone, Debug)]
pub struct IsolationArgs {
    /// Run commands as this user of the system; needs root, and is the safest way
    #[arg(long, value_name = "USER", conflicts_with = "isolation")]
    pub run_as: Option<String>,
    /// Keep commands from the server's files by a mount `namespace` or by `landlock`; `auto` takes the first that works,
    /// and runs no command if neither does; `none` lets whoever runs commands read the server's keys
    #[arg(long, value_name = "LEVEL", default_value = "auto")]
    pub isolation: IsolationLevel,
}

/// A level of isolation, as on the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum IsolationLevel {
    Auto,
    Namespace,
    Landlock,
    None,
}

impl IsolationArgs {
    /// Returns what the host is asked for.
    pub fn wanted(&self) -> Wanted {
        match (&self.run_as, self.isolation) {
            (Some(user), _) => Wanted::RunAs(user.clone()),
            (None, IsolationLevel::Auto) => Wanted::Auto,
            (None, IsolationLevel::Namespace) => Wanted::Exactly(Level::Namespace),
            (None, IsolationLevel::Landlock) => Wanted::Exactly(Level::Landlock),
            (None, IsolationLevel::None) => Wanted::Exactly(Level::None),
        }
    }

    /// Returns the arguments that say the same to a host.
    pub fn to_args(&self) -> [String; 2] {
        match &self.run_as {
            Some(user) => ["--run-as".to_owned(), user.clone()],
            None => {
                let level = self.isolation.to_possible_value().map(|value| value.get_name().to_owned());
                ["--isolation".to_owned(), level.unwrap_or_default()]
            }
        }
    }
}
