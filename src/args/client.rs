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
    /// Server (tcp://HOST:PORT, unix:PATH, https://HOST/…) or invite link
    #[arg(value_name = "URL|INVITE-LINK")]
    pub url: String,
    /// User name; with an invite, the name for the new account
    pub name: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
}

/// `wardroom put`
#[derive(Args, Debug)]
#[command(after_help = "To resume an interrupted upload, run the same command again.")]
pub struct PutArgs {
    /// Files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Room and path; end the path with / for a folder
    #[arg(value_name = "ROOM[:PATH]")]
    pub target: TargetPlace,
    /// Replace an existing file
    #[arg(long, conflicts_with = "rename")]
    pub replace: bool,
    /// Choose a free name if the file exists
    #[arg(long)]
    pub rename: bool,
}

/// `wardroom get`
#[derive(Args, Debug)]
#[command(
    after_help = "Downloads to FILE.part, verifies the digest, then renames. To resume, run the same command again."
)]
pub struct GetArgs {
    /// Room and path
    #[arg(value_name = "ROOM:PATH")]
    pub source: FilePlace,
    /// Output file; - for standard output [default: same name, current directory]
    #[arg(short, long, value_name = "FILE|-")]
    pub output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub replace: bool,
}

/// `wardroom export`
#[derive(Args, Debug)]
#[command(after_help = "Writes to NAME.part, then renames; never overwrites. All times are UTC.")]
pub struct ExportArgs {
    /// Room
    pub room: RoomName,
    /// Start time: 2026-11-23, 2026-11-23T14:00 or 2026-11-23T14:00+01:00
    #[arg(long, value_name = "TIME", value_parser = wardroom_native_client::time::parse)]
    pub since: Option<u64>,
    /// End time
    #[arg(long, value_name = "TIME", value_parser = wardroom_native_client::time::parse)]
    pub until: Option<u64>,
    /// Format: Markdown or JSON Lines
    #[arg(long, value_name = "md|jsonl", default_value = "md")]
    pub format: Format,
    /// Output file or directory; - for standard output [default: named after the room]
    #[arg(short, long, value_name = "DIR|FILE|-")]
    pub output: Option<PathBuf>,
    /// Include shared files and command output; writes a directory
    #[arg(long)]
    pub files: bool,
}

/// `wardroom search`
#[derive(Args, Debug)]
#[command(after_help = "Finds lines that contain all the words, in any case. Exits with 1 if nothing is found.")]
pub struct SearchArgs {
    /// Words of at least two characters; quote a phrase
    #[arg(required = true, value_name = "WORDS")]
    pub words: Vec<String>,
    /// Search this room only
    #[arg(long, value_name = "ROOM")]
    pub room: Option<RoomName>,
    /// From this user
    #[arg(long, value_name = "USER")]
    pub by: Option<UserName>,
    /// Kind: message, run, output or file
    #[arg(long, value_name = "KIND", value_parser = wardroom_native_client::commands::parse_kind)]
    pub kind: Option<HitKind>,
    /// Start time: 2026-11-23, 2026-11-23T14:00 or 2026-11-23T14:00+01:00
    #[arg(long, value_name = "TIME", value_parser = wardroom_native_client::time::parse)]
    pub since: Option<u64>,
    /// End time
    #[arg(long, value_name = "TIME", value_parser = wardroom_native_client::time::parse)]
    pub until: Option<u64>,
    /// Maximum number of results
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u64,
}
