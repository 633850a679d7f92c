//! The syntax of the command line. The files beside this one carry the commands out.

mod client;
mod isolation;
mod limits;
mod named;
mod place;
mod rights;
mod runs;
mod server;
mod units;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use wardroom_native_client::Server;
use wardroom_native_client::commands::parse_proposal;
use wardroom_protocol::RoomName;

pub use client::{ExportArgs, GetArgs, LoginArgs, PutArgs, SearchArgs};
pub use isolation::IsolationArgs;
pub use limits::{PolicyArgs, limits};
pub use named::{CommandArgs, CommandCommand, DefinitionArgs};
use place::FolderPlace;
pub use rights::{PlaceArgs, RightsArgs, RightsCommand, RuleArgs};
pub use runs::{AttachArgs, OutputArgs, RunArgs, RunsArgs, ShellArgs, StopArgs};
pub use server::{
    AdminArgs, AdminCommand, CoreArgs, GatewayArgs, HostArgs, HostCommand, ServeArgs, TokenCommand, UserCommand,
};

const AFTER_HELP: &str = "\
Exit codes: 0 success, 1 failure, 2 usage error, 3 refused by the server, 4 no connection;
`wardroom run`, `shell` and `attach` exit with the command's own code (128 + signal, 124 timed out,
127 not started), 125 if the server did not run it, a limit ended it or it was lost, and 255 for
errors of the client.

Getting started:
  wardroom serve                                 start a server; open the link it prints
  wardroom login tcp://127.0.0.1:7000 ann        sign in on the command line
  wardroom chat general                          chat in a room
  wardroom run general -- uname -a               run a command that everyone in the room sees
  wardroom shell general                         share a terminal
  wardroom put report.pdf general                share a file";

/// The room where a team runs its machines: chat, commands and files in one timeline.
#[derive(Debug, Parser)]
#[command(name = "wardroom", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
    /// Which server, and as whom.
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// Log level (error, warn, info, debug) or filter (wardroom_core=debug) [default: $RUST_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
}

