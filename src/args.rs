//! What may be written on the command line. Only that: what it means is in the files beside this one.

mod client;
mod place;
mod server;

use clap::{Args, Parser, Subcommand};
use wardroom_native_client::Server;
use wardroom_protocol::RoomName;

pub use client::{ExportArgs, GetArgs, LoginArgs, PutArgs, RunArgs, SearchArgs};
use place::FolderPlace;
pub use server::{AdminArgs, AdminCommand, CoreArgs, GatewayArgs, HostArgs, ServeArgs, TokenCommand, UserCommand};

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 refused by the server, 4 no connection to it;
`wardroom run` exits with the command's own code (128 + signal, 124 timed out, 125 lost, 127 not started).

A first visit:
  wardroom serve                                 start a server here; open the link that it prints
  wardroom login tcp://127.0.0.1:7000 ann        sign in on the command line
  wardroom chat general                          talk
  wardroom run general -- uname -a               run a command that everybody in the room sees
  wardroom put report.pdf general                share a file";

/// The room where a team runs its machines: chat, commands and files in one timeline.
#[derive(Debug, Parser)]
#[command(name = "wardroom", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Which server, and as whom.
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// What to write to the log on stderr: error, warn, info, debug, or a filter like wardroom_core=debug [else: RUST_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
}

/// Which server, and as whom.
#[derive(Args, Clone, Debug)]
pub struct ConnectArgs {
    /// The server: tcp://HOST:PORT, unix:PATH, ws://HOST/… or wss://HOST/… [else: the one signed in to]
    #[arg(long, global = true, env = "WARDROOM_SERVER", value_name = "URL", help_heading = "Connection")]
    pub server: Option<Server>,
    /// A token made by `wardroom admin token add`; better in the environment, where others do not see it
    #[arg(
        long,
        global = true,
        env = "WARDROOM_TOKEN",
        value_name = "T",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    pub token: Option<String>,
    /// For programs: one JSON object a line on stdout
    #[arg(long, global = true)]
    pub json: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a server: core, page and one host for commands, all on this machine
    Serve(ServeArgs),
    /// Start the core alone: accounts, rooms, runs and files, over TCP and unix sockets
    Core(CoreArgs),
    /// Start the gateway alone: the page, WebSocket and HTTP, in front of a core
    Gateway(GatewayArgs),
    /// Start a host: runs commands on this machine for a core, here or elsewhere
    Host(HostArgs),
    /// Sign in, and remember it
    Login(LoginArgs),
    /// End the session, and forget it
    Logout,
    /// Talk in a room, line by line (also in a pipe)
    #[command(
        after_help = "Lines that are typed are said; /help lists the commands, the same as with nc and in the page.\n\
        At a terminal a command is explained while it is typed, Tab completes, /put and /get move files, and a long\n\
        paste becomes a file by one key; Ctrl-D leaves. In a pipe a line over 16 KiB becomes a file.\n\
        The room's lines go to stdout, words about the connection to stderr. The end of input waits until all that\n\
        was said stands in the room."
    )]
    Chat {
        /// The room
        room: RoomName,
        /// Begin with so many of the last lines
        #[arg(long, value_name = "N")]
        last: Option<u64>,
    },
    /// Say something in a room, and wait until it stands there
    #[command(after_help = "A text over 16 KiB becomes a file on the room's shelf, whose first lines are the message.")]
    Send {
        /// The room
        room: RoomName,
        /// The words; - reads them from standard input
        #[arg(required = true, value_name = "TEXT|-")]
        text: Vec<String>,
        /// Answer this line (its seq, as --json shows it)
        #[arg(long, value_name = "SEQ")]
        reply: Option<u64>,
    },
    /// Say something to one person, or to a few
    Dm {
        /// Whom, and last the words: one argument, in quotation marks; - reads them from standard input
        #[arg(required = true, num_args = 2.., value_name = "USER… TEXT|-")]
        to: Vec<String>,
    },
    /// Run a command in a room: everybody there sees it, and its output and exit code come here
    Run(RunArgs),
    /// Put files on a room's shelf
    Put(PutArgs),
    /// Get a file from a room's shelf
    Get(GetArgs),
    /// List the rooms and what is unread there, or what lies on a room's shelf
    #[command(visible_alias = "rooms")]
    Ls {
        /// The room, and a folder on its shelf; nothing lists the rooms
        #[arg(value_name = "ROOM[:PATH]")]
        place: Option<FolderPlace>,
    },
    /// Show what stands in a room
    Log {
        /// The room
        room: RoomName,
        /// Stay, and show what comes
        #[arg(short, long)]
        follow: bool,
        /// Everything after this line (its seq, as --json shows it)
        #[arg(long, value_name = "SEQ", conflicts_with = "last")]
        after: Option<u64>,
        /// What stands before this line
        #[arg(long, value_name = "SEQ", conflicts_with_all = ["last", "follow"])]
        before: Option<u64>,
        /// So many lines at most [default: the last 50; with --after all]
        #[arg(long, value_name = "N", conflicts_with = "last")]
        limit: Option<u64>,
        /// So many of the last lines
        #[arg(long, value_name = "N")]
        last: Option<u64>,
    },
    /// Search what was said, run, printed and shared, newest first
    Search(SearchArgs),
    /// Write a room, or a span of its time, into a file: for people or for programs, with files if wanted
    Export(ExportArgs),
    /// Manage accounts, tokens and invites of a data folder, also beside its running server
    Admin(AdminArgs),
    /// Print the completions for a shell: wardroom completions bash > /etc/bash_completion.d/wardroom
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// It serves, rather than asks.
    pub fn is_server(&self) -> bool {
        matches!(self, Command::Serve(_) | Command::Core(_) | Command::Gateway(_) | Command::Host(_))
    }
}

#[cfg(test)]
mod tests;
