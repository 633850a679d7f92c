//! The arguments of `wardroom command`.

use clap::{Args, Subcommand};
use wardroom_protocol::messages::{CommandParam, Level, SANDBOXES};
use wardroom_protocol::{CommandName, RoomName};

use super::runs::variable;
use super::units::duration_s;

const COMMAND_HELP: &str = "\
Examples:
  wardroom command add deploy --room ops --host web1 --param 'version:^[0-9.]+$' \\
      --allow member -- ./deploy {version}
  wardroom command run deploy --room ops 4.2     # or /deploy 4.2 in the room

Owners of a room who may run commands define them. {version} in an argument is replaced with the
value of that parameter; no shell reads it, and {{version}} is the text {version}. The whole value
must match the pattern, and has no control characters. A value may begin with a hyphen only within
an argument (--to={version}), or if its pattern begins with one (^-?[0-9]+$).

Everybody who reads the room sees a definition: put no secrets into it.";

/// `wardroom command`
#[derive(Args, Debug)]
#[command(after_help = COMMAND_HELP)]
pub struct CommandArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub command: CommandCommand,
}

/// The subcommands of `wardroom command`.
#[derive(Debug, Subcommand)]
pub enum CommandCommand {
    /// Define a command
    #[command(after_help = COMMAND_HELP)]
    Add {
        /// Name: people type /NAME
        name: CommandName,
        /// Room
        #[arg(long)]
        room: RoomName,
        /// The definition.
        #[command(flatten)]
        definition: DefinitionArgs,
    },
    /// Change a command; what you do not name stays
    Edit {
        /// Name
        name: CommandName,
        /// Room
        #[arg(long)]
        room: RoomName,
        /// The definition.
        #[command(flatten)]
        definition: DefinitionArgs,
    },
    /// List the commands of a room
    List {
        /// Room
        #[arg(long)]
        room: RoomName,
    },
    /// Show the definition of a command
    Show {
        /// Name
        name: CommandName,
        /// Room
        #[arg(long)]
        room: RoomName,
    },
    /// Remove a command
    Remove {
        /// Name
        name: CommandName,
        /// Room
        #[arg(long)]
        room: RoomName,
    },
    /// Run a command; prints its output and exits with its code, as `wardroom run` does
    Run {
        /// Name
        name: CommandName,
        /// Room
        #[arg(long)]
        room: RoomName,
        /// Pass control characters through to the terminal
        #[arg(long)]
        raw: bool,
        /// Values, in the order of the parameters or as NAME=VALUE
        #[arg(value_name = "VALUE")]
        args: Vec<String>,
    },
}

/// What a named command runs, and who may run it.
#[derive(Args, Debug)]
pub struct DefinitionArgs {
    /// Host to run on [default: local]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// A parameter and the regular expression that its whole value must match; repeatable, in the order in which people
    /// type the values
    #[arg(long, value_name = "NAME:PATTERN", value_parser = param)]
    pub param: Vec<CommandParam>,
    /// The value of a parameter that is not given; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub default: Vec<(String, String)>,
    /// What it does, for people
    #[arg(long, value_name = "TEXT")]
    pub about: Option<String>,
    /// Who may run it: member, operator or owner of the room [default: operator]
    #[arg(long, value_name = "ROLE", value_parser = allowed)]
    pub allow: Option<Level>,
    /// Somebody else must approve each run
    #[arg(long, conflicts_with = "no_approve")]
    pub approve: bool,
    /// Its runs need no approval
    #[arg(long)]
    pub no_approve: bool,
    /// Working directory [default: the host's]
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<String>,
    /// Set an environment variable; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Stop the command after this time: 90, 90s, 5m or 1h30m, at most 1d [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = duration_s)]
    pub timeout: Option<u64>,
    /// Sandbox: no network, files that it can only read, or a /tmp of its own; repeatable
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(SANDBOXES))]
    pub sandbox: Vec<String>,
    /// Its runs have no sandbox
    #[arg(long, conflicts_with = "sandbox")]
    pub no_sandbox: bool,
    /// Program and arguments; {NAME} is replaced with the value of that parameter
    #[arg(last = true, value_name = "CMD")]
    pub argv: Vec<String>,
}

fn param(s: &str) -> Result<CommandParam, String> {
    let (name, pattern) = s.split_once(':').ok_or("use NAME:PATTERN, such as version:^[0-9.]+$")?;
    let name = CommandName::parse(name).map_err(|bad| bad.to_string())?;
    Ok(CommandParam { name, pattern: pattern.to_owned(), about: String::new(), default: None })
}

fn allowed(s: &str) -> Result<Level, String> {
    match s.parse() {
        Ok(Level::Nobody) | Err(_) => Err("use member, operator or owner".to_owned()),
        Ok(level) => Ok(level),
    }
}