/// Which server, and as whom.
#[derive(Args, Clone, Debug)]
pub struct ConnectArgs {
    /// Server: tcp://HOST:PORT, unix:PATH, ws://HOST/… or wss://HOST/… [default: the one you signed in to]
    #[arg(long, global = true, env = "WARDROOM_SERVER", value_name = "URL", help_heading = "Connection")]
    pub server: Option<Server>,
    /// API token from `wardroom admin token add`; prefer the environment variable, which others cannot see
    #[arg(
        long,
        global = true,
        env = "WARDROOM_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    pub token: Option<String>,
    /// Print one JSON object per line
    #[arg(long, global = true)]
    pub json: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a server: core, web page and a command host on this machine
    Serve(ServeArgs),
    /// Start only the core: accounts, rooms, runs and files, over TCP and Unix sockets
    Core(CoreArgs),
    /// Start only the gateway: web page, WebSocket and HTTP for a core
    Gateway(GatewayArgs),
    /// Start a host that runs commands on this machine for a core
    Host(HostArgs),
    /// Sign in and save the session
    Login(LoginArgs),
    /// Sign out and delete the saved session
    Logout,
    /// Change your password; ends your other sessions
    Password {
        /// Read two lines from standard input: the current password and the new one
        #[arg(long)]
        password_stdin: bool,
    },
    /// List your sessions and tokens, or end them
    Sessions {
        /// End this session or token
        #[arg(long, value_name = "ID")]
        end: Option<u64>,
        /// End all sessions but the one you use now; tokens stay valid
        #[arg(long, conflicts_with = "end")]
        end_others: bool,
    },
    /// Chat in a room, interactively or from a pipe
    #[command(
        after_help = "Each line is sent as a message. A line that starts with `$ ` runs a command; /help lists the slash\n\
        commands. At a terminal, commands are explained as you type, Tab completes, /put and /get transfer\n\
        files, a long paste can be sent as a file, and Ctrl-D exits. In a pipe, a line over 16 kB becomes a\n\
        file.\n\n\
        Messages go to stdout, status to stderr. At the end of piped input, chat waits until everything is\n\
        sent and the commands that it started have ended; it exits with 1 if a line was refused."
    )]
    Chat {
        /// Room, or @USER for direct messages
        room: RoomName,
        /// Start with the last N messages
        #[arg(long, value_name = "N")]
        last: Option<u64>,
        /// At the end of piped input, do not wait for the commands that it started
        #[arg(long)]
        no_wait: bool,
    },
    /// Post a message and wait for confirmation
    #[command(after_help = "Text over 16 kB is uploaded as a file; the message shows its first lines.")]
    Send {
        /// Room, or @USER for a direct message
        room: RoomName,
        /// Message; - reads it from standard input
        #[arg(required = true, value_name = "TEXT|-")]
        text: Vec<String>,
        /// Reply to this message; `wardroom log --ids` prints the IDs
        #[arg(long, value_name = "ID")]
        reply: Option<u64>,
    },
    /// Send a direct message
    #[command(override_usage = "wardroom dm [OPTIONS] <USER>... <MESSAGE>")]
    Dm {
        /// Users, then the message as one argument; - reads it from standard input
        #[arg(required = true, num_args = 2.., value_name = "USER... MESSAGE")]
        to: Vec<String>,
    },
    /// Run a command that everyone in the room sees; prints its output and exits with its code
    Run(RunArgs),
    /// Open a shell that everyone in the room sees
    Shell(ShellArgs),
    /// Watch a shared terminal, or type into it
    Attach(AttachArgs),
    /// List runs, newest first
    Runs(RunsArgs),
    /// Show the output of a run
    Output(OutputArgs),
    /// Stop a run and wait for its end
    Stop(StopArgs),
    /// Define and run named commands, whose parameters become arguments
    #[command(name = "command")]
    Named(CommandArgs),
    /// Approve a proposed run, or list those that wait
    Approve {
        /// Proposal, such as p3 [default: list those that wait]
        #[arg(value_parser = parse_proposal)]
        proposal: Option<u64>,
    },
    /// Refuse a run that somebody proposed, or withdraw your own
    Refuse {
        /// Proposal, such as p3; `wardroom approve` lists those that wait
        #[arg(value_parser = parse_proposal)]
        proposal: u64,
    },
    /// List or change the rules about who may run commands where
    Rights(RightsArgs),
    /// List the hosts that run commands
    Hosts,
    /// Upload files to a room
    Put(PutArgs),
    /// Download a file from a room
    Get(GetArgs),
    /// List rooms with unread counts, or the files of a room
    #[command(visible_alias = "rooms")]
    Ls {
        /// Room, with an optional folder [default: list all rooms]
        #[arg(value_name = "ROOM[:PATH]")]
        place: Option<FolderPlace>,
    },
    /// Join a room
    Join {
        /// Room
        room: RoomName,
    },
    /// Leave a room
    Leave {
        /// Room
        room: RoomName,
    },
    /// List the members of a room
    Who {
        /// Room
        room: RoomName,
    },
    /// Show room history
    Log {
        /// Room, or @USER for direct messages
        room: RoomName,
        /// Keep running and show new messages
        #[arg(short, long)]
        follow: bool,
        /// Messages after ID
        #[arg(long, value_name = "ID", conflicts_with = "last")]
        after: Option<u64>,
        /// Messages before ID
        #[arg(long, value_name = "ID", conflicts_with_all = ["last", "follow"])]
        before: Option<u64>,
        /// At most N messages [default: 50; with --after, all]
        #[arg(long, value_name = "N", conflicts_with = "last")]
        limit: Option<u64>,
        /// The last N messages
        #[arg(long, value_name = "N")]
        last: Option<u64>,
        /// Print the ID of each message, for `wardroom send --reply`
        #[arg(long)]
        ids: bool,
    },
    /// Search messages, commands, output and files, newest first
    Search(SearchArgs),
    /// Export a room to Markdown or JSON Lines
    Export(ExportArgs),
    /// Manage accounts, tokens and invites
    Admin(AdminArgs),
    /// Print shell completions: wardroom completions bash > /etc/bash_completion.d/wardroom
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
}

/// Parses the arguments of this process.
pub fn parse() -> Result<Cli, clap::Error> {
    parse_from(std::env::args_os())
}

fn parse_from<T: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = T>) -> Result<Cli, clap::Error> {
    let matches = Cli::command().try_get_matches_from(arguments)?;
    let is_given = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    if matches.subcommand_name() == Some("admin") && (is_given("server") || is_given("token")) {
        let words = "wardroom admin works on the data folder of this machine, so --server and --token have no meaning; \
                     run it where the server runs, with --data DIR\n";
        return Err(clap::Error::raw(ErrorKind::ArgumentConflict, words));
    }
    Cli::from_arg_matches(&matches)
}

/// Returns the name of the subcommand in arguments that may be wrong.
pub fn subcommand(mut arguments: impl Iterator<Item = String>) -> Option<String> {
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // These global options have a value.
            "--server" | "--token" | "--log" => drop(arguments.next()),
            option if option.starts_with('-') => {}
            _ => return Some(argument),
        }
    }
    None
}

impl Command {
    /// Returns true if it is a server rather than a client.
    pub fn is_server(&self) -> bool {
        matches!(self, Command::Serve(_) | Command::Core(_) | Command::Gateway(_) | Command::Host(_))
    }
}

#[cfg(test)]
mod tests;
