//! The arguments of the client commands that have many.

use std::path::PathBuf;

use clap::Args;
use wardroom_native_client::commands::Format;
use wardroom_protocol::messages::HitKind;
use wardroom_protocol::{RoomName, UserName};

use super::place::{FilePlace, TargetPlace};

/// `wardroom login`
#[derive(Args, Debug)]
pub struct LoginArgs {
    /// The server (tcp://HOST:PORT, unix:PATH, https://HOST/…), or a link with an invite
    #[arg(value_name = "URL|INVITE-LINK")]
    pub url: String,
    /// The name to sign in with; with an invite, the name to take
    pub name: Option<String>,
    /// Read the password from the first line of standard input instead of asking
    #[arg(long)]
    pub password_stdin: bool,
}

const RUN_HELP: &str = "\
What follows -- is the program and its arguments, as they are: no shell reads them. For a shell's line:
  wardroom run ops -- sh -c 'make test | tail -5'

Output comes byte for byte, stdout to stdout and stderr to stderr. Only where stdout is a terminal, what could take it
over (all controls but tab, line ends and colours) is shown instead of obeyed; --raw passes it on.
Ctrl-C sends INT to the command, a second one stops it (TERM, then KILL), a third one leaves at once.
A lost connection is picked up where it broke; the command runs on meanwhile.";

/// `wardroom run`
#[derive(Args, Debug)]
#[command(after_help = RUN_HELP)]
pub struct RunArgs {
    /// The room that it is seen in
    pub room: RoomName,
    /// The host to run it on [else: local]
    #[arg(long, value_name = "H")]
    pub host: Option<String>,
    /// Stop it after so many seconds
    #[arg(long, value_name = "S")]
    pub timeout: Option<u64>,
    /// The folder to run it in [else: the host's own]
    #[arg(long, value_name = "D")]
    pub cwd: Option<String>,
    /// A variable of its environment; may be given many times
    #[arg(long, value_name = "K=V", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Pass standard input on to it
    #[arg(long)]
    pub stdin: bool,
    /// Pass everything to the terminal as it comes
    #[arg(long)]
    pub raw: bool,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<String>,
}

fn variable(s: &str) -> Result<(String, String), String> {
    match s.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is NAME=VALUE".to_owned()),
    }
}

/// `wardroom put`
#[derive(Args, Debug)]
#[command(
    after_help = "An upload that broke off goes on where it stopped: call it again with the same file and place."
)]
pub struct PutArgs {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The room, and the path on its shelf; with / at its end a folder
    #[arg(value_name = "ROOM[:PATH]")]
    pub target: TargetPlace,
    /// Replace a file that is there
    #[arg(long, conflicts_with = "rename")]
    pub replace: bool,
    /// Take another name if there is a file
    #[arg(long)]
    pub rename: bool,
}

/// `wardroom get`
#[derive(Args, Debug)]
#[command(
    after_help = "It grows as FILE.part, is checked against its digest, and then renamed; called again it goes on."
)]
pub struct GetArgs {
    /// The room and the path on its shelf
    #[arg(value_name = "ROOM:PATH")]
    pub source: FilePlace,
    /// The file to write; - is standard output [else: its name, here]
    #[arg(short, long, value_name = "FILE|-")]
    pub output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub replace: bool,
}

/// `wardroom export`
#[derive(Args, Debug)]
#[command(
    after_help = "It grows as NAME.part, and gets its name when it is whole; nothing is ever overwritten. All times are UTC."
)]
pub struct ExportArgs {
    /// The room
    pub room: RoomName,
    /// From this time on: 2026-11-23, 2026-11-23T14:00, or with an offset as in 2026-11-23T14:00+01:00
    #[arg(long, value_name = "T", value_parser = wardroom_native_client::time::parse)]
    pub since: Option<u64>,
    /// Before this time
    #[arg(long, value_name = "T", value_parser = wardroom_native_client::time::parse)]
    pub until: Option<u64>,
    /// md for people, jsonl for programs
    #[arg(long, value_name = "md|jsonl", default_value = "md")]
    pub format: Format,
    /// The file to write, or a folder; - is standard output [else: named after the room, here]
    #[arg(short, long, value_name = "DIR|FILE|-")]
    pub output: Option<PathBuf>,
    /// Also the files that were shared, and the output of runs: all into a folder
    #[arg(long)]
    pub files: bool,
}

/// `wardroom search`
#[derive(Args, Debug)]
#[command(
    after_help = "All words must be there, anywhere in a line and in any case. Exits with 1 where nothing was found."
)]
pub struct SearchArgs {
    /// The words, of two characters and more; quoted ones stay together
    #[arg(required = true, value_name = "WORDS")]
    pub words: Vec<String>,
    /// Only in this room
    #[arg(long, value_name = "R")]
    pub room: Option<RoomName>,
    /// Only what this user said, ran or shared
    #[arg(long, value_name = "U")]
    pub by: Option<UserName>,
    /// Only this: message, run, output or file
    #[arg(long, value_name = "K", value_parser = wardroom_native_client::commands::parse_kind)]
    pub kind: Option<HitKind>,
    /// From this time on: 2026-11-23, 2026-11-23T14:00, or with an offset as in 2026-11-23T14:00+01:00
    #[arg(long, value_name = "T", value_parser = wardroom_native_client::time::parse)]
    pub since: Option<u64>,
    /// Before this time
    #[arg(long, value_name = "T", value_parser = wardroom_native_client::time::parse)]
    pub until: Option<u64>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u64,
}
